/*
 * sqlite_kept - the names of files that keep what a restore has replaced: `<path>_before_<time>`.
 */
#ifndef RESTORE_SQLITE_KEPT_H
#define RESTORE_SQLITE_KEPT_H

#include "base/buf.h"

/* Returns the newest file that keeps old content of the one at path; NULL: there is none. The caller frees
 * it. */
char *sqlite_kept_newest(const char *path);

/* Returns a name that no file has, and that comes after those of others: seconds are moved on. The caller
 * frees it. */
char *sqlite_kept_name(const char *path);

/* Fails with NO and a message in error when a WAL or a journal of another database is there: one that is
 * opened beside it would take it for its own. */
int sqlite_kept_stale(const char *path, struct buf *error);

#endif
