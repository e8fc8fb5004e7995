/* url - the parts of a server URL. */
#include "db/url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/* A piece of the text: not ended by NUL. */
struct span {
	const char *at;
	size_t len;
};

static struct span span(const char *from, const char *to)
{
	return (struct span){ from, (size_t)(to - from) };
}

static bool contains(struct span s, const char *any)
{
	for (size_t i = 0; i < s.len; i++)
		if (strchr(any, s.at[i]))
			return true;
	return false;
}

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

char *url_decode(const char *text, size_t len)
{
	char *out = xmalloc(len + 1), *to = out;

	for (size_t i = 0; i < len; i++) {
		if (text[i] != '%') {
			*to++ = text[i];
			continue;
		}
		if (i + 2 >= len || !isxdigit((unsigned char)text[i + 1]) ||
		    !isxdigit((unsigned char)text[i + 2]) ||
		    (text[i + 1] == '0' && text[i + 2] == '0')) {
			free(out);
			return NULL;
		}
		*to++ = (char)(hex(text[i + 1]) * 16 + hex(text[i + 2]));
		i += 2;
	}
	*to = '\0';
	return out;
}

char *url_encode(const char *text)
{
	struct buf out = BUF_INIT;

	for (; *text; text++) {
		if (isalnum((unsigned char)*text) || strchr("-._~", *text))
			buf_putc(&out, *text);
		else
			buf_printf(&out, "%%%02X", (unsigned char)*text);
	}
	return buf_detach(&out);
}

/* Stores a decoded copy of s, or NULL for an empty one. */
static bool take(char **part, struct span s)
{
	*part = s.len ? url_decode(s.at, s.len) : NULL;
	return !s.len || *part;
}

/* --- host[:port][,host[:port]...] --- */

static bool port_valid(struct span s)
{
	unsigned long port = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (!isdigit((unsigned char)s.at[i]) || s.len > 5)
			return false;
		port = port * 10 + (unsigned long)(s.at[i] - '0');
	}
	return s.len == 0 || (port > 0 && port <= 65535);
}

static bool host_valid(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.at[i]) && !strchr("-._~%", s.at[i]))
			return false;
	return true;
}

/* Adds one element of a comma-separated list; the first has no comma before. */
static void list_add(struct buf *list, bool first, struct span s)
{
	if (!first)
		buf_putc(list, ',');
	buf_add(list, s.at, s.len);
}

/* Reads one host[:port] from s; *rest is what follows its comma. */
static bool take_host(struct span s, struct span *host, struct span *port, struct span *rest)
{
	const char *end = s.at + s.len, *at = s.at;

	if (at < end && *at == '[') {
		const char *close = memchr(at, ']', s.len);

		if (!close)
			return false;
		*host = span(at + 1, close);
		at = close + 1;
		for (size_t i = 0; i < host->len; i++)
			if (!isalnum((unsigned char)host->at[i]) && !strchr(":.%-_", host->at[i]))
				return false;
	} else {
		while (at < end && *at != ':' && *at != ',')
			at++;
		*host = span(s.at, at);
		if (!host_valid(*host))
			return false;
	}
	*port = span(at, at);
	if (at < end && *at == ':') {
		const char *comma = memchr(at, ',', (size_t)(end - at));

		*port = span(at + 1, comma ? comma : end);
		at = port->at + port->len;
	}
	if (at < end && *at != ',')
		return false;
	*rest = span(at < end ? at + 1 : end, end);
	return port_valid(*port) && (at == end || rest->len);
}

static bool take_hosts(struct url *u, struct span s)
{
	struct buf hosts = BUF_INIT, ports = BUF_INIT;
	bool ok = true, first = true, any_port = false;

	while (ok && (s.len || first)) {
		struct span host, port, rest;

		ok = take_host(s, &host, &port, &rest);
		if (!ok)
			break;
		list_add(&hosts, first, host);
		list_add(&ports, first, port);
		any_port = any_port || port.len;
		first = false;
		s = rest;
	}
	if (ok)
		ok = take(&u->host, span(hosts.data, hosts.data + hosts.len));
	if (ok && any_port)
		u->port = xstrdup(ports.data);
	buf_free(&hosts);
	buf_free(&ports);
	return ok;
}

/* --- ?key=value&key=value --- */

static bool take_query(struct url *u, struct span s)
{
	const char *end = s.at + s.len;

	while (s.at < end) {
		const char *stop = memchr(s.at, '&', (size_t)(end - s.at));
		const char *equals;
		char *key, *value;

		stop = stop ? stop : end;
		equals = memchr(s.at, '=', (size_t)(stop - s.at));
		if (!equals)
			return false;
		for (const char *c = s.at; c < equals; c++)
			if (!isalnum((unsigned char)*c) && !strchr("_.-", *c))
				return false;
		key = xstrndup(s.at, (size_t)(equals - s.at));
		value = url_decode(equals + 1, (size_t)(stop - equals - 1));
		if (value && *key) {
			strs_add(&u->keys, key);
			strs_add(&u->values, value);
		}
		free(key);
		free(value);
		if (!value || equals == s.at)
			return false;
		s.at = stop < end ? stop + 1 : end;
	}
	return true;
}

/* --- the two readings --- */

static void clear(struct url *u)
{
	url_free(u);
	*u = (struct url){ 0 };
}

/* user[:password], the password literal in the lenient reading. */
static bool take_user(struct url *u, struct span s, bool literal)
{
	const char *colon = memchr(s.at, ':', s.len);
	struct span user = span(s.at, colon ? colon : s.at + s.len);

	if (!take(&u->user, user)) {
		if (!literal)
			return false;
		u->user = xstrndup(user.at, user.len);
	}
	if (!colon)
		return true;
	s = span(colon + 1, s.at + s.len);
	if (literal)
		u->password = xstrndup(s.at, s.len);
	return literal || take(&u->password, s);
}

/* host[:port][/path], no @, #, ? or blank left in it. */
static bool take_place(struct url *u, struct span s)
{
	const char *slash = memchr(s.at, '/', s.len), *end = s.at + s.len;

	if (contains(s, "@#? \t\r\n"))
		return false;
	return take_hosts(u, span(s.at, slash ? slash : end)) &&
	       (!slash || take(&u->path, span(slash + 1, end)));
}

static bool read_strictly(struct url *u, const char *text)
{
	size_t len = strlen(text), head = strcspn(text, "?");
	const char *at = memchr(text, '@', strcspn(text, "/?"));

	if (at && !take_user(u, span(text, at), false))
		return false;
	return take_place(u, span(at ? at + 1 : text, text + head)) &&
	       (head == len || take_query(u, span(text + head + 1, text + len)));
}

/* Splits at the last @ before head that a valid host[:port] follows. */
static bool read_leniently(struct url *u, const char *text, size_t head)
{
	size_t len = strlen(text);

	for (size_t i = head; i-- > 0;) {
		if (text[i] != '@')
			continue;
		clear(u);
		if (take_place(u, span(text + i + 1, text + head)) && u->host &&
		    take_user(u, span(text, text + i), true) &&
		    (head == len || take_query(u, span(text + head + 1, text + len)))) {
			u->lenient = true;
			return true;
		}
	}
	return false;
}

bool url_parse(struct url *u, const char *text, const char **why)
{
	size_t len = strlen(text);

	*u = (struct url){ 0 };
	if (read_strictly(u, text))
		return true;
	for (size_t i = 0; i < len; i++)
		if (text[i] == '?' && read_leniently(u, text, i))
			return true;
	if (read_leniently(u, text, len))
		return true;
	clear(u);
	*why = strchr(text, '@') ? "it is not user:password@host:port/database"
	                         : "it is not host:port/database";
	return false;
}

void url_free(struct url *u)
{
	free(u->user);
	free(u->password);
	free(u->host);
	free(u->port);
	free(u->path);
	strs_free(&u->keys);
	strs_free(&u->values);
	*u = (struct url){ 0 };
}
