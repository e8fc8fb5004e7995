/*
 * relation - holds a table so that its rows can be read without running its owner's code.
 *
 * Who reads a view runs its functions, also in a transaction that is READ ONLY; who reads a foreign
 * table connects to wherever its owner says. A check that is made with more rights than the owner
 * has reads tables alone, unless it was told to.
 */
#ifndef CHECK_RELATION_H
#define CHECK_RELATION_H

#include "check/check.h"

enum relation_trust {
	RELATION_TABLE,  /* an ordinary or partitioned table, without foreign tables below it */
	RELATION_PLAIN,  /* that, with columns of built-in types only: no cast of others is called */
	RELATION_ANY     /* a view, too */
};

/*
 * Begins a read-only transaction in which the relation is locked against changes and is what it has
 * to be, with row security on. 0: the caller ends it with db_rollback. Else f says why it cannot be
 * told.
 */
int relation_hold(struct db *db, const char *schema, const char *name, enum relation_trust trust,
                  int64_t deadline, struct finding *f);

#endif
