/* audit_url - URLs of databases: their passwords, their hosts, and whether they agree with
 * the variables beside them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "core/audit_parts.h"
#include "core/url.h"
#include "core/weak.h"

/* Schemes of servers that an app logs in to; a driver may follow behind a +. */
static const char *const server_schemes[] = {
	"postgres", "postgresql", "postgis", "cockroachdb", "mysql", "mariadb", "mssql", "mongodb",
	"redis", "rediss", "valkey", "valkeys", "amqp", "amqps", NULL,
};

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
	const char *end = scheme_end(value);
	size_t n = strcspn(value, "+:");

	for (size_t i = 0; end && server_schemes[i]; i++)
		if (strlen(server_schemes[i]) == n && strncasecmp(server_schemes[i], value, n) == 0)
			return true;
	return false;
}

/* url_free after both. */
static bool take_apart(struct url *u, const char *value)
{
	const char *end = scheme_end(value), *why;

	*u = (struct url){ 0 };
	return end && url_parse(u, end + 3, &why);
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
		audit_add(a, name, PROBLEM_WARNING, "localhost",
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

static void judge_password(const struct auditing *a, const char *name, const struct url *u,
                           const char *example)
{
	struct url shipped = { 0 };
	bool have = example && take_apart(&shipped, example);
	struct weak_about about = { .example = have ? shipped.password : NULL, .user = u->user,
		                    .database = u->path };
	struct buf why = BUF_INIT;

	if (weak_find(u->password, &about, &why))
		audit_weak(a, name, "has a password that ", why.data);
	url_free(&shipped);
	buf_free(&why);
}

void audit_url(const struct auditing *a, const char *name, const char *value, const char *example)
{
	bool server = audit_is_server_url(value);
	struct url u;

	if (!take_apart(&u, value)) {
		if (server)
			audit_add(a, name, PROBLEM_ERROR, "type",
			          "is a URL that cannot be read: scheme://USER:PASSWORD@HOST:PORT/NAME, with "
			          "everything special in it percent-encoded");
	} else {
		if (u.lenient && server)
			audit_add(a, name, PROBLEM_WARNING, "encoding",
			          "has a password that is not percent-encoded: pgbox reads it all the same, most "
			          "programs do not");
		/* Read leniently, http://host:80/@name would have one. */
		if (u.password && (server || !u.lenient))
			judge_password(a, name, &u, example);
		if (server)
			judge_host(a, name, u.host, "names");
	}
	url_free(&u);
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
static const char *part_of(const struct url *u, size_t i)
{
	return i == 0 ? u->host : i == 1 ? u->user : u->path;
}

static bool is_same(size_t i, const char *a, const char *b)
{
	return i == 0 ? strcasecmp(a, b) == 0 || (is_local(a) && is_local(b)) : strcmp(a, b) == 0;
}

/* Adds the variable's name where it says something else than the URL. */
static void compare(const struct auditing *a, const struct url *u, size_t i, const char *name,
                    struct buf *different)
{
	const char *part = part_of(u, i);
	struct setting setting;

	setting_read(&setting, a->s->env, name);
	if (part && *part && setting.value && *setting.value && !is_same(i, part, setting.value))
		buf_printf(different, "%s%s of %s", different->len ? ", the " : "the ", parts[i].what, name);
	setting_free(&setting);
}

void audit_agreement(const struct auditing *a)
{
	struct buf different = BUF_INIT;
	struct setting setting;
	struct url u = { 0 };

	setting_read(&setting, a->s->env, "DATABASE_URL");
	if (setting.value && skip_prefix(setting.value, "post") && take_apart(&u, setting.value))
		for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
			compare(a, &u, i, parts[i].pg, &different);
			compare(a, &u, i, parts[i].image, &different);
		}
	if (different.len)
		audit_add(a, "DATABASE_URL", PROBLEM_WARNING, "disagree",
		          "does not have %s: what reads the one and what reads the other go to different "
		          "places; make them agree, or unset one", different.data);
	url_free(&u);
	setting_free(&setting);
	buf_free(&different);
}
