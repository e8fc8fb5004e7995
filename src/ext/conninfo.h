/*
 * conninfo - connection parameters, as libpq reads them.
 */
#ifndef EXT_CONNINFO_H
#define EXT_CONNINFO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Connection parameters: libpq's keywords (libpq docs, 'Parameter Key Words')
 * with their values. */
struct conninfo {
	char **keys; /* owned, n + 1 entries, the last NULL; values alike */
	char **values;
	size_t n;
};

/* What libpq is told by default: how long a peer may leave what was sent unanswered, in ms. */
#define CONNINFO_UNANSWERED "25000"

/* Sets a keyword; a NULL or empty value removes it. libpq's arrays pass over an empty one, its strings do
 * not. */
void conninfo_set(struct conninfo *c, const char *key, const char *value);

/* A keyword's value, or NULL; lives until the keyword is set again. */
const char *conninfo_get(const struct conninfo *c, const char *key);

/* Reads a `key=value ...` string the way libpq does. False when libpq refuses
 * it; its words may quote a password and are not given. */
bool conninfo_parse(struct conninfo *c, const char *text);

/* Appends ` key='value'`, quoted as conninfo_parse reads it. */
void conninfo_quote(struct buf *text, const char *key, const char *value);

/* Whether libpq knows the keyword. */
bool conninfo_known(const char *key);

/* Sets the environment's variables that libpq reads for the keywords of c (libpq docs, 'Environment
 * Variables'), but PGAPPNAME. */
void conninfo_export(const struct conninfo *c);

/* Sets all keywords of from. */
void conninfo_copy(struct conninfo *c, const struct conninfo *from);

void conninfo_free(struct conninfo *c);

#endif
