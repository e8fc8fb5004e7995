/* audit_url - URLs of databases, and conninfo strings in their place: their passwords, their hosts,
 * and whether they agree with the variables beside them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/status.h"
#include "base/text.h"
#include "db/secrecy.h"
#include "db/url.h"
#include "envcheck/audit.h"
#include "envcheck/audit_parts.h"
#include "envcheck/leftover.h"
#include "envcheck/weak_secret.h"
#include "ext/connparam.h"
#include "ext/server.h"

/* Schemes of servers that an app logs in to; a driver may follow behind a +. */
static const char *const server_schemes[] = {
	"postgres", "postgresql", "postgis", "cockroachdb", "mysql", "mariadb", "mssql", "mongodb",
	"redis", "rediss", "valkey", "valkeys", "amqp", "amqps", NULL,
};

/* The URL behind JDBC's jdbc:, or the value itself. */
static const char *skip_jdbc(const char *value)
{
	const char *url = skip_prefix(value, "jdbc:");

	return url ? url : value;
}

/* Where the scheme ends, or NULL where there is none. */
static const char *scheme_end(const char *value)
{
	const char *end = strstr(value, "://");

	for (const char *c = value; end && c < end; c++)
		if (!isalnum((unsigned char)*c) && !strchr("+-.", *c))
			return NULL;
	return end > value ? end : NULL;
}

bool audit_is_server_url(const char *value)
{
	const char *end;
	size_t n;

	value = skip_jdbc(value);
	end = scheme_end(value);
	n = strcspn(value, "+:");
	for (size_t i = 0; end && server_schemes[i]; i++)
		if (strlen(server_schemes[i]) == n && strncasecmp(server_schemes[i], value, n) == 0)
			return true;
	return false;
}

bool audit_is_address(const char *value)
{
	return audit_is_server_url(value) || strncasecmp(value, "http://", 7) == 0 ||
	       strncasecmp(value, "https://", 8) == 0;
}

bool audit_is_file(const char *value)
{
	static const char *const ends[] = { ".db", ".db3", ".sqlite", ".sqlite3", NULL };

	if (strpbrk(value, ":="))
		return strcmp(value, ":memory:") == 0;
	for (size_t i = 0; ends[i]; i++)
		if (text_ends_with_nocase(value, ends[i]))
			return true;
	return skip_prefix(value, "/") || skip_prefix(value, "./") || skip_prefix(value, "../");
}

bool audit_is_database(const char *value)
{
	size_t scheme = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-.0123456789");
	bool ours = strncasecmp(value, "post", 4) == 0; /* wants its // */

	if (strstr(value, "://") || strchr(value, '=') || audit_is_file(value))
		return true;
	/* sqlite:app.db, jdbc:sqlite:app.db; and not db:5432 */
	return scheme > 1 && value[scheme] == ':' && value[scheme + 1] && !ours &&
	       !isdigit((unsigned char)value[scheme + 1]);
}

/* Who logs in where. */
struct login {
	struct url url;           /* one of these has the texts */
	struct conninfo conninfo;
	const char *host, *user, *password, *database; /* NULL: not said */
};

static void login_free(struct login *l)
{
	url_free(&l->url);
	conninfo_free(&l->conninfo);
}

/* What stands behind the ? counts, as in libpq and JDBC. */
static void take_query(struct login *l)
{
	const struct {
		const char *key, **part;
	} keys[] = { { "host", &l->host }, { "user", &l->user }, { "password", &l->password },
		     { "dbname", &l->database } };

	for (size_t i = 0; i < l->url.keys.n; i++)
		for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++)
			if (strcmp(l->url.keys.v[i], keys[k].key) == 0 && *l->url.values.v[i])
				*keys[k].part = l->url.values.v[i];
}

static bool take_url(struct login *l, const char *value)
{
	const char *end = scheme_end(skip_jdbc(value)), *why;

	if (!end || !url_parse(&l->url, end + 3, &why))
		return false;
	l->host = l->url.host;
	l->user = l->url.user;
	l->password = l->url.password;
	l->database = l->url.path;
	if (audit_is_server_url(value))
		take_query(l);
	return true;
}

static bool take_conninfo(struct login *l, const char *value)
{
	if (!strchr(value, '=') || strstr(value, "://") || !conninfo_parse(&l->conninfo, value))
		return false;
	l->host = conninfo_get(&l->conninfo, "host");
	if (!l->host)
		l->host = conninfo_get(&l->conninfo, "hostaddr");
	l->user = conninfo_get(&l->conninfo, "user");
	l->password = conninfo_get(&l->conninfo, "password");
	l->database = conninfo_get(&l->conninfo, "dbname");
	return true;
}

/* login_free after both. */
static bool take_apart(struct login *l, const char *value)
{
	*l = (struct login){ 0 };
	return take_url(l, value) || take_conninfo(l, value);
}

bool audit_is_conninfo(const char *name, const char *value)
{
	struct login l = { 0 };
	bool is = strcmp(name, "DATABASE_URL") == 0 && take_conninfo(&l, value);

	login_free(&l);
	return is;
}

/* --- hosts --- */

static bool is_local(const char *host)
{
	return strcasecmp(host, "localhost") == 0 || skip_prefix(host, "127.") || strcmp(host, "::1") == 0;
}

/* Whether one of the hosts, with commas between them, is this machine. */
static bool any_local(const char *hosts)
{
	struct strs list = { 0 };
	bool local = false;

	strs_split(&list, hosts, ",");
	for (size_t i = 0; i < list.n; i++)
		local = local || is_local(list.v[i]);
	strs_free(&list);
	return local;
}

/* In the server's own container it is right. */
static void judge_host(const struct auditing *a, const char *name, const char *hosts, const char *what)
{
	if (a->container && !a->server && hosts && any_local(hosts))
		problem_add(a->problems, name, PROBLEM_WARNING, "localhost",
		            "%s localhost, which in a container is the container itself: use the name of the "
		            "server's service (unless the two share one network)", what);
}

void audit_host(const struct auditing *a, const char *name, const char *value)
{
	static const char *const names[] = { "PGHOST", "PGHOSTADDR", "POSTGRES_HOST", "DB_HOST",
		                             "DATABASE_HOST", "REDIS_HOST", NULL };

	for (size_t i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			judge_host(a, name, value, "is");
}

/* --- one URL --- */

static void judge_password(const struct auditing *a, const char *name, const struct login *l,
                           const char *example)
{
	struct login shipped = { 0 };
	bool have = example && take_apart(&shipped, example);
	struct weak_about about = { .example = have ? shipped.password : NULL, .user = l->user,
		                    .database = l->database };
	struct buf why = BUF_INIT;

	if (leftover_reference(l->password, true))
		problem_add(a->problems, name, PROBLEM_ERROR, "unexpanded",
		            "has a reference in place of its password, which nothing "
		            "has resolved: set the password itself");
	else if (weak_find(l->password, &about, &why))
		audit_weak(a, name, "has a password that ", why.data);
	login_free(&shipped);
	buf_free(&why);
}

/* Values that libpq takes from nobody. Files and services may be those of another container. c has what is
 * said of encryption. */
static void judge_parameters(const struct auditing *a, const char *name, const struct url *url,
                             struct conninfo *c)
{
	static const char *const elsewhere[] = { "service", "servicefile", "passfile", "sslcert",
		                                 "sslkey",  "sslrootcert", "host",     "hostaddr" };
	const char *mode = conninfo_get(c, "sslmode");
	struct buf why = BUF_INIT;

	if (mode && skip_prefix(mode, "verify-"))
		conninfo_set(c, "sslmode", "require");
	for (size_t i = 0; i < url->keys.n; i++)
		if (conninfo_known(url->keys.v[i]) && strcmp(url->keys.v[i], "sslmode") != 0)
			conninfo_set(c, url->keys.v[i], url->values.v[i]);
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(*elsewhere); i++)
		conninfo_set(c, elsewhere[i], NULL);
	if (connparam_judge(c, &why) == BAD_USAGE)
		problem_add(a->problems, name, PROBLEM_ERROR, "type", "cannot be used: %s", why.data);
	buf_free(&why);
}

/* What the other applets refuse. JDBC's own parameters are for Java alone. */
static void judge_secrecy(const struct auditing *a, const char *name, const char *value,
                          const struct url *url)
{
	struct conninfo c = { 0 };
	const char *why;

	if (!skip_prefix(value, "post"))
		return;
	if (secrecy_read(url, &c, &why) != 0)
		problem_add(a->problems, name, PROBLEM_ERROR, "type", "cannot be used: %s", why);
	else
		judge_parameters(a, name, url, &c);
	conninfo_free(&c);
}

/* smtp://me@example.org:secret@mail has one; http://host:80/@name, read leniently, has none. */
static bool has_password(const struct login *l, bool server)
{
	return l->password && *l->password &&
	       (server || !l->url.lenient ||
	        !(strpbrk(l->password, "/?#") || (l->user && strpbrk(l->user, "/?#"))));
}

bool audit_url(const struct auditing *a, const char *name, const char *value, const char *example)
{
	bool server = audit_is_server_url(value) || audit_is_conninfo(name, value), found = false;
	struct login l;

	if (!take_apart(&l, value)) {
		if (server)
			problem_add(a->problems, name, PROBLEM_ERROR, "type",
			            "is a URL that cannot be read: scheme://USER:PASSWORD@HOST:PORT/NAME, "
			            "with everything special in it percent-encoded");
	} else {
		if (l.url.lenient && server)
			problem_add(a->problems, name, PROBLEM_WARNING, "encoding",
			            "has a password that is not percent-encoded: pgbox reads it all the "
			            "same, most programs do not");
		found = has_password(&l, server);
		if (found)
			judge_password(a, name, &l, example);
		if (server)
			judge_host(a, name, l.host, "names");
		judge_secrecy(a, name, value, &l.url);
	}
	login_free(&l);
	return found;
}

/* --- agreement --- */

/* A part of the URL and the variables that name it, too. */
struct part {
	const char *what, *pg, *image;
};

static const struct part parts[] = {
	{ "host", "PGHOST", "POSTGRES_HOST" },
	{ "user", "PGUSER", "POSTGRES_USER" },
	{ "database", "PGDATABASE", "POSTGRES_DB" },
};

/* The URL's part of that number, or NULL. */
static const char *part_of(const struct login *l, size_t i)
{
	return i == 0 ? l->host : i == 1 ? l->user : l->database;
}

static bool is_same(size_t i, const char *a, const char *b)
{
	return i == 0 ? strcasecmp(a, b) == 0 || (is_local(a) && is_local(b)) : strcmp(a, b) == 0;
}

/* Adds the variable's name where it says something else than the URL. */
static void compare(const struct auditing *a, const struct login *l, size_t i, const char *name,
                    struct buf *different)
{
	const char *part = part_of(l, i);
	struct env_value setting;

	env_value_read(&setting, a->s->env, name);
	if (part && *part && setting.value && *setting.value && !is_same(i, part, setting.value))
		buf_printf(different, "%s%s of %s", different->len ? ", the " : "the ", parts[i].what, name);
	env_value_free(&setting);
}

static bool is_postgres(const char *value)
{
	return skip_prefix(skip_jdbc(value), "post") || audit_is_conninfo("DATABASE_URL", value);
}

void audit_agreement(const struct auditing *a)
{
	struct buf different = BUF_INIT;
	struct env_value setting;
	struct login l = { 0 };

	env_value_read(&setting, a->s->env, "DATABASE_URL");
	if (setting.value && is_postgres(setting.value) && take_apart(&l, setting.value))
		for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
			compare(a, &l, i, parts[i].pg, &different);
			compare(a, &l, i, parts[i].image, &different);
		}
	if (different.len)
		problem_add(a->problems, "DATABASE_URL", PROBLEM_WARNING, "disagree",
		            "does not have %s: what reads the one and what reads the other go to different "
		            "places; make them agree, or unset one", different.data);
	login_free(&l);
	env_value_free(&setting);
	buf_free(&different);
}
