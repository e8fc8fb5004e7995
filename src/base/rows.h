/*
 * rows - what a query gave, whichever engine ran it.
 */
#ifndef BASE_ROWS_H
#define BASE_ROWS_H

#include <stddef.h>

struct rows {
	size_t n;       /* rows */
	size_t columns;
	char **cells;   /* n * columns texts, owned; NULL is SQL's NULL */
	long changed;   /* rows that an INSERT, UPDATE or DELETE changed */
};

/* Appends one cell (a copy of text, or NULL), row by row from the left. The
 * caller sets columns before and n behind. */
void rows_add(struct rows *r, size_t cell, const char *text);

/* A cell; NULL for SQL's NULL and for what is not there. */
const char *rows_get(const struct rows *r, size_t row, size_t column);

/* A cell; "" for SQL's NULL and for what is not there: where a server that answers something else than
 * it was asked for must not matter. */
const char *rows_text(const struct rows *r, size_t row, size_t column);

/* Whether a cell is there and PostgreSQL's or SQLite's "true". */
int rows_true(const struct rows *r, size_t row, size_t column);

void rows_free(struct rows *r);

#endif
