/*
 * unpack - reads files that may be compressed: gzip (zlib) or zstd, told by their
 * first bytes, else as they are.
 */
#ifndef EXT_UNPACK_H
#define EXT_UNPACK_H

#include <stdio.h>

#include "base/buf.h"

/* Opens path for reading its unpacked content. NULL with errno when it cannot.
 * A damaged or cut-off file reads as its good part, then as an error; *damaged
 * (not NULL) is set then, for readers that take an error for the end. */
FILE *unpack_open(const char *path, int *damaged);

/* Appends the whole unpacked content to b. 0, or -1 with errno (EBADMSG when the
 * file is damaged). */
int unpack_read(const char *path, struct buf *b);

#endif
