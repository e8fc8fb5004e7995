/*
 * extension_rows - the rows that a backup has for an extension's own tables.
 *
 * An extension names tables whose rows, or those that fulfil a condition, are the user's
 * (pg_extension.extconfig; PostgreSQL's manual, 'Extension Configuration Tables'): PostGIS
 * its spatial_ref_sys. A dump has those rows, but not the table; where the extension is
 * there already, others may be in their place, and the table is not the database owner's.
 */
#ifndef RESTORE_EXTENSION_ROWS_H
#define RESTORE_EXTENSION_ROWS_H

#include "db/db.h"
#include "dump/toc.h"

/* What there is. */
struct extension_rows {
	const struct toc *toc;      /* of an archive */
	const char *path;           /* of it */
	const struct strs *tables;  /* only these are wanted; NULL or none: all */
};

/*
 * Looks at the extensions of the database that db is a session in. To barred it adds `schema name`,
 * as in a TOC, of the tables that this role may not write; to notes a sentence for each of which
 * rows are left out therefore; to room statements that delete what is in the way in the others.
 * 0, or -1 with the words in db; an archive that cannot be read is found elsewhere.
 */
int extension_rows_look(const struct extension_rows *e, struct db *db, struct strs *barred, struct strs *room,
                 struct strs *notes);

#endif
