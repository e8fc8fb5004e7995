/* report_status - whether all is well with the backups. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/show.h"
#include "base/status.h"
#include "repo/freshness.h"
#include "repo/report_parts.h"

/* What the bucket lacks of a database. */
struct lag {
	const char *remote; /* its name */
	struct owed owed;
	bool late;
};

static void print_state(const struct freshness *s, const struct lag *l)
{
	char *text = freshness_text(s), *age = clock_age(clock_wall() - l->owed.newest);

	show("%s", text);
	if (l->owed.n)
		show("; %zu backup%s not in %s yet, where %s%s%s%s", l->owed.n, l->owed.n > 1 ? "s are"
		     : " is", l->remote,
		       l->owed.newest ? "the newest is " : "there is none", l->owed.newest ? age : "",
		       l->owed.newest ? " old" : "", l->late ? ": too old" : "");
	show("\n");
	free(age);
	free(text);
}

static void print_json(const struct freshness *s, const struct lag *l)
{
	char *made = s->newest.made ? clock_iso(s->newest.made) : NULL;
	char *there = l->owed.n && l->owed.newest ? clock_iso(l->owed.newest) : NULL;
	char *age = xasprintf("%lld", (long long)(s->age / 1000));
	char *bytes = xasprintf("%lld", (long long)s->newest.bytes), *owed = xasprintf("%zu", l->owed.n);
	const char *params[] = { s->folder, s->fresh && !l->late ? "true" : "false", made, age, bytes,
		                 s->newest.suspect ? "true" : "false", s->run, s->error, owed, there };
	struct lite lite = LITE_INIT;
	struct rows rows = { 0 };

	if (lite_open(&lite, ":memory:", LITE_CREATE, 0) == 0 &&
	    lite_query(&lite,
	               "SELECT json_object('database', ?1, 'ok', json(?2), 'newest', ?3,"
	               " 'age_seconds', iif(?3 IS NULL, NULL, json(?4)), 'bytes', json(?5),"
	               " 'suspect', json(?6), 'last_run', ?7, 'error', nullif(?8, ''),"
	               " 'owed', json(?9), 'newest_there', ?10)",
	               params, 10, &rows) == 0)
		show_json(rows_get(&rows, 0, 0));
	rows_free(&rows);
	lite_free(&lite);
	free(made);
	free(there);
	free(age);
	free(bytes);
	free(owed);
}

static int status_one(struct catalog *c, const struct rows *rows, size_t row, const char *remote,
                      int64_t limit, bool json)
{
	struct lag lag = { .remote = remote };
	struct freshness s;

	freshness_judge(c, rows, row, limit, &s);
	if (remote)
		catalog_lag(c, remote, s.folder, &lag.owed);
	lag.late = lag.owed.n && clock_wall() - lag.owed.since >= limit;
	if (json)
		print_json(&s, &lag);
	else
		print_state(&s, &lag);
	return s.fresh && !lag.late ? DONE : NO;
}

/* Those of which the last run knew nothing. */
static int status_unfound(const struct report_only *only, bool *found, bool json)
{
	int rc = DONE;

	for (int i = 0; i < only->n; i++) {
		if (found[i])
			continue;
		if (!json)
			show("%s: failed: no run has backed it up\n", msg_word(only->names[i]));
		rc = NO;
	}
	free(found);
	return rc;
}

int report_status(struct catalog *c, const char *about, const char *remote, int64_t limit,
                  const struct report_only *only, bool json)
{
	struct rows rows = { 0 };
	bool *found;
	int rc = DONE;

	if (catalog_last(c, about, limit, &rows) != 0) {
		show("failed: %s\n", c->journal.error.data);
		return NO;
	}
	if (!rows.n && !json)
		printf("failed: nothing has been backed up yet\n");
	found = report_new_found(only);
	for (size_t i = 0; i < rows.n; i++)
		if (report_is_wanted(only, rows_text(&rows, i, 0), strlen(rows_text(&rows, i, 0)), found))
			rc = status_one(c, &rows, i, remote, limit, json) ? NO : rc;
	rc = status_unfound(only, found, json) || !rows.n ? NO : rc;
	rows_free(&rows);
	return rc;
}
