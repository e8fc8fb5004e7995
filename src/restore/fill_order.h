/*
 * fill_order - the order in which rows come into tables that are there, whose foreign keys are checked
 * meanwhile.
 *
 * An archive has its rows by table name, as it makes the foreign keys last. Into tables that have them
 * already, rows go in the order of the references; where these form a circle, the foreign keys are deferred
 * until the end.
 */
#ifndef RESTORE_FILL_ORDER_H
#define RESTORE_FILL_ORDER_H

#include "db/db.h"
#include "dump/toc.h"

struct fill_order {
	struct strs lines; /* the entries in their new order; none: as they are */
	struct strs begin; /* statements that come before the first row, */
	struct strs
		rows; /* before the first INSERT (of pg_dump --inserts) of a table that refers to itself, */
	struct strs end;   /* and before the COMMIT */
	bool refers;       /* there are foreign keys between the tables */
	bool begun, inserted; /* in the child that restores */
};

/*
 * Looks for the foreign keys of the session's database between the tables of which the entries have rows.
 * Those of a tar archive stay in their order, as pg_restore reads it once (pg_backup_tar.c). Adds to problems
 * what the role may not defer. 0, or -1 with db_error. fill_order_free after it.
 */
int fill_order_look(struct fill_order *f, struct db *db, const struct strs *lines, bool tar,
                    struct strs *problems);

/* Returns whether the entries have rows, but no tables. */
bool fill_order_is_rows(const struct strs *lines);

/* In the child that restores, in its transaction: runs what is to come before a statement. Returns a
 * statement that failed, for its error to be the restore's, else NULL; the caller frees it. */
char *fill_order_edit(struct fill_order *f, struct pg_conn *conn, const char *statement);

void fill_order_free(struct fill_order *f);

#endif
