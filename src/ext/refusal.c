/* refusal - what a login that failed means. */
#include "ext/refusal.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "ext/errtext.h"

/* By the beginnings of SQLSTATEs; the first that fits. */
static const struct {
	const char *state;
	enum connect_state reach;
} meanings[] = {
	{ "57P", CONNECT_STARTING },       { "53", CONNECT_FULL },      { "28", CONNECT_DENIED },
	{ "42501", CONNECT_DENIED },       { "3D000", CONNECT_NO_DATABASE }, { "0A", CONNECT_INVALID },
	{ "22", CONNECT_INVALID },         { "42", CONNECT_INVALID },   { "55P02", CONNECT_INVALID },
};

enum connect_state refusal_reach(const char *sqlstate)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (skip_prefix(sqlstate, meanings[i].state))
			return meanings[i].reach;
	return CONNECT_FAILED;
}

bool refusal_may_pass(const char *sqlstate)
{
	/* insufficient resources, rollback, in use, read-only, cancelled */
	static const char *const passing[] = { "53", "40", "55006", "25006", "57014" };

	for (size_t i = 0; i < sizeof(passing) / sizeof(*passing); i++)
		if (skip_prefix(sqlstate, passing[i]))
			return true;
	return !*sqlstate || errtext_is_loss(sqlstate);
}

const struct refusal_suspect refusal_suspects[] = {
	{ "options", "PGOPTIONS" },
	{ "require_auth", "PGREQUIREAUTH" },
	{ "channel_binding", "PGCHANNELBINDING" },
	{ "min_protocol_version", "PGMINPROTOCOLVERSION" },
	{ "max_protocol_version", "PGMAXPROTOCOLVERSION" }, /* old poolers do not negotiate it */
	{ "sslnegotiation", "PGSSLNEGOTIATION" },           /* direct: servers before 17 hang up */
	{ "requirepeer", "PGREQUIREPEER" },
	{ "replication", "" },
	{ "sslcert", "PGSSLCERT" }, /* its key may be readable for others, encrypted, or another's */
	{ NULL, NULL },
};

bool refusal_is_set(const struct refusal_suspect *s, const struct conninfo *c)
{
	const char *variable = getenv(s->variable);

	return conninfo_get(c, s->key) || (variable && *variable);
}
