/*
 * errtext - the server's error in what libpq says of a login.
 */
#ifndef EXT_ERRTEXT_H
#define EXT_ERRTEXT_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Takes PQerrorMessage()'s text of a connection with PQERRORS_VERBOSE apart, where an error of the
 * server's is `SEVERITY:  28P01: text` (fe-protocol3.c, pqBuildErrorMessage3). The severity is
 * translated, the code is not. Of several hosts it is that of the last that has one. Sets sqlstate, "" when
 * there is none, and text: the error's first line, or the whole message. Both come from a server that may be
 * hostile.
 */
void errtext_take(const char *message, char sqlstate[6], struct buf *text);

/* Whether PQerrorMessage()'s text, of a connection for which no server has spoken, is of a fault of TLS: a
 * certificate that is refused, a server without it. libpq has no code for that. Not of a connection that
 * broke in the midst. */
bool errtext_is_tls(const char *message);

/* Whether an SQLSTATE says that the session is gone, or the server about to be: class 08, 57P01 to 57P05
 * (PostgreSQL docs, appendix A). */
bool errtext_is_loss(const char *sqlstate);

#endif
