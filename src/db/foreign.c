/* foreign - variables of other programs that name a target. */
#include "db/foreign.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/env.h"
#include "base/status.h"
#include "db/url.h"

enum foreign_part { HOST, USER, PASSWORD, DATABASE, URL };

/* Common: a name that apps use for databases of any kind, so that it says less. */
static const struct foreign_name {
	const char *name;
	enum foreign_part what;
	bool common;
} variables[] = {
	{ .name = "POSTGRES_HOSTNAME", .what = HOST },
	{ .name = "POSTGRES_SERVER", .what = HOST },
	{ .name = "POSTGRESQL_HOST", .what = HOST },
	{ .name = "PG_HOST", .what = HOST },
	{ .name = "PG_HOSTNAME", .what = HOST },
	{ .name = "PGBK_HOSTNAME", .what = HOST },
	{ .name = "DB##_HOST", .what = HOST },
	{ .name = "DB_HOST", .what = HOST, .common = true },
	{ .name = "DATABASE_HOST", .what = HOST, .common = true },

	{ .name = "POSTGRES_USERNAME", .what = USER },
	{ .name = "POSTGRESQL_USERNAME", .what = USER },
	{ .name = "POSTGRESQL_USER", .what = USER },
	{ .name = "PG_USER", .what = USER },
	{ .name = "PG_USERNAME", .what = USER },
	{ .name = "PGBK_USERNAME", .what = USER },
	{ .name = "DB##_USER", .what = USER },
	{ .name = "DB_USER", .what = USER, .common = true },
	{ .name = "DB_USERNAME", .what = USER, .common = true },
	{ .name = "DATABASE_USER", .what = USER, .common = true },

	{ .name = "POSTGRES_PASS", .what = PASSWORD },
	{ .name = "POSTGRES_PASSWD", .what = PASSWORD },
	{ .name = "POSTGRES_PWD", .what = PASSWORD },
	{ .name = "POSTGRES_PASSFILE_STORE", .what = PASSWORD },
	{ .name = "POSTGRESQL_PASSWORD", .what = PASSWORD },
	{ .name = "PG_PASSWORD", .what = PASSWORD },
	{ .name = "PG_PASS", .what = PASSWORD },
	{ .name = "DB##_PASS", .what = PASSWORD },
	{ .name = "DB_PASS", .what = PASSWORD, .common = true },
	{ .name = "DB_PASSWORD", .what = PASSWORD, .common = true },
	{ .name = "DATABASE_PASSWORD", .what = PASSWORD, .common = true },

	{ .name = "POSTGRES_DATABASE", .what = DATABASE },
	{ .name = "POSTGRES_DBNAME", .what = DATABASE },
	{ .name = "POSTGRES_DB_NAME", .what = DATABASE },
	{ .name = "POSTGRESQL_DATABASE", .what = DATABASE },
	{ .name = "POSTGRESQL_DB", .what = DATABASE },
	{ .name = "PG_DATABASE", .what = DATABASE },
	{ .name = "PG_DBNAME", .what = DATABASE },
	{ .name = "PG_DB", .what = DATABASE },
	{ .name = "DB##_NAME", .what = DATABASE },
	{ .name = "DB_NAME", .what = DATABASE, .common = true },
	{ .name = "DB_DATABASE", .what = DATABASE, .common = true },
	{ .name = "DATABASE_NAME", .what = DATABASE, .common = true },

	{ .name = "POSTGRES_URL", .what = URL },
	{ .name = "POSTGRES_URI", .what = URL },
	{ .name = "POSTGRES_DSN", .what = URL },
	{ .name = "POSTGRES_CONNECTION_STRING", .what = URL },
	{ .name = "POSTGRES_PRISMA_URL", .what = URL },
	{ .name = "POSTGRESQL_URL", .what = URL },
	{ .name = "POSTGRESQL_URI", .what = URL },
	{ .name = "PG_URL", .what = URL },
	{ .name = "PG_URI", .what = URL },
	{ .name = "PGURL", .what = URL },
	{ .name = "PG_DATABASE_URL", .what = URL },
	{ .name = "PG_CONNECTION_STRING", .what = URL },
	{ .name = "DB_URL", .what = URL },
	{ .name = "DB_URI", .what = URL },
	{ .name = "DB_DSN", .what = URL },
	{ .name = "DATABASE_URI", .what = URL },
	{ .name = "DATABASE_DSN", .what = URL },
	{ .name = "DATABASE_CONNECTION_STRING", .what = URL },
	{ .name = "BACKUP_DATABASE_URL", .what = URL },
	{ .name = "SQLALCHEMY_DATABASE_URI", .what = URL },
	{ .name = "SQLALCHEMY_DATABASE_URL", .what = URL },
	{ .name = "SPRING_DATASOURCE_URL", .what = URL },
};

#define EACH(v) \
	(const struct foreign_name *v = variables; v < variables + sizeof(variables) / sizeof(*variables); \
	 v++)

/* --- the environment --- */

static bool is_off(const char *value)
{
	static const char *const words[] = {
		"", "0", "no", "off", "false", "none", "null", "**none**", NULL
	};

	for (size_t i = 0; words[i]; i++)
		if (strcasecmp(words[i], value) == 0)
			return true;
	return false;
}

/* The length of the name in an entry NAME=value that is the variable's or its _FILE's; 0: it is another. */
static size_t match(const char *entry, const char *name)
{
	const char *at = entry;

	for (; *name; name++, at++)
		if (*name == '#' ? !isdigit((unsigned char)*at) : *at != *name)
			return 0;
	if (strncmp(at, "_FILE=", 6) == 0)
		at += 5;
	return *at == '=' ? (size_t)(at - entry) : 0;
}

struct foreign foreign_find(const char *name)
{
	char *const *entry = env_original();

	for (; entry && *entry; entry++) {
		size_t len = match(*entry, name);

		if (len && !is_off(*entry + len + 1))
			return (struct foreign){ xstrndup(*entry, len),
				                 len == strlen(name) ? *entry + len + 1 : NULL };
	}
	return (struct foreign){ 0 };
}

/* Whether an app says that its DB_* or DATABASE_* are about another kind of database: DB_CONNECTION=mysql
 * (Laravel), DB_TYPE=sqlite, DATABASE_CLIENT=mysql (Strapi), DB_PORT=3306. */
static bool is_about_another(void)
{
	static const char *const kinds[] = { "DB_CONNECTION",   "DB_TYPE",         "DB_CLIENT",
		                             "DB_DIALECT",      "DB_DRIVER",       "DB_ENGINE",
		                             "DB_ADAPTER",      "DATABASE_CLIENT", "DATABASE_TYPE",
		                             "DATABASE_DRIVER", "DATABASE_ENGINE", NULL };
	static const char *const others[] = { "mysql",     "maria", "sqlite", "mssql", "sqlsrv",
		                              "sqlserver", "mongo", "oracle", "oci",   NULL };
	const char *port = getenv("DB_PORT");

	for (size_t i = 0; kinds[i]; i++) {
		const char *kind = getenv(kinds[i]);

		for (size_t k = 0; kind && others[k]; k++)
			if (strcasestr(kind, others[k]))
				return true;
	}
	return port && (strcmp(port, "3306") == 0 || strcmp(port, "1433") == 0 || strcmp(port, "27017") == 0);
}

/* The same where a URL names the database, of which value then has the name; owned is its text. Nothing where
 * it is no URL of PostgreSQL, or names none. */
static struct foreign find_url(const struct foreign_name *v, char **owned)
{
	struct foreign f = foreign_find(v->name);
	const char *value =
		f.value && skip_prefix(f.value, "jdbc:") ? skip_prefix(f.value, "jdbc:") : f.value;
	const char *rest = value && skip_prefix(value, "post") ? strstr(value, "://") : NULL, *why;
	struct url u = { 0 };

	if (rest && url_parse(&u, rest + 3, &why) && u.path && *u.path)
		*owned = xstrdup(u.path);
	url_free(&u);
	f.value = *owned;
	if (!*owned) {
		free(f.name);
		f.name = NULL;
	}
	return f;
}

/* --- targets --- */

static const struct {
	const char *key, *what, *libpq, *image;
} parts[] = {
	[HOST] = { "host", "host", "PGHOST", "POSTGRES_HOST" },
	[USER] = { "user", "user", "PGUSER", "POSTGRES_USER" },
	[PASSWORD] = { "password", "password", "PGPASSWORD", "POSTGRES_PASSWORD" },
	[DATABASE] = { "dbname", "database", "PGDATABASE", "POSTGRES_DB" },
};

/* What is read where ours say nothing; NULL: nothing that could be compared. */
static const char *default_of(const struct conninfo *c, enum foreign_part what)
{
	const char *user = conninfo_get(c, "user");

	if (what == USER)
		return "postgres";
	return what == DATABASE ? (user ? user : "postgres") : NULL;
}

static const char *ours(enum foreign_part what, enum foreign_family family)
{
	return family == FOREIGN_URL   ? "DATABASE_URL"
	     : family == FOREIGN_LIBPQ ? parts[what].libpq
	                               : parts[what].image;
}

/* Whether ours say it, perhaps in another way. */
static bool is_said(const struct conninfo *c, enum foreign_part what, enum foreign_family family)
{
	if (family == FOREIGN_URL || conninfo_get(c, parts[what].key) || conninfo_get(c, "service"))
		return true;
	if (what == HOST)
		return conninfo_get(c, "hostaddr");
	return what == PASSWORD && (getenv("PGPASSFILE") || conninfo_get(c, "passfile"));
}

/* Where nobody listens or a login fails, it shows by itself. In the server's own container, which often has
 * the app's variables, too, its socket is right whatever host they name. */
static bool may_mislead(const struct foreign_name *v, enum foreign_family family)
{
	if (v->what == HOST || (v->what == USER && family == FOREIGN_LIBPQ))
		return false;
	return v->what == DATABASE || v->what == URL || !v->common;
}

/* What a target was read from, as foreign_target has it. */
struct foreign_origin {
	const struct conninfo *c;
	enum foreign_family family;
	bool database;
};

static int compare(const struct foreign_name *v, const struct foreign *f, const struct foreign_origin *r,
                   struct strs *warnings, struct buf *error)
{
	enum foreign_part what = v->what == URL ? DATABASE : v->what;
	enum foreign_family family = r->family;
	bool listed = what == DATABASE && !r->database, said = is_said(r->c, what, family) || listed;
	bool common = v->common || v->what == URL;
	const char *own = conninfo_get(r->c, parts[what].key), *name = ours(what, family);

	own = own ? own : default_of(r->c, what);
	if (own && f->value && strcmp(own, f->value) == 0) {
		if (!said && !common)
			strs_printf(warnings, "%s is set, but pgbox does not read it: set %s", f->name, name);
		return 0;
	}
	if (said && !common && (what == DATABASE || family != FOREIGN_URL))
		strs_printf(warnings, "%s is set, but pgbox does not read it: %s decides", f->name,
		            listed ? "the list of databases" : name);
	if (!said && !common && !may_mislead(v, family))
		strs_printf(warnings, "%s is set, but pgbox does not read it: set %s", f->name, name);
	if (said || !may_mislead(v, family))
		return 0;
	buf_printf(error, "%s names the %s, but pgbox does not read it: set %s, or unset %s", f->name,
	           parts[what].what, name, f->name);
	return BAD_CONFIG;
}

/* The variable as it is set, where it says something of a target; value is as in find_url. */
static struct foreign find_part(const struct foreign_name *v, char **value)
{
	*value = NULL;
	if (v->common && is_about_another() &&
	    (skip_prefix(v->name, "DB_") || skip_prefix(v->name, "DATABASE_")))
		return (struct foreign){ 0 };
	return v->what == URL ? find_url(v, value) : foreign_find(v->name);
}

/* The families do not mix: with PG* the image's database is not read. */
static void compare_image(const struct conninfo *c, struct strs *warnings)
{
	struct foreign f = foreign_find("POSTGRES_DB");

	if (f.name && !is_said(c, DATABASE, FOREIGN_LIBPQ) &&
	    (!f.value || strcmp(f.value, default_of(c, DATABASE)) != 0))
		strs_printf(warnings,
		            "%s is set, but beside PGHOST or PGUSER pgbox does not read it: set PGDATABASE",
		            f.name);
	free(f.name);
}

int foreign_target(const struct conninfo *c, enum foreign_family family, bool database,
                   struct strs *warnings, struct buf *error)
{
	struct foreign_origin r = { c, family, database };
	int rc = 0;

	for EACH(v) {
		char *value;
		struct foreign f = find_part(v, &value);

		if (f.name && !rc)
			rc = compare(v, &f, &r, warnings, error);
		free(f.name);
		free(value);
	}
	if (!rc && family == FOREIGN_LIBPQ && database)
		compare_image(c, warnings);
	return rc;
}

void foreign_hint(struct buf *error)
{
	bool found = false;

	for EACH(v) {
		char *value;
		struct foreign f = found ? (struct foreign){ 0 } : find_part(v, &value);

		if (!f.name)
			continue;
		found = true;
		buf_printf(error, "; %s is set, but pgbox does not read it: use %s", f.name,
		           v->what == URL ? "DATABASE_URL" : parts[v->what].image);
		free(f.name);
		free(value);
	}
}
