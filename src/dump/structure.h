/*
 * structure - the structure of a PostgreSQL archive: header, table of contents, data blocks.
 *
 * pg_restore takes much for valid that pg_dump never writes: no entries at all, bytes that follow the
 * last entry, a date of month 2573. An archive that was changed on its way (line ends converted to
 * CR LF, a damaged count) passes as one without tables, and sizes that it claims are allocated. Here
 * only what pg_dump 8.0 to 18 writes is valid (pg_backup_archiver.c, WriteHead and WriteToc;
 * pg_backup_custom.c; archive versions 1.10 to 1.16), and memory is bounded by the bytes that are read.
 */
#ifndef DUMP_STRUCTURE_H
#define DUMP_STRUCTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

struct structure;

/*
 * Reads header and table of contents of the archive at path: a custom or tar file (kind `tar`), not
 * compressed as a whole, or a folder. NULL with a message in error, *rc is BAD_DATA or NO_INPUT then.
 */
struct structure *structure_open(const char *path, const char *kind, int *rc, struct buf *error);

/* Reads them of a custom archive that comes from next, which gives up to size bytes, 0 at the end, or
 * -1 with errno; name is what messages call it. */
struct structure *structure_read(ssize_t (*next)(void *arg, char *to, size_t size), void *arg,
                                 const char *name, int *rc, struct buf *error);

/* Reads on to the end of a custom archive: every data block belongs to an entry, and nothing follows
 * the last. Returns at once for the others. 0, or BAD_DATA or NO_INPUT with a message in error. */
int structure_finish(struct structure *s, struct buf *error);

/*
 * Checks the file at path, which holds the first bytes of a custom archive. 0; BAD_DATA with a message
 * in error, *short_of is set when only more bytes can tell; NO_INPUT.
 */
int structure_check_head(const char *path, bool *short_of, struct buf *error);

void structure_free(struct structure *s);

#endif
