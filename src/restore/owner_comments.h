/*
 * owner_comments - the comments of a backup that only an owner may change: on extensions and schemas that are
 * there.
 */
#ifndef RESTORE_OWNER_COMMENTS_H
#define RESTORE_OWNER_COMMENTS_H

#include "db/db.h"

/* Adds to list what the role may not comment on although it is in every new database (fresh), or in the
 * session's: `EXTENSION name`, `SCHEMA name`. 0, or -1 with db_error. */
int owner_comments_find(struct db *db, bool fresh, struct strs *list);

/* Returns whether an entry is a comment on one of those. */
bool owner_comments_has(const struct strs *list, const char *line);

/* The same of a statement of plain SQL. Returns its `EXTENSION name`, which the caller frees, or NULL. */
char *owner_comments_name(const struct strs *list, const char *statement);

#endif
