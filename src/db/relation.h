/*
 * relation - finds a table, and holds it so that its rows can be read without running its owner's code.
 *
 * Who reads a view runs its functions, also in a transaction that is READ ONLY; who reads a foreign
 * table connects to wherever its owner says. A check that is made with more rights than the owner
 * has reads tables alone, unless it was told to.
 */
#ifndef DB_RELATION_H
#define DB_RELATION_H

#include "db/finding.h"

enum relation_trust {
	RELATION_TABLE,  /* an ordinary or partitioned table, without foreign tables below it */
	RELATION_PLAIN,  /* that, with columns of built-in types only: no cast of others is called */
	RELATION_ANY     /* a view, too */
};

/* Finds the schema of a table or view; where schema is NULL, the first of the user's search_path that has it.
 * *found is the caller's to free, NULL where there is none. 0, or -1 when the question could not be asked. */
int relation_find(struct db *db, const char *schema, const char *name, int64_t deadline, char **found);

/*
 * Begins a read-only transaction in which the relation is locked against changes and is what it has
 * to be, with row security on. 0: the caller ends it with db_rollback. Else f says why it cannot be
 * told.
 */
int relation_hold(struct db *db, const char *schema, const char *name, enum relation_trust trust,
                  int64_t deadline, struct finding *f);

#endif
