/* journal_stops - the containers that a restore stops, in the journal. */
#include "repo/journal_stops.h"

#include <stdlib.h>

#include "base/banned.h"

#define NOW "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"

int journal_stops_plan(struct journal *j, int64_t run, const struct journal_stop *stops, size_t n)
{
	char *id = xasprintf("%lld", (long long)run);
	int rc = journal_query(j, "BEGIN IMMEDIATE", NULL, 0, NULL);

	for (size_t i = 0; i < n && !rc; i++) {
		char *place = xasprintf("%ld", stops[i].place);
		const char *params[] = { id, stops[i].name, stops[i].container, place };

		rc = journal_query(j, "INSERT INTO stops (run, name, container, place, planned)"
		                   " VALUES (?1, ?2, ?3, ?4, " NOW ")", params, 4, NULL);
		free(place);
	}
	if (!rc)
		rc = journal_query(j, "COMMIT", NULL, 0, NULL);
	free(id);
	return rc;
}

void journal_stops_add(struct journal *j, int64_t run, const char *name)
{
	char *id = xasprintf("%lld", (long long)run);
	const char *params[] = { id, name };

	journal_query(j, "INSERT INTO stops (run, name, place, planned) SELECT ?1, ?2, -1, " NOW
	              " WHERE NOT EXISTS (SELECT * FROM stops WHERE run = ?1 AND name = ?2)", params, 2,
	              NULL);
	free(id);
}

void journal_stops_end(struct journal *j, const char *id, const char *gone)
{
	const char *params[] = { id, gone };

	journal_query(j, "UPDATE stops SET started = " NOW ", gone = ?2 WHERE id = ?1", params, 2, NULL);
}

bool journal_stops_is_started(struct journal *j, const char *id)
{
	struct rows rows = { 0 };
	bool is = journal_query(j, "SELECT 1 FROM stops WHERE id = ?1 AND started IS NOT NULL"
	                           " AND gone IS NULL",
	                        &id, 1, &rows) == 0 && rows.n;

	rows_free(&rows);
	return is;
}

int journal_stops_owed(struct journal *j, struct rows *rows)
{
	return journal_query(j, "SELECT s.id, s.name, s.place, r.dir, r.status = 'adopted' FROM stops s"
	                     " LEFT JOIN runs r ON r.id = s.run"
	                     " WHERE s.started IS NULL ORDER BY s.place DESC, s.id DESC", NULL, 0, rows);
}
