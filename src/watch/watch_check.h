/*
 * watch_check - whether a watcher has what it needs, before a file that is dropped finds out: its folder,
 * the database, the engine and the containers that it is to stop.
 */
#ifndef WATCH_WATCH_CHECK_H
#define WATCH_WATCH_CHECK_H

#include "watch/watch_options.h"

/* Warns of what is missing, by w->tell: it may come yet. */
void watch_check_warn(const struct watch *w);

/* Adds a line for each, as healthz has them: `[+]engine ok`, `[-]database failed: why`, and whether a
 * watcher of that folder is running. DONE when all hold, else NO. It takes up to half a minute. */
int watch_check_status(const struct watch *w, struct strs *lines);

/* Whether an SQLite file can be restored there: it may be missing, but its folder must be there and writable,
 * and nothing else in its place. 0, or an exit code with the reason in error. */
int watch_check_file(const char *path, struct buf *error);

#endif
