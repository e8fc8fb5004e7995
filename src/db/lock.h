/*
 * lock - one runner per database and name.
 *
 * PostgreSQL: pg_try_advisory_xact_lock on a connection of its own, whose
 * transaction stays open, without a snapshot, for as long as the lock is held.
 * It is polled: a session blocked in pg_advisory_lock() holds a snapshot, and
 * CREATE INDEX CONCURRENTLY waits for those. Being a transaction's lock it works
 * through transaction poolers; a restored dump brings none along. SQLite:
 * flock(2) on a file beside the database.
 *
 * Both live in a descriptor: a child that inherits it keeps the lock when this
 * process dies.
 */
#ifndef DB_LOCK_H
#define DB_LOCK_H

#include "db/db.h"

/* What for; each is a lock of its own. */
enum lock_kind {
	LOCK_SEED,
	LOCK_BACKUP /* also on a standby */
};

struct lock {
	enum lock_kind kind;
	struct db db;     /* PostgreSQL: the connection */
	int fd;           /* of the connection or the file; -1: not held */
	const struct target *target;
	char *key;        /* PostgreSQL: the 64-bit key, decimal */
	char *path;       /* SQLite: the file */
};

/* Prepares the lock of `name` on target; lock_free after it. */
void lock_init(struct lock *l, enum lock_kind kind, const struct target *target, const char *name);

/* Tries once, connecting first where needed. 0: held now; LOCKED: somebody else
 * holds it; else an exit code with a sentence in error. */
int lock_try(struct lock *l, int64_t deadline, struct buf *error);

/* Appends who holds it, as far as this role may see; may append nothing. */
void lock_holder(struct lock *l, int64_t deadline, struct buf *who);

/* Looks whether somebody holds it, and takes nothing. False also where that cannot be known, as on a
 * standby: then *known is. */
bool lock_is_held(struct lock *l, int64_t deadline, bool *known);

/* Lets go of the connection between two tries: a hundred waiters must not take all
 * that the server or a pooler has. */
void lock_rest(struct lock *l);

/* Whether it is still held: false once the server has cut the connection. Cheap,
 * asks nobody; poll(2) l->fd for reading to know when to look. */
bool lock_alive(struct lock *l);

/* Gives it back, also where a child still has the descriptor, and frees. */
void lock_free(struct lock *l);

#endif
