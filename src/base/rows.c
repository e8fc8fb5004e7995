/* rows - what a query gave, whichever engine ran it. */
#include "base/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/buf.h"

void rows_add(struct rows *r, size_t cell, const char *text)
{
	r->cells = xrealloc(r->cells, (cell + 1) * sizeof(*r->cells));
	r->cells[cell] = text ? xstrdup(text) : NULL;
}

const char *rows_get(const struct rows *r, size_t row, size_t column)
{
	return row < r->n && column < r->columns ? r->cells[row * r->columns + column] : NULL;
}

const char *rows_text(const struct rows *r, size_t row, size_t column)
{
	const char *cell = rows_get(r, row, column);

	return cell ? cell : "";
}

int rows_true(const struct rows *r, size_t row, size_t column)
{
	const char *cell = rows_get(r, row, column);

	return cell && (strcmp(cell, "t") == 0 || strcmp(cell, "1") == 0);
}

void rows_free(struct rows *r)
{
	for (size_t i = 0; i < r->n * r->columns; i++)
		free(r->cells[i]);
	free(r->cells);
	*r = (struct rows){ 0 };
}
