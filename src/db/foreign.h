/*
 * foreign - variables of other programs that name a target.
 *
 * Compose files are copied from one backup image to the next. A variable that names a database or a password
 * must not be ignored in silence: the wrong database would be backed up. Names come from the documentation of
 * prodrigestivill/postgres-backup-local, eeshugerman and schickling/postgres-backup-s3, kartoza/pg-backup,
 * offen/docker-volume-backup, tiredofit/db-backup, pg_back and bitnami/postgresql. backup/foreign_settings
 * has those that say what is kept, how it is encrypted and when.
 *
 * A word for "off" (none, false, no, 0, empty) counts as not set. No value is ever repeated.
 */
#ifndef DB_FOREIGN_H
#define DB_FOREIGN_H

#include <stdbool.h>

#include "ext/conninfo.h"

/* A variable of another program as it is set. */
struct foreign {
	char *name;        /* owned; NULL: it is not set, or to a word for "off" */
	const char *value; /* in the environment; NULL where a file has it */
};

/* Looks for a variable, or its _FILE, in the environment that pgbox was started with; a # in the name is any
 * digit. The caller frees the name. */
struct foreign foreign_find(const char *name);

/* The variables that a target was read from. */
enum foreign_family {
	FOREIGN_URL,   /* DATABASE_URL, which says all */
	FOREIGN_LIBPQ, /* PGHOST, ... */
	FOREIGN_IMAGE  /* POSTGRES_HOST, ... */
};

/*
 * Compares what was read, before defaults are filled in, with what the variables of others name. 0 with
 * warnings where ours say something else, or BAD_CONFIG with a message in error where ours say nothing and a
 * default would be used in place of what is meant; of a host that is a warning. database: a default database
 * would be used; false where the caller names databases itself.
 */
int foreign_target(const struct conninfo *c, enum foreign_family family, bool database,
                   struct strs *warnings, struct buf *error);

/* Appends a hint to the error that no database is given, where a variable of others names one. */
void foreign_hint(struct buf *error);

#endif
