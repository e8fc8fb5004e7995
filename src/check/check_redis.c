/* check_redis - whether a Redis or Valkey server answers PING. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/net.h"
#include "check/dial.h"
#include "check/kinds.h"
#include "db/secrecy.h"
#include "ext/tls.h"

#define PORT "6379"

/* Where a server is, and how it is spoken to. */
struct redis {
	struct url url;
	char *socket;   /* the unix socket's path; NULL: a host */
	bool encrypted;
	struct tls tls; /* texts are those of url */
	const char *user, *password;
};

static void redis_free(struct redis *r)
{
	url_free(&r->url);
	free(r->socket);
}

/* --- the address --- */

/* What redis-py, Celery and others write behind the ? of a rediss:// URL. */
static const struct parameter {
	const char *name; /* as plain() writes it */
	enum { REQUIREMENT, VERIFY, INSECURE, HOSTNAME, CA, CERT, KEY } what;
} parameters[] = {
	{ "sslcertreqs", REQUIREMENT }, { "sslcheckhostname", HOSTNAME }, { "sslverify", VERIFY },
	{ "verify", VERIFY }, { "tlsverify", VERIFY }, { "verifypeer", VERIFY },
	{ "rejectunauthorized", VERIFY }, { "insecure", INSECURE },
	{ "skipverify", INSECURE }, { "tlsinsecure", INSECURE }, { "tlsskipverify", INSECURE },
	{ "insecureskipverify", INSECURE }, { "sslcacerts", CA }, { "sslcafile", CA }, { "cacert", CA },
	{ "sslcertfile", CERT }, { "sslcert", CERT }, { "cert", CERT },
	{ "sslkeyfile", KEY }, { "sslkey", KEY }, { "key", KEY }, { NULL, REQUIREMENT },
};

/* Small letters and digits alone: ssl_cert_reqs and sslCertReqs are one name. */
static bool is_named(const char *text, const char *name)
{
	for (; *text; text++)
		if (isalnum((unsigned char)*text) && tolower((unsigned char)*text) != *name++)
			return false;
	return !*name;
}

/* 1, 0, or -1 for anything but a word for yes or no. */
static int switch_of(const char *value)
{
	static const char *const no[] = { "0", "false", "no", "off", "none", "cert_none", NULL };
	static const char *const yes[] = { "", "1", "true", "yes", "on", "required", "optional",
		                           "cert_required", "cert_optional", NULL };

	for (size_t i = 0; no[i]; i++)
		if (strcasecmp(value, no[i]) == 0)
			return 0;
	for (size_t i = 0; yes[i]; i++)
		if (strcasecmp(value, yes[i]) == 0)
			return 1;
	return -1;
}

static bool take_parameter(struct redis *r, const struct parameter *p, const char *value)
{
	int on = p->what < CA ? switch_of(value) : 1;

	switch (p->what) {
	case REQUIREMENT:
	case VERIFY:
		r->tls.unverified = r->tls.unverified || on == 0;
		break;
	case INSECURE:
		r->tls.unverified = r->tls.unverified || on == 1;
		break;
	case HOSTNAME:
		r->tls.any_name = on == 0;
		break;
	case CA:
		r->tls.ca = value;
		break;
	case CERT:
		r->tls.cert = value;
		break;
	default:
		r->tls.key = value;
	}
	return on >= 0 && (p->what < CA || *value);
}

/* One that is not about this. False where it asks for encryption, and there is none, or for none. */
static bool take_other(struct redis *r, const char *key, const char *value)
{
	struct secrecy secrecy = { 0 };
	struct conninfo ignored = { 0 };
	const char *why;
	int rc;

	if (strcmp(key, "username") == 0)
		r->user = value;
	if (strcmp(key, "password") == 0)
		r->password = value;
	rc = secrecy_take(&secrecy, &ignored, key, value, &why);
	conninfo_free(&ignored);
	return !rc || (rc > 0 && r->encrypted && !secrecy.refused);
}

static bool take_query(struct redis *r)
{
	for (size_t i = 0; i < r->url.keys.n; i++) {
		const struct parameter *p = parameters;
		const char *key = r->url.keys.v[i], *value = r->url.values.v[i];

		while (p->name && !is_named(key, p->name))
			p++;
		if (!(r->encrypted && p->name ? take_parameter(r, p, value) : take_other(r, key, value)))
			return false;
	}
	return r->tls.cert || !r->tls.key;
}

/* The text behind scheme://, and what the scheme says; NULL for one that is not known. */
static const char *take_scheme(struct redis *r, const char *arg, bool *socket)
{
	const char *end = dial_scheme_end(arg);
	size_t len = end ? (size_t)(end - arg) : 0;

	*socket = len == 4 && strncasecmp(arg, "unix", len) == 0;
	r->encrypted = len == 6 && strncasecmp(arg, "rediss", len) == 0;
	if (!end)
		return skip_prefix(arg, "unix:") ? NULL : arg;
	return *socket || r->encrypted || (len == 5 && strncasecmp(arg, "redis", len) == 0) ? end + 3 : NULL;
}

/* redis_free after it, also where it is false: arg is no address. */
static bool redis_read(struct redis *r, const char *arg)
{
	const char *why, *rest;
	bool socket;

	*r = (struct redis){ 0 };
	rest = take_scheme(r, arg, &socket);
	if (!rest || !url_parse(&r->url, rest, &why))
		return false;
	r->user = r->url.user;
	r->password = r->url.password;
	r->tls.host = r->url.host;
	if (socket && r->url.path)
		r->socket = xasprintf("/%s", r->url.path);
	return (socket ? r->socket && !r->url.host : dial_names_host(&r->url)) && take_query(r);
}

bool redis_valid(const char *arg)
{
	struct redis r;
	bool valid = redis_read(&r, arg);

	redis_free(&r);
	return valid;
}

/* --- the question --- */

/* One bulk string of the protocol (RESP, 'Sending commands'). */
static void add_bulk(struct buf *b, const char *text)
{
	buf_printf(b, "$%zu\r\n%s\r\n", strlen(text), text);
}

/* AUTH [user] password, when the URL has one, then PING. */
static void redis_words(struct buf *words, const struct redis *r)
{
	if (r->password) {
		buf_printf(words, "*%d\r\n", r->user ? 3 : 2);
		add_bulk(words, "AUTH");
		if (r->user)
			add_bulk(words, r->user);
		add_bulk(words, r->password);
	}
	buf_puts(words, "*1\r\n");
	add_bulk(words, "PING");
}

/* The lines are the answers in their order (RESP, 'Simple strings' and 'Simple errors'): AUTH's, whose
 * error does not count where PING is answered all the same, and PING's. */
void redis_judge(const char *answer, size_t len, struct finding *f)
{
	const char *at = answer, *end = answer + len, *bad = NULL, *eol;
	bool pong = false;

	for (; !pong && (eol = memmem(at, (size_t)(end - at), "\r\n", 2)); at = eol + 2) {
		pong = eol - at == 5 && memcmp(at, "+PONG", 5) == 0;
		bad = !bad && *at == '-' ? at + 1 : bad;
	}
	if (pong)
		finding_pass(f);
	else if (bad)
		finding_set(f, FAIL, "answered: %.*s", (int)strcspn(bad, "\r\n"), bad);
	else
		finding_set(f, FAIL, "did not answer PONG");
}

/* A connected descriptor, or -1 with the finding set. */
static int dial(const struct redis *r, int64_t deadline, struct finding *f)
{
	struct buf error = BUF_INIT;
	enum connect_state reach;
	int fd = -1;

	if (!r->socket)
		return dial_host(r->url.host, r->url.port ? r->url.port : PORT, deadline, f);
	reach = net_connect_unix(r->socket, &fd, &error);
	if (reach != CONNECTED)
		dial_failed(f, reach, &error);
	buf_free(&error);
	return fd;
}

static void ask(const struct redis *r, int fd, int64_t deadline, struct finding *f)
{
	struct buf words = BUF_INIT, answer = BUF_INIT, error = BUF_INIT;
	struct net_question question = { .text = &words, .lines = r->password ? 2 : 1, .deadline = deadline };

	redis_words(&words, r);
	if (r->encrypted)
		tls_talk(fd, &r->tls, &question, &answer, &error);
	else
		net_talk(fd, &question, &answer, &error);
	if (error.len && !answer.len)
		finding_set(f, FAIL, "%s", error.data);
	else
		redis_judge(answer.data, answer.len, f);
	buf_free(&words);
	buf_free(&answer);
	buf_free(&error);
}

void check_redis(const struct check *check, int64_t deadline, struct finding *f)
{
	struct redis r;
	int fd;

	if (!redis_read(&r, check->arg)) {
		finding_set(f, UNKNOWN, "the argument is not an address");
		redis_free(&r);
		return;
	}
	fd = dial(&r, deadline, f);
	if (fd >= 0) {
		ask(&r, fd, deadline, f);
		close(fd);
	}
	redis_free(&r);
}
