/*
 * public_schema - the schema public of a database that has lost it.
 */
#ifndef RESTORE_PUBLIC_SCHEMA_H
#define RESTORE_PUBLIC_SCHEMA_H

#include "db/db.h"

/*
 * Adds the statements that make the schema public as a new database has it, where db has none: after
 * DROP SCHEMA public CASCADE. pg_dump takes for granted that it is there (pg_dump.c,
 * selectDumpableNamespace). 0, or -1 with db's error.
 */
int public_schema_needed(struct db *db, int64_t deadline, struct strs *statements);

#endif
