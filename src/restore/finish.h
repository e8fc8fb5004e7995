/*
 * finish - what is done to a restored database before anybody sees it.
 */
#ifndef RESTORE_FINISH_H
#define RESTORE_FINISH_H

#include "base/teller.h"
#include "check/check.h"

struct finish {
	int64_t tables;            /* that it must have; -1: any number */
	bool analyze;              /* run ANALYZE; a failure is only told */
	const char *search_path;   /* of the functions that ANALYZE calls; NULL: none */
	const struct check *check; /* what must hold of it; or NULL */
	int64_t wait;              /* ms for the server */
	const struct teller *tell;
};

/* Counts the tables, analyzes and asks. No session is left open. 0; BAD_DATA for another
 * number of tables, NO when the check does not hold, UNAVAILABLE when the server went away, or as
 * db_reopen, with a sentence in error. */
int finish_database(const struct finish *s, const struct target *target, struct buf *error);

#endif
