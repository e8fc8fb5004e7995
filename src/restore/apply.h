/*
 * apply - how a backup gets into its database: made anew, filled, swapped in, or in the place of
 * what is there.
 */
#ifndef RESTORE_APPLY_H
#define RESTORE_APPLY_H

#include "dump/properties.h"
#include "restore/download.h"
#include "restore/finish.h"
#include "restore/record.h"
#include "restore/restore.h"
#include "restore/shadow.h"

/* Rights and settings of a database that is made: all of the backup's, what the server and the role
 * can give, or none. */
enum apply_settings { SETTINGS_EXACT, SETTINGS_NEAR, SETTINGS_NONE };

enum apply_mode { APPLY_CREATE, APPLY_FILL, APPLY_REPLACE, APPLY_CLEAN };

struct apply {
	const struct target *target;
	struct restore *r;          /* what is restored */
	const struct manifest *m;   /* the backup's; NULL: it has none */
	const char *into;           /* the name that a new database is to have; or NULL */
	bool replace, clean;        /* what may be done to a database that is not empty */
	bool drop_old;              /* and not keep what was replaced */
	bool near_locale;           /* a database that is made may have another locale than the backup's */
	enum apply_settings settings;
	const char *encoding;       /* what the text of a backup in SQL_ASCII is in; NULL: not known */
	struct finish finish;       /* tables of the whole backup; no analyze where statistics came along */
	struct record *record;      /* hears what is begun */
	struct download *download;          /* what it comes from, compared at the end; NULL: a file */
	/* Called when all that can be checked is, right before the swap, or before the first change in the
	 * database itself; not 0, with a message in error, and nothing is changed. May be NULL. */
	int (*ready)(struct buf *error);
	void (*stands)(const char *words); /* hears how things stand, should a signal end this now */

	/* What apply_look has found. */
	enum apply_mode mode;
	bool was_empty;             /* the database is empty, and replaced all the same */
	struct shadow shadow;
	struct properties properties; /* the backup's; less what is not given */
};

/* What it would do, in words. */
const char *apply_words(enum apply_mode mode);

/*
 * Finds out how, and all that can be known to fail: problems get what stands in the way, each a
 * sentence, and notes what will be done differently. db becomes a session in the database where
 * it is there. 0; with a sentence in error NO (it is not empty, or is there and should not be),
 * UNAVAILABLE, DENIED: nothing was touched. apply_free after all.
 */
int apply_look(struct apply *p, struct db *db, struct strs *problems, struct strs *notes,
               struct buf *error);

/* Restores into a database beside, which is swapped in when it is whole: APPLY_CREATE and
 * APPLY_REPLACE. 0, or what failed with a sentence in error: the target is as it was. */
int apply_beside(struct apply *p, struct buf *error);

/* Restores into the database itself, in one transaction unless several jobs do it; db is closed.
 * 0, or what failed with a sentence in error, which says what has become of the database. */
int apply_inside(struct apply *p, struct db *db, struct buf *error);

/* Drops what is half made. 0, or NO with a sentence in error. */
int apply_discard(struct apply *p, struct buf *error);

void apply_free(struct apply *p);

#endif
