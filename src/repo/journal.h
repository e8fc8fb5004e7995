/*
 * journal - the local record of what pgbox did: an SQLite file with one table of
 * runs and one of files.
 *
 * It is a record, not the truth: nothing here ever stops a seed or a backup. It
 * is durable (synchronous=FULL), safe for several processes, and migrated
 * forward when it is opened.
 */
#ifndef REPO_JOURNAL_H
#define REPO_JOURNAL_H

#include "base/buf.h"
#include "base/rows.h"
#include "ext/lite.h"

#define JOURNAL_DEFAULT "/var/lib/pgbox/journal.db"

struct journal {
	struct lite lite; /* closed when the journal cannot be used */
	char *path;
	struct buf error; /* a sentence, after a -1 */
	int running;      /* of repo/liveness, for the runs that were begun by this handle; -1: none yet */
};

#define JOURNAL_INIT { .lite = LITE_INIT, .error = BUF_INIT, .running = -1 }

/* Where the journal of a folder of backups is, relative to the folder. */
#define JOURNAL_BESIDE ".pgbox/journal.db"

/* What a run is recorded as. Texts may be NULL. */
struct run {
	const char *applet, *name, *target; /* target as target.shown: no secrets */
	const char *status;                 /* running done failed interrupted adopted */
	const char *sha256;
	long attempt;
	const char *dir;  /* of backups: as repo/catalog names the folder */
	int64_t part_of;  /* the id of the run that this is a part of; 0: none */
	const char *about; /* what databases it is about, as backup/sources names them */
	int64_t due;      /* ms since 1970; 0: none */
};

/* Opens PGBOX_JOURNAL (or its _FILE), else fallback. 0; -1 with error; 1 when the
 * fallback's folder does not exist, which is nobody's mistake. With create false a
 * missing file is an error. */
int journal_open(struct journal *j, const char *fallback, bool create);

/* Opens that file, whatever PGBOX_JOURNAL says, and makes none. As journal_open. */
int journal_open_file(struct journal *j, const char *path);

/* Opens PGBOX_JOURNAL, else fallback, to look at what others write; nothing is written, not
 * even to repair it. Locks are waited for up to busy_ms. 0; -1 with error; 1 when there is
 * none. */
int journal_peek(struct journal *j, const char *fallback, int busy_ms);

/* Makes an empty one in memory. 0, or -1 with error. */
int journal_open_memory(struct journal *j);

/* Records a beginning; *id is for journal_finish. On a closed journal these do
 * nothing and return 0. -1 with error when the record could not be written: the
 * journal is closed then, so that it is said once. */
int journal_start(struct journal *j, const struct run *r, int64_t *id);
int journal_finish(struct journal *j, int64_t id, const char *status, const char *why);

/* Runs one statement of the caller's; as lite_query, but on a closed journal it does
 * nothing and returns -1. */
int journal_query(struct journal *j, const char *sql, const char *const *params, int n,
                  struct rows *rows);

/* What is shown of a run whose process died, or could not write how it ended: its status is
 * `interrupted`, whatever is recorded, and this the error. */
#define JOURNAL_DEAD "killed, or unable to write the journal"

/* Returns the ids of the runs that are recorded as running and have no process any more (repo/liveness),
 * as a JSON array. The caller frees it. */
char *journal_dead(struct journal *j);

/* Marks runs that never ended as interrupted: the caller holds the lock that says
 * that nobody runs them. */
int journal_interrupted(struct journal *j, const struct run *r);

/* Marks one run as interrupted that journal_dead gave. */
int journal_bury(struct journal *j, const char *id);

/* The last n runs, oldest first: started, applet, name, target, status, attempt,
 * seconds, error. As JSON: one column, one object a row. */
int journal_last(struct journal *j, long n, bool json, struct rows *rows);

void journal_free(struct journal *j);

#endif
