/*
 * failure - what it means that a statement of a restore failed: the exit code, and what to do.
 *
 * By SQLSTATE (PostgreSQL docs, appendix A) alone: messages may be in any language. A statement that the
 * server refuses is not damage: the backup was read in full before.
 */
#ifndef RESTORE_FAILURE_H
#define RESTORE_FAILURE_H

#include "base/buf.h"
#include "ext/engine.h"

struct failure {
	const char *program;  /* pg_restore or psql */
	const char *words;    /* what it reported */
	struct engine_failure failure;
	bool rows_only;       /* --data-only: the tables were there before */
	const char *newer;    /* what to do where the backup is of a newer server; or NULL */
	const char *advice;   /* what to do where the role lacks a right */
};

/* Returns the exit code (DENIED, UNAVAILABLE, CANNOT_WRITE, LOCKED, BAD_DATA, else NO) and appends a message
 * to error. For a failure that has a SQLSTATE. */
int failure_explain(const struct failure *m, struct buf *error);

#endif
