/*
 * seed_sqlite - SQL files as a seed for SQLite.
 *
 * All files run in one transaction of the caller's. PRAGMAs that have no effect there are run before it
 * when they stand at the beginning of a file; elsewhere they are left out, and a note says so.
 */
#ifndef SEED_SEED_SQLITE_H
#define SEED_SEED_SQLITE_H

#include <stdbool.h>

#include "base/buf.h"
#include "ext/lite.h"

struct seed_sqlite {
	struct strs before; /* PRAGMAs to run before the transaction */
	struct strs notes;  /* of those that are left out, each a message */
	bool keys_on;       /* the beginning of a file turns foreign keys on */
	bool keys_hold;     /* any place of one does: they must hold at the end */
	bool keys_off;      /* a file turns them off: they need not hold before the end */
};

/* Reads the files as SQLite will, before a statement is sent. 0; BAD_DATA when one is not UTF-8 (SQLite
 * stores what it gets) or would end the one transaction; NO_INPUT; with the file and the line in error. */
int seed_sqlite_rehearse(const struct strs *files, bool one_transaction, struct buf *error);

/* Collects the PRAGMAs of the files. 0, or as seed_files_read. seed_sqlite_free after both. */
int seed_sqlite_read(struct seed_sqlite *s, const struct strs *files, struct buf *error);

/* Runs those that come before the transaction. 0; LOCKED, or NO, with a message in why. */
int seed_sqlite_settle(const struct seed_sqlite *s, struct lite *lite, struct buf *why);

/* Runs the files, in the caller's transaction or one statement after the other. 0; NO when a statement
 * failed, BROKEN_OFF when a file ended the transaction, or as seed_files_read; with a message in why. */
int seed_sqlite_run(struct lite *lite, const struct strs *files, bool one_transaction, struct buf *why);

/* Checks before the COMMIT the foreign keys that a file has turned on. 0, or NO with a row in why. */
int seed_sqlite_check(const struct seed_sqlite *s, struct lite *lite, struct buf *why);

void seed_sqlite_free(struct seed_sqlite *s);

#endif
