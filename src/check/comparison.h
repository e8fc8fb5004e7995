/*
 * comparison - what follows a check's `=`: [SCHEMA.]NAME or PATH, an operator, a bound.
 *
 * A name that is misread is a table that is never there, and then a full database is seeded
 * again. So what could be part of an expression (blanks, quotes, brackets, commas, operators)
 * is no part of a bare name; a bare path may have all but blanks, double quotes and < > = !.
 * Any other stands in double quotes, a double quote in it doubled, as in SQL. Unlike there,
 * no name is folded to lower case.
 */
#ifndef CHECK_COMPARISON_H
#define CHECK_COMPARISON_H

#include <stdbool.h>

enum sign { SIGN_NONE, SIGN_AT_LEAST, SIGN_AT_MOST, SIGN_ABOVE, SIGN_BELOW, SIGN_EQUAL };

enum operand {
	OPERAND_TABLE, /* [SCHEMA.]NAME */
	OPERAND_NAME,  /* the same without a schema: dots are part of it */
	OPERAND_PATH,
	OPERAND_NONE   /* nothing stands before the operator */
};

struct comparison {
	char *schema, *name; /* schema: NULL without one; name: a path, too, "" with OPERAND_NONE */
	enum sign sign;
	char *bound; /* the text after the sign, without blanks around it; NULL with SIGN_NONE */
};

/* Reads text. Blanks around its parts do not count. Returns false when it is not written so,
 * an empty side included. comparison_free after both. */
bool comparison_read(struct comparison *c, const char *text, enum operand operand);

/* Returns ">=", "<=", ">", "<", "=", or "" for SIGN_NONE. */
const char *sign_text(enum sign sign);

void comparison_free(struct comparison *c);

#endif
