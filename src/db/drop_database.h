/*
 * drop_database - drops a database, and reports what holds it up.
 *
 * Since PostgreSQL 15 every DROP DATABASE waits until each session of the server has answered a
 * signal, and one that is in COPY with a client that has vanished, or stalls, does not (procsignal.c).
 */
#ifndef DB_DROP_DATABASE_H
#define DB_DROP_DATABASE_H

#include "base/teller.h"
#include "db/db.h"

/*
 * Drops the database of that name, if it is there, with the sessions that are in it. db is a session
 * in another database; lost when time ran out. tell (may be NULL) hears every few seconds what it
 * waits for. It waits a minute for other sessions, ten minutes in all. 0, or -1 with a sentence in error
 * and, unless it waited in vain, the SQLSTATE in db_sqlstate().
 */
int database_drop(struct db *db, const char *name, const struct teller *tell,
               struct buf *error);

#endif
