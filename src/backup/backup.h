/*
 * backup - one run: every database that is wanted, made, read back, given its final
 * name, recorded, and the old ones pruned.
 */
#ifndef BACKUP_BACKUP_H
#define BACKUP_BACKUP_H

#include "backup/backup_options.h"
#include "base/teller.h"

#define BACKUP_JOBS_MAX 64

/* Whether the settings go together; several jobs mean a directory. 0, or BAD_CONFIG with a
 * sentence in error. */
int backup_check(struct backup *b, struct buf *error);

/*
 * Runs it. Databases that have a verified backup of the same due moment already are
 * left out. Everything that went wrong has been told. DONE; PARTLY when some failed, or did
 * not get to the remote; when all did, the first one's code: UNAVAILABLE, DENIED, LOCKED,
 * CANNOT_WRITE, BAD_DATA, BAD_CONFIG or NO.
 */
int backup_run(const struct backup *b);

/* What a run that died left in dir: parts are deleted, its record says interrupted. Waits no
 * longer than a second for the folder's lock. */
void backup_recover(const char *dir, const struct teller *tell);

#endif
