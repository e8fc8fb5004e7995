/* catalog_runs - what the journal knows of the runs of backups. */
#include <stdlib.h>

#include "base/banned.h"
#include "base/clock.h"
#include "repo/catalog_parts.h"

static char *number(int64_t value)
{
	return xasprintf("%lld", (long long)value);
}

int catalog_run(struct catalog *c, const char *scope, const char *about, int64_t due, int64_t *id)
{
	struct run r = { .applet = APPLET, .name = scope, .status = "running", .attempt = 1,
		         .dir = c->dir, .about = about, .due = due };

	return journal_start(&c->journal, &r, id);
}

int catalog_part(struct catalog *c, int64_t run, const char *folder, const char *target,
                 int64_t *id)
{
	struct run r = { .applet = APPLET, .name = folder, .target = target, .status = "running",
		         .attempt = 1, .dir = c->dir, .part_of = run };

	return journal_start(&c->journal, &r, id);
}

int catalog_finish(struct catalog *c, int64_t id, const char *status, const char *why)
{
	return journal_finish(&c->journal, id, status, why);
}

int catalog_interrupted(struct catalog *c)
{
	return catalog_query(c,
	             "UPDATE runs SET status = 'interrupted' WHERE applet = '" APPLET "'"
	             " AND dir = ?1 AND status = 'running'",
	             NULL, NULL, NULL, NULL);
}

/* The runs themselves; a scheduled one is worth more than any that chose. */
#define RUNS                                                                                       \
	"WITH r AS (SELECT * FROM runs WHERE applet = '" APPLET "' AND dir = ?1"                   \
	"  AND part_of IS NULL AND due IS NOT NULL)"

int catalog_last(struct catalog *c, const char *about, int64_t limit, struct rows *rows)
{
	char *ms = number(limit), *dead = journal_dead(&c->journal);
	int rc = catalog_query(c,
	               RUNS ", dead AS (SELECT value AS id FROM json_each(?4)),"
	               " parts AS (SELECT p.*, r.name AS scope, r.due AS at,"
	               "   r.about IS ?2 AND ?2 IS NOT NULL AS ours FROM runs p"
	               "  JOIN r ON r.id = p.part_of WHERE p.name <> '.globals'"
	               "  AND p.name NOT GLOB '*/.globals'),"
	               " newest AS (SELECT scope, at FROM parts ORDER BY ours DESC,"
	               "  scope = '" CATALOG_SCHEDULED "' AND at >= (SELECT max(at) FROM parts)"
	               "   - CAST(?3 AS INTEGER) DESC, at DESC LIMIT 1)"
	               " SELECT name, iif(id IN dead, 'interrupted', status),"
	               "  iif(id IN dead, '" JOURNAL_DEAD "', ifnull(error, '')) FROM parts"
	               " WHERE (scope, at) IN newest"
	               "  AND id IN (SELECT max(id) FROM parts GROUP BY scope, at, name)"
	               " UNION SELECT database, 'done', '' FROM files WHERE NOT EXISTS (SELECT * FROM parts)"
	               "  AND dir = ?1 AND gone IS NULL AND kind <> 'roles' ORDER BY 1",
	               about, ms, dead, rows);

	free(dead);
	free(ms);
	return rc;
}

bool catalog_is_done(struct catalog *c, const char *about, int64_t due, const char *folder)
{
	struct rows rows = { 0 };
	char *moment = number(due);
	bool done;

	catalog_query(c,
	      "SELECT 1 FROM runs p JOIN runs r ON r.id = p.part_of WHERE p.dir = ?1 AND p.name = ?2"
	      " AND r.due = CAST(?3 AS INTEGER) AND r.about IS ?4"
	      /* One that was killed behind its backup has made it all the same. */
	      " AND (p.status = 'done' OR EXISTS (SELECT 1 FROM files f WHERE f.dir = p.dir AND f.run = p.id"
	      "  AND f.verified IS NOT NULL AND f.gone IS NULL))",
	      folder, moment, about, &rows);
	done = rows.n > 0;
	rows_free(&rows);
	free(moment);
	return done;
}

int catalog_history(struct catalog *c, const char *about, int64_t now, struct run_history *h)
{
	char *limit = number(now + CLOCK_TOLERANCE_MS);
	struct rows rows = { 0 };
	int rc = catalog_query(c,
	               RUNS ", past AS (SELECT * FROM r WHERE due <= CAST(?2 AS INTEGER) AND about IS ?3),"
	               " good AS (SELECT max(id) AS id, max(due) AS due FROM past WHERE status = 'done'"
	               "  AND name = '" CATALOG_SCHEDULED "'),"
	               " bad AS (SELECT * FROM past WHERE name = '" CATALOG_SCHEDULED "'"
	               "  AND status IN ('failed', 'partly')"
	               "  AND id > ifnull((SELECT id FROM good), 0))"
	               " SELECT ifnull((SELECT due FROM good), 0), (SELECT count(*) FROM bad),"
	               "  ifnull((SELECT CAST(round((julianday(max(finished)) - 2440587.5)"
	               "   * 86400000) AS INTEGER) FROM bad), 0),"
	               "  ifnull((SELECT max(due) FROM bad), 0),"
	               "  ifnull((SELECT min(due) FROM past WHERE status = 'interrupted'"
	               "   AND name = '" CATALOG_SCHEDULED "'), 0)",
	               limit, about, NULL, &rows);

	*h = (struct run_history){ 0 };
	if (rows.n)
		*h = (struct run_history){ .success = atoll(rows_text(&rows, 0, 0)),
			               .failures = atol(rows_text(&rows, 0, 1)),
			               .failed = atoll(rows_text(&rows, 0, 2)),
			               .failed_due = atoll(rows_text(&rows, 0, 3)),
			               .owed = atoll(rows_text(&rows, 0, 4)) };
	rows_free(&rows);
	free(limit);
	return rc;
}

void catalog_remember(const char *dir, const char *about, struct run_history *h)
{
	struct run_history found = { 0 };
	struct catalog c;

	if (catalog_open(&c, dir, false) == 0 && catalog_history(&c, about, clock_wall(), &found) == 0 &&
	    (found.success > h->success || !(h->success || h->failures)))
		*h = found;
	catalog_free(&c);
}
