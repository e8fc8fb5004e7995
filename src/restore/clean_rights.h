/*
 * clean_rights - whether a role may do what --clean does to tables that are there.
 */
#ifndef RESTORE_CLEAN_RIGHTS_H
#define RESTORE_CLEAN_RIGHTS_H

#include "db/db.h"
#include "dump/toc.h"

/*
 * Adds a sentence to problems where the role of db's session may not read a table, which the
 * backup from before needs, and one where it may not drop a table that the archive has; tables
 * (NULL or none: all) are those that are restored; with rows_only nothing is dropped. Each names
 * the first one and says how many more there are. 0, or -1 when the server could not be asked.
 */
int clean_rights_check(struct db *db, const struct toc *toc, const struct strs *tables, bool rows_only,
                    struct strs *problems);

#endif
