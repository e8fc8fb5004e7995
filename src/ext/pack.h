/*
 * pack - writes compressed files: zstd, gzip (zlib), lz4 frames, or as it is. All have
 * a checksum of their content, but `none`.
 */
#ifndef EXT_PACK_H
#define EXT_PACK_H

#include <stdbool.h>
#include <stddef.h>

enum packing_method { PACK_NONE, PACK_ZSTD, PACK_GZIP, PACK_LZ4 };

struct packing {
	enum packing_method method;
	int level;
};

/* Reads `zstd[:1..22]`, `gzip[:1..9]`, `lz4[:1..12]` or `none`; defaults 3, 6 and 1. */
bool packing_parse(const char *text, struct packing *p);

/* The name that pg_dump's --compress and a manifest know it by. The caller frees it. */
char *packing_text(const struct packing *p);

/* ".zst", ".gz", ".lz4" or "". */
const char *packing_suffix(const struct packing *p);

/* Reads `from` to its end and writes it packed to `to`; seen (may be NULL) hears the
 * bytes of each read. 0, or -1 with errno. */
int pack_copy(int from, int to, const struct packing *p, void (*seen)(void *arg, size_t bytes),
              void *arg);

#endif
