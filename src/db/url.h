/*
 * url - the parts of a server URL, also when its password is not
 * percent-encoded. No part is ever quoted in an error: any of them may hold a
 * piece of a password.
 */
#ifndef DB_URL_H
#define DB_URL_H

#include <stdbool.h>

#include "base/buf.h"

struct url {
	char *user, *password;  /* decoded, owned; NULL when absent */
	char *host, *port;      /* NULL when absent; may be lists, h1,h2 (libpq) */
	char *path;             /* without the leading slash; NULL when absent */
	struct strs keys, values; /* the query's, decoded, side by side */
	bool lenient;           /* the password was read as it stands */
};

/*
 * Reads what follows `scheme://`.
 *
 * Strictly first (RFC 3986 with libpq's lists of hosts). Only when that fails,
 * or leaves @, # or a blank in host, port or path, the text is split at the last
 * @ before a valid host[:port], and the password taken literally; an @ inside a
 * well-formed ?key=value list does not split unless nothing else does.
 *
 * True, or false with *why a constant sentence fragment. url_free after both.
 */
bool url_parse(struct url *u, const char *text, const char **why);

/* Decodes percent sequences of the first len bytes; NULL when one is malformed
 * or would be NUL. The caller frees it. */
char *url_decode(const char *text, size_t len);

/* Encodes everything but unreserved characters (RFC 3986, 2.3). */
char *url_encode(const char *text);

void url_free(struct url *u);

#endif
