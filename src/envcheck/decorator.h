/*
 * decorator - the @words in comments: what env-spec says of a variable (its reference,
 * 'Comments and @decorators').
 */
#ifndef ENVCHECK_DECORATOR_H
#define ENVCHECK_DECORATOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct decorator {
	char *name;  /* without @ */
	char *value; /* behind =, unquoted; between the brackets of @name(...); NULL: none */
	bool call;   /* @name(...) */
	bool quoted; /* the value was: no function then, nor an object */
};

struct decorators {
	struct decorator *v; /* as written; a name may come twice */
	size_t n;
};

/* Adds those of comment lines: of each that begins with an @, all of them. Brackets may stay
 * open over lines. decorators_free afterwards. */
void decorators_read(struct decorators *d, const struct strs *comments);

/* The last of that name, or NULL. */
const struct decorator *decorators_find(const struct decorators *d, const char *name);

/* When the value is the function's call, what is between its brackets, which the caller frees;
 * else NULL. */
char *decorator_call(const char *value, const char *function);

/* Splits what is between brackets at its commas, but for those in quotes and inner brackets;
 * blanks around and quotes are cut off. */
void decorator_split(struct strs *parts, const char *inside);

void decorators_free(struct decorators *d);

#endif
