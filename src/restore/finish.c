/* finish - what is done to a restored database before anybody sees it. */
#include "restore/finish.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/size.h"
#include "base/status.h"
#include "base/teller.h"
#include "dump/dump.h"

/* It is looked at as a backup of it would. */
static int count(const struct finish *s, const struct target *target, struct buf *error)
{
	struct dump d = { .target = target };
	struct manifest found = { 0 };
	int rc = dump_open(&d, clock_within(s->wait), error);

	if (!rc)
		rc = dump_look(&d, &found, error);
	if (!rc && found.tables != s->tables) {
		buf_printf(error, "%lld table%s came back in place of %lld", (long long)found.tables,
		           plural(found.tables), (long long)s->tables);
		rc = BAD_DATA;
	}
	dump_free(&d);
	manifest_free(&found);
	return rc;
}

/* Each for itself: one foreign table that cannot be reached must not leave the rest out. */
static const char find_tables[] =
	"SELECT format('ANALYZE %I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c"
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	" WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition"
	"  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'"
	"  AND pg_catalog.has_table_privilege(c.oid, 'SELECT') ORDER BY 1";

/* An index on an expression calls its function; since 17 ANALYZE has a search_path of its own. */
static void find_names(const struct finish *s, struct db *db, const char *search_path)
{
	if (s->search_path)
		server_query(&db->pg, "SELECT set_config('search_path', $1, false)", &search_path, 1,
		             clock_within(s->wait), NULL);
}

static void analyze(const struct finish *s, struct db *db)
{
	struct rows rows = { 0 };
	int rc = db_read(db, (struct sql){ .pg = find_tables }, NULL, 0, clock_within(s->wait), &rows);

	find_names(s, db, s->search_path);
	for (size_t i = 0; i < rows.n && db_is_open(db); i++)
		/* A parent of foreign tables whose wrapper has no handler: 55000. */
		if (server_query(&db->pg, rows_text(&rows, i, 0), NULL, 0, CLOCK_NEVER, NULL) != 0 &&
		    strcmp(db_sqlstate(db), "55000") != 0)
			rc = -1;
	find_names(s, db, "pg_catalog");
	if (rc) {
		teller_sayf(s->tell, MSG_WARNING, "%s: not analyzed: %s", db->target->shown, db_error(db));
	}
	rows_free(&rows);
}

static int ask(const struct finish *s, struct db *db, struct buf *error)
{
	struct finding f = FINDING_INIT;
	int rc = DONE;

	check_ask_db(s->check, db, clock_within(s->wait), &f);
	if (f.verdict != PASS) {
		buf_printf(error, "%s: not as it should be: %s: %s",
		           db->target->shown, s->check->shown, f.why.data);
		rc = f.verdict == UNKNOWN && db_failure(db) == UNAVAILABLE ? UNAVAILABLE : NO;
	}
	finding_free(&f);
	return rc;
}

int finish_database(const struct finish *s, const struct target *target, struct buf *error)
{
	struct db db = DB_INIT;
	int rc = s->tables >= 0 ? count(s, target, error) : DONE;

	if (!rc && (s->analyze || s->check))
		rc = db_reopen(&db, target, clock_within(s->wait), error);
	if (!rc && s->analyze)
		analyze(s, &db);
	if (!rc && s->check)
		rc = ask(s, &db, error);
	db_free(&db);
	return rc;
}
