/*
 * rebuild - rebuilds what the journal knows of backups from their manifests.
 */
#ifndef REPO_REBUILD_H
#define REPO_REBUILD_H

#include "base/teller.h"
#include "repo/catalog.h"
#include "repo/repo.h"

/*
 * Adds the backup of that path (relative to the folder) to the catalog, verified when
 * its bytes are those of its manifest. Not adopted is what lies in another database's
 * folder than its manifest says. 0; BAD_DATA, NO_INPUT, or NO when the journal failed,
 * with a sentence in error.
 */
int rebuild_adopt(struct catalog *c, const char *path, struct buf *error);

/* Adopts every backup that has a manifest, and marks those gone that are not there any
 * more. Other files are left alone. DONE, or BAD_DATA when a backup was damaged or not
 * adopted, or NO; everything has been told. */
int rebuild_all(struct catalog *c, const struct teller *tell);

/* Adds to a catalog that is thrown away what the manifests say of each folder's newest
 * backups, back to one that was verified, has the size that it should and is not from the
 * future; data is not read. 0; NO_INPUT, NO when the catalog failed, or what the repository
 * gives, with a sentence in error: nobody can tell. */
int rebuild_glance(struct catalog *c, struct repo *r, struct buf *error);

/* How many backups have a manifest but no record. */
size_t rebuild_unknown(struct catalog *c);

#endif
