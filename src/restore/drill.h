/*
 * drill - restores a backup as a test: only what has been restored is known to restore.
 *
 * The database's own code runs then. Where the login has more rights than the database's owner, or may
 * make roles, a throw-away role restores it (restore/guest), which has none but on the new database;
 * extensions are made first, by the login.
 */
#ifndef RESTORE_DRILL_H
#define RESTORE_DRILL_H

#include "base/teller.h"
#include "db/target.h"
#include "dump/manifest.h"

struct drill {
	const char *path;             /* the backup's data */
	const struct manifest *m;
	const struct target *server;  /* PostgreSQL: a database of the server to restore on */
	bool as_login;                /* run the database's code as the login, whatever its rights */
	const char *search_path; /* of the session that restores, as in struct restore; NULL: the backup's */
	int64_t deadline;             /* to log in */
	const struct teller *tell; /* hears what a drop waits for; or NULL */
	struct buf *note;      /* gets what the new database's locale differs in (a message); or NULL */
	struct strs *left_out; /* gets what no role but a superuser may restore: TYPE schema name owner */
};

/*
 * Restores the backup into a new database on server's server (SQLite: into server's
 * file, which must not be there), counts its tables and drops it again. Owners and
 * privileges are left out, so roles need not exist. Databases and roles of trials that were
 * killed are dropped, too. 0; BAD_DATA with a message in error when it cannot be
 * restored or has not the manifest's number of tables; BAD_CONFIG when only a role with more
 * rights than the database's owner could have tried it; UNAVAILABLE, DENIED,
 * CANNOT_WRITE or BAD_USAGE when it could not be tried.
 */
int drill_restore(const struct drill *job, struct buf *error);

#endif
