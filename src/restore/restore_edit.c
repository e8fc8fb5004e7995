/* restore_edit - what a restore sends in place of a backup's statements. */
#include "dump/lex.h"
#include "restore/restore_edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "dump/roles.h"
#include "dump/statement.h"
#include "ext/script.h"
#include "ext/server.h"
#include "restore/drill_subset.h"
#include "restore/in_place.h"
#include "restore/restore_rights.h"
#include "restore/schemas.h"

#define ROOM_MS 30000

/* --- statements about roles that are not there --- */

/* What pg_restore sends about owners, rights and policies is a script of its own. */
static char *leave_out(const char *script, const struct restore *r)
{
	struct buf kept = BUF_INIT;
	bool changed = false;
	size_t len;

	for (; (len = lex_statement(script)) > 0; script += len) {
		char *rest = roles_without(script, len, &r->missing_roles);

		if (rest)
			buf_puts(&kept, rest);
		else
			buf_add(&kept, script, len);
		changed = changed || rest;
		free(rest);
	}
	if (changed)
		return buf_detach(&kept);
	buf_free(&kept);
	return NULL;
}

static char *without_roles(const struct restore *r, const char *statement)
{
	return r->missing_roles.n && r->roles == ROLES_SKIP ? leave_out(statement, r) : NULL;
}

/* --- what comes before --- */

/* Once nothing more is dropped. What fails is sent again, for its error to be the restore's. */
static char *make_room(struct restore *r, struct pg_conn *conn, const char *statement)
{
	char *failed = NULL;
	struct server pg;

	if (!r->room.n || (!skip_prefix(statement, "CREATE ") && !skip_prefix(statement, "COPY ") &&
	                   !skip_prefix(statement, "ALTER SCHEMA ") && !skip_prefix(statement, "COMMIT")))
		return NULL;
	server_borrow(&pg, conn);
	for (size_t i = 0; i < r->room.n && !failed; i++)
		if (server_try(&pg, r->room.v[i], clock_after(ROOM_MS)) != 0)
			failed = xstrdup(r->room.v[i]);
	server_free(&pg);
	strs_free(&r->room);
	return failed;
}

static char *set_encoding(const struct restore *r, struct pg_conn *conn)
{
	struct server pg;
	struct buf sql = BUF_INIT;

	server_borrow(&pg, conn);
	buf_puts(&sql, "SET client_encoding = ");
	server_literal(&pg, &sql, r->encoding);
	return buf_detach(&sql);
}

/* default_transaction_read_only may be on. */
static char *writable(const struct restore *r, struct pg_conn *conn, const char *statement)
{
	if (strcmp(statement, "BEGIN") == 0)
		return xstrdup("BEGIN READ WRITE");
	if (skip_prefix(statement, "SET statement_timeout = 0;"))
		return xasprintf("SET default_transaction_read_only = off; %s", statement);
	if (r->encoding && skip_prefix(statement, "SET client_encoding = "))
		return set_encoding(r, conn);
	/* Clients that hold a table would make it wait while others wait for it. */
	if (r->clean && skip_prefix(statement, "SET lock_timeout = 0;"))
		return xstrdup("SET lock_timeout = '30s'");
	return NULL;
}

/* pg_dump.c, setup_connection, and pg_backup_archiver.c: names in the backup's functions are found by
 * none. */
static char *find_names(const struct restore *r, struct pg_conn *conn, const char *statement)
{
	struct server pg;

	if (!r->search_path || !skip_prefix(statement, "SELECT pg_catalog.set_config('search_path', ''"))
		return NULL;
	server_borrow(&pg, conn);
	return server_format(&pg, "SELECT pg_catalog.set_config('search_path', %L, false)",
	                     (const char *const[]){ r->search_path });
}

char *restore_edit(struct pg_conn *conn, const char *statement, void *arg)
{
	struct restore *r = arg;
	char *edited = restore_rights_edit(r, statement);

	if (!edited && r->clean)
		edited = in_place_drop(conn, statement);
	if (!edited)
		edited = make_room(r, conn, statement);
	if (!edited)
		edited = fill_order_edit(&r->filling, conn, statement);
	if (!edited)
		edited = writable(r, conn, statement);
	if (!edited)
		edited = find_names(r, conn, statement);
	if (!edited)
		edited = r->data_only ? in_place_fill(conn, statement)
		                      : schemas_edit(conn, statement, &r->lacking);
	return edited ? edited : without_roles(r, statement);
}

/* --- SQL --- */

char *restore_edit_sql(struct pg_conn *conn, const char *statement, void *arg)
{
	struct restore *r = arg;
	const char *at = script_first_word(statement);
	char *edited = restore_rights_edit(r, at);

	if (!edited && r->humble)
		edited = drill_subset_statement(at, &r->schemas);
	if (!edited && r->encoding && script_judge(statement) == SCRIPT_ENCODING)
		edited = set_encoding(r, conn);
	if (!edited)
		edited = find_names(r, conn, at);
	if (!edited)
		edited = in_place_try(conn, at);
	if (!edited)
		edited = schemas_edit(conn, at, &r->lacking);
	if (!edited && r->no_tablespaces)
		edited = statement_without_tablespaces(at);
	return edited ? edited : without_roles(r, at);
}
