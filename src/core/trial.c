/* trial - restores a backup as a test. */
#include "core/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "core/db.h"
#include "core/properties.h"
#include "core/readback.h"
#include "core/restore.h"
#include "core/settle.h"

#define PREFIX "pgbox_verify_"
#define STALE_S 60   /* a trial that is older and has no session is nobody's */
#define DROP_MS 60000

struct trial {
	const struct target *server;
	struct target target; /* the new database; its conninfo is owned */
	struct db db;         /* a session in server's database */
	const struct manifest *m;
	char *name;
	int64_t deadline;
};

static int run(struct trial *t, const char *sql, int64_t ms)
{
	return server_query(&t->db.pg, sql, NULL, 0, clock_after(ms), NULL);
}

static int on_database(struct trial *t, const char *verb, const char *name, const char *rest, int64_t ms)
{
	struct buf sql = BUF_INIT;
	int rc;

	buf_printf(&sql, "%s ", verb);
	server_identifier(&t->db.pg, &sql, name);
	buf_puts(&sql, rest);
	rc = run(t, sql.data, ms);
	buf_free(&sql);
	return rc;
}

/* Databases of trials that were killed. */
static void drop_stale(struct trial *t)
{
	char *stale = xasprintf("%lld", (long long)(clock_wall() / 1000 - STALE_S));
	struct rows rows = { 0 };

	server_query(&t->db.pg,
	             "SELECT d.datname FROM pg_catalog.pg_database d"
	             " WHERE d.datname ~ '^" PREFIX "[0-9]+_[0-9]+$'"
	             "  AND split_part(d.datname, '_', 3)::bigint < $1::bigint"
	             "  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a"
	             "   WHERE a.datid = d.oid)",
	             (const char *const *)&stale, 1, clock_after(DROP_MS), &rows);
	for (size_t i = 0; i < rows.n; i++)
		on_database(t, "DROP DATABASE IF EXISTS", rows_get(&rows, i, 0), "", DROP_MS);
	rows_free(&rows);
	free(stale);
}

/* The form of the original, as far as this server has it: other roles and settings do not matter. */
static int create(struct trial *t, struct buf *error)
{
	struct properties p = PROPERTIES_INIT;
	struct buf note = BUF_INIT;
	int rc;

	properties_of_manifest(&p, t->m);
	rc = properties_create(&p, &t->db, t->name, "", true, &note, error);
	buf_free(&note);
	properties_free(&p);
	return rc == NO ? UNAVAILABLE : rc;
}

static int restore(struct trial *t, const char *path, struct buf *error)
{
	bool sql = strcmp(t->m->kind, "plain") == 0;
	struct restore r = { .path = path, .content = sql ? CONTENT_SQL : CONTENT_CUSTOM, .jobs = 1,
		             .bare = true, .server_version = server_version(&t->db.pg) };

	return restore_run(&r, &t->target, error);
}

static int on_subscription(struct db *db, const char *name, const char *what)
{
	struct buf sql = BUF_INIT;
	bool drop = strcmp(what, "DROP") == 0;
	int rc;

	buf_puts(&sql, drop ? "DROP SUBSCRIPTION " : "ALTER SUBSCRIPTION ");
	server_identifier(&db->pg, &sql, name);
	buf_puts(&sql, drop ? "" : what);
	rc = server_query(&db->pg, sql.data, NULL, 0, clock_after(DROP_MS), NULL);
	buf_free(&sql);
	return rc;
}

/* SQL brings its subscriptions along, not enabled; a database that has one cannot be
 * dropped, and one that has a slot's name would ask the publisher to drop that. */
static void drop_subscriptions(struct trial *t)
{
	struct db db = DB_INIT;
	struct rows rows = { 0 };

	if (db_open(&db, &t->target, DB_WRITE, clock_after(DROP_MS)) == REACHED)
		server_query(&db.pg,
		             "SELECT s.subname FROM pg_catalog.pg_subscription s"
		             " JOIN pg_catalog.pg_database d ON d.oid = s.subdbid"
		             " WHERE d.datname = current_database()",
		             NULL, 0, clock_after(DROP_MS), &rows);
	for (size_t i = 0; i < rows.n; i++) {
		const char *name = rows_get(&rows, i, 0);

		if (on_subscription(&db, name, " DISABLE") == 0 &&
		    on_subscription(&db, name, " SET (slot_name = NONE)") == 0)
			on_subscription(&db, name, "DROP");
	}
	rows_free(&rows);
	db_free(&db);
}

static int failed(struct trial *t, const char *what, struct buf *error)
{
	buf_printf(error, "%s: cannot %s: %s", t->server->shown, what, db_error(&t->db));
	return strcmp(db_sqlstate(&t->db), "42501") == 0 ? DENIED : UNAVAILABLE;
}

static int try_pg(struct trial *t, const char *path, struct buf *error)
{
	int rc = db_reopen(&t->db, t->server, t->deadline, error);

	if (rc)
		return rc;
	drop_stale(t);
	rc = create(t, error);
	if (rc)
		return rc;
	rc = restore(t, path, error);
	if (!rc)
		rc = settle_database(&(struct settle){ .tables = t->m->tables, .wait = DROP_MS }, &t->target, error);
	if (strcmp(t->m->kind, "plain") == 0)
		drop_subscriptions(t);
	/* The session may have been cut off meanwhile. */
	if (on_database(t, "DROP DATABASE", t->name, "", DROP_MS) != 0) {
		db_close(&t->db);
		if (db_open(&t->db, t->server, DB_WRITE, clock_after(DROP_MS)) != REACHED ||
		    on_database(t, "DROP DATABASE IF EXISTS", t->name, "", DROP_MS) != 0)
			rc = rc ? rc : failed(t, "drop the restored database", error);
	}
	return rc;
}

int trial_restore(const char *path, const struct manifest *m, const struct target *server,
                  int64_t deadline, struct buf *error)
{
	struct trial t = { .server = server, .db = DB_INIT, .m = m,
		           .deadline = deadline };
	bool lite = strcmp(m->kind, "sqlite") == 0;
	int rc;

	if (lite != (server->kind == TARGET_SQLITE)) {
		buf_printf(error, "'%s' cannot be restored into %s: one is SQLite, the other is not", path,
		           server->shown);
		return BAD_USAGE;
	}
	if (lite)
		return readback_unpack(path, server->path, m->tables, error);
	t.name = xasprintf(PREFIX "%lld_%ld", (long long)(clock_wall() / 1000), (long)getpid());
	target_copy(&t.target, server, t.name);
	rc = try_pg(&t, path, error);
	db_free(&t.db);
	target_free(&t.target);
	free(t.name);
	return rc;
}
