/*
 * seed - what is to be seeded, and what is known of it.
 */
#ifndef SEED_SEED_H
#define SEED_SEED_H

#include "base/teller.h"
#include "db/finding.h"
#include "db/lock.h"
#include "seed/marker.h"

#define SEED_ASK_MS 30000 /* the longest that a question to the database may take */

/* A check that decides over a seed. Checks stand above seeds, so the caller says how it is asked. */
struct seed_check {
	const char *shown; /* as messages name it */
	/* Asks it in a session that is open, in its transaction if there is one. */
	void (*ask)(const void *arg, struct db *db, int64_t deadline, struct finding *f);
	const void *arg;
};

struct seed {
	const struct target *target;
	const char *name, *schema; /* schema: NULL for the default place */
	struct strs files;         /* --sql: files in the order to run; else empty */
	bool one_transaction;      /* all files and the marker in one */
	char **command;            /* without files: the command, NULL at its end */
	const struct seed_check *verify; /* must hold afterwards; or NULL */
	const struct seed_check *unless; /* where it holds a seed without a marker is done; or NULL */
	bool always;               /* to be run at every start */
	const char *on_interrupted, *on_change; /* fail, rerun or verify; warn, ignore, fail or rerun */
	struct marker marker;      /* version, sha256 and attempt to write */
	struct lock *lock;         /* held */
	int64_t patience;          /* ms to wait for a dead run's session that holds the marker's row */
	int signal;                /* set by seed_run: the last one that was forwarded, or 0 */
	bool interrupted;          /* set by seed_run: it was stopped half-way, as said there */

	/* Gets what psql says, a line at a time, and what seed_tell does. */
	const struct teller *tell;
};

/* Returns which marker is the seed's. */
struct marker_key seed_key(const struct seed *s);

/* Tells a message, with the target before it. */
void seed_tell(const struct seed *s, enum msg_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Fills files with what the paths name: a file itself, those of a directory in byte
 * order of their names (.sql .sql.gz .sql.zst). Reads all to their ends, and puts
 * the SHA-256 of their contents, one after the other, into marker.sha256. 0, or
 * NO_INPUT, or BAD_DATA when a packed file is damaged or cut off.
 */
int seed_load(struct seed *s, const struct strs *paths, struct buf *error);

/* Opens the session where it is closed, and reads the marker. As marker_read; what is wrong is told.
 * marker_free after both. */
int seed_read(const struct seed *s, struct db *db, struct marker *m);

/* Names the state of a marker of s->target and s->name: marker_state_name's, but `interrupted` for one that
 * says `running` while nobody holds the seed's lock. */
const char *seed_state(const struct seed *s, const struct marker *m, int64_t deadline);

#endif
