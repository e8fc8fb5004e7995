/*
 * litefile - puts a backup in the place of an SQLite database file.
 */
#ifndef CORE_LITEFILE_H
#define CORE_LITEFILE_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Makes the file at path hold what the database file `from` does. One that is there keeps its
 * owner and mode, and its content first goes to `<path>_before_<time>`, whose name is *before
 * (the caller frees it; NULL: there was nothing to keep): it is changed in one transaction,
 * under the eyes of those that have it open. A file that is no database is moved away
 * in place of that. Without replace only a missing or empty one is filled. 0; NO when it
 * is not empty; LOCKED when somebody keeps it locked; CANNOT_WRITE; with a sentence in
 * error: the file is as it was then.
 */
int litefile_restore(const char *from, const char *path, bool replace, char **before,
                     struct buf *error);

/* Says what litefile_restore would refuse, and changes nothing. As litefile_restore. */
int litefile_check(const char *path, bool replace, struct buf *error);

#endif
