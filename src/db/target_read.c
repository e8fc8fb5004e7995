/* target_read - what a URL, a conninfo string or its parts say of a target. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/msg.h"
#include "base/status.h"
#include "base/text.h"
#include "db/secrecy.h"
#include "db/target.h"
#include "db/target_parts.h"
#include "db/url.h"
#include "ext/connparam.h"
#include "ext/service.h"

/* Parameters of ORMs and poolers that turn up in URLs and mean nothing to a
 * server. Others are not named: a misread password could be among them. */
static const char *const foreign[] = {
	"schema", "currentSchema", "pgbouncer", "connection_limit", "pool_timeout", "pool_size",
	"max_overflow", "socket_timeout", "statement_cache_size", "prepared_statement_cache_size",
	"prepareThreshold", "charset", "encoding", "timezone", "uselibpqcompat", "conn_max_age",
	"conn_health_checks", "pool", "timeout", "reconnect", "serverTimezone", NULL,
};

/* --- PostgreSQL --- */

/* Masks the password and its encoded form, unless it is also a name that every
 * message shows: user postgres with password postgres. */
static void hide_password(const struct conninfo *c)
{
	static const char *const names[] = { "user", "dbname", "host", "port", NULL };
	const char *password = conninfo_get(c, "password");
	char *encoded;

	if (!password)
		return;
	for (size_t i = 0; names[i]; i++) {
		const char *name = conninfo_get(c, names[i]);

		if (name && strcmp(name, password) == 0)
			return;
	}
	encoded = url_encode(password);
	msg_secret(password);
	msg_secret(encoded);
	free(encoded);
}

static void add_parameter(struct conninfo *c, const char *key, const char *value,
                          struct buf *dropped, int *unnamed)
{
	if (conninfo_known(key))
		conninfo_set(c, key, value);
	else if (text_is_one_of(key, foreign))
		buf_printf(dropped, "%s%s", dropped->len ? ", " : "", key);
	else
		(*unnamed)++;
}

static int add_parameters(struct target *t, const struct url *u, const char *origin, struct buf *error)
{
	struct buf dropped = BUF_INIT;
	struct secrecy secrecy = { 0 };
	const char *why;
	int unnamed = 0, rc = 0;
	char *text;

	for (size_t i = 0; i < u->keys.n && rc >= 0; i++) {
		rc = secrecy_take(&secrecy, &t->conninfo, u->keys.v[i], u->values.v[i], &why);
		if (!rc)
			add_parameter(&t->conninfo, u->keys.v[i], u->values.v[i], &dropped, &unnamed);
	}
	if (rc < 0 || secrecy_settle(&secrecy, &t->conninfo, &why) != 0) {
		buf_printf(error, "%s: %s", origin, why);
		buf_free(&dropped);
		return -1;
	}
	if (unnamed)
		buf_printf(&dropped, "%s%d unknown", dropped.len ? ", " : "", unnamed);
	if (dropped.len) {
		text = xasprintf("%s: URL parameters that PostgreSQL does not know are ignored: %s",
		                 origin, dropped.data);
		strs_add(&t->warnings, text);
		free(text);
	}
	buf_free(&dropped);
	return 0;
}

static int read_url(struct target *t, const char *rest, const char *origin, struct buf *error)
{
	struct url u;
	const char *why;
	char *text;
	int rc;

	if (!url_parse(&u, rest, &why)) {
		buf_printf(error, "%s: cannot read the URL: %s (percent-encode what is special)",
		           origin, why);
		return -1;
	}
	conninfo_set(&t->conninfo, "user", u.user);
	conninfo_set(&t->conninfo, "password", u.password);
	conninfo_set(&t->conninfo, "host", u.host);
	conninfo_set(&t->conninfo, "port", u.port);
	conninfo_set(&t->conninfo, "dbname", u.path);
	rc = add_parameters(t, &u, origin, error);
	if (u.lenient) {
		text = xasprintf("%s: the password is not percent-encoded; read as it stands",
		                 origin);
		strs_add(&t->warnings, text);
		free(text);
	}
	url_free(&u);
	return rc;
}

/* sslmode=verify-full without a CA file means the system's and the compiled-in
 * ones (`system` is answered in ext/ca.c), unless the user keeps a root.crt
 * where libpq looks. */
static void choose_ca(struct conninfo *c)
{
	const char *mode = conninfo_get(c, "sslmode"), *home = getenv("HOME");
	char *own;

	mode = mode ? mode : getenv("PGSSLMODE");
	if (!mode || strcmp(mode, "verify-full") != 0 || conninfo_get(c, "sslrootcert") ||
	    getenv("PGSSLROOTCERT"))
		return;
	own = xasprintf("%s/.postgresql/root.crt", home ? home : "");
	if (!home || !file_exists(own))
		conninfo_set(c, "sslrootcert", "system");
	free(own);
}

/* A whole URL in a variable that is for one part of it would be shown as that part. */
static bool is_whole(const char *part)
{
	return part && (strstr(part, "://") || strstr(part, "password="));
}

void target_show(struct target *t)
{
	const char *host = conninfo_get(&t->conninfo, "host");
	const char *port = conninfo_get(&t->conninfo, "port");
	const char *db = conninfo_get(&t->conninfo, "dbname");
	bool own = t->served && strcmp(t->served, db) == 0;

	if (!host)
		host = conninfo_get(&t->conninfo, "hostaddr");
	if (t->service)
		t->shown = xasprintf("service=%s%s%s", t->service, own ? "" : "/", own ? "" : db);
	else
		t->shown = xasprintf("%s@%s:%s/%s", conninfo_get(&t->conninfo, "user"),
		                     host ? host : "local", port ? port : "5432", db);
}

/* A peer that vanished without a word is noticed within half a minute, not after
 * the system's two hours. */
static void add_keepalives(struct conninfo *c)
{
	static const char *const defaults[][2] = {
		{ "keepalives_idle", "10" },
		{ "keepalives_interval", "5" },
		{ "keepalives_count", "3" },
		{ "tcp_user_timeout", CONNINFO_UNANSWERED },
	};

	for (size_t i = 0; i < sizeof(defaults) / sizeof(*defaults); i++)
		if (!conninfo_get(c, defaults[i][0]))
			conninfo_set(c, defaults[i][0], defaults[i][1]);
}

/* What no server will be asked with. 0, -1, or BAD_CONFIG where a variable of libpq's is at fault, and not
 * what the target was read from. */
static int judge(const struct conninfo *c, const char *origin, struct buf *error)
{
	struct buf why = BUF_INIT;
	int rc = connparam_judge(c, &why);

	if (rc)
		buf_printf(error, "%s%s%s", rc == BAD_CONFIG ? "" : origin, rc == BAD_CONFIG ? "" : ": ",
		           why.data);
	buf_free(&why);
	return rc == BAD_USAGE ? -1 : rc;
}

/* Puts the service file's parameters in the place of a service's name. */
static int serve(struct target *t, const char *origin, struct buf *error)
{
	const char *service = conninfo_get(&t->conninfo, "service");
	bool own = !conninfo_get(&t->conninfo, "dbname");
	struct buf why = BUF_INIT;
	int rc;

	if (is_whole(service)) {
		buf_printf(error, "%s: the service's name is a whole URL or conninfo string: give that alone", origin);
		return -1;
	}
	t->service = service ? xstrdup(service) : NULL;
	rc = service_expand(&t->conninfo, &why);
	if (rc)
		buf_printf(error, "%s: %s", origin, why.data);
	else if (own && conninfo_get(&t->conninfo, "dbname"))
		t->served = xstrdup(conninfo_get(&t->conninfo, "dbname"));
	buf_free(&why);
	return rc;
}

/* The user and the database. */
static int settle_names(struct target *t, const char *origin, const char *user_hint, struct buf *error)
{
	struct conninfo *c = &t->conninfo;

	if (!conninfo_get(c, "user")) {
		buf_printf(error, "%s names no user: %s", origin, user_hint);
		return -1;
	}
	t->named = conninfo_get(c, "dbname");
	if (!t->named)
		conninfo_set(c, "dbname", conninfo_get(c, "user"));
	if (is_whole(conninfo_get(c, "dbname")) || is_whole(conninfo_get(c, "host"))) {
		buf_printf(error, "%s: the host's or database's name is a whole URL or conninfo "
		           "string: give that alone, or set DATABASE_URL to it", origin);
		return -1;
	}
	return 0;
}

int target_complete(struct target *t, const char *origin, const char *user_hint, struct buf *error)
{
	struct conninfo *c = &t->conninfo;
	const char *why;

	t->kind = TARGET_PG;
	if (serve(t, origin, error) != 0 || settle_names(t, origin, user_hint, error) != 0)
		return -1;
	if (!conninfo_get(c, "application_name"))
		conninfo_set(c, "application_name", msg_applet());
	if (secrecy_complete(c, &why) != 0) {
		buf_printf(error, "%s: %s", origin, why);
		return -1;
	}
	add_keepalives(c);
	choose_ca(c);
	hide_password(c);
	target_show(t);
	return judge(c, origin, error);
}

/* --- SQLite --- */

static int read_sqlite(struct target *t, const char *scheme, const char *rest, const char *origin,
                       struct buf *error)
{
	const char *slashes = skip_prefix(rest, "//");
	char *decoded;
	size_t len;

	/* sqlite:///rel.db and sqlite:////abs.db are SQLAlchemy's; file:///abs.db is
	 * SQLite's own URI, where the third slash belongs to the path. */
	if (slashes && *slashes == '/')
		rest = strcmp(scheme, "file") == 0 ? slashes : slashes + 1;
	else if (slashes) {
		buf_printf(error, "%s: a host has no place in an SQLite URL: write sqlite:///file "
		           "(relative) or sqlite:////path/file", origin);
		return -1;
	}
	len = strcspn(rest, "?");
	if (len == 0 || strncmp(rest, ":memory:", len) == 0) {
		buf_printf(error, "%s: the SQLite URL names no file", origin);
		return -1;
	}
	decoded = url_decode(rest, len);
	t->kind = TARGET_SQLITE;
	t->path = decoded ? decoded : xstrndup(rest, len);
	t->shown = xasprintf("sqlite:%s", t->path);
	return 0;
}

/* --- any text --- */

/* Splits `scheme[+driver]:rest`. The scheme in lower case, or NULL when text does
 * not start with one; the caller frees it. */
static char *take_scheme(const char *text, const char **rest)
{
	size_t len = 0, full;
	char *scheme;

	while (isalnum((unsigned char)text[len]))
		len++;
	full = len;
	if (text[full] == '+')
		full += strspn(text + full, "+_abcdefghijklmnopqrstuvwxyz0123456789");
	if (!isalpha((unsigned char)*text) || text[full] != ':')
		return NULL;
	*rest = text + full + 1;
	scheme = xstrndup(text, len);
	for (char *c = scheme; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return scheme;
}

static const char *const server_schemes[] = { "postgres", "postgresql", "postgis", NULL };
static const char *const lite_schemes[] = { "sqlite", "sqlite3", "file", NULL };

/* HOST:PORT and nothing else. */
static bool is_address(const char *text)
{
	size_t len = strcspn(text, ":/@= ");

	return len && text[len] == ':' && text[len + 1] &&
	       !text[len + 1 + strspn(text + len + 1, "0123456789")];
}

int target_read(struct target *t, const char *text, const char *origin, struct buf *error)
{
	const char *rest, *user_hint = "write it as postgres://USER@HOST/DATABASE";
	char *scheme = take_scheme(text, &rest);
	int rc = -1;

	if (!*text) {
		buf_printf(error, "%s is empty: set it to a URL such as "
		           "postgres://USER@HOST/DATABASE, or unset it", origin);
	} else if (scheme && text_is_one_of(scheme, server_schemes) && skip_prefix(rest, "//")) {
		rc = read_url(t, rest + 2, origin, error);
	} else if (scheme && text_is_one_of(scheme, lite_schemes)) {
		rc = read_sqlite(t, scheme, rest, origin, error);
	} else if (!scheme && strchr(text, '=')) {
		user_hint = "add user=NAME";
		rc = conninfo_parse(&t->conninfo, text) ? 0 : -1;
		if (rc)
			buf_printf(error, "%s: not a valid key=value conninfo string", origin);
	} else {
		buf_printf(error, "%s: not a database URL: pgbox knows postgres://, postgresql://, "
		           "postgis://, sqlite:, file:, key=value and env:NAME%s", origin,
		           is_address(text) ? "; write HOST:PORT as postgres://USER@HOST:PORT/DATABASE" : "");
	}
	if (!rc && !t->path)
		rc = target_complete(t, origin, user_hint, error);
	free(scheme);
	return rc;
}
