/*
 * seed_run - runs a seed under its lock and writes its marker.
 */
#ifndef SEED_SEED_RUN_H
#define SEED_SEED_RUN_H

#include "seed/seed.h"

/* Makes the marker's table where it is missing, by a session that is open. In SQLite the PRAGMAs at the
 * beginning of the files come first: the size of the pages is that of the first table. As marker_prepare,
 * and as seed_sqlite_settle. */
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

#endif
