/*
 * outline - what a backup's statements name of the server and the database that they are for: roles,
 * tablespaces, schemas, extensions.
 *
 * Plain SQL is read as psql reads it (ext/rehearsal); of an archive, the SQL that pg_restore makes of its
 * entries. What the restore sends or leaves out is decided by the same functions, statement by statement
 * (dump/statement, dump/roles).
 */
#ifndef RESTORE_OUTLINE_H
#define RESTORE_OUTLINE_H

#include "dump/toc.h"

struct outline {
	struct strs roles;       /* that get rights, or are acted as; but those that the text makes itself */
	struct strs owners;      /* that get something to own, or are acted as */
	struct strs tablespaces; /* "" and pg_default are not among them */
	struct strs schemas;     /* that are made */
	struct strs places;      /* schemas in which something else is made */
	struct strs privileged;  /* the statements that not every role may run (restore/privileged), cut */
	struct strs settings;    /* that it sets for the session, or for a function */
	struct strs filled;      /* tables that get rows, as they are written, in SQL alone */
	struct strs extensions, extension_schemas; /* side by side; "" where none is named */
	size_t drops;            /* so many statements drop something, in SQL alone; */
	char *dropped;           /* the first of them, cut; or NULL */
	char *database;          /* the statement that makes, drops or connects to a database; or NULL */
	char *breaks; /* the first statement that ends its transaction so that the rest cannot be in it; or
	                 NULL */
	char *alone;             /* the first that runs in no transaction; or NULL */
	char *command; /* a backslash command that no restore runs; or NULL: nothing after it is read */

	struct strs made;        /* roles that the text makes */
	struct buf makers;       /* its DO blocks that make some */
};

#define OUTLINE_INIT { .makers = BUF_INIT }

/* Reads plain SQL, packed or not. 0; NO_INPUT with a message in error. outline_free after both. */
int outline_of_sql(struct outline *o, const char *path, struct buf *error);

/* Reads an archive, of it the entries of those lines (dump/toc), less the rows. 0; BAD_DATA with a message in
 * error. outline_free after both. */
int outline_of_archive(struct outline *o, const char *path, const struct strs *lines, struct buf *error);

void outline_free(struct outline *o);

#endif
