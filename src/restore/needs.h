/*
 * needs - compares what a backup's statements name (restore/outline) with the server and the database that it
 * is restored into.
 */
#ifndef RESTORE_NEEDS_H
#define RESTORE_NEEDS_H

#include "restore/restore.h"

/*
 * Adds what is missing or forbidden to problems, and what will be left as it is, made or skipped to notes,
 * each a sentence: schemas, tablespaces, statements that drop. Sets what r lacks. r's outline and extensions
 * have been read; db and fresh are as restore_check's. 0, or -1 with db_error.
 */
int needs_check(struct restore *r, struct db *db, bool fresh, struct strs *problems, struct strs *notes);

#endif
