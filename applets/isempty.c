/*
 * isempty - say whether a database holds anything of its user's.
 *
 * An exit code that cannot be misread: 0 empty, 1 not, and every failure to find
 * out is 64 or more, so that `if isempty` never takes an error for an answer.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "check/check.h"
#include "db/emptiness.h"
#include "opt/opt.h"

static struct {
	const char *url, *table;
	bool rows, missing_ok, ignore_migrations;
	struct strs schemas, ignore;
	int64_t timeout;
} o = { .timeout = 10000 };

static const struct opt opts[] = {
	SECRET(0, "url", NULL, "URL", &o.url, "the database, in place of the operand"),
	TEXT(0, "table", NULL, "T", &o.table, "ask only for [SCHEMA.]T: empty when it is missing"),
	FLAG(0, "rows", &o.rows, "with --table: also empty when T has no rows"),
	LIST(0, "schema", NULL, "S", &o.schemas, "look only into schema S; may be given more than once"),
	LIST(0, "ignore", "ISEMPTY_IGNORE", "PATTERN", &o.ignore,
	     "pass over objects whose SCHEMA.NAME or NAME matches (* ? [])"),
	FLAG(0, "ignore-migrations", &o.ignore_migrations,
	     "pass over the bookkeeping tables of migration tools"),
	FLAG(0, "missing-ok", &o.missing_ok, "a database that does not exist is empty"),
	TIME('t', "timeout", "ISEMPTY_TIMEOUT", &o.timeout, "the longest to wait for an answer"),
	OPT_TABLE_END
};

static const char about[] =
	"Says whether the database is empty: no tables, partitioned tables, views,\n"
	"materialised views, sequences, foreign tables, types, functions or large\n"
	"objects outside the system's schemas. What an extension owns (PostGIS and its\n"
	"topology and tiger schemas) and pgbox's own marker do not count. The first\n"
	"thing found is named. URL is found as by waitdb.";

static const char notes[] =
	"examples:\n"
	"  if isempty; then python dbtool.py builddb; fi\n"
	"  isempty --table public.users --rows env:USERS_URL\n"
	"\n"
	"exit codes: 0 empty; 1 not empty; 64 wrong call; 69 no answer, or no such\n"
	"database; 77 login refused; 78 wrong variable.";

/* Bookkeeping of Rails and golang-migrate, Rails, Alembic, Django, Flyway,
 * Liquibase, Prisma, Atlas, goose, Knex, Drizzle, Diesel, SQLx, Ecto. */
static const char *const migration_tables[] = {
	"schema_migrations", "ar_internal_metadata", "alembic_version", "django_migrations",
	"flyway_schema_history", "databasechangelog", "databasechangeloglock",
	"_prisma_migrations", "atlas_schema_revisions", "goose_db_version", "knex_migrations",
	"knex_migrations_lock", "__drizzle_migrations", "__diesel_schema_migrations",
	"_sqlx_migrations", NULL,
};

static const char *shown;
static struct check sentinel; /* --table */

static bool is_migration_table(const char *name)
{
	for (size_t i = 0; migration_tables[i]; i++)
		if (strcmp(migration_tables[i], name) == 0)
			return true;
	return false;
}

static bool is_ignored(const char *schema, const char *name)
{
	char *full = xasprintf("%s.%s", schema, name);
	bool ignored = o.ignore_migrations && is_migration_table(name);

	for (size_t i = 0; i < o.ignore.n && !ignored; i++)
		ignored = fnmatch(o.ignore.v[i], full, 0) == 0 ||
		          fnmatch(o.ignore.v[i], name, 0) == 0;
	free(full);
	return ignored;
}

static bool counts(const char *schema, const char *name)
{
	return !is_ignored(schema, name) && (!o.schemas.n || strs_has(&o.schemas, schema));
}

static int judge(const struct rows *rows)
{
	size_t first = rows->n, n = 0;

	for (size_t i = 0; i < rows->n; i++)
		if (counts(rows_text(rows, i, 1), rows_text(rows, i, 2)) && n++ == 0)
			first = i;
	if (n) {
		const char *schema = rows_text(rows, first, 1);

		msg(MSG_INFO, "%s: not empty: %s %s%s%s%s", shown, rows_text(rows, first, 0), schema,
		    *schema ? "." : "", rows_text(rows, first, 2), n > 1 ? " and more" : "");
		return NO;
	}
	msg(MSG_INFO, "%s: empty", shown);
	return DONE;
}

static int ask_objects(struct db *db, int64_t deadline)
{
	struct rows rows = { 0 };
	int rc;

	if (emptiness_ask(db, deadline, &rows))
		die(UNAVAILABLE, "%s: cannot tell: %s", shown, db_error(db));
	rc = judge(&rows);
	rows_free(&rows);
	return rc;
}

/* The sentinel is one of waitdb's checks, without a comparison. */
static void read_sentinel(void)
{
	char *text = xasprintf("%s=%s", o.rows ? "rows" : "table", o.table);
	struct buf error = BUF_INIT;

	if (check_read(&sentinel, text, &error) != 0 || sentinel.sign != SIGN_NONE)
		die(BAD_USAGE, "--table: not [SCHEMA.]NAME; a name with blanks or operators goes "
		    "in double quotes");
	free(text);
}

static int ask_sentinel(struct db *db, int64_t deadline)
{
	struct finding f = FINDING_INIT;
	int rc;

	check_ask_db(&sentinel, db, deadline, &f);
	if (f.verdict == UNKNOWN)
		die(f.final ? f.final : UNAVAILABLE, "%s: cannot tell: %s", shown, f.why.data);
	rc = f.verdict == PASS ? NO : DONE;
	msg(f.near ? MSG_WARNING : MSG_INFO, "%s: %s: %s%s", shown, rc == NO ? "not empty" : "empty",
	    rc == NO ? "table " : f.why.data, rc == NO ? o.table : "");
	finding_free(&f);
	return rc;
}

static int ask(const struct target *target)
{
	int64_t deadline = clock_after(o.timeout);
	struct db db = DB_INIT;
	int rc;

	shown = target->shown;
	switch (db_open(&db, target, DB_READ, deadline)) {
	case CONNECTED:
		rc = o.table ? ask_sentinel(&db, deadline) : ask_objects(&db, deadline);
		break;
	case CONNECT_NO_DATABASE:
		if (o.missing_ok) {
			msg(MSG_INFO, "%s: empty: there is no such database", shown);
			rc = DONE;
			break;
		}
		/* fall through */
	default:
		die(db_status(&db), "%s: cannot tell: %s", shown, db_error(&db));
	}
	db_free(&db);
	return rc;
}

static int run(int argc, char **argv, char ***command)
{
	struct buf error = BUF_INIT;
	struct target target;
	int rc;

	(void)command;
	if (argc && o.url)
		die(BAD_USAGE, "the database is given twice: as an operand and by --url");
	if (o.rows && !o.table)
		die(BAD_USAGE, "--rows needs --table");
	if (o.table)
		read_sentinel();
	rc = target_find(&target, argc ? argv[0] : o.url, &error);
	if (rc)
		die(rc, "%s", error.data);
	msg_each(MSG_WARNING, &target.warnings);
	rc = ask(&target);
	target_free(&target);
	check_free(&sentinel);
	strs_free(&o.schemas);
	strs_free(&o.ignore);
	return rc;
}

const struct applet applet_isempty = {
	.name = "isempty",
	.brief = "say whether a database holds anything",
	.synopsis = "[URL] [options]",
	.about = about,
	.opts = opts,
	.notes = notes,
	.max_operands = 1,
	.run = run,
};
