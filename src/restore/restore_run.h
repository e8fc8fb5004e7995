/*
 * restore_run - puts a backup's content into a database that is there.
 */
#ifndef RESTORE_RESTORE_RUN_H
#define RESTORE_RESTORE_RUN_H

#include "restore/restore.h"

/* Restores into target. 0; BAD_DATA when the backup's SQL failed, BAD_USAGE for SQL of
 * several databases, else what program_explain gives; with a sentence in error. */
int restore_run(struct restore *r, const struct target *target, struct buf *error);

#endif
