/*
 * safety - a backup of what is about to be dropped.
 */
#ifndef BACKUP_SAFETY_H
#define BACKUP_SAFETY_H

#include "base/teller.h"
#include "db/target.h"

/* Returns DONE where a backup can be put into dir, as far as can be known beforehand, or CANNOT_WRITE, which
 * is told. */
int safety_check(const char *dir, const struct teller *tell);

/* Backs the database up under dir's folder SELECT_SAFETY, which `latest` never means; dir is not
 * made: where nobody has mounted one, a backup would not last. wait: ms
 * for the server. As backup_run. */
int safety_backup(const char *dir, const struct target *target, int64_t wait, const struct teller *tell);

#endif
