/*
 * schemas - the schemas that a restore finds there, or that an extension of it needs.
 *
 * A schema that is there already is no error, whoever made it: pg_dump --schema=public makes public, which
 * every database has; an empty schema may have been made for a role; --clean does not drop one that holds
 * more than the backup has. And pg_dump --exclude-schema leaves out the schema of an extension, but not the
 * extension, which needs it; pg_dump --table that of a table.
 */
#ifndef RESTORE_SCHEMAS_H
#define RESTORE_SCHEMAS_H

#include "base/buf.h"

struct pg_conn;

/*
 * Called in a restore's child before each statement is sent. Returns what to send in its place: "" for one
 * that makes a schema that is there, or that changes owner or rights of one that is there and not this
 * role's (comments: restore/restore_rights), or gives it to a role that is missing or that this one may not
 * act for; for one that needs one of the schemas in lacking, which is made here when it is missing, that of
 * its CREATE SCHEMA if it fails. NULL: the statement itself. The caller frees it.
 */
char *schemas_edit(struct pg_conn *conn, const char *statement, const struct strs *lacking);

#endif
