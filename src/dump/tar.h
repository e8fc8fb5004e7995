/*
 * tar - the headers of a tar archive (POSIX.1-2017, pax, 'ustar Interchange Format').
 */
#ifndef DUMP_TAR_H
#define DUMP_TAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define TARFILE_BLOCK 512 /* bytes of a header; what follows it is padded to a multiple */

/* The size of the file that follows the header, in bytes; -1 when this is no header of a file: its
 * checksum is wrong, or the size is no number. */
int64_t tar_size(const char *header);

/* Goes from header to header to the block of zeros that ends the archive: pg_restore reads on for ever
 * in one that is cut off. 0, or BAD_DATA with a message in error. */
int tar_check(const char *path, struct buf *error);

#endif
