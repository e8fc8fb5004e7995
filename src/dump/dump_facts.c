/* dump_facts - what a manifest says of a PostgreSQL server and its database. */
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "dump/dump.h"
#include "dump/dump_parts.h"
#include "dump/properties.h"

#define ASK_MS 60000 /* for each question to the server; sizes of many files take a while */

/* What a table is for the count: of a user's, and not an extension's. */
#define USER_RELATIONS                                                                             \
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"                           \
	" WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')"                             \
	"  AND n.nspname !~ '^pg_(toast|temp)'"                                                    \
	"  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass"         \
	"   AND e.objid = c.oid AND e.deptype = 'e')"

static const char find_facts[] =
	"SELECT current_setting('server_version'), pg_encoding_to_char(d.encoding), d.datcollate,"
	" d.datctype, pg_get_userbyid(d.datdba), pg_database_size(d.oid),"
	" (SELECT count(*) " USER_RELATIONS " AND c.relkind IN ('r', 'p')),"
	" (SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint " USER_RELATIONS
	"  AND c.relkind = 'r'),"
	" (SELECT count(*) FROM pg_largeobject_metadata), pg_is_in_recovery(),"
	" d.datname FROM pg_database d WHERE d.datname = current_database()";

static const char find_extensions[] = "SELECT extname, extversion FROM pg_extension ORDER BY 1";

static int64_t number(const struct rows *rows, size_t column)
{
	const char *text = rows_text(rows, 0, column);

	return text ? atoll(text) : 0;
}

int dump_ask(struct dump *d, const char *sql, struct rows *rows)
{
	return server_query(&d->db.pg, sql, NULL, 0, clock_after(ASK_MS), rows);
}

/* The first words of `15.18 (Debian 15.18-0+deb12u1)`. */
static char *server_name(const char *version)
{
	return xasprintf("PostgreSQL %.*s", (int)strcspn(version, " "), version);
}

static void take_facts(struct manifest *m, const struct rows *rows)
{
	char *server = server_name(rows_text(rows, 0, 0));

	manifest_set(&m->server, server);
	manifest_set(&m->encoding, rows_get(rows, 0, 1));
	manifest_set(&m->collate, rows_get(rows, 0, 2));
	manifest_set(&m->ctype, rows_get(rows, 0, 3));
	manifest_set(&m->owner, rows_get(rows, 0, 4));
	m->database_bytes = number(rows, 5);
	m->tables = number(rows, 6);
	m->rows = number(rows, 7);
	m->large_objects = number(rows, 8);
	manifest_set(&m->database, rows_get(rows, 0, 10));
	free(server);
}

static int look_extensions(struct dump *d, struct manifest *m)
{
	struct rows rows = { 0 };
	int rc = dump_ask(d, find_extensions, &rows);

	for (size_t i = 0; i < rows.n; i++) {
		strs_add(&m->extensions, rows_text(&rows, i, 0));
		strs_add(&m->extension_versions, rows_text(&rows, i, 1));
	}
	rows_free(&rows);
	return rc;
}

/* What tells the server from others; not everywhere is everybody allowed to ask. */
static int look_system(struct dump *d, struct manifest *m)
{
	struct rows rows = { 0 };
	int rc = 0;

	if (server_version(&d->db.pg) >= 90600)
		rc = dump_ask(d,
		              "SELECT CASE WHEN has_function_privilege('pg_catalog.pg_control_system()',"
		              " 'EXECUTE')"
		              " THEN (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) "
		              "END",
		              &rows);
	manifest_set(&m->system_id, rows_get(&rows, 0, 0));
	rows_free(&rows);
	return rc;
}

/* Standbys can export snapshots since 10. */
static int take_snapshot(struct dump *d, bool standby)
{
	struct rows rows = { 0 };
	int rc;

	if (standby && server_version(&d->db.pg) < 100000)
		return 0;
	rc = dump_ask(d, "SELECT pg_export_snapshot()", &rows);
	if (rows_get(&rows, 0, 0))
		d->snapshot = xstrdup(rows_text(&rows, 0, 0));
	rows_free(&rows);
	return rc;
}

/* The transaction outlives the dump; no default of the database's may end it. */
static int begin(struct dump *d)
{
	static const struct {
		const char *sql;
		int since;
	} steps[] = {
		{ "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", 0 },
		{ "SET LOCAL search_path = pg_catalog", 0 },
		/* Of SQL_ASCII nothing can be converted. */
		{ "SELECT set_config('client_encoding', CASE current_setting('server_encoding')"
		  " WHEN 'SQL_ASCII'"
		  " THEN 'SQL_ASCII' ELSE 'UTF8' END, true)", 0 },
		{ "SET LOCAL statement_timeout = 0", 0 },
		/* As session.h has them. */
		{ "SET LOCAL tcp_keepalives_idle = 10", 0 },
		{ "SET LOCAL tcp_keepalives_interval = 5", 0 },
		{ "SET LOCAL tcp_keepalives_count = 3", 0 },
		{ "SET LOCAL idle_in_transaction_session_timeout = 0", 90600 },
		{ "SET LOCAL transaction_timeout = 0", 170000 },
	};
	int rc = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && !rc; i++)
		if (server_version(&d->db.pg) >= steps[i].since)
			rc = dump_ask(d, steps[i].sql, NULL);
	return rc;
}

int dump_look_pg(struct dump *d, struct manifest *m, struct buf *error)
{
	int server = server_version(&d->db.pg), engine = engine_version();
	struct rows rows = { 0 };
	int rc;

	m->server_version = server;
	if (server / 10000 > engine / 10000) {
		buf_printf(error, "%s: the server is PostgreSQL %d.%d, newer than the engine of this "
		           "pgbox, %d.%d: get a pgbox that has PostgreSQL %d",
		           d->target->shown, server / 10000, server % 10000, engine / 10000,
		           engine % 10000, server / 10000);
		return UNAVAILABLE;
	}
	rc = begin(d) || dump_ask(d, find_facts, &rows) || rows.n != 1;
	if (!rc)
		take_facts(m, &rows);
	rc = rc || look_system(d, m) ||
	     properties_look(&d->db, clock_after(ASK_MS), d->format == DUMP_PLAIN, m) ||
	     look_extensions(d, m) || take_snapshot(d, rows_true(&rows, 0, 9));
	rows_free(&rows);
	if (!rc)
		return 0;
	buf_printf(error, "%s: cannot look at the database: %s", d->target->shown, db_error(&d->db));
	return strcmp(db_sqlstate(&d->db), "42501") == 0 ? DENIED : UNAVAILABLE;
}

void dump_set_engine(struct manifest *m, const char *program)
{
	char *text = xasprintf("%s %d.%d", program, engine_version() / 10000, engine_version() % 10000);

	manifest_set(&m->engine, text);
	free(text);
}

void dump_take_warnings(struct manifest *m, const struct program *t)
{
	for (size_t i = 0; i < t->warnings.n; i++)
		strs_add(&m->warnings, t->warnings.v[i]);
}
