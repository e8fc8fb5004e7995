/*
 * file - whole reads and writes.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Writes all of it, over interruptions and short writes. 0, or -1 with errno. */
int file_write(int fd, const void *bytes, size_t len);

/* Appends a file's content to b. 0, or -1 with errno (EISDIR for a directory).
 * At most limit bytes: EFBIG when there are more. */
int file_read(const char *path, struct buf *b, size_t limit);

/* The names in a directory, but for folders, that end in one of the NULL-terminated suffixes, as
 * DIR/NAME in byte order of the names. 0, or -1 with errno. */
int file_list(const char *dir, const char *const *suffixes, struct strs *paths);

bool file_exists(const char *path);
bool file_is_dir(const char *path);
bool file_is_regular(const char *path);

/* Flushes stdout; dies with CANNOT_WRITE when something that was printed has not
 * arrived: a full disk shows itself only here. */
void file_check_stdout(void);

#endif
