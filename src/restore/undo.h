/*
 * undo - puts back what a restore has replaced.
 */
#ifndef RESTORE_UNDO_H
#define RESTORE_UNDO_H

#include "db/target.h"

/* Swaps the database of target, or the SQLite file, with the newest one that a restore has kept, waiting that
 * many ms for the server or the file. 0 with the name of what was there until then (the caller frees it;
 * NULL: nothing), or as shadow_open, shadow_undo and sqlite_undo. */
int undo_database(const struct target *target, int64_t wait, char **current, struct buf *error);

#endif
