/*
 * privileged - what of a backup only a superuser, or a role with certain rights, may restore.
 *
 * One table for the plan, for the error when a statement is refused, and for restores as a test. The rules
 * are PostgreSQL's (its docs, the notes of each CREATE command).
 */
#ifndef RESTORE_PRIVILEGED_H
#define RESTORE_PRIVILEGED_H

#include "db/db.h"
#include "dump/toc.h"

/*
 * Adds to problems, one message each, those of the statements that the session's role may not run. bare:
 * privileges and subscriptions are left out anyway. Nothing on servers of hosting providers, which have rules
 * of their own. 0, or -1 with db_error.
 */
int privileged_check(struct db *db, const struct strs *statements, bool bare, struct strs *problems);

/* Returns a query for the roles that the session's may act for, and to which it may give what it makes: since
 * 16 the one does not follow from the other (GRANT ... WITH INHERIT, SET). */
const char *privileged_usable(struct db *db);

/* The same of the settings that the backup sets, of which some are a superuser's or, since 15, have to be
 * granted. */
int privileged_settings(struct db *db, const struct strs *settings, struct strs *problems);

/* The same of the tables that get rows, of which some belong to extensions that are there (PostGIS). */
int privileged_rows(struct db *db, const struct strs *tables, struct strs *problems);

/*
 * Adds to problems the schemas, of those in which something is made and which the backup has not made itself,
 * in which the role, or one of the owners of what is in it, may not create. db is in the database that is
 * restored into. 0, or -1 with db_error.
 */
int privileged_places(struct db *db, const struct strs *schemas, const struct strs *made,
                      const struct strs *owners, struct strs *problems);

/* Sets *has to whether the server is one of those. 0, or -1 with db_error. */
int privileged_has_provider(struct db *db, bool *has);

/* Returns who may run a statement of a dump, as advice, or NULL where that is not one of these. */
const char *privileged_advice(const char *statement);

/* Returns whether an entry is one that only a superuser may make and on which no other depends. */
bool privileged_is_leaf(const char *line);

#endif
