/* connparam - judges connection parameters before anybody is connected to. */
#include "ext/connparam.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/net.h"
#include "base/status.h"

#define TRIAL_PORT "5432"

/* The parameters of c, and what libpq adds to them. */
struct given {
	const struct conninfo *c;
	PQconninfoOption *defaults;
};

/* Where a value comes from decides whose fault it is. */
struct value {
	const char *text; /* NULL: none */
	int blame;        /* BAD_USAGE: of c; BAD_CONFIG: of a variable */
	const char *name; /* the keyword, or the variable */
};

static struct value value_of(const struct given *g, const char *key)
{
	struct value v = { conninfo_get(g->c, key), BAD_USAGE, key };

	for (PQconninfoOption *o = g->defaults; o && o->keyword && !v.text; o++)
		if (strcmp(o->keyword, key) == 0 && o->val && *o->val)
			v = (struct value){ o->val, BAD_CONFIG,
				            o->envvar && getenv(o->envvar) ? o->envvar : key };
	return v;
}

static int blame(const struct value *v, struct buf *why, const char *words)
{
	buf_printf(why, "%s: %s", v->name, words);
	return v->blame;
}

/* --- numbers --- */

/* As libpq reads them, which does so only once it is connected (fe-connect.c, pqParseIntParam). */
static bool is_integer(const char *text)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	return end != text && !errno && n >= INT_MIN && n <= INT_MAX && !end[strspn(end, " \t\n\r\v\f")];
}

static bool is_one_port(const char *text, size_t len)
{
	char *port = xstrndup(text, len);
	bool is = !len || (is_integer(port) && atol(port) >= 1 && atol(port) <= 65535);

	free(port);
	return is;
}

bool connparam_is_port(const char *text)
{
	for (size_t len;; text += len + 1) {
		len = strcspn(text, ",");
		if (!is_one_port(text, len))
			return false;
		if (!text[len])
			return true;
	}
}

static int judge_numbers(const struct given *g, struct buf *why)
{
	static const char *const keys[] = { "connect_timeout", "keepalives", "keepalives_idle",
		                            "keepalives_interval", "keepalives_count", "tcp_user_timeout" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		struct value v = value_of(g, keys[i]);

		if (v.text && !is_integer(v.text))
			return blame(&v, why, "not a whole number");
	}
	return 0;
}

static size_t count_list(const char *list)
{
	size_t n = 1;

	for (; *list; list++)
		n += *list == ',';
	return n;
}

/* Of one host, or each of a list. */
static bool is_each(const char *list, bool (*holds)(const char *host))
{
	bool all = true;

	for (size_t len; all; list += len + 1) {
		char *host = xstrndup(list, len = strcspn(list, ","));

		all = holds(host);
		free(host);
		if (!list[len])
			break;
	}
	return all;
}

static bool is_address(const char *text)
{
	return !*text || net_is_address(text);
}

static bool is_socket(const char *host)
{
	return *host == '/' || *host == '@';
}

/* A socket's folder, with the longest name that a socket in it has (libpq, UNIXSOCK_PATH). */
static bool is_short(const char *host)
{
	static const struct sockaddr_un at;

	return !is_socket(host) || strlen(host) + strlen("/.s.PGSQL.65535") < sizeof(at.sun_path);
}

/* Each host has its port, or all have one. What PGHOST and PGPORT say does not count (target_isolate). */
static int judge_hosts(const struct conninfo *c, struct buf *why)
{
	const char *host = conninfo_get(c, "host"), *addr = conninfo_get(c, "hostaddr"),
		   *port = conninfo_get(c, "port");
	size_t hosts = count_list(addr ? addr : host ? host : "");

	if (port && !connparam_is_port(port))
		buf_puts(why, "port: not a port: use 1 to 65535");
	else if (addr && !is_each(addr, is_address))
		buf_puts(why, "hostaddr: not an IP address: give a name as host");
	else if (host && !is_each(host, is_short))
		buf_puts(why, "host: the path of the socket is too long");
	else if (host && addr && count_list(host) != hosts)
		buf_puts(why, "hostaddr: does not have as many addresses as there are hosts");
	else if (port && count_list(port) != 1 && count_list(port) != hosts)
		buf_puts(why, "port: does not have as many ports as there are hosts");
	return why->len ? BAD_USAGE : 0;
}

/* --- words --- */

static int judge_encoding(const struct given *g, struct buf *why)
{
	struct value v = value_of(g, "client_encoding");

	if (!v.text || strcmp(v.text, "auto") == 0 || pg_char_to_encoding(v.text) >= 0)
		return 0;
	return blame(&v, why, "not an encoding that PostgreSQL knows: leave it out, or use UTF8");
}

/* --- files --- */

static int judge_file(const struct value *v, struct buf *why)
{
	if (access(v->text, R_OK) == 0)
		return 0;
	buf_printf(why, "%s: cannot read '%s': %s", v->name, v->text, strerror(errno));
	return v->blame;
}

static bool is_word(const struct value *v, const char *word)
{
	return v->text && word && strcmp(v->text, word) == 0;
}

/* Without a word libpq looks here (fe-secure-openssl.c, ROOT_CERT_FILE). */
static int judge_root_at_home(const struct value *mode, struct buf *why)
{
	const char *home = getenv("HOME");
	char *path = xasprintf("%s/.postgresql/root.crt", home ? home : "");
	bool there = home && access(path, R_OK) == 0;
	int rc = mode->blame;

	free(path);
	if (there)
		return 0;
	if (is_word(mode, getenv("PGSSLMODE")))
		rc = BAD_CONFIG; /* the target has taken it from there */
	buf_printf(why,
	           "sslmode=%s needs the certificate of an authority: set sslrootcert, or PGSSLROOTCERT, to "
	           "its file, "
	           "or use sslmode=verify-full, which knows the public ones",
	           mode->text);
	return rc;
}

/* A client certificate that is not there is not sent, and its key not looked for (fe-secure-openssl.c,
 * initialize_SSL): some name such a file to keep libpq away from the one at home. With a colon a key is an
 * engine's. */
static int judge_identity(const struct given *g, struct buf *why)
{
	struct value cert = value_of(g, "sslcert"), key = value_of(g, "sslkey");
	int rc;

	if (!cert.text || (access(cert.text, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)))
		return 0;
	rc = judge_file(&cert, why);
	return rc || !key.text || strchr(key.text, ':') ? rc : judge_file(&key, why);
}

/* There is no TLS on a socket, and where no host is named one may appear (server_open). */
static bool is_local(const struct conninfo *c)
{
	const char *host = conninfo_get(c, "host");

	return !conninfo_get(c, "hostaddr") && (!host || is_each(host, is_socket));
}

/* Files that are needed to log in; those of sslmode=prefer are not. Of a password file that is not there
 * libpq takes no notice. */
static int judge_files(const struct given *g, struct buf *why)
{
	struct value mode = value_of(g, "sslmode"), root = value_of(g, "sslrootcert");
	bool verify = is_word(&mode, "verify-ca") || is_word(&mode, "verify-full");
	int rc = 0;

	if (is_local(g->c))
		return 0;
	if (verify && !root.text)
		rc = judge_root_at_home(&mode, why);
	else if (verify && !is_word(&root, "system"))
		rc = judge_file(&root, why);
	if (!rc && (verify || is_word(&mode, "require")))
		rc = judge_identity(g, why);
	return rc;
}

/* --- the rest, by libpq itself --- */

/* A listener that only we know, for libpq tells what it refuses from what it cannot reach by its words alone:
 * once it has begun to connect, it has refused nothing. *host is a socket folder of libpq's in the abstract
 * namespace (unix(7)). A descriptor, or -1. */
static int listen_here(char **host)
{
	static unsigned calls;
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char *path;
	size_t len;

	*host = xasprintf("@pgbox-%ld-%lld-%u", (long)getpid(), (long long)clock_wall(), calls++);
	path = xasprintf("%s/.s.PGSQL." TRIAL_PORT, *host);
	len = strlen(path);
	if (len < sizeof(at.sun_path)) {
		memcpy(at.sun_path, path, len);
		at.sun_path[0] = '\0';
	}
	free(path);
	if (fd >= 0 && (bind(fd, (struct sockaddr *)&at,
	                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) != 0 ||
	                listen(fd, 1) != 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Whether libpq refuses them, with its words in why. A password that is given keeps it from reading
 * ~/.pgpass. */
static bool is_refused(const struct conninfo *c, const char *host, struct buf *why)
{
	struct conninfo trial = { 0 };
	bool refused = false;
	PGconn *conn;

	conninfo_copy(&trial, c);
	conninfo_set(&trial, "hostaddr", NULL);
	conninfo_set(&trial, "requirepeer", NULL);
	conninfo_set(&trial, "host", host);
	conninfo_set(&trial, "port", TRIAL_PORT);
	conninfo_set(&trial, "user", "none");
	conninfo_set(&trial, "password", "none");
	conn = PQconnectStartParams((const char *const *)trial.keys, (const char *const *)trial.values, 0);
	if (conn && PQstatus(conn) == CONNECTION_BAD) {
		refused = true;
		buf_cut(why, 0);
		buf_puts(why, PQerrorMessage(conn));
		buf_trim(why);
	}
	PQfinish(conn);
	conninfo_free(&trial);
	return refused;
}

static int judge_by_libpq(const struct conninfo *c, struct buf *why)
{
	static const struct conninfo none = { 0 };
	struct buf words = BUF_INIT;
	int rc = 0, fd;
	char *host;

	fd = listen_here(&host);
	if (fd >= 0 && is_refused(c, host, &words)) {
		rc = is_refused(&none, host, &words) ? BAD_CONFIG : BAD_USAGE;
		buf_printf(why, "%s%s", rc == BAD_CONFIG ? "a variable of libpq (PG...): " : "", words.data);
	}
	if (fd >= 0)
		close(fd);
	free(host);
	buf_free(&words);
	return rc;
}

static char *hide(const char *name)
{
	const char *value = getenv(name);
	char *kept = value ? xstrdup(value) : NULL;

	unsetenv(name);
	return kept;
}

static void show_again(const char *name, char *kept)
{
	if (kept)
		setenv(name, kept, 1);
	free(kept);
}

int connparam_judge(const struct conninfo *c, struct buf *why)
{
	/* PGSERVICE and PGHOSTADDR are of a target of its own (db/target.c): where another was given, they do
	 * not count. And the listener is ours, not that of whom the server should run as. */
	char *service = hide("PGSERVICE"), *address = hide("PGHOSTADDR"), *peer = hide("PGREQUIREPEER");
	struct given g = { c, PQconndefaults() };
	int rc = judge_by_libpq(c, why);

	rc = rc ? rc : judge_numbers(&g, why);
	rc = rc ? rc : judge_hosts(c, why);
	rc = rc ? rc : judge_encoding(&g, why);
	rc = rc ? rc : judge_files(&g, why);
	PQconninfoFree(g.defaults);
	show_again("PGSERVICE", service);
	show_again("PGHOSTADDR", address);
	show_again("PGREQUIREPEER", peer);
	return rc;
}
