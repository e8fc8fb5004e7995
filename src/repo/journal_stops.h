/*
 * * journal_stops - the containers that a restore stops, in the journal: whoever comes after it knows which
 * to start.
 */
#ifndef REPO_JOURNAL_STOPS_H
#define REPO_JOURNAL_STOPS_H

#include "repo/journal.h"

struct journal_stop {
	const char *name, *container; /* its name and its id */
	long place;                   /* it is started before those of lower places */
};

/* Records the containers that a run is about to stop: all, or none. 0, or -1 as journal_query. */
int journal_stops_plan(struct journal *j, int64_t run, const struct journal_stop *stops, size_t n);

/* Records one that is to be started after all others, although it was not stopped. */
void journal_stops_add(struct journal *j, int64_t run, const char *name);

/* Records that one was started, or with gone why it never will be. */
void journal_stops_end(struct journal *j, const char *id, const char *gone);

/* Returns whether one was started, and was there. */
bool journal_stops_is_started(struct journal *j, const char *id);

/* Columns of journal_stops_owed; a run is adopted when its journal lay where others may write
 * (watch/state_dir). */
enum { STOP_ID, STOP_NAME, STOP_PLACE, STOP_DIR, STOP_ADOPTED };

/* Gets those that are still to be started, in that order. 0, or -1 as journal_query. */
int journal_stops_owed(struct journal *j, struct rows *rows);

#endif
