/*
 * shadow - a database beside another, to restore into and then to swap in.
 *
 * The names tell what it is: `<db>_restore_<time>` while it is filled, with a comment
 * that says so, and `<db>_before_<time>` for the one that it has replaced. Names are cut
 * at a UTF-8 boundary to fit PostgreSQL's 63 bytes, and get a mark of the whole then.
 */
#ifndef RESTORE_SHADOW_H
#define RESTORE_SHADOW_H

#include "base/teller.h"
#include "db/db.h"
#include "dump/properties.h"

struct shadow {
	const struct target *target; /* the database that is, or is to be */
	struct db db;                /* a session in another database of the server */
	struct db claims;            /* through a pooler, the transaction that holds the names' locks */
	const struct teller *tell; /* hears what is waited for; may be NULL */
	const char *door;            /* which one; NULL: none yet */
	struct target at;            /* the shadow database */
	char *name;                  /* its name; NULL: there is none */
	bool exists;                 /* the target's database is there */
	const char *comment;         /* that a new database gets; NULL: none, or the target's */
};

#define SHADOW_INIT { .db = DB_INIT, .claims = DB_INIT }

/* "name_WORD_YYYYMMDD_HHMMSS", cut to 63 bytes. The caller frees it. */
char *shadow_name(const char *database, const char *word, int64_t moment);

/* Logs in to another database of the target's server (postgres, template1; the target's
 * own where neither lets this role in) and finds out whether the target's is there. 0;
 * UNAVAILABLE or DENIED with a sentence in error. shadow_free after both. */
int shadow_open(struct shadow *s, const struct target *target, int64_t deadline, struct buf *error);

/* Drops what restores of this database left that were killed: shadow databases that have our
 * comment or are among the names (of the journal), and whose lock is free, with the sessions that are
 * still in them; and old ones whose drop was broken off. tell hears of each, and of those that cannot
 * be dropped. */
void shadow_drop_leftovers(struct shadow *s, const struct strs *names, const struct teller *tell);

/* Whether this role may make databases. 0, or DENIED with a sentence in error. */
int shadow_check_create(struct shadow *s, struct buf *error);

/* Gives the shadow database its name, which shadow_create makes. */
void shadow_plan(struct shadow *s);

/*
 * Makes the shadow database: where the target's is there, with the owner, encoding, locale and
 * tablespace of that, and with copy with all that is in it, whose sessions are ended for it; else
 * with those of the properties, or with near the nearest that the server has: note says what is
 * not the same. 0; DENIED, CANNOT_WRITE, UNAVAILABLE or NO with a sentence in error.
 */
int shadow_create(struct shadow *s, const struct properties *p, bool copy, bool near, struct buf *note,
                struct buf *error);

/* What cannot be swapped: prepared transactions, subscriptions, logical replication
 * slots in the target's database; or this role may not rename it, or log in beside
 * it. 0; NO or DENIED with a sentence in error. */
int shadow_check_swap(struct shadow *s, struct buf *error);

/* Gives the shadow database the target's privileges, settings and connection limit, and makes it a
 * template where that is one; where there is no target's, those of the properties. Its comment comes
 * with the swap: p lives until then. 0, or as db_failure with a sentence in error. */
int shadow_dress(struct shadow *s, const struct properties *p, struct buf *error);

/*
 * Swaps: both renames in one transaction, while a second session ends the sessions of
 * the target's database; the rename's lock holds newcomers out. *before is the name
 * that the replaced one has now; the caller frees it. Where the target's is not there,
 * it is one rename, and *before NULL. 0; LOCKED when sessions could not be ended, or as
 * db_failure, with a sentence in error: nothing has changed then.
 */
int shadow_swap(struct shadow *s, char **before, struct buf *error);

/* Swaps the target's database with the newest of its `_before_` ones; *current is
 * the name that it has now. 0, or NO_INPUT when there is none, NO where one of the two has
 * prepared transactions, or as shadow_swap. */
int shadow_undo(struct shadow *s, char **current, struct buf *error);

/* Drops a database by its name, a template too, as database_drop. 0, or NO with a sentence in error. */
int shadow_drop(struct shadow *s, const char *name, struct buf *error);

/* Whether a database that shadow_drop could not drop can still be used; false when that cannot be found
 * out. */
bool shadow_is_whole(struct shadow *s, const char *name);

/* Drops the shadow database if it is still one. 0, or NO with a sentence in error. */
int shadow_discard(struct shadow *s, struct buf *error);

/* The same, silently, and closes. */
void shadow_free(struct shadow *s);

#endif
