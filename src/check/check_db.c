/* check_db - the checks that ask a database. */
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/size.h"
#include "base/status.h"
#include "check/kinds.h"
#include "db/relation.h"
#include "db/sqlite_fault.h"
#include "seed/marker.h"

/* The official image's entrypoint first runs a server that listens on the unix
 * socket only, says so on its command line, and is stopped again after the init
 * scripts (docker-library/postgres, docker_temp_server_start). */
static int ask_init_server(struct db *db, int64_t deadline, bool *init)
{
	static const struct sql source = {
		.pg = "SELECT source = 'command line' FROM pg_settings WHERE name = 'listen_addresses'",
	};
	struct rows rows = { 0 };
	int rc = db_read(db, source, NULL, 0, deadline, &rows);

	*init = rows_true(&rows, 0, 0);
	rows_free(&rows);
	return rc;
}

/* One round trip where nothing is wrong: every healthcheck pays for it. */
void check_ready(const struct check *check, struct db *db, int64_t deadline, struct finding *f)
{
	struct rows rows = { 0 };
	bool init = false;
	const char *cell;

	(void)check;
	if (!db_is_pg(db)) {
		finding_pass(f);
		return;
	}
	if (server_query(&db->pg, server_is_local(&db->pg)
	                              ? "SHOW listen_addresses"
	                              : "SELECT 1",
	             NULL, 0, deadline, &rows)) {
		finding_unknown(f, db);
		return;
	}
	cell = rows_get(&rows, 0, 0);
	/* That server may stop between the two questions. */
	if (cell && !*cell && ask_init_server(db, deadline, &init)) {
		finding_unknown(f, db);
	} else if (init) {
		finding_set(f, FAIL, "the image is still initialising (temporary server)");
		f->reach = CONNECT_STARTING;
	} else {
		finding_pass(f);
	}
	rows_free(&rows);
}

static void writable_lite(struct db *db, struct finding *f)
{
	const char *path = db->target->path;
	struct sqlite_fault fault;
	struct lite lite = LITE_INIT;

	if (lite_open(&lite, path, LITE_WRITE, 100) || lite_query(&lite, "BEGIN IMMEDIATE", NULL, 0, NULL))
		fault = sqlite_fault_judge(&lite, path);
	else
		fault = sqlite_fault_writable(&lite, path);
	finding_pass(f);
	if (fault.reach != CONNECTED)
		finding_set(f, FAIL, "%s", lite.error.data);
	f->final = fault.final;
	f->lasting = fault.lasting;
	f->certain = fault.certain;
	lite_free(&lite);
}

/* In recovery and read-only by default, in that order. */
static int read_modes(struct db *db, int64_t deadline, bool *recovery, bool *read_only)
{
	static const struct sql modes = {
		.pg = "SELECT pg_is_in_recovery(),"
		      " current_setting('default_transaction_read_only') = 'on'",
	};
	struct rows rows = { 0 };
	int rc = db_read(db, modes, NULL, 0, deadline, &rows);

	*recovery = rows_true(&rows, 0, 0);
	*read_only = rows_true(&rows, 0, 1);
	rows_free(&rows);
	return rc;
}

void check_writable(const struct check *check, struct db *db, int64_t deadline, struct finding *f)
{
	bool recovery, read_only;

	(void)check;
	if (!db_is_pg(db))
		writable_lite(db, f);
	else if (read_modes(db, deadline, &recovery, &read_only))
		finding_unknown(f, db);
	else if (recovery || read_only)
		finding_set(f, FAIL, recovery ? "the server is in recovery (a standby?)"
		                              : "default_transaction_read_only is on");
	else
		finding_pass(f);
}

void check_standby(const struct check *check, struct db *db, int64_t deadline, struct finding *f)
{
	bool recovery, read_only;

	(void)check;
	if (!db_is_pg(db))
		finding_set(f, FAIL, "SQLite has no standbys");
	else if (read_modes(db, deadline, &recovery, &read_only))
		finding_unknown(f, db);
	else if (recovery)
		finding_pass(f);
	else
		finding_set(f, FAIL, "the server is not in recovery");
}

/* --- tables --- */

/* What is written almost so: in other case, or in another schema; the nearest first. */
static const struct sql find_near = {
	.pg = "SELECT n.nspname || '.' || c.relname"
	      " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	      " WHERE lower(c.relname) = lower($2::text) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
	      "  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'"
	      " ORDER BY c.relname <> $2::text, lower(n.nspname) <> lower(coalesce($1::text, 'public')), 1"
	      " LIMIT 1",
	.lite = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
	        " AND lower(name) = lower(?2) AND ?1 IS ?1",
};

/* Sets FAIL for a table that relation_find did not find. A name that is written almost so is
 * named: who meant that one would otherwise seed a full database. */
static void no_table(const struct check *check, struct db *db, int64_t deadline, struct finding *f)
{
	const char *const params[] = { check->schema, check->name };
	struct rows rows = { 0 };

	finding_set(f, FAIL, "there is no such table");
	if (db_read(db, find_near, params, 2, deadline, &rows) == 0 && rows.n) {
		buf_printf(&f->why, ", but there is '%s': is that one meant?", rows_text(&rows, 0, 0));
		f->near = true;
	}
	rows_free(&rows);
}

void check_table(const struct check *check, struct db *db, int64_t deadline, struct finding *f)
{
	char *schema;

	if (relation_find(db, check->schema, check->name, deadline, &schema))
		finding_unknown(f, db);
	else if (schema)
		finding_pass(f);
	else
		no_table(check, db, deadline, f);
	free(schema);
}

/* --- rows --- */

/* How many rows have to be counted until the answer is known. */
static long rows_needed(enum sign sign, long bound)
{
	return sign == SIGN_ABOVE || sign == SIGN_AT_MOST || sign == SIGN_EQUAL ? bound + 1 : bound;
}

static bool compares(long n, enum sign sign, long bound)
{
	switch (sign) {
	case SIGN_ABOVE:
		return n > bound;
	case SIGN_BELOW:
		return n < bound;
	case SIGN_EQUAL:
		return n == bound;
	case SIGN_AT_MOST:
		return n <= bound;
	default:
		return n >= bound;
	}
}

static void judge_rows(const struct check *check, long n, long bound, struct finding *f)
{
	enum sign sign = check->sign;

	if (compares(n, sign, bound))
		finding_pass(f);
	else if (sign == SIGN_NONE || sign == SIGN_AT_LEAST)
		finding_set(f, FAIL, "%ld of %ld row%s", n, bound, plural(bound));
	else
		finding_set(f, FAIL, "%ld row%s%s, not %s %ld", n, plural(n),
		            n == rows_needed(sign, bound) ? " or more" : "", sign_text(sign), bound);
}

/* In the transaction that is open. */
static void count(const struct check *check, struct db *db, const char *schema, struct finding *f)
{
	long bound = check->bound ? atol(check->bound) : 1;
	struct buf sql = BUF_INIT;
	struct rows rows = { 0 };

	buf_puts(&sql, "SELECT count(*) FROM (SELECT 1 FROM ");
	db_identifier(db, &sql, schema);
	buf_putc(&sql, '.');
	db_identifier(db, &sql, check->name);
	buf_printf(&sql, " LIMIT %ld) AS t", rows_needed(check->sign, bound));
	if (db_query(db, (struct sql){ sql.data, sql.data }, NULL, 0, &rows))
		finding_unknown(f, db);
	else
		judge_rows(check, atol(rows_text(&rows, 0, 0)), bound, f);
	buf_free(&sql);
	rows_free(&rows);
}

static void rows_of(const struct check *check, struct db *db, enum relation_trust trust, int64_t deadline,
                    struct finding *f)
{
	char *schema;

	if (relation_find(db, check->schema, check->name, deadline, &schema)) {
		finding_unknown(f, db);
	} else if (!schema) {
		no_table(check, db, deadline, f);
	} else if (relation_hold(db, schema, check->name, trust, deadline, f) == 0) {
		count(check, db, schema, f);
		db_rollback(db);
	}
	free(schema);
}

void check_rows(const struct check *check, struct db *db, int64_t deadline, struct finding *f)
{
	rows_of(check, db, RELATION_TABLE, deadline, f);
}

void check_rows_of_view(const struct check *check, struct db *db, int64_t deadline, struct finding *f)
{
	rows_of(check, db, RELATION_ANY, deadline, f);
}

/* --- the rest --- */

/* True, non-zero or non-empty. */
static bool holds(const char *cell)
{
	char *end;

	if (!cell || !*cell || strcmp(cell, "f") == 0 || strcmp(cell, "false") == 0)
		return false;
	return strtod(cell, &end) != 0 || *end;
}

/* The user's own SQL: read-only, one statement, the user's own search_path. */
static int ask(const struct check *check, struct db *db, int64_t deadline, struct rows *rows)
{
	int rc;

	if (!db_is_pg(db)) {
		lite_query_only(&db->lite, true);
		rc = lite_query(&db->lite, check->arg, NULL, 0, rows);
		lite_query_only(&db->lite, false);
		return rc;
	}
	rc = server_begin(&db->pg, "READ ONLY", false, deadline);
	if (!rc)
		rc = server_query(&db->pg, check->arg, NULL, 0, deadline, rows);
	server_rollback(&db->pg);
	return rc;
}

void check_query(const struct check *check, struct db *db, int64_t deadline, struct finding *f)
{
	struct rows rows = { 0 };

	if (ask(check, db, deadline, &rows))
		finding_unknown(f, db);
	else if (holds(rows_text(&rows, 0, 0)))
		finding_pass(f);
	else
		finding_set(f, FAIL, rows.n ? "the query's answer is false, zero or empty"
		                            : "the query gave no row");
	rows_free(&rows);
}

/* Compares dotted versions number by number: 3.10 is newer than 3.9. */
static int version_compare(const char *a, const char *b)
{
	while (*a || *b) {
		char *a_end, *b_end;
		long x = strtol(a, &a_end, 10), y = strtol(b, &b_end, 10);

		if (x != y)
			return x < y ? -1 : 1;
		a = a_end + strcspn(a_end, "0123456789");
		b = b_end + strcspn(b_end, "0123456789");
	}
	return 0;
}

static void extension_missing(const struct check *check, struct finding *f, const char *shipped)
{
	if (shipped) {
		finding_set(f, FAIL, "not installed; the server ships %s: CREATE EXTENSION \"%s\"",
		            shipped, check->name);
		return;
	}
	finding_set(f, FAIL, "not installed, and the server does not ship it: its image lacks "
	            "the package");
	f->final = UNAVAILABLE;
}

void check_extension(const struct check *check, struct db *db, int64_t deadline, struct finding *f)
{
	static const struct sql versions = {
		.pg = "SELECT (SELECT extversion FROM pg_extension WHERE extname = $1),"
		      " (SELECT default_version FROM pg_available_extensions WHERE name = $1)",
	};
	struct rows rows = { 0 };
	const char *version;

	if (!db_is_pg(db)) {
		finding_set(f, FAIL, "SQLite has no such extensions");
		f->final = UNAVAILABLE;
	} else if (db_read(db, versions, (const char *const *)&check->name, 1, deadline, &rows)) {
		finding_unknown(f, db);
	} else if (!(version = rows_get(&rows, 0, 0))) {
		extension_missing(check, f, rows_get(&rows, 0, 1));
	} else if (check->bound && version_compare(version, check->bound) < 0) {
		finding_set(f, FAIL, "version %s is installed", version);
	} else {
		finding_pass(f);
	}
	rows_free(&rows);
}

void check_seeded(const struct check *check, struct db *db, int64_t deadline, struct finding *f)
{
	struct buf error = BUF_INIT;
	enum marker_state state;

	if (marker_seeded(db, check->arg, deadline, &state, &error))
		finding_set(f, UNKNOWN, "%s", error.data);
	else if (state == MARKER_DONE)
		finding_pass(f);
	else if (state == MARKER_NONE)
		finding_set(f, FAIL, "not seeded");
	else if (state == MARKER_RUNNING)
		finding_set(f, FAIL,
		            "the seed is running, or was interrupted: seedonce --status tells which");
	else
		finding_set(f, FAIL, "the seed failed: seedonce --status says when");
	buf_free(&error);
}
