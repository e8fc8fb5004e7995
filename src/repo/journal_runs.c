/* journal_runs - questions about the runs in the journal. */
#include "repo/journal_runs.h"

#include <stdlib.h>

#include "base/banned.h"

bool journal_runs_was_done(struct journal *j, const char *applet, const char *name, const char *dir)
{
	const char *params[] = { applet, name, dir };
	struct rows rows = { 0 };
	bool done;

	journal_query(j, "SELECT status = 'done' FROM runs WHERE applet = ?1 AND name = ?2 AND dir = ?3"
	              " ORDER BY id DESC LIMIT 1", params, 3, &rows);
	done = rows_true(&rows, 0, 0);
	rows_free(&rows);
	return done;
}

bool journal_runs_has(struct journal *j, const char *applet, const char *dir)
{
	const char *params[] = { applet, dir };
	struct rows rows = { 0 };
	bool has = journal_query(j, "SELECT 1 FROM runs WHERE applet = ?1 AND dir = ?2 LIMIT 1", params, 2,
	                         &rows) != 0 || rows.n;

	rows_free(&rows);
	return has;
}

void journal_runs_interrupt(struct journal *j, const char *applet, const char *dir)
{
	const char *params[] = { applet, dir };

	journal_query(j, "UPDATE runs SET status = 'interrupted' WHERE applet = ?1 AND status = 'running'"
	              " AND dir = ?2", params, 2, NULL);
}

void journal_runs_dead(struct journal *j, const char *applet, const char *target, struct rows *rows)
{
	char *dead = journal_dead(j);
	const char *params[] = { applet, target, dead };

	journal_query(j, "SELECT id, name FROM runs WHERE applet = ?1 AND target = ?2"
	              " AND id IN (SELECT value FROM json_each(?3))", params, 3, rows);
	free(dead);
}
