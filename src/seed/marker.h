/*
 * marker - the row in the target that says a seed has run: the truth of
 * seedonce. It is wiped with the volume and travels in dumps.
 *
 * PostgreSQL: table `pgbox.seed`, or `pgbox_seed` in another schema; SQLite:
 * table `pgbox_seed`. A table that somebody else could have planted is refused:
 * owned (or its schema owned) by neither this role, the database's owner nor a
 * superuser, or with triggers, rules or row security.
 */
#ifndef SEED_MARKER_H
#define SEED_MARKER_H

#include "db/db.h"

enum marker_state { MARKER_NONE, MARKER_RUNNING, MARKER_DONE, MARKER_FAILED, MARKER_ADOPTED };

/* Which marker: that of a seed in a table. */
struct marker_key {
	const char *name;   /* the seed's */
	const char *schema; /* of the table; NULL: the default place */
};

struct marker {
	enum marker_state state;
	char *version;  /* --version of the seed, NULL when it had none */
	char *sha256;   /* of its SQL files, hexadecimal; NULL for a command */
	long attempt;   /* 1 for the first run */
	char *host;     /* where it ran */
	char *started, *finished; /* as the database writes times; NULL: not yet */
};

/* All of these return 0, or an exit code with a sentence in error: DENIED for a
 * refused table or a missing privilege, UNAVAILABLE for a failed query. */

/* Reads the marker; MARKER_NONE when there is none (or no table). */
int marker_read(struct db *db, struct marker_key key, int64_t deadline, struct marker *m, struct buf *error);

/* Makes the table in the schema (NULL: the default place) where it is missing. The error names both ways
 * out when the role may not. */
int marker_prepare(struct db *db, const char *schema, int64_t deadline, struct buf *error);

/* Writes `running`, with m's version, sha256 and attempt, and this host. Joins an
 * open transaction. */
int marker_start(struct db *db, struct marker_key key, const struct marker *m, int64_t deadline,
                 struct buf *error);

/* Writes how it ended. With same_transaction it must be the one that
 * marker_start ran in: BROKEN_OFF when that one was ended in between. */
int marker_finish(struct db *db, struct marker_key key, enum marker_state state, bool same_transaction,
                  int64_t deadline, struct buf *error);

/* Makes the table where it is missing and writes `adopted`, with m's version, sha256
 * and attempt. */
int marker_adopt(struct db *db, struct marker_key key, const struct marker *m, int64_t deadline,
                 struct buf *error);

/* Removes the marker; *removed says whether there was one. */
int marker_remove(struct db *db, struct marker_key key, int64_t deadline, bool *removed, struct buf *error);

/* Whether `name` (NULL: any) is done or adopted, in any trusted marker table.
 * *state is that of the row found otherwise. */
int marker_seeded(struct db *db, const char *name, int64_t deadline, enum marker_state *state,
                  struct buf *error);

/* Adds the statements that drop every marker table, and the schema made for one. */
int marker_drops(struct db *db, int64_t deadline, struct strs *statements);

/* Whether a seed with now's version and sha256 is not the one that m was written for. What
 * either lacks does not count, but for a version that is new. */
bool marker_differs(const struct marker *m, const struct marker *now);

/* "none", "running", "done", "failed", "adopted". */
const char *marker_state_name(enum marker_state state);

void marker_free(struct marker *m);

#endif
