/*
 * vartype - the types that a variable's value may have, and whether a value is of one.
 *
 * What is said of a value never holds a byte of it, nor its length.
 */
#ifndef ENVCHECK_VARTYPE_H
#define ENVCHECK_VARTYPE_H

#include "envcheck/vartype_kind.h"

/* Reads `type` or `type(option, ...)`: port, int(min=1,max=9), enum(dev,prod),
 * url(https), string(minLength=8,matches=^[a-z]+$). 0, or BAD_USAGE with a sentence in error
 * that lists the types. vartype_free after both. */
int vartype_read(struct vartype *t, const char *text, struct buf *error);

/* How it is written, for messages and specs: `int(min=1,max=9)`. The caller frees it. */
char *vartype_text(const struct vartype *t);

/* What a value of it is: `a port: a number from 1 to 65535`; NULL for any string. */
const char *vartype_wants(const struct vartype *t);

/* Guesses the type of a variable from its name and an example value: for a first spec.
 * The name of a type, or NULL. */
const char *vartype_guess(const char *name, const char *example);

/* Whether the value is of the type: 0, or -1 with what is wrong with it in why (`is not a
 * port: a number from 1 to 65535`). */
int vartype_judge(const struct vartype *t, const char *value, struct buf *why);

void vartype_free(struct vartype *t);

#endif
