/*
 * restore_check - what stands in the way of a restore, and what it will do differently.
 */
#ifndef RESTORE_RESTORE_CHECK_H
#define RESTORE_RESTORE_CHECK_H

#include "restore/restore.h"

/*
 * Adds to problems, each a sentence, what stands in the way of restoring, and to notes
 * what will be done differently. db is a session in the database that is restored into, or
 * with fresh, where that is not there yet, in another one of its server. 0, or UNAVAILABLE
 * with a sentence in error.
 */
int restore_check(struct restore *r, struct db *db, bool fresh, struct strs *problems,
                  struct strs *notes, struct buf *error);

/* Makes the missing roles, without login, where that is the policy. 0, or DENIED with a
 * sentence in error. */
int restore_make_roles(struct restore *r, struct db *db, struct buf *error);

#endif
