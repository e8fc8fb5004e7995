/* schemas - the schemas that a restore finds there, or that an extension of it needs. */
#include "restore/schemas.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "dump/roles.h"
#include "dump/statement.h"
#include "ext/server.h"

#define ASK_MS 60000

/* Whether a query has rows; not when it fails. */
static bool finds(struct server *pg, const char *sql, const char *name)
{
	struct rows rows = { 0 };
	bool found = server_query(pg, sql, &name, 1, clock_after(ASK_MS), &rows) == 0 && rows.n;

	rows_free(&rows);
	return found;
}

static bool is_there(struct server *pg, const char *schema)
{
	return finds(pg, "SELECT FROM pg_catalog.pg_namespace WHERE nspname OPERATOR(pg_catalog.=) $1",
	             schema);
}

static bool has_extension(struct server *pg, const char *name)
{
	return finds(pg, "SELECT FROM pg_catalog.pg_extension WHERE extname OPERATOR(pg_catalog.=) $1", name);
}

/* Its owner changes it, and gives others rights (their references). */
static bool is_foreign(struct server *pg, const char *schema)
{
	return finds(pg, "SELECT FROM pg_catalog.pg_namespace WHERE nspname OPERATOR(pg_catalog.=) $1"
	             " AND NOT pg_catalog.pg_has_role(nspowner, 'USAGE')", schema);
}

/* As privileged_usable has it. */
#define USABLE "SELECT FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) $1" \
	" AND pg_catalog.pg_has_role(oid, 'USAGE')"

/* Of ALTER SCHEMA ... OWNER TO. */
static bool names_useless_owner(struct server *pg, const char *statement)
{
	struct strs roles = { 0 };
	bool useless;

	if (statement_gives(statement))
		roles_named(statement, strlen(statement), &roles);
	useless = roles.n && !finds(pg, server_version(pg) >= 160000 ? USABLE " AND "
	                                                                      "pg_catalog.pg_has_role(oid, "
	                                                                      "'SET')" : USABLE,
	                            roles.v[0]);
	strs_free(&roles);
	return useless;
}

/* What cannot be made is sent again, for its error to be the restore's. */
static char *make_schema(struct server *pg, const char *schema)
{
	const char *words[] = { schema };
	char *sql = server_format(pg, "CREATE SCHEMA %I", words);

	if (server_try(pg, sql, clock_after(ASK_MS)) != 0)
		return sql;
	free(sql);
	return NULL;
}

/* Only now is it known whether an extension, or code of the backup, has made it. */
static char *prepare(struct server *pg, const char *statement, const struct strs *lacking)
{
	char *schema, *extension = statement_extension(statement, &schema), *sql = NULL;

	if (!extension)
		schema = statement_place(statement);
	if (schema && strs_has(lacking, schema) && !is_there(pg, schema))
		sql = make_schema(pg, schema);
	free(extension);
	free(schema);
	return sql;
}

char *schemas_edit(struct pg_conn *conn, const char *statement, const struct strs *lacking)
{
	char *schema, *extension = statement_extension(statement, &schema);
	char *makes = statement_schema(statement), *changes = makes ? NULL : statement_on_schema(statement);
	struct server pg;
	char *instead;
	bool skip;

	server_borrow(&pg, conn);
	skip = (makes && is_there(&pg, makes)) || (extension && has_extension(&pg, extension)) ||
	       (changes && (is_foreign(&pg, changes) || names_useless_owner(&pg, statement)));
	free(extension);
	free(schema);
	free(makes);
	free(changes);
	instead = skip ? xstrdup("") : lacking->n ? prepare(&pg, statement, lacking) : NULL;
	server_free(&pg);
	return instead;
}
