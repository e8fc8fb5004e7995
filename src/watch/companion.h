/*
 * companion - the files that go with one that was dropped: its marker NAME.ok, its sum NAME.sha256, its
 * manifest NAME.json and its log.
 */
#ifndef WATCH_COMPANION_H
#define WATCH_COMPANION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define COMPANION_LOG ".log"

/* Cuts the name at the end of a path so that more bytes fit after it, at a character's end. In place. */
void companion_cut(char *path, size_t more);

/* Returns the path of a file's log, which the caller frees: NAME.log, where the name is not too long. */
char *companion_log(const char *path);

/* Returns the path of the companion with that suffix. The caller frees it. */
char *companion_path(const char *path, const char *suffix);

/* Returns whether it is there, as a regular file. */
bool companion_is_there(const char *path, const char *suffix);

/* Compares a file with its NAME.sha256, if there is one. 0; BAD_DATA or NO_INPUT with a message in error, the
 * latter too when the deadline (clock_ms) passes before it is known. */
int companion_compare(const char *path, int64_t deadline, struct buf *error);

#endif
