/*
 * extension_make - makes a backup's extensions in a new database, before any of the backup's own code is
 * there, for a role that may not make them itself.
 */
#ifndef RESTORE_EXTENSION_MAKE_H
#define RESTORE_EXTENSION_MAKE_H

#include "db/db.h"
#include "dump/manifest.h"
#include "dump/toc.h"

/* Extensions in the order of the backup, and the schema of each, side by side. */
struct extension_make {
	struct strs names, schemas;
};

/* Finds those that the backup at path makes: toc is the archive's, NULL for plain SQL, of which the
 * beginning is read. None but those that the manifest names, where it names any. 0, or BAD_DATA with
 * a message in error. extension_make_free after both. */
int extension_make_read(struct extension_make *list, const char *path, const struct toc *toc,
                        const struct manifest *m, struct buf *error);

/*
 * Makes them, and their schemas for `owner`, who may then also write the rows that a backup has for
 * their tables. db is a session in the new database. What its role may not make is left out. 0, or
 * UNAVAILABLE with a message in error.
 */
int extension_make_all(const struct extension_make *list, struct db *db, const char *owner,
                       struct buf *error);

void extension_make_free(struct extension_make *list);

#endif
