/*
 * record - what the journal is told of one restore.
 *
 * A journal that cannot be used stops no restore: it takes everything in silence.
 */
#ifndef RESTORE_RECORD_H
#define RESTORE_RECORD_H

#include "base/teller.h"
#include "repo/journal.h"
#include "restore/shadow.h"

struct record {
	struct journal journal;
	int64_t run; /* in the journal; 0: none */
};

#define RECORD_INIT { .journal = JOURNAL_INIT }

/* Opens PGBOX_JOURNAL, else the file at path where its folder is there, else the default one.
 * 0, or -1 with words in journal.error when it cannot be used. */
int record_open(struct record *r, const char *path);

/* A restore into target begins; name: of the database that is made, so that the next restore
 * can clear it away. Earlier restores into target whose process died become `interrupted`. */
void record_start(struct record *r, const char *name, const char *target, const char *sha256);

/* Drops the databases that restores into target have left because they were killed, of which tell
 * hears. */
void record_clear(struct record *r, struct shadow *shadow, const char *target, const struct teller *tell);

/* done or failed, and why; why may be NULL. */
void record_end(struct record *r, const char *status, const char *why);

#endif
