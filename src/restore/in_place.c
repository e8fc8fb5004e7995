/* in_place - what --clean and --data-only send in place of pg_restore's statements. */
#include "restore/in_place.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "dump/lex.h"
#include "dump/statement.h"
#include "ext/server.h"

static char *sql_of(struct pg_conn *conn, const char *format, const char *const *words)
{
	struct server pg;

	server_borrow(&pg, conn);
	return server_format(&pg, format, words);
}

/* A block of PL/pgSQL, as a statement. */
static char *block(struct pg_conn *conn, const char *body, const char *behind)
{
	return sql_of(conn, "DO %L%s", (const char *const[]){ body, behind });
}

/* [schema.]name, each quoted or not; "" for none. The caller frees it. */
static char *name_at(const char *at)
{
	size_t len = lex_piece(at);

	while (at[len] == '.')
		len += 1 + lex_piece(at + len + 1);
	return xstrndup(at, len);
}

/* --- what --clean drops --- */

/* A range type and the functions that it is made of hold each other: where nothing else needs
 * the type, they go together. Before 14 there are no multiranges. */
static const char held[] =
	" WHEN dependent_objects_still_exist THEN"
	" IF NOT EXISTS (SELECT FROM pg_catalog.pg_type t"
	"  LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid,"
	"  LATERAL (SELECT ARRAY[t.oid, t.typarray, (to_jsonb(r) ->> 'rngmultitypid')::oid]) o(types),"
	"  pg_catalog.pg_depend d"
	"  WHERE t.oid = to_regtype(%L)"
	"   AND d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid = ANY (types)"
	" AND d.deptype = 'n'"
	"   AND NOT coalesce(d.classid = 'pg_catalog.pg_proc'::regclass"
	"    AND d.objid IN (r.rngcanonical, r.rngsubdiff), false)"
	/* Its constructors are parts of it. */
	"   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend i WHERE i.classid = d.classid"
	"    AND i.objid = d.objid AND i.refclassid = d.refclassid AND i.refobjid = ANY (types)"
	"    AND i.deptype = 'i'))"
	" THEN EXECUTE rtrim(%L, E';\\n') || ' CASCADE'; ELSE RAISE; END IF;";

/* One more handler for what something else still needs; "" for none. */
static char *ease_held(struct pg_conn *conn, const char *statement)
{
	const char *at = skip_prefix(statement, "DROP TYPE IF EXISTS ");
	char *name, *handler;

	/* An extension's functions may have come to use it; it is replaced then. */
	if (skip_prefix(statement, "DROP TRANSFORM "))
		return xstrdup(" WHEN dependent_objects_still_exist THEN NULL;");
	/* What else is in it stays, and so does somebody else's (restore/schemas). */
	if (skip_prefix(statement, "DROP SCHEMA "))
		return xstrdup(" WHEN dependent_objects_still_exist OR insufficient_privilege THEN NULL;");
	if (!at)
		return xstrdup("");
	name = name_at(at);
	handler = sql_of(conn, held, (const char *const[]){ name, statement });
	free(name);
	return handler;
}

/* IF EXISTS does not forgive a missing schema everywhere, nor that a partition's constraint
 * goes only with its parent's: what is not there, or goes with something else, is dropped. */
static char *ease(struct pg_conn *conn, const char *statement)
{
	char *handler = ease_held(conn, statement);
	char *body = sql_of(conn, "BEGIN EXECUTE %L; EXCEPTION WHEN undefined_object"
	                    " OR undefined_table OR undefined_function OR undefined_column"
	                    " OR invalid_schema_name OR invalid_table_definition THEN NULL;%s END",
	                    (const char *const[]){ statement, handler });
	char *eased = block(conn, body, "");

	free(body);
	free(handler);
	return eased;
}

/* Every database has it, with rights that a dump takes for granted: made again it would lack them (pg_dump.c,
 * getNamespaces). */
static bool drops_public(const char *statement)
{
	const char *at = lex_after(statement, "DROP SCHEMA");

	at = at ? lex_after(lex_skip(at, "IF EXISTS"), "public") : NULL;
	return at && (!*at || *at == ';');
}

char *in_place_drop(struct pg_conn *conn, const char *statement)
{
	if (drops_public(statement))
		return xstrdup("");
	if (statement_drops(statement))
		return ease(conn, statement);
	if (skip_prefix(statement, "CREATE TRANSFORM "))
		return xasprintf("CREATE OR REPLACE%s", statement + strlen("CREATE"));
	return NULL;
}

#define DROP_MS 600000

/* Why it need not be dropped (PostgreSQL docs, appendix A): as ease and ease_held have them. */
static bool is_forgiven(const char *state, const char *statement)
{
	static const char *const missing[] = { "42704", "42P01", "42883", "42703", "3F000", "42P16" };
	bool ground = lex_after(statement, "DROP SCHEMA") || lex_after(statement, "DROP EXTENSION");

	for (size_t i = 0; i < sizeof(missing) / sizeof(*missing); i++)
		if (strcmp(state, missing[i]) == 0)
			return true;
	return ground && (strcmp(state, "2BP01") == 0 || strcmp(state, "42501") == 0);
}

char *in_place_try(struct pg_conn *conn, const char *statement)
{
	struct server pg;
	bool done;

	if (!statement_drops(statement))
		return NULL;
	if (drops_public(statement))
		return xstrdup("");
	server_borrow(&pg, conn);
	done = server_try(&pg, statement, clock_after(DROP_MS)) == 0 || is_forgiven(pg.sqlstate, statement);
	server_free(&pg);
	return done ? xstrdup("") : NULL;
}

/* --- what --data-only fills --- */

char *in_place_fill(struct pg_conn *conn, const char *statement)
{
	static const char check[] =
		"BEGIN IF EXISTS (SELECT FROM ONLY %s) AND NOT EXISTS (SELECT FROM"
		" pg_catalog.pg_depend WHERE classid = 'pg_catalog.pg_class'::regclass AND deptype = 'e'"
		" AND objid = %L::regclass) THEN RAISE EXCEPTION USING MESSAGE ="
		" 'rows are there already, and --data-only adds to them: empty the table first: '"
		" || %L; END IF; END";
	const char *at = skip_prefix(statement, "COPY ");
	char *name, *body, *checked, *behind;

	if (!at)
		return NULL;
	name = name_at(at);
	body = sql_of(conn, check, (const char *const[]){ name, name, name });
	behind = xasprintf("; %s", statement);
	checked = block(conn, body, behind);
	free(behind);
	free(body);
	free(name);
	return checked;
}
