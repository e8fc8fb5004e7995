/*
 * vartype_kind - what a type of values is made of, and its options.
 */
#ifndef ENVCHECK_VARTYPE_KIND_H
#define ENVCHECK_VARTYPE_KIND_H

#include <stdbool.h>

#include "base/buf.h"

struct vartype_kind;

/* A type with its options. */
struct vartype {
	const struct vartype_kind *kind; /* NULL: any string */
	struct strs names, values; /* its options: min=1 is `min` and `1`, a bare word has the name "" */
};

/* A row of the table of types. */
struct vartype_kind {
	const char *name;
	const char *wants;   /* what the value is not, where judge has no words of its own */
	const char *options; /* the names of those it takes, with blanks between; NULL: none */
	const char *bare;    /* what words without a name are: `enum(dev,prod)`; NULL: not allowed */
	bool synonym;        /* of a type that errors list instead */
	/* Whether the value is of the type; where it is not, why may get the words. */
	bool (*judge)(const struct vartype *t, const char *value, struct buf *why);
};

/* The last value given for an option, or NULL. */
const char *vartype_option(const struct vartype *t, const char *name);

/* Whether text is one of an option's values, given once with brackets and commas
 * (`[http, https]`), or several times; letters' case does not matter. */
bool vartype_lists(const struct vartype *t, const char *name, const char *text);

/* Whether the option `matches` is not there, or its regular expression is found in value. */
bool vartype_matches(const struct vartype *t, const char *value);

/* Compiles and forgets `matches`: whether it is a POSIX extended regular expression. */
bool vartype_pattern_valid(const char *pattern);

#endif
