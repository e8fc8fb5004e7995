/*
 * drizzle - the migrations of Drizzle, by the folder that drizzle-kit writes.
 */
#ifndef MIGRATED_DRIZZLE_H
#define MIGRATED_DRIZZLE_H

#include <stdint.h>

#include "base/rows.h"
#include "ext/hash.h"
#include "migrated/migration.h"

struct drizzle {
	char *tag;            /* owned: 0000_first, or 20260102030405_first */
	int64_t when;         /* ms since 1970: when it was generated */
	char hash[HASH_TEXT]; /* of its SQL */
};

struct drizzles {
	struct drizzle *v;
	size_t n;
	bool folders; /* a folder each, as drizzle-kit 1.0 writes them: `when` is in seconds */
};

/* Reads the text of a meta/_journal.json, NUL-terminated, without hashes. 0, or BAD_DATA with words in
 * error. drizzles_free after both. */
int drizzle_journal(struct drizzles *all, const char *text, size_t len, struct buf *error);

/* Reads DIR/meta/_journal.json and the SQL files that it names, or where there is none
 * the folders DIR/TAG with a migration.sql. 0, or BAD_DATA with a sentence in error. */
int drizzles_read(struct drizzles *all, const char *dir, int64_t deadline, struct buf *error);
void drizzles_free(struct drizzles *all);

/*
 * Adds the tags of those that no row of the table (hash, created_at, name or NULL) stands
 * for, each row for one at most: by name where both have one, else by the moment, else by
 * the hash. Drizzle before 1.0 looks at the newest moment only and passes over what is
 * older; that has not been run all the same.
 */
void drizzles_missing(const struct drizzles *all, const struct rows *rows, struct strs *missing);

extern const struct migration_tool migration_drizzle;

#endif
