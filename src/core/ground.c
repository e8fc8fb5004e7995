/* ground - the schemas that a restore finds there, or that an extension of it needs. */
#include "core/ground.h"

#include <stdlib.h>

#include "base/banned.h"
#include "base/clock.h"
#include "core/statement.h"
#include "ext/server.h"

#define ASK_MS 60000

/* Whether a query has rows; not when it fails. */
static bool finds(struct server *pg, const char *sql, const char *a, const char *b)
{
	const char *params[] = { a, b };
	struct rows rows = { 0 };
	bool found = server_query(pg, sql, params, b ? 2 : 1, clock_after(ASK_MS), &rows) == 0 && rows.n;

	rows_free(&rows);
	return found;
}

static bool is_there(struct server *pg, const char *schema)
{
	return finds(pg, "SELECT FROM pg_catalog.pg_namespace WHERE nspname OPERATOR(pg_catalog.=) $1", schema, NULL);
}

/* Its owner changes it, and gives others rights (their references). */
static bool is_foreign(struct server *pg, const char *schema)
{
	return finds(pg, "SELECT FROM pg_catalog.pg_namespace WHERE nspname OPERATOR(pg_catalog.=) $1"
	             " AND NOT pg_catalog.pg_has_role(nspowner, 'USAGE')", schema, NULL);
}

/* One that is there already is left as it is, whatever schema is named. */
static bool lacks_schema(struct server *pg, const char *extension, const char *schema)
{
	return finds(pg, "SELECT WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_extension"
	             "  WHERE extname OPERATOR(pg_catalog.=) $1)"
	             " AND NOT EXISTS (SELECT FROM pg_catalog.pg_namespace"
	             "  WHERE nspname OPERATOR(pg_catalog.=) $2)", extension, schema);
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

static char *prepare_extension(struct server *pg, const char *statement)
{
	char *schema, *extension = statement_extension(statement, &schema);
	char *sql = extension && schema && lacks_schema(pg, extension, schema) ? make_schema(pg, schema) : NULL;

	free(extension);
	free(schema);
	return sql;
}

char *ground_edit(struct pg_conn *conn, const char *statement)
{
	char *makes = statement_schema(statement), *changes = makes ? NULL : statement_on_schema(statement);
	struct server pg;
	char *instead;
	bool skip;

	server_borrow(&pg, conn);
	skip = (makes && is_there(&pg, makes)) || (changes && is_foreign(&pg, changes));
	free(makes);
	free(changes);
	instead = skip ? xstrdup("") : prepare_extension(&pg, statement);
	server_free(&pg);
	return instead;
}
