/*
 * foreign - variables of other programs that say what pgbox is told by variables of its own.
 *
 * Compose files are copied from one backup image to the next. A variable that names a database, a
 * password, what is kept or how it is encrypted must not be ignored in silence: the wrong database
 * would be backed up, or a plain file left where an encrypted one was asked for. Names come from the
 * documentation of prodrigestivill/postgres-backup-local, eeshugerman and schickling/postgres-backup-s3,
 * kartoza/pg-backup, offen/docker-volume-backup, tiredofit/db-backup, pg_back and bitnami/postgresql.
 *
 * A word for "off" (none, false, no, 0, empty) counts as not set. No value is ever repeated.
 */
#ifndef DB_FOREIGN_H
#define DB_FOREIGN_H

#include "ext/conninfo.h"
#include "repo/retention.h"

/* The variables that a target was read from. */
enum foreign_family {
	FOREIGN_URL,   /* DATABASE_URL, which says all */
	FOREIGN_LIBPQ, /* PGHOST, ... */
	FOREIGN_IMAGE  /* POSTGRES_HOST, ... */
};

/*
 * Compares what was read, before defaults are filled in, with what the variables of others name. 0
 * with warnings where ours say something else, or BAD_CONFIG with a message in error where ours say
 * nothing and a default would be used in place of what is meant; of a host that is a warning. database: a default database
 * would be used; false where the caller names databases itself.
 */
int foreign_target(const struct conninfo *c, enum foreign_family family, bool database,
                   struct strs *warnings, struct buf *error);

/* Appends a hint to the error that no database is given, where a variable of others names one. */
void foreign_hint(struct buf *error);

/* What pgbackup is told by its own settings. */
struct foreign_backup {
	const struct retention *keep;
	bool databases; /* some are named, or all are wanted */
	bool scheduled; /* it runs as a daemon, or a schedule is set */
	bool bucket;    /* there is a bucket */
	bool plain;     /* backups are meant to be plain: BACKUP_ENCRYPTION=none */
};

/* Looks for what others would keep, encrypt, select and when. 0 with warnings, or BAD_CONFIG with a
 * message in error where ignoring it would lose backups or leave them plain. */
int foreign_backup(const struct foreign_backup *b, struct strs *warnings, struct buf *error);

#endif
