/*
 * restore_edit - what a restore sends in place of a backup's statements.
 */
#ifndef RESTORE_RESTORE_EDIT_H
#define RESTORE_RESTORE_EDIT_H

#include "restore/restore.h"

struct pg_conn;

/*
 * Called in the child of pg_restore, or of psql, with each statement; arg is the struct restore, a copy of
 * the parent's. Returns what to send in its place, "" for nothing; NULL: the statement itself. The caller
 * frees it.
 */
char *restore_edit(struct pg_conn *conn, const char *statement, void *arg);
char *restore_edit_sql(struct pg_conn *conn, const char *statement, void *arg);

#endif
