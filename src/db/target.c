/* target - the database that an applet works on. */
#include "db/target.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/env.h"
#include "base/file.h"
#include "base/msg.h"
#include "base/status.h"
#include "base/text.h"
#include "db/foreign.h"
#include "db/secrecy.h"
#include "db/url.h"
#include "ext/connparam.h"
#include "ext/service.h"

/* A variable and the libpq keyword that it stands for. */
struct target_variable {
	const char *name, *key;
};

#define DECIDING 5 /* of a family's variables, from the first: they name a database, others do not */

static const struct target_variable libpq_family[] = {
	{ "PGHOST", "host" },         { "PGHOSTADDR", "hostaddr" }, { "PGUSER", "user" },
	{ "PGDATABASE", "dbname" },   { "PGSERVICE", "service" },   { "PGPORT", "port" },
	{ "PGPASSWORD", "password" }, { NULL, NULL },
};

static const struct target_variable image_family[] = {
	{ "POSTGRES_HOST", "host" },         { "POSTGRES_USER", "user" }, { "POSTGRES_DB", "dbname" },
	{ "POSTGRES_PASSWORD", "password" }, { "POSTGRES_PORT", "port" }, { NULL, NULL },
};

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

static void show_pg(struct target *t)
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

/* What no server will be asked with. 0, -1, or BAD_CONFIG where a variable of libpq's is at fault, and not what
 * the target was read from. */
static int judge(const struct conninfo *c, const char *origin, struct buf *error)
{
	struct buf why = BUF_INIT;
	int rc = connparam_judge(c, &why);

	if (rc)
		buf_printf(error, "%s%s%s", rc == BAD_CONFIG ? "" : origin, rc == BAD_CONFIG ? "" : ": ", why.data);
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

/* What all PostgreSQL targets go through once their parts are known. */
static int complete(struct target *t, const char *origin, const char *user_hint, struct buf *error)
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
	show_pg(t);
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

	return len && text[len] == ':' && text[len + 1] && !text[len + 1 + strspn(text + len + 1, "0123456789")];
}

static int read_text(struct target *t, const char *text, const char *origin, struct buf *error)
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
		rc = complete(t, origin, user_hint, error);
	free(scheme);
	return rc;
}

/* Reads a family into t. 1 when any of its first `deciding` variables is set, 0
 * when none is, -1 with error. */
static int read_family(struct target *t, const struct target_variable *family, size_t deciding,
                       struct buf *error)
{
	int any = 0;

	for (size_t i = 0; family[i].name; i++) {
		const char *value;

		if (env_get(family[i].name, &value, error) != 0)
			return -1;
		if (!value || !*value)
			continue;
		if (strcmp(family[i].key, "port") == 0 && !connparam_is_port(value)) {
			buf_printf(error, "%s: not a port: use 1 to 65535", family[i].name);
			return -1;
		}
		if (i < deciding)
			any = 1;
		conninfo_set(&t->conninfo, family[i].key, value);
	}
	if (!any)
		conninfo_free(&t->conninfo);
	return any;
}

/* What others' variables name: database as in foreign_target. */
static int compare_foreign(struct target *t, enum foreign_family family, bool database, struct buf *error)
{
	return foreign_target(&t->conninfo, family, database, &t->warnings, error) ? -1 : 0;
}

static int read_database_url(struct target *t, const char *url, struct buf *error)
{
	int rc = read_text(t, url, "DATABASE_URL", error);

	return rc || t->path ? rc : compare_foreign(t, FOREIGN_URL, true, error);
}

static bool is_set(const char *name)
{
	char *twin = xasprintf("%s_FILE", name);
	const char *value = getenv(name), *path = getenv(twin);
	/* An empty DATABASE_URL is one. */
	bool set = (value && (*value || strcmp(name, "DATABASE_URL") == 0)) || (path && *path);

	free(twin);
	return set;
}

enum target_family target_family(void)
{
	if (is_set("DATABASE_URL"))
		return TARGET_URL;
	for (size_t i = 0; i < DECIDING; i++)
		if (is_set(libpq_family[i].name))
			return TARGET_LIBPQ;
	for (size_t i = 0; i < DECIDING; i++)
		if (is_set(image_family[i].name))
			return TARGET_IMAGE;
	return TARGET_NOWHERE;
}

static int read_environment(struct target *t, bool database, struct buf *error)
{
	const char *url;
	int found;

	if (env_get("DATABASE_URL", &url, error) != 0)
		return -1;
	if (url)
		return read_database_url(t, url, error);
	/* A lone PGPASSWORD or PGPORT names no database. */
	found = read_family(t, libpq_family, DECIDING, error);
	if (found > 0)
		found = compare_foreign(t, FOREIGN_LIBPQ, database, error) ? -1 : 1;
	if (found)
		return found < 0 ? -1 : complete(t, "PGHOST/PGDATABASE", "set PGUSER", error);
	found = read_family(t, image_family, DECIDING, error);
	if (found < 0)
		return -1;
	if (!found) {
		buf_puts(error, "no database given: pass a URL, or set DATABASE_URL, or PGHOST, "
		         "PGUSER and PGDATABASE, or POSTGRES_HOST, POSTGRES_USER and POSTGRES_DB");
		foreign_hint(error);
		return -1;
	}
	if (compare_foreign(t, FOREIGN_IMAGE, database, error) != 0)
		return -1;
	if (!conninfo_get(&t->conninfo, "user"))
		conninfo_set(&t->conninfo, "user", "postgres");
	return complete(t, "POSTGRES_*", "set POSTGRES_USER", error);
}

int target_find_server(struct target *t, struct buf *error)
{
	*t = (struct target){ 0 };
	return read_environment(t, false, error) ? BAD_CONFIG : 0;
}

int target_find(struct target *t, const char *text, struct buf *error)
{
	const char *name, *value;
	int rc;

	*t = (struct target){ 0 };
	if (!text)
		return read_environment(t, true, error) ? BAD_CONFIG : 0;
	name = skip_prefix(text, "env:");
	if (!name)
		return (rc = read_text(t, text, "URL", error)) < 0 ? BAD_USAGE : rc;
	if (env_get(name, &value, error) != 0)
		return BAD_CONFIG;
	if (!value) {
		name = msg_word(name);
		buf_printf(error, "env:%s: neither %s nor %s_FILE is set", name, name, name);
		return BAD_CONFIG;
	}
	return read_text(t, value, name, error) ? BAD_CONFIG : 0;
}

void target_copy(struct target *t, const struct target *from, const char *database)
{
	*t = (struct target){ .kind = from->kind, .path = from->path ? xstrdup(from->path) : NULL,
		               .service = from->service ? xstrdup(from->service) : NULL,
		               .served = from->served ? xstrdup(from->served) : NULL };
	conninfo_copy(&t->conninfo, &from->conninfo);
	if (t->kind == TARGET_SQLITE) {
		t->shown = xstrdup(from->shown);
		return;
	}
	conninfo_set(&t->conninfo, "dbname", database);
	t->named = true;
	show_pg(t);
}

void target_login(struct target *t, const char *user, const char *password)
{
	static const char *const others[] = { "passfile", "sslcert", "sslkey", "sslpassword", "options" };

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		conninfo_set(&t->conninfo, others[i], NULL);
	conninfo_set(&t->conninfo, "user", user);
	conninfo_set(&t->conninfo, "password", password);
	free(t->shown);
	show_pg(t);
}

void target_isolate(void)
{
	static bool isolated; /* waitdb comes here fifty times a second */

	for (size_t i = 0; libpq_family[i].name && !isolated; i++)
		unsetenv(libpq_family[i].name);
	isolated = true;
}

void target_use(struct target *t, const char *database)
{
	struct target other;

	target_copy(&other, t, database);
	target_free(t);
	*t = other;
}

static void list_allowed(struct buf *error, const struct strs *allowed)
{
	if (!allowed->n)
		buf_puts(error, ": name that database in the URL, or allow others by RESTORE_ALLOW_DATABASES");
	for (size_t i = 0; i < allowed->n; i++)
		buf_printf(error, "%s'%s'", i ? ", " : "; RESTORE_ALLOW_DATABASES allows ", allowed->v[i]);
}

int target_admit(struct target *t, const struct strs *allowed, const char *backup, struct buf *error)
{
	const char *own;

	if (t->kind != TARGET_PG || !backup)
		return 0;
	own = conninfo_get(&t->conninfo, "dbname");
	if (strs_has(allowed, backup)) {
		target_use(t, backup);
		return 0;
	}
	if (t->named || strcmp(backup, own) == 0)
		return 0;
	buf_printf(error, "the backup is of database '%s', and this watcher restores into '%s'", backup, own);
	list_allowed(error, allowed);
	return BAD_USAGE;
}

int target_choose(struct target *t, const char *into, const char *backup, bool meant, struct buf *error)
{
	const char *own;

	if (t->kind != TARGET_PG)
		return 0;
	own = conninfo_get(&t->conninfo, "dbname");
	if (into)
		target_use(t, into);
	else if (!t->named && backup)
		target_use(t, backup);
	else if (!meant && backup && strcmp(backup, own) != 0) {
		buf_printf(error, "the backup is of database '%s', the environment names '%s': give the URL of "
		           "the one that is meant", backup, own);
		return BAD_USAGE;
	}
	return 0;
}

void target_free(struct target *t)
{
	conninfo_free(&t->conninfo);
	free(t->path);
	free(t->service);
	free(t->served);
	free(t->shown);
	strs_free(&t->warnings);
}
