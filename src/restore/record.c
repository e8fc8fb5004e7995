/* record - what the journal is told of one restore. */
#include "restore/record.h"

#include <stdlib.h>

#include "base/banned.h"
#include "base/teller.h"
#include "repo/journal_runs.h"

#define APPLET "pgrestore"

int record_open(struct record *r, const char *path)
{
	if (journal_open(&r->journal, path, true) < 0)
		return -1;
	if (!r->journal.lite.db)
		journal_open(&r->journal, JOURNAL_DEFAULT, true);
	return 0;
}

void record_start(struct record *r, const char *name, const char *target, const char *sha256)
{
	struct run run = { .applet = APPLET, .name = name, .target = target, .status = "running",
		           .attempt = 1, .sha256 = sha256 };
	struct rows dead = { 0 };

	journal_runs_dead(&r->journal, APPLET, target, &dead);
	for (size_t i = 0; i < dead.n; i++)
		journal_bury(&r->journal, rows_text(&dead, i, 0));
	rows_free(&dead);
	journal_start(&r->journal, &run, &r->run);
}

void record_clear(struct record *r, struct shadow *shadow, const char *target, const struct teller *tell)
{
	struct strs names = { 0 };
	struct rows rows = { 0 };

	journal_runs_dead(&r->journal, APPLET, target, &rows);
	for (size_t i = 0; i < rows.n; i++)
		strs_add(&names, rows_text(&rows, i, 1));
	shadow_drop_leftovers(shadow, &names, tell);
	rows_free(&rows);
	strs_free(&names);
}

void record_end(struct record *r, const char *status, const char *why)
{
	journal_finish(&r->journal, r->run, status, why);
}
