/*
 * unpack - reads files that may be compressed: gzip (zlib), zstd or lz4 frames, told by their
 * first bytes, else as they are.
 *
 * All return 0, or -1 with errno; EBADMSG says that the file is damaged or cut off.
 */
#ifndef EXT_UNPACK_H
#define EXT_UNPACK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Gives each piece of the unpacked content to take, which returns 0, or -1 to end it.
 * Reads to the end: it is whole then. */
int unpack_each(const char *path, int (*take)(void *arg, const char *piece, size_t len), void *arg);

/* Whether the file is a compressed one; false also when it cannot be read. */
bool unpack_is_packed(const char *path);

/* Appends the whole unpacked content to b. */
int unpack_read(const char *path, struct buf *b);

/* Writes the unpacked content to a descriptor, as it is read. */
int unpack_copy(const char *path, int fd);

/* Reads to the end and keeps nothing: is it whole, and text? EILSEQ: it holds a NUL
 * byte, behind which psql and SQLite would read nothing. */
int unpack_check(const char *path);

#endif
