/*
 * seed - runs a seed under its lock and writes its marker.
 */
#ifndef SEED_SEED_H
#define SEED_SEED_H

#include "base/msg.h"
#include "check/check.h"
#include "db/lock.h"
#include "seed/marker.h"

struct seed {
	const struct target *target;
	const char *name, *schema; /* schema: NULL for the default place */
	struct strs files;         /* --sql: files in the order to run; else empty */
	bool one_transaction;      /* all files and the marker in one */
	char **command;            /* without files: the command, NULL at its end */
	const struct check *verify; /* must hold afterwards; or NULL */
	struct marker marker;      /* version, sha256 and attempt to write */
	struct lock *lock;         /* held */
	int64_t patience;          /* ms to wait for a dead run's session that holds the marker's row */
	int signal;                /* set by seed_run: the last one that was forwarded, or 0 */
	bool interrupted;          /* set by seed_run: it was stopped half-way, as said there */

	/* Gets what psql says, a line at a time. */
	void (*tell)(enum msg_level level, const char *line);
};

/*
 * Fills files with what the paths name: a file itself, those of a directory in byte
 * order of their names (.sql .sql.gz .sql.zst). Reads all to their ends, and puts
 * the SHA-256 of their contents, one after the other, into marker.sha256. 0, or
 * NO_INPUT, or BAD_DATA when a packed file is damaged or cut off.
 */
int seed_load(struct seed *s, const struct strs *paths, struct buf *error);

/* Makes the marker's table where it is missing, by a session that is open. In SQLite the PRAGMAs at the beginning of the
 * files come first: the size of the pages is that of the first table. As marker_prepare, and as seedlite_settle. */
int seed_prepare(struct seed *s, struct db *db, int64_t deadline, struct buf *why);

/*
 * Runs the seed. The marker ends as done, or failed when it may simply run again;
 * it stays `running` when nobody can know how much of it is there: a signal ended the
 * command, or psql with files outside a transaction (a forwarded one, too; a status of
 * 129 to 159 is how a shell reports that of its own command); the lock was lost while it
 * ran (the seed's process group is then stopped, TERM at once and KILL after a second);
 * or a file ended the transaction that it ran in. A command that catches a signal and
 * exits with another status has had its say: it failed.
 *
 * A run that was killed with its host may have left a server session with the row of the marker, until the
 * server finds its client gone: that is waited for, and said. LOCKED when it took too long.
 *
 * While it runs, SIGTERM, SIGINT and SIGHUP go to its process group. 0, NO (it
 * failed), 128 + n (stopped by a signal that was forwarded), or another code;
 * the sentence is in why.
 */
int seed_run(struct seed *s, struct buf *why);

/* Names the state of a marker of s->target and s->name: marker_state_name's, but `interrupted` for one that
 * says `running` while nobody holds the seed's lock. */
const char *seed_state(const struct seed *s, const struct marker *m, int64_t deadline);

#endif
