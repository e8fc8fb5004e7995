/* marker - the row in the target that says a seed has run. */
#include "seed/marker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/status.h"

/* The marker tables: all of them, or the one of schema $1 and name $2. Each with
 * the reason not to trust it, or NULL. What its owner may have put in that runs code of his (16384:
 * FirstNormalObjectId) would run with the rights of whoever writes the marker. */
static const struct sql find_tables = {
	.pg = "WITH trusted AS ("
	      "  SELECT oid FROM pg_roles"
	      "  WHERE rolsuper OR rolname IN (current_user, 'pg_database_owner') OR oid ="
	      "    (SELECT datdba FROM pg_database WHERE datname = current_database()))"
	      " SELECT n.nspname, c.relname,"
	      "  CASE WHEN c.relkind <> 'r' THEN 'is not a plain table'"
	      "       WHEN c.relowner NOT IN (SELECT oid FROM trusted)"
	      "         THEN 'is owned by ' || pg_get_userbyid(c.relowner)"
	      "       WHEN n.nspowner NOT IN (SELECT oid FROM trusted)"
	      "         THEN 'is in a schema owned by ' || pg_get_userbyid(n.nspowner)"
	      "       WHEN EXISTS (SELECT FROM pg_trigger t"
	      "                    WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)"
	      "         THEN 'has a trigger'"
	      "       WHEN EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid)"
	      "         THEN 'has a rule'"
	      "       WHEN c.relrowsecurity THEN 'has row security'"
	      "       WHEN c.relowner IN (SELECT oid FROM pg_roles WHERE rolsuper OR rolname = current_user)"
	      "         THEN NULL"
	      "       WHEN EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid)"
	      "         THEN 'has child tables'"
	      "       WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0"
	      "                    AND (a.atthasdef OR a.atttypid >= 16384))"
	      "         THEN 'has a default, or a type that is not built in'"
	      "       WHEN EXISTS (SELECT FROM pg_index x WHERE x.indrelid = c.oid"
	      "                    AND (x.indexprs IS NOT NULL OR x.indpred IS NOT NULL))"
	      "         THEN 'has an index on an expression'"
	      "       WHEN EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c'"
	      "                    AND pg_get_constraintdef(k.oid) <> 'CHECK ((state = ANY (ARRAY['"
	      "                     || '''running''::text, ''done''::text, ''failed''::text,'"
	      "                     || ' ''adopted''::text])))')"
	      "         THEN 'has a constraint that is not ours' END"
	      " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	      " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_temp'"
	      "  AND CASE WHEN $1 IS NULL THEN c.relname = 'pgbox_seed'"
	      "                             OR (c.relname = 'seed' AND n.nspname = 'pgbox')"
	      "      ELSE n.nspname = $1 AND c.relname = $2 END",
	.lite = "SELECT 'main', name,"
	        "  CASE WHEN type <> 'table' THEN 'is not a plain table'"
	        "       WHEN EXISTS (SELECT 1 FROM sqlite_schema t WHERE t.type = 'trigger'"
	        "                    AND lower(t.tbl_name) = 'pgbox_seed')"
	        "         THEN 'has a trigger' END"
	        " FROM sqlite_schema"
	        " WHERE lower(name) = 'pgbox_seed' AND ?1 IS ?1 AND ?2 IS ?2",
};

#define COLUMNS \
	"(name text PRIMARY KEY," \
	" state text NOT NULL CHECK (state IN ('running', 'done', 'failed', 'adopted'))," \
	" version text, sha256 text, attempt integer NOT NULL, host text,"

static const struct sql create_table = {
	.pg = COLUMNS " xact bigint, started timestamptz NOT NULL, finished timestamptz)",
	.lite = COLUMNS " xact integer, started text NOT NULL, finished text)",
};

static const struct sql read_row = {
	.pg = "SELECT state, version, sha256, attempt, host, date_trunc('second', started),"
	      " date_trunc('second', finished) FROM %s WHERE name = $1",
	.lite = "SELECT state, version, sha256, attempt, host, started, finished FROM %s"
	        " WHERE name = ?1",
};

static const struct sql write_running = {
	.pg = "INSERT INTO %s AS t (name, state, version, sha256, attempt, host, xact, started)"
	      " VALUES ($1, 'running', $2, $3, $4::integer, $5, txid_current(), clock_timestamp())"
	      " ON CONFLICT (name) DO UPDATE SET state = 'running', version = $2, sha256 = $3,"
	      "  attempt = $4::integer, host = $5, xact = txid_current(),"
	      "  started = clock_timestamp(), finished = NULL",
	.lite = "INSERT INTO %s (name, state, version, sha256, attempt, host, started)"
	        " VALUES (?1, 'running', ?2, ?3, ?4, ?5, datetime('now'))"
	        " ON CONFLICT (name) DO UPDATE SET state = 'running', version = ?2, sha256 = ?3,"
	        "  attempt = ?4, host = ?5, started = datetime('now'), finished = NULL",
};

static const struct sql write_end = {
	.pg = "UPDATE %s SET state = $2, finished = clock_timestamp() WHERE name = $1"
	      " AND ($3 = 'any' OR xact = txid_current())",
	.lite = "UPDATE %s SET state = ?2, finished = datetime('now') WHERE name = ?1"
	        " AND ?3 IS NOT NULL",
};

static const struct sql remove_row = {
	.pg = "DELETE FROM %s WHERE name = $1",
	.lite = "DELETE FROM %s WHERE name = ?1",
};

static const char *const states[] = { "none", "running", "done", "failed", "adopted" };

int marker_drops(struct db *db, int64_t deadline, struct strs *statements)
{
	static const struct sql find = {
		.pg = "SELECT format('DROP TABLE %I.%I', n.nspname, c.relname) FROM pg_class c"
		      " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'"
		      "  AND ((n.nspname = 'pgbox' AND c.relname = 'seed') OR c.relname = 'pgbox_seed')"
		      " UNION ALL SELECT 'DROP SCHEMA pgbox' FROM pg_namespace WHERE nspname = 'pgbox'"
		      " ORDER BY 1 DESC",
		.lite = "SELECT 'DROP TABLE pgbox_seed' FROM sqlite_schema WHERE name = 'pgbox_seed'",
	};
	struct rows rows = { 0 };
	int rc = db_read(db, find, NULL, 0, deadline, &rows);

	for (size_t i = 0; i < rows.n; i++)
		strs_add(statements, rows_text(&rows, i, 0));
	rows_free(&rows);
	return rc;
}

const char *marker_state_name(enum marker_state state)
{
	return states[state];
}

bool marker_differs(const struct marker *m, const struct marker *now)
{
	return (now->version && (!m->version || strcmp(now->version, m->version) != 0)) ||
	       (now->sha256 && m->sha256 && strcmp(now->sha256, m->sha256) != 0);
}

static enum marker_state state_of(const char *name)
{
	for (size_t i = 0; name && i < sizeof(states) / sizeof(*states); i++)
		if (strcmp(states[i], name) == 0)
			return (enum marker_state)i;
	return MARKER_NONE;
}

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static int failed(struct db *db, struct buf *error)
{
	bool denied = strcmp(db_sqlstate(db), "42501") == 0;

	buf_printf(error, "%s: seed marker: %s", db->target->shown, db_error(db));
	if (!db_is_pg(db) &&
	    (lite_failure(&db->lite) == LITE_UNOPENED || lite_failure(&db->lite) == LITE_UNWRITABLE))
		return CANNOT_WRITE;
	return denied ? DENIED : UNAVAILABLE;
}

/* --- the table --- */

struct marker_table {
	const char *schema, *name;
};

static const char *schema_of(const char *schema)
{
	return schema ? schema : "pgbox";
}

static struct marker_table table_of(const char *schema)
{
	return (struct marker_table){ schema_of(schema),
		                      strcmp(schema_of(schema), "pgbox") == 0 ? "seed" : "pgbox_seed" };
}

/* The quoted name of the table; the caller frees it. */
static char *quoted(struct db *db, struct marker_table table)
{
	struct buf name = BUF_INIT;

	if (!db_is_pg(db))
		return xstrdup("main.pgbox_seed");
	server_identifier(&db->pg, &name, table.schema);
	buf_putc(&name, '.');
	server_identifier(&db->pg, &name, table.name);
	return buf_detach(&name);
}

/* Runs a statement of the pair with the table's name for %s. */
static int run(struct db *db, struct sql sql, struct marker_table table, const char *const *params, int n,
               struct rows *rows)
{
	const char *text = db_is_pg(db) ? sql.pg : sql.lite;
	const char *hole = strstr(text, "%s");
	char *name = quoted(db, table);
	char *whole = xasprintf("%.*s%s%s", (int)(hole - text), text, name, hole + 2);
	int rc = db_query(db, (struct sql){ whole, whole }, params, n, rows);

	free(whole);
	free(name);
	return rc;
}

/* Whether the table of schema is there, and may be believed. 0, or a code. */
static int find(struct db *db, const char *schema, bool *there, struct buf *error)
{
	const struct marker_table table = table_of(schema);
	const char *params[] = { table.schema, table.name };
	struct rows rows = { 0 };
	int rc = 0;

	if (db_query(db, find_tables, params, 2, &rows)) {
		rc = failed(db, error);
	} else if (rows_get(&rows, 0, 2)) {
		buf_printf(error, "%s: marker table %s.%s %s: refusing to believe it; drop it, or "
		           "name another place with --schema", db->target->shown,
		           rows_text(&rows, 0, 0), rows_text(&rows, 0, 1), rows_text(&rows, 0, 2));
		rc = DENIED;
	}
	*there = rows.n > 0;
	rows_free(&rows);
	return rc;
}

/* --- reading --- */

static void take_row(struct marker *m, const struct rows *rows)
{
	const char *attempt = rows_get(rows, 0, 3);

	m->state = state_of(rows_get(rows, 0, 0));
	m->version = copy(rows_get(rows, 0, 1));
	m->sha256 = copy(rows_get(rows, 0, 2));
	m->attempt = attempt ? atol(attempt) : 0;
	m->host = copy(rows_get(rows, 0, 4));
	m->started = copy(rows_get(rows, 0, 5));
	m->finished = copy(rows_get(rows, 0, 6));
}

int marker_read(struct db *db, struct marker_key key, int64_t deadline, struct marker *m, struct buf *error)
{
	struct rows rows = { 0 };
	bool there = false;
	int rc;

	*m = (struct marker){ .state = MARKER_NONE };
	rc = db_begin(db, DB_READ, deadline) ? failed(db, error) : find(db, key.schema, &there, error);
	if (!rc && there && run(db, read_row, table_of(key.schema), &key.name, 1, &rows))
		rc = failed(db, error);
	if (!rc && rows.n)
		take_row(m, &rows);
	db_rollback(db);
	rows_free(&rows);
	return rc;
}

int marker_seeded(struct db *db, const char *name, int64_t deadline, enum marker_state *state,
                  struct buf *error)
{
	static const struct sql by_name = {
		.pg = "SELECT state FROM %s WHERE $1 IS NULL OR name = $1",
		.lite = "SELECT state FROM %s WHERE ?1 IS NULL OR name = ?1",
	};
	const char *none[] = { NULL, NULL };
	struct marker_table table;
	struct rows tables = { 0 }, rows = { 0 };
	int rc = 0;

	*state = MARKER_NONE;
	if (db_begin(db, DB_READ, deadline) || db_query(db, find_tables, none, 2, &tables))
		rc = failed(db, error);
	for (size_t t = 0; t < tables.n && !rc; t++) {
		if (rows_get(&tables, t, 2))
			continue;
		table = (struct marker_table){ rows_text(&tables, t, 0), rows_text(&tables, t, 1) };
		if (run(db, by_name, table, &name, 1, &rows))
			rc = failed(db, error);
		for (size_t r = 0; r < rows.n && *state != MARKER_DONE; r++) {
			enum marker_state found = state_of(rows_get(&rows, r, 0));

			*state = found == MARKER_ADOPTED ? MARKER_DONE : found;
		}
	}
	db_rollback(db);
	rows_free(&rows);
	rows_free(&tables);
	return rc;
}

/* --- writing --- */

static int may_not_create(struct db *db, const char *schema, struct buf *error)
{
	const char *user = conninfo_get(&db->target->conninfo, "user");

	if (!db_is_pg(db) || strcmp(db_sqlstate(db), "42501") != 0)
		return failed(db, error);
	buf_printf(error, "%s: no right to create the marker table in schema %s: either let the "
	           "database's owner run CREATE SCHEMA %s AUTHORIZATION \"%s\", or give --schema "
	           "the name of a schema where this role may create tables",
	           db->target->shown, schema, schema, user ? user : "ROLE");
	return DENIED;
}

static int create_schema(struct db *db, const char *schema)
{
	static const struct sql look = { .pg = "SELECT FROM pg_namespace WHERE nspname = $1" };
	struct rows rows = { 0 };
	struct buf sql = BUF_INIT;
	int rc = db_query(db, look, &schema, 1, &rows);

	/* IF NOT EXISTS would ask for the privilege even where the schema is there. */
	if (!rc && !rows.n) {
		buf_puts(&sql, "CREATE SCHEMA ");
		server_identifier(&db->pg, &sql, schema);
		rc = db_query(db, (struct sql){ .pg = sql.data }, NULL, 0, NULL);
	}
	buf_free(&sql);
	rows_free(&rows);
	return rc;
}

static int create(struct db *db, const char *schema)
{
	char *pg = xasprintf("CREATE TABLE %%s %s", create_table.pg);
	char *lite = xasprintf("CREATE TABLE %%s %s", create_table.lite);
	int rc = db_is_pg(db) ? create_schema(db, schema_of(schema)) : 0;

	if (!rc)
		rc = run(db, (struct sql){ pg, lite }, table_of(schema), NULL, 0, NULL);
	free(pg);
	free(lite);
	return rc;
}

/* Runners of other seeds may create the same schema or table at the same moment:
 * 42P06, 42P07, or 23505 in a catalogue's index. */
static bool lost_race(struct db *db)
{
	const char *state = db_sqlstate(db);

	return strcmp(state, "42P06") == 0 || strcmp(state, "42P07") == 0 ||
	       strcmp(state, "23505") == 0;
}

int marker_prepare(struct db *db, const char *schema, int64_t deadline, struct buf *error)
{
	bool there = false, again;
	int rc, tries = 3;

	do {
		again = false;
		if (db_begin(db, DB_WRITE, deadline))
			rc = failed(db, error);
		else
			rc = find(db, schema, &there, error);
		if (!rc && !there && create(db, schema)) {
			again = lost_race(db) && --tries;
			rc = again ? 0 : may_not_create(db, schema_of(schema), error);
		} else if (!rc && db_commit(db)) {
			rc = failed(db, error);
		}
		db_rollback(db);
	} while (again);
	return rc;
}

/* As it was when it was found to be trustworthy, it stays until the transaction ends. */
static int hold(struct db *db, const char *schema, struct buf *error)
{
	static const struct sql lock = { .pg = "LOCK TABLE %s IN ROW EXCLUSIVE MODE",
		                         .lite = "SELECT 1 FROM %s" };
	bool there = false;
	int rc = find(db, schema, &there, error);

	if (!rc && there && db_is_pg(db)) {
		rc = run(db, lock, table_of(schema), NULL, 0, NULL) ? failed(db, error) : 0;
		rc = rc ? rc : find(db, schema, &there, error);
	}
	return rc;
}

struct change {
	struct sql sql;
	const char *params[5];
	int n;
};

/* Makes a change in a transaction of its own, or in the one that is open. */
static int write_row(struct db *db, const char *schema, const struct change *c, int64_t deadline,
                     long *changed, struct buf *error)
{
	struct rows rows = { 0 };
	int rc = db_begin(db, DB_WRITE, deadline) ? failed(db, error) : hold(db, schema, error);

	if (!rc && (run(db, c->sql, table_of(schema), c->params, c->n, &rows) || db_commit(db)))
		rc = failed(db, error);
	if (rc)
		db_rollback(db);
	*changed = rows.changed;
	rows_free(&rows);
	return rc;
}

int marker_start(struct db *db, struct marker_key key, const struct marker *m, int64_t deadline,
                 struct buf *error)
{
	char host[256] = "", attempt[32];
	const struct change c = { write_running, { key.name, m->version, m->sha256, attempt, host }, 5 };
	long changed;

	gethostname(host, sizeof(host) - 1);
	snprintf(attempt, sizeof(attempt), "%ld", m->attempt);
	return write_row(db, key.schema, &c, deadline, &changed, error);
}

int marker_finish(struct db *db, struct marker_key key, enum marker_state state, bool same_transaction,
                  int64_t deadline, struct buf *error)
{
	const char *xact = same_transaction ? "same" : "any";
	const struct change c = { write_end, { key.name, states[state], xact }, 3 };
	long changed;
	int rc = write_row(db, key.schema, &c, deadline, &changed, error);

	if (rc || changed == 1)
		return rc;
	buf_puts(error, "the seed ended the transaction that it ran in (COMMIT or ROLLBACK): "
	         "remove that, or use --no-transaction");
	return BROKEN_OFF;
}

int marker_adopt(struct db *db, struct marker_key key, const struct marker *m, int64_t deadline,
                 struct buf *error)
{
	int rc = marker_prepare(db, key.schema, deadline, error);

	if (!rc)
		rc = marker_start(db, key, m, deadline, error);
	return rc ? rc : marker_finish(db, key, MARKER_ADOPTED, false, deadline, error);
}

int marker_remove(struct db *db, struct marker_key key, int64_t deadline, bool *removed, struct buf *error)
{
	const struct change c = { remove_row, { key.name }, 1 };
	bool there = false;
	long changed = 0;
	int rc = db_begin(db, DB_READ, deadline) ? failed(db, error) : find(db, key.schema, &there, error);

	db_rollback(db);
	if (!rc && there)
		rc = write_row(db, key.schema, &c, deadline, &changed, error);
	*removed = changed > 0;
	return rc;
}

void marker_free(struct marker *m)
{
	free(m->version);
	free(m->sha256);
	free(m->host);
	free(m->started);
	free(m->finished);
	*m = (struct marker){ 0 };
}
