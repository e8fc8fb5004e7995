/* journal_adopt - takes over what a journal says that lay where others may write. */
#include "repo/journal_adopt.h"

#include <stdlib.h>

#include "base/banned.h"
#include "base/clock.h"

#define OLD_MS 10000 /* for reading it, whatever it is made of */

/* Plain tables and their indexes only: nothing in it is computed when it is read. */
static const char sound_sql[] =
	"SELECT (SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')"
	"  OR lower(sql) GLOB '*virtual*' OR lower(sql) GLOB '*generated*' OR lower(sql) GLOB '* as (*') = 0"
	" AND (SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('runs', 'stops')) = 2";

static const char stops_sql[] =
	"SELECT name, place, substr(planned, 1, 40) FROM stops WHERE started IS NULL"
	" AND typeof(name) = 'text'"
	" AND length(name) < 256 AND typeof(place) = 'integer' AND typeof(planned) = 'text' ORDER BY id "
	"DESC LIMIT 100";

static const char runs_sql[] =
	"SELECT applet, substr(name, 1, 255), substr(target, 1, 255), substr(started, 1, 40), "
	"substr(finished, 1, 40),"
	" iif(status IN ('done', 'failed'), status, 'interrupted'), substr(error, 1, 1000)"
	" FROM runs WHERE applet IN ('watch', 'pgrestore') ORDER BY id LIMIT 1000";

/* A journal that pgbackup writes as well stays where it is. */
static const char whose_sql[] =
	"SELECT count(*) FILTER (WHERE applet NOT IN ('watch', 'pgrestore')) = 0 FROM runs";

int journal_adopt_read(struct journal_old *o, const char *path, struct buf *error)
{
	int64_t deadline = clock_after(OLD_MS);
	struct rows sound = { 0 }, whose = { 0 };
	int rc = lite_open(&o->lite, path, LITE_STILL, 0);

	if (!rc) {
		lite_deadline(&o->lite, &deadline);
		rc = lite_query(&o->lite, "PRAGMA trusted_schema = OFF", NULL, 0, NULL) ||
		     lite_query(&o->lite, sound_sql, NULL, 0, &sound);
	}
	if (!rc && !rows_true(&sound, 0, 0)) {
		buf_puts(error, "it is not a journal of pgbox's");
		rc = -1;
	} else if (!rc) {
		rc = lite_query(&o->lite, stops_sql, NULL, 0, &o->stops) ||
		     lite_query(&o->lite, runs_sql, NULL, 0, &o->runs) ||
		     lite_query(&o->lite, whose_sql, NULL, 0, &whose);
		o->only_ours = rows_true(&whose, 0, 0);
	}
	if (rc && !error->len)
		buf_puts(error, o->lite.error.data);
	rows_free(&sound);
	rows_free(&whose);
	lite_close(&o->lite);
	return rc ? -1 : 0;
}

void journal_adopt_free(struct journal_old *o)
{
	lite_free(&o->lite);
	rows_free(&o->stops);
	rows_free(&o->runs);
}

static int write_runs(struct journal *j, const struct journal_old *o, const char *dir)
{
	int rc = 0;

	for (size_t i = 0; i < o->runs.n && !rc; i++) {
		const char *params[8] = { dir };

		for (size_t k = 0; k < 7; k++)
			params[k + 1] = rows_get(&o->runs, i, k);
		rc = journal_query(j, "INSERT INTO runs (dir, applet, name, target, started, finished, "
		                      "status, error)"
		                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", params, 8, NULL);
	}
	return rc;
}

static int write_stops(struct journal *j, const struct journal_old *o, int64_t run)
{
	char *id = xasprintf("%lld", (long long)run);
	int rc = 0;

	for (size_t i = o->stops.n; i-- > 0 && !rc;) {
		const char *params[] = { id, rows_get(&o->stops, i, 0), rows_get(&o->stops, i, 1),
			                 rows_get(&o->stops, i, 2) };

		rc = journal_query(j, "INSERT INTO stops (run, name, place, planned) VALUES (?1, ?2, ?3, ?4)",
		                   params, 4, NULL);
	}
	free(id);
	return rc;
}

int journal_adopt_write(struct journal *j, const struct journal_old *o, const char *dir, struct buf *error)
{
	struct run run = { .applet = "watch", .name = "journal.db", .status = "adopted", .attempt = 1,
	                   .dir = dir };
	int64_t id;
	int rc = journal_query(j, "BEGIN IMMEDIATE", NULL, 0, NULL);

	rc = rc ? rc : write_runs(j, o, dir);
	rc = rc ? rc : journal_start(j, &run, &id);
	rc = rc ? rc : write_stops(j, o, id);
	rc = rc ? rc : journal_query(j, "COMMIT", NULL, 0, NULL);
	if (rc)
		buf_puts(error, j->error.data);
	return rc;
}
