/*
 * watch_file - restores one file that was dropped: in a process of its own, which asks when all is checked
 * and the containers are to be stopped.
 */
#ifndef WATCH_WATCH_FILE_H
#define WATCH_WATCH_FILE_H

#include "watch/watching.h"

/* Restores the file of that name in the inbox, from there to where it ends, unless it cannot be taken.
 * Everything has been told and recorded. */
void watch_file(struct watching *s, const char *name);

/* Called by restore when all is checked and nothing changed: the containers are stopped now. 0, or NO with
 * a message in error when that failed. Outside of a watch it does nothing. */
int watch_ready(struct buf *error);

#endif
