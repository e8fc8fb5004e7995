/* dial - connects to the service that a check names. */
#include "check/dial.h"

#include <ctype.h>
#include <string.h>

#include "base/banned.h"
#include "base/net.h"

void dial_failed(struct finding *f, enum connect_state reach, const struct buf *error)
{
	f->reach = reach;
	finding_set(f, FAIL, "%s%s%s", connect_state_text(reach), error->len ? ": " : "", error->data);
}

const char *dial_scheme_end(const char *text)
{
	const char *end = strstr(text, "://");

	for (const char *c = text; end && c < end; c++)
		if (!isalnum((unsigned char)*c) && !strchr("+-._", *c))
			return NULL;
	return end;
}

int dial_host(const char *host, const char *port, int64_t deadline, struct finding *f)
{
	struct net_addrs addrs = { 0 };
	struct buf error = BUF_INIT;
	int fd = -1;
	enum connect_state reach = net_resolve(&addrs, host, port, &error);

	if (reach == CONNECTED)
		reach = net_connect(&addrs, deadline, &fd, &error);
	if (reach != CONNECTED)
		dial_failed(f, reach, &error);
	net_forget(&addrs);
	buf_free(&error);
	return fd;
}

bool dial_names_host(const struct url *u)
{
	return u->host && !strchr(u->host, ',');
}
