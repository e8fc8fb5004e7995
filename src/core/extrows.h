/*
 * extrows - the rows that a backup has for an extension's own tables.
 *
 * An extension names tables whose rows, or those that fulfil a condition, are the user's
 * (pg_extension.extconfig; PostgreSQL's manual, 'Extension Configuration Tables'): PostGIS
 * its spatial_ref_sys. A dump has those rows, but not the table; where the extension is
 * there already, others may be in their place, and the table is not the database owner's.
 */
#ifndef CORE_EXTROWS_H
#define CORE_EXTROWS_H

#include "core/db.h"
#include "core/toc.h"

struct extrows {
	struct strs barred;  /* `schema name`, as in a TOC, of those that this role may not write */
	struct strs deletes; /* statements that make room in the others, in their order */
};

/*
 * Looks at the extensions of the database that db is a session in, for an archive at path with
 * that table of contents, of which only tables are wanted (none: all). To notes it adds a
 * sentence for each table whose rows are left out. 0, or -1 with the words in db; an archive
 * that cannot be read is found elsewhere.
 */
int extrows_look(struct extrows *e, struct db *db, const struct toc *toc, const char *path,
                 const struct strs *tables, struct strs *notes);

/* The statement with those before it that make room, the first time that it is one that no
 * longer drops things; else NULL. The caller frees it. */
char *extrows_before(struct extrows *e, const char *statement);

void extrows_free(struct extrows *e);

#endif
