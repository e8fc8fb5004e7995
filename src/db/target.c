/* target - the database that an applet works on. */
#include "db/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/env.h"
#include "base/msg.h"
#include "base/status.h"
#include "db/foreign.h"
#include "db/target_parts.h"
#include "ext/connparam.h"

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
	int rc = target_read(t, url, "DATABASE_URL", error);

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
		return found < 0 ? -1 : target_complete(t, "PGHOST/PGDATABASE", "set PGUSER", error);
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
	return target_complete(t, "POSTGRES_*", "set POSTGRES_USER", error);
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
		return (rc = target_read(t, text, "URL", error)) < 0 ? BAD_USAGE : rc;
	if (env_get(name, &value, error) != 0)
		return BAD_CONFIG;
	if (!value) {
		name = msg_word(name);
		buf_printf(error, "env:%s: neither %s nor %s_FILE is set", name, name, name);
		return BAD_CONFIG;
	}
	return target_read(t, value, name, error) ? BAD_CONFIG : 0;
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
	target_show(t);
}

void target_login(struct target *t, const char *user, const char *password)
{
	static const char *const others[] = { "passfile", "sslcert", "sslkey", "sslpassword", "options" };

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		conninfo_set(&t->conninfo, others[i], NULL);
	conninfo_set(&t->conninfo, "user", user);
	conninfo_set(&t->conninfo, "password", password);
	free(t->shown);
	target_show(t);
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
		buf_puts(error,
		         ": name that database in the URL, or allow others by RESTORE_ALLOW_DATABASES");
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
		buf_printf(error,
		           "the backup is of database '%s', the environment names '%s': give the URL of "
		           "the one that is meant",
		           backup, own);
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
