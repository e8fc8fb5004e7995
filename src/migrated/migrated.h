/*
 * migrated - what a migration tool has applied, by its own table, against a revision or the files.
 *
 * The files are read, never run. What they do not say plainly is unknown: a migration
 * that was overlooked would be a wrong pass.
 */
#ifndef MIGRATED_MIGRATED_H
#define MIGRATED_MIGRATED_H

#include "migrated/migration.h"

/* Returns the tool of that name, of len bytes: alembic, django, drizzle; or NULL. */
const struct migration_tool *migrated_tool(const char *name, size_t len);

/* Judges whether m holds in the database. Sets the verdict and the reason, and final where the table is
 * not to be read. */
void migrated_ask(const struct migration *m, struct db *db, int64_t deadline, struct finding *f);

#endif
