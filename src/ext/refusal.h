/*
 * refusal - what a login that failed means, and whether waiting may help.
 */
#ifndef EXT_REFUSAL_H
#define EXT_REFUSAL_H

#include "base/connect_state.h"
#include "ext/conninfo.h"

/*
 * By the SQLSTATE that the server ended a login with (PostgreSQL docs, appendix A): 57P01 to 57P05 starting;
 * class 53 full; class 28 and 42501 denied; 3D000 no database; what says that a parameter of the connection
 * is wrong or not supported (classes 0A, 22 and 42, and 55P02) invalid, which it will always be; anything
 * else failed, which may pass.
 */
enum connect_state refusal_reach(const char *sqlstate);

/* Whether CREATE DATABASE that failed with that SQLSTATE may succeed later: the template is in use, the
 * server is busy, full, on its way down, or a standby. "" is a lost session. */
bool refusal_may_pass(const char *sqlstate);

/* A parameter that a pooler or an old server may refuse with an SQLSTATE that says nothing, or that libpq
 * gives up by itself; and libpq's variable for it, "" where it has none. */
struct refusal_suspect {
	const char *key, *variable;
};

/* The suspects, ended by one without a key. */
extern const struct refusal_suspect refusal_suspects[];

/* Whether c or the variable sets it. */
bool refusal_is_set(const struct refusal_suspect *s, const struct conninfo *c);

#endif
