/*
 * public - the schema public of a database that has lost it.
 */
#ifndef CORE_PUBLIC_H
#define CORE_PUBLIC_H

#include "core/db.h"

/* How the dumps begin that make it themselves: pg_dump --schema=public. */
#define PUBLIC_CREATE "CREATE SCHEMA public;"

/*
 * Adds the statements that make the schema public as a new database has it, where db has none: after
 * DROP SCHEMA public CASCADE. pg_dump takes for granted that it is there (pg_dump.c,
 * selectDumpableNamespace). *needed says whether there were any. 0, or -1 with db's error.
 */
int public_needed(struct db *db, int64_t deadline, struct strs *statements, bool *needed);

#endif
