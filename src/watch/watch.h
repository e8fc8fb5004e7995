/*
 * watch - restores what is dropped into a folder, one file at a time, in the order in which
 * they arrived, with the containers that use the database stopped meanwhile.
 *
 * A restore that was broken off, by a signal or with this process, is not begun again by
 * itself: the apps have been started on the old database since, and what they have written
 * would go with it. Its file goes to `failed`; dropped again it is restored.
 */
#ifndef WATCH_WATCH_H
#define WATCH_WATCH_H

#include "watch/watch_options.h"

/* Starts what an earlier watch has left stopped, deals with what it left half done, and restores what
 * comes until a signal ends it: BY_SIGNAL and its number, or ends the process so while nothing
 * is being done. Else CANNOT_WRITE, LOCKED or BAD_CONFIG with a sentence in error. */
int watch_run(struct watch *w, struct buf *error);

#endif
