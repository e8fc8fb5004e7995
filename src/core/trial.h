/*
 * trial - restores a backup as a test: only what has been restored is known to restore.
 */
#ifndef CORE_TRIAL_H
#define CORE_TRIAL_H

#include "core/manifest.h"
#include "core/target.h"

/*
 * Restores the backup into a new database on server's server (SQLite: into server's
 * file, which must not be there), counts its tables and drops it again. Owners and
 * privileges are left out, so roles need not exist. Databases of trials that were
 * killed are dropped, too. 0; BAD_DATA with a sentence in error when it cannot be
 * restored or has not the manifest's number of tables; UNAVAILABLE, DENIED,
 * CANNOT_WRITE or BAD_USAGE when it could not be tried.
 */
int trial_restore(const char *path, const struct manifest *m, const struct target *server,
                  int64_t deadline, struct buf *error);

#endif
