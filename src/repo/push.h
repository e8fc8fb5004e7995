/*
 * push - takes the backups of a folder to the bucket.
 *
 * The journal remembers what still has to go, so that what failed is tried again by the
 * next run; and which uploads have begun, so that those of a run that died are ended.
 */
#ifndef REPO_PUSH_H
#define REPO_PUSH_H

#include "base/teller.h"
#include "repo/bucket.h"
#include "repo/catalog.h"

/*
 * Ends the uploads that dead runs have left, uploads what is owed and what is in made (for a
 * journal that cannot be used), oldest first, and prunes each of their folders in the bucket.
 * The folder's lock is held. tell hears of each. 0; what the first failure was, after which
 * the rest is left for the next run where it would fail as well.
 */
int push_all(struct catalog *c, struct bucket *r, const struct strs *made, const struct teller *tell);

/* Prunes, by S3_KEEP_*, the folder in the bucket that a new backup is in. What fails is told. */
void push_prune(struct bucket *r, const char *path, const struct manifest *m, const struct teller *tell);

/* Forgets the uploads that have begun: they have ended. */
void push_over(struct catalog *c, const struct bucket *r);

/* Ends the uploads in this bucket that the journal knows of, and those that are a day old. tell
 * hears what was found, and what failed. */
void push_sweep(struct catalog *c, struct bucket *r, const struct teller *tell);

/* Makes r tell the journal of uploads that begin; both outlive them. */
void push_watch(struct catalog *c, struct bucket *r);

#endif
