/*
 * sqlite_pages - gives a copy the page size of the database that it goes into.
 */
#ifndef RESTORE_SQLITE_PAGES_H
#define RESTORE_SQLITE_PAGES_H

#include "base/buf.h"
#include "ext/lite.h"

/*
 * Opens a copy in the place of the source where the target has a WAL and another page size: pages of such a
 * database keep their size (SQLite, 'Online Backup API', sqlite3_backup_step). The copy is made beside part,
 * and has no name any more then; shown is how the user knows the target. 0, or CANNOT_WRITE with a message in
 * error.
 */
int sqlite_pages_match(struct lite *target, struct lite *source, const char *part, const char *shown,
                       struct buf *error);

#endif
