/*
 * pack - reads and writes compressed files: gzip (zlib), zstd and lz4 frames.
 */
#ifndef EXT_PACK_H
#define EXT_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

enum packing_method { PACK_NONE, PACK_ZSTD, PACK_GZIP, PACK_LZ4 };

/* --- reading; what a file is is told by its first bytes, else it is taken as it is. These
 * return 0, or -1 with errno; EBADMSG says that the file is damaged or cut off. --- */

/* As a path: stdin, which is a file or a socket (a pipe cannot be looked into). */
#define UNPACK_STDIN "/dev/stdin"

/* Gives each piece of the unpacked content to take, which returns 0, or -1 to end it.
 * Reads to the end: it is whole then. */
int unpack_each(const char *path, int (*take)(void *arg, const char *piece, size_t len), void *arg);

/* The same, read piece by piece: unpack_next gives up to size bytes, 0 at the end. NULL or -1 with
 * errno, as above. unpack_close accepts NULL. */
struct unpack;
struct unpack *unpack_open(const char *path);
ssize_t unpack_next(struct unpack *u, char *to, size_t size);
void unpack_close(struct unpack *u);

/* What its first bytes say; PACK_NONE also when it cannot be read. */
enum packing_method unpack_method(const char *path);

/* Whether the file is a compressed one; false also when it cannot be read. */
bool unpack_is_packed(const char *path);

/* Appends the whole unpacked content to b. */
int unpack_read(const char *path, struct buf *b);

/* Writes the unpacked content to a descriptor, as it is read. */
int unpack_copy(const char *path, int fd);

/* Reads to the end and keeps nothing: is it whole, and text? EILSEQ: it holds a NUL
 * byte, behind which psql and SQLite would read nothing. */
int unpack_check(const char *path);

/* --- writing; every method has a checksum of the content, but `none` --- */

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
