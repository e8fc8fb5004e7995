/*
 * file - whole reads and writes.
 *
 * What takes a path keeps to base/beneath where a guard covers it.
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

/* The same of a regular file only: anything else is ENXIO at once, a symlink is followed where no guard
 * covers it. */
int file_read_regular(const char *path, struct buf *b, size_t limit);

/* Appends at most limit bytes of its beginning. 0, or -1 with errno. */
int file_head(const char *path, struct buf *b, size_t limit);

/* The names in a directory, but for folders, that end in one of the NULL-terminated
 * suffixes, as DIR/NAME in byte order of the names. 0, or -1 with errno. */
int file_list(const char *dir, const char *const *suffixes, struct strs *paths);

/* The folders in a directory, symlinks apart, as DIR/NAME in byte order. 0, or -1
 * with errno. */
int file_folders(const char *dir, struct strs *paths);

/* Writes a new file, mode 0600, and flushes it to the disk. An old file, or symlink, of that name is
 * deleted first, never written through. 0, or -1 with errno. */
int file_write_new(const char *path, const void *bytes, size_t len);

/* The same with another mode. */
int file_write_mode(const char *path, unsigned mode, const void *bytes, size_t len);

/* Flushes a file, or the names in a directory, to the disk. 0, or -1 with errno. */
int file_sync(const char *path);

/* Deletes a file, or a directory with all that is in it; symlinks are not followed.
 * What is not there is deleted. 0, or -1 with errno. */
int file_remove(const char *path);

/* Makes a directory and those above it, with that mode. 0, also when it is there, or
 * -1 with errno. */
int file_make_folders(const char *path, unsigned mode);

/* What errno says, in the words of files: strerror(3), but for what base/beneath adds. */
const char *file_reason(int err);

/* Appends `cannot WHAT 'PATH': ` and what errno says, with the uid where that matters.
 * CANNOT_WRITE. */
int file_cannot(struct buf *error, const char *what, const char *path);

/* Returns where the symlinks at a path lead to, also to what is not there yet. The caller frees it. */
char *file_follow(const char *path);

/* Gives a file that was just made the mode, and where this is root the owner, of the file at `like`; where
 * that is not there, or is itself, of its folder, without x bits (and in one like /tmp without others' right
 * to write). 0, or -1 with errno. */
int file_take_after(int fd, const char *like);

bool file_exists(const char *path);
bool file_is_dir(const char *path);
bool file_is_regular(const char *path);

#endif
