/*
 * django - Django's migrations, by the `migrations` packages of its apps.
 */
#ifndef MIGRATED_DJANGO_H
#define MIGRATED_DJANGO_H

#include <stdint.h>

#include "migrated/migration.h"

/* A migration is named APP.NAME here, as in Django's own messages. */
struct django {
	char *name;           /* owned */
	struct strs replaces; /* the names of those it was squashed from */
	char *file;           /* where it was read, or NULL */
};

/* All of them, sorted by name. */
struct djangos {
	struct django *v;
	size_t n;
};

/* Reads the class Migration in a file's text for what it replaces. 0, or BAD_DATA with
 * words in error. */
int django_read(struct django *d, const char *text, size_t len, struct buf *error);

/* Reads the packages called `migrations` below DIR, or DIR itself. 0, or BAD_DATA with a
 * sentence in error: none, two of one name, what cannot be read, migrations in a folder
 * of another name. djangos_free after both. */
int djangos_read(struct djangos *all, const char *dir, int64_t deadline, struct buf *error);
void djangos_free(struct djangos *all);

/*
 * Adds what is missing when the sorted names are applied, and how many migrations there
 * are. A squashed migration counts as Django's MigrationLoader has it: in place of those
 * that it replaces, unless some and not all of them are applied; and as applied when all
 * of them are. 0, or BAD_DATA when migrations replace each other in a circle.
 */
int djangos_missing(const struct djangos *all, const struct strs *applied, struct strs *missing,
                    size_t *total, struct buf *error);

extern const struct migration_tool migration_django;

#endif
