/*
 * emptiness - what a database holds of its user's.
 */
#ifndef DB_EMPTINESS_H
#define DB_EMPTINESS_H

#include "db/db.h"

/* Fills rows with kind, schema and name of everything that counts, in the order worth
 * naming: tables, views, sequences, foreign tables, types, functions and large objects
 * outside the system's schemas, less what an extension owns and pgbox's own marker. No
 * rows: it is empty. 0 or -1. */
int emptiness_ask(struct db *db, int64_t deadline, struct rows *rows);

/* Whether a database (NULL: the target's own) is empty, looked at by a session of its own: 0; NO with a
 * sentence in error that names the first thing in it; UNAVAILABLE or what db_reopen gives. */
int emptiness_check(const struct target *target, const char *database, int64_t deadline, struct buf *error);

#endif
