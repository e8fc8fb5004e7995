/*
 * backup_database - one database of a run.
 */
#ifndef BACKUP_BACKUP_DATABASE_H
#define BACKUP_BACKUP_DATABASE_H

#include "backup/backup_run.h"

/*
 * Backs a database up, or with roles those of its server: from its lock over the
 * dump, its check and its name to the pruning. All has been told, counted and recorded. Returns whether
 * it was backed up; a signal ends the process.
 */
bool backup_database(struct backup_run *r, const struct item *item, bool roles);

#endif
