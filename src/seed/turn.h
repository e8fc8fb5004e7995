/*
 * turn - waits for a seed's turn: its lock, or the marker that makes it needless.
 */
#ifndef SEED_TURN_H
#define SEED_TURN_H

#include "seed/seed.h"

/* Waits for s->patience at most. 0 when s->lock is held (its fd is not -1 then) or the seed is done; else an
 * exit code, with its reason told. While it waits it keeps no connection open, db included. */
int turn_take(const struct seed *s, struct db *db);

/* Tells who holds the lock: `what` comes before "another runner of seed ...". */
void turn_holder(const struct seed *s, enum msg_level level, const char *what);

#endif
