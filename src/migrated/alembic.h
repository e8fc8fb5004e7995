/*
 * alembic - the revisions of Alembic (and Flask-Migrate), by its versions/ folder.
 */
#ifndef MIGRATED_ALEMBIC_H
#define MIGRATED_ALEMBIC_H

#include <stdint.h>

#include "migrated/migration.h"

struct revision {
	char *id;             /* owned; NULL: the file assigns no down_revision and is none */
	struct strs down;     /* what it follows: down_revision */
	struct strs depends;  /* what else must be there before: depends_on */
	struct strs labels;   /* by which others may call it: branch_labels */
	char *file;           /* where it was read, or NULL */
	size_t *parents;      /* both of the former as indices, parents_n of them */
	size_t parents_n;
	bool followed;        /* it is in somebody's parents: no head */
};

/* All revisions below a folder, sorted by id. */
struct revisions {
	struct revision *v;
	size_t n;
};

/* Reads one file's text. 0, or BAD_DATA with words in error. revision_free after both. */
int revision_read(struct revision *r, const char *text, size_t len, struct buf *error);
void revision_free(struct revision *r);

/* Reads DIR, folders below it too (versions/ and what else version_locations names there;
 * recursive_version_locations), and links the revisions. 0, or BAD_DATA with a sentence in
 * error: no revision, one twice, one that is named but not there, a cycle, what cannot be
 * read. revisions_free after both. */
int revisions_read(struct revisions *all, const char *dir, int64_t deadline, struct buf *error);

/* Links revisions that the caller has put there. As revisions_read. */
int revisions_link(struct revisions *all, struct buf *error);
void revisions_free(struct revisions *all);

/* Adds the ids of the heads: nothing follows or depends on them (what `alembic upgrade
 * heads` goes to). */
void revisions_heads(const struct revisions *all, struct strs *heads);

/* Whether everything is applied in a database at the revisions `at`. Adds those that
 * no file knows. */
bool revisions_reached(const struct revisions *all, const struct strs *at, struct strs *unknown);

extern const struct migration_tool migration_alembic;

#endif
