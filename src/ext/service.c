/* service - the parameters that a service file has for a name. */
#include "ext/service.h"

#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/banned.h"

/* Refused by libpq before it connects to anything, but after it has read the service file. */
#define UNUSABLE "channel_binding"

/* What libpq would add for a service (NULL: for none), from its variables, too. */
static PQconninfoOption *defaults(const char *service)
{
	const char *own = getenv("PGSERVICE");
	char *kept = own ? xstrdup(own) : NULL;
	PQconninfoOption *options;

	if (service)
		setenv("PGSERVICE", service, 1);
	else
		unsetenv("PGSERVICE");
	options = PQconndefaults();
	if (kept)
		setenv("PGSERVICE", kept, 1);
	else
		unsetenv("PGSERVICE");
	free(kept);
	return options;
}

static bool has_value(PQconninfoOption *options, const char *key, const char *value)
{
	for (PQconninfoOption *o = options; o && o->keyword; o++)
		if (strcmp(o->keyword, key) == 0)
			return o->val && strcmp(o->val, value) == 0;
	return false;
}

/* PQconndefaults passes over a service that is not there: whether libpq got beyond it is seen by a parameter
 * that it has taken. A password that is given keeps it from reading ~/.pgpass. */
static int find(const char *service, struct buf *why)
{
	static const char *const keys[] = { "service", "user", "password", UNUSABLE, NULL };
	const char *const values[] = { service, "none", "none", "unusable", NULL };
	PGconn *conn = PQconnectStartParams(keys, values, 0);
	PQconninfoOption *taken = PQconninfo(conn);
	bool found = has_value(taken, UNUSABLE, "unusable");

	if (!found) {
		buf_puts(why, conn ? PQerrorMessage(conn) : "out of memory");
		buf_trim(why);
	}
	PQconninfoFree(taken);
	PQfinish(conn);
	return found ? 0 : -1;
}

/* Set to nothing it would be one that is not there. */
static void remove_service(struct conninfo *c)
{
	struct conninfo rest = { 0 };

	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->keys[i], "service") != 0)
			conninfo_set(&rest, c->keys[i], c->values[i]);
	conninfo_free(c);
	*c = rest;
}

int service_expand(struct conninfo *c, struct buf *why)
{
	const char *service = conninfo_get(c, "service");
	PQconninfoOption *with, *without;

	if (service && find(service, why) != 0)
		return -1;
	with = service ? defaults(service) : NULL;
	without = service ? defaults(NULL) : NULL;
	for (PQconninfoOption *o = with; o && o->keyword; o++)
		if (o->val && !conninfo_get(c, o->keyword) &&
		    (strcmp(o->keyword, "user") == 0 || !has_value(without, o->keyword, o->val)))
			conninfo_set(c, o->keyword, o->val);
	remove_service(c);
	PQconninfoFree(with);
	PQconninfoFree(without);
	return 0;
}
