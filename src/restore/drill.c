/* drill - restores a backup as a test. */
#include "restore/drill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/teller.h"
#include "db/db.h"
#include "db/drop_database.h"
#include "dump/properties.h"
#include "dump/readback.h"
#include "restore/drill_subset.h"
#include "restore/extension_make.h"
#include "restore/finish.h"
#include "restore/guest.h"
#include "restore/restore_check.h"
#include "restore/restore_run.h"

#define PREFIX "pgbox_verify_"
#define COMMENT "pgbox: a restore test"
#define STALE_S 60   /* what has no comment, is older and has no session is nobody's */
#define DROP_MS 60000

struct trial {
	const struct drill *job;
	struct target target;  /* the new database, as the login; its conninfo is owned */
	struct target as;      /* the same, as the one who restores it */
	struct target door;    /* job->server, with the name as application_name: sign of a running trial */
	struct db db;          /* a session there */
	struct guest_rights rights;  /* of the login */
	struct guest guest;    /* who restores; no name: the login itself */
	const struct manifest *m;
	char *name;            /* of the database, and of the guest */
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

/* Sessions that a killed trial, or the database's own code, has left there end with it. */
static int drop_database(struct trial *t, const char *name, struct buf *error)
{
	return database_drop(&t->db, name, t->job->tell, error);
}

/* Keeps the session that is the sign of a running trial, and ends it with its host. */
static int open_door(struct trial *t, int64_t deadline, struct buf *error)
{
	int rc = db_reopen(&t->db, &t->door, deadline, error);

	if (!rc && server_settle(&t->db.pg, false, clock_after(DROP_MS)) != 0) {
		buf_printf(error, "%s: cannot prepare the session: %s",
		           t->job->server->shown, db_error(&t->db));
		rc = UNAVAILABLE;
	}
	return rc;
}

/* Databases and roles of trials that were killed: no session has the name for its application_name,
 * which does not depend on the database that one is in, as advisory locks do. What has no comment yet
 * may be an older pgbox's, which has none. */
static void drop_stale(struct trial *t)
{
	static const struct sql find = {
		.pg = "SELECT d.datname FROM pg_database d"
		      " WHERE d.datname ~ '^" PREFIX "[0-9]{1,12}_[0-9]{1,10}$'"
		      "  AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = d.datname)"
		      "  AND (shobj_description(d.oid, 'pg_database') = '" COMMENT "'"
		      "   OR (split_part(d.datname, '_', 3)::bigint < $1::bigint"
		      "    AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)))",
	};
	char *seconds = xasprintf("%lld", (long long)(clock_wall() / 1000 - STALE_S));
	struct rows rows = { 0 };
	struct buf why = BUF_INIT;

	db_read(&t->db, find, (const char *const *)&seconds, 1, clock_after(DROP_MS), &rows);
	for (size_t i = 0; i < rows.n; i++) {
		if (drop_database(t, rows_text(&rows, i, 0), &why) != 0 && t->job->tell)
			teller_say(t->job->tell, MSG_WARNING, why.data);
		buf_cut(&why, 0);
	}
	buf_free(&why);
	guest_drop_stale(&t->db, PREFIX, clock_after(DROP_MS));
	rows_free(&rows);
	free(seconds);
}

static int failed(struct trial *t, const struct db *db, const char *what, struct buf *error)
{
	buf_printf(error, "%s: cannot %s: %s", t->job->server->shown, what, db_error(db));
	return strcmp(db_sqlstate(db), "42501") == 0 ? DENIED : UNAVAILABLE;
}

/* --- as whom --- */

#define WAY_OUT                                                                                              \
	"BACKUP_VERIFY_AS_SUPERUSER=yes if everybody who may create objects in the database is trusted"

/* Whether the login itself may run the database's code. Others than the owner may have created objects there,
 * so who can make a role does. */
static bool login_will_do(const struct trial *t)
{
	return t->job->as_login || (!t->rights.wider && !t->rights.makes_roles);
}

static int choose(struct trial *t, struct buf *error)
{
	if (guest_rights(&t->db, t->m->owner, clock_after(DROP_MS), &t->rights) != 0)
		return failed(t, &t->db, "find out what its role may do", error);
	if (login_will_do(t))
		return 0;
	if (!t->rights.makes_roles) {
		buf_printf(error, "%s: not restored as a test: the database's own code would run with this "
		           "role's rights, which are more than its owner's, and the role may not make "
		           "another one (CREATEROLE): log in as the owner, use verify --into with another "
		           "server, or set "
		           WAY_OUT, t->job->server->shown);
		return BAD_CONFIG;
	}
	if (guest_make(&t->guest, &t->db, t->name, clock_after(DROP_MS)) != 0)
		return failed(t, &t->db, "make a throw-away role for the restore test", error);
	return 0;
}

/* --- the database --- */

/* The form of the original, as far as this server has it: other roles and settings do not matter. */
static int create(struct trial *t, struct buf *error)
{
	struct properties p = PROPERTIES_INIT;
	struct buf note = BUF_INIT, tail = BUF_INIT;
	int rc;

	if (t->guest.name) {
		buf_puts(&tail, " OWNER ");
		server_identifier(&t->db.pg, &tail, t->guest.name);
	}
	properties_of_manifest(&p, t->m);
	rc = properties_create(&p, &t->db, t->name, &(struct properties_how){ tail.data, true, &note },
	                       error);
	if (t->job->note)
		buf_puts(t->job->note, note.data);
	buf_free(&note);
	buf_free(&tail);
	properties_free(&p);
	/* Nobody else has any business there; what cannot be revoked is no reason not to go on. */
	if (!rc && on_database(t, "COMMENT ON DATABASE", t->name, " IS '" COMMENT "'", DROP_MS) == 0)
		on_database(t, "REVOKE ALL ON DATABASE", t->name, " FROM PUBLIC", DROP_MS);
	return rc == NO ? UNAVAILABLE : rc;
}

/* Since 15 the public schema is the database owner's (pg_database_owner), and closed to others. */
static int open_public(struct trial *t, struct db *inside)
{
	struct buf sql = BUF_INIT;
	int rc = 0;

	buf_puts(&sql, "ALTER SCHEMA public OWNER TO ");
	server_identifier(&t->db.pg, &sql, t->guest.name);
	if (t->rights.superuser && server_version(&t->db.pg) < 150000)
		rc = server_query(&inside->pg, "REVOKE ALL ON SCHEMA public FROM PUBLIC", NULL, 0,
		                  clock_after(DROP_MS), NULL) ||
		     server_query(&inside->pg, sql.data, NULL, 0, clock_after(DROP_MS), NULL);
	buf_free(&sql);
	return rc;
}

/* Makes ready for the guest, as the login: nothing of the backup is there yet. */
static int prepare(struct trial *t, struct restore *r, struct buf *error)
{
	struct extension_make list = { 0 };
	struct db inside = DB_INIT;
	int rc = extension_make_read(&list, r->path, r->content == FORMAT_SQL ? NULL : &r->toc, t->m, error);

	rc = rc ? rc : db_reopen(&inside, &t->target, clock_after(DROP_MS), error);
	if (!rc && open_public(t, &inside) != 0)
		rc = failed(t, &inside, "prepare the public schema", error);
	rc = rc ? rc : extension_make_all(&list, &inside, t->guest.name, error);
	for (size_t i = 0; i < list.schemas.n && r->content == FORMAT_SQL; i++)
		strs_add(&r->schemas, list.schemas.v[i]);
	db_free(&inside);
	extension_make_free(&list);
	return rc;
}

/* --- restoring --- */

/* As the guest: pg_hba.conf may not know it. */
static int log_in(struct trial *t, struct db *db, struct buf *error)
{
	struct buf why = BUF_INIT;
	int rc = db_reopen(db, &t->as, clock_after(DROP_MS), &why);

	if (rc && t->guest.name && (db->reach == CONNECT_DENIED || db->reach == CONNECT_FAILED)) {
		buf_printf(error,
		           "%s: the throw-away role of the restore test cannot log in: add a line "
		           "like 'host all all ADDRESS scram-sha-256' for it to pg_hba.conf (its name and "
		           "its database's begin with " PREFIX "), give the server's own address where this "
		                                               "is a pooler's, or set " WAY_OUT,
		           why.data);
		rc = BAD_CONFIG;
	} else {
		buf_puts(error, why.data);
	}
	buf_free(&why);
	return rc;
}

/* What can be known to fail, and is no fault of the backup's. */
static int check(struct trial *t, struct restore *r, struct buf *error)
{
	struct strs problems = { 0 }, notes = { 0 };
	struct db db = DB_INIT;
	int rc = log_in(t, &db, error);

	if (!rc)
		rc = restore_check(r, &db, false, &problems, &notes, error);
	if (!rc && problems.n) {
		buf_printf(error, "%s: not restored as a test: %s", t->job->server->shown, problems.v[0]);
		rc = UNAVAILABLE;
	}
	db_free(&db);
	strs_free(&problems);
	strs_free(&notes);
	return rc;
}

/* As a role that may not do everything. */
static int restore_humbly(struct trial *t, struct restore *r, struct buf *error)
{
	int rc;

	r->humble = true;
	rc = t->guest.name ? prepare(t, r, error) : 0;
	drill_subset_entries(&r->toc.lines, t->job->left_out);
	rc = rc ? rc : check(t, r, error);
	if (rc)
		return rc;
	rc = restore_run(r, &t->as, error);
	if (rc && r->denied && !t->guest.name)
		buf_puts(error, ": give the restore test a login that may (--into with a superuser's), or "
		         "set BACKUP_VERIFY=read");
	if (rc && r->denied && t->guest.name) {
		buf_puts(error, ": a throw-away role restores it as a test, and some objects only a "
		         "superuser may create: set " WAY_OUT ", or BACKUP_VERIFY=read");
		rc = BAD_CONFIG;
	}
	return rc;
}

static int restore_boldly(struct trial *t, struct restore *r, struct buf *error)
{
	int rc = check(t, r, error);

	return rc ? rc : restore_run(r, &t->as, error);
}

static int restore(struct trial *t, struct buf *error)
{
	bool sql = strcmp(t->m->kind, "plain") == 0;
	struct restore r = { .path = t->job->path, .content = sql ? FORMAT_SQL : FORMAT_CUSTOM, .jobs = 1,
		             .bare = true, .no_owner = true, .no_tablespaces = true, .roles = ROLES_SKIP,
		             .search_path = t->job->search_path,
		             .server_version = server_version(&t->db.pg) };
	int rc = sql ? 0 : toc_read(&r.toc, r.path, error);

	if (!rc)
		rc = t->rights.superuser && !t->guest.name ? restore_boldly(t, &r, error)
		                                           : restore_humbly(t, &r, error);
	restore_free(&r);
	return rc;
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

	if (db_open(&db, &t->target, DB_WRITE, clock_after(DROP_MS)) == CONNECTED)
		db_read(&db,
		        (struct sql){ .pg = "SELECT s.subname FROM pg_subscription s JOIN pg_database d"
		                            " ON d.oid = s.subdbid WHERE d.datname = current_database()" },
		        NULL, 0, clock_after(DROP_MS), &rows);
	for (size_t i = 0; i < rows.n; i++) {
		const char *name = rows_text(&rows, i, 0);

		if (on_subscription(&db, name, " DISABLE") == 0 &&
		    on_subscription(&db, name, " SET (slot_name = NONE)") == 0)
			on_subscription(&db, name, "DROP");
	}
	rows_free(&rows);
	db_free(&db);
}

/* The database, and then its owner. The session may have been cut off meanwhile. */
static int drop(struct trial *t, struct buf *error)
{
	struct buf why = BUF_INIT;
	int rc = drop_database(t, t->name, &why);

	if (rc && !server_alive(&t->db.pg)) {
		db_close(&t->db);
		buf_cut(&why, 0);
		rc = open_door(t, clock_after(DROP_MS), &why);
		rc = rc ? rc : drop_database(t, t->name, &why);
	}
	if (rc)
		buf_printf(error, "%s: after the restore test: %s", t->job->server->shown, why.data);
	buf_free(&why);
	if (rc)
		return UNAVAILABLE;
	if (t->guest.name && guest_drop(&t->db, t->guest.name, clock_after(DROP_MS)) != 0)
		return failed(t, &t->db, "drop the throw-away role of the restore test", error);
	return 0;
}

/* A process id would not do: in containers it is often 1. */
static char *make_name(void)
{
	uint32_t number = (uint32_t)getpid();

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		number = (uint32_t)getpid();
	return xasprintf(PREFIX "%lld_%u", (long long)(clock_wall() / 1000), (unsigned)number);
}

static int try_pg(struct trial *t, struct buf *error)
{
	struct buf ignored = BUF_INIT;
	int rc = open_door(t, t->job->deadline, error), dropped;

	if (rc)
		return rc;
	drop_stale(t);
	rc = choose(t, error);
	if (rc)
		return rc;
	if (t->guest.name)
		guest_target(&t->guest, t->job->server, t->name, &t->as);
	else
		target_copy(&t->as, t->job->server, t->name);
	rc = create(t, error);
	rc = rc ? rc : restore(t, error);
	if (!rc)
		rc = finish_database(&(struct finish){ .tables = t->m->tables,
		                                       .wait = DROP_MS,
		                                       .search_path = t->job->search_path },
		                     &t->as, error);
	if (strcmp(t->m->kind, "plain") == 0 && t->rights.superuser && !t->guest.name)
		drop_subscriptions(t);
	dropped = drop(t, rc ? &ignored : error);
	buf_free(&ignored);
	return rc ? rc : dropped;
}

int drill_restore(const struct drill *job, struct buf *error)
{
	const struct target *server = job->server;
	struct trial t = { .job = job, .db = DB_INIT, .m = job->m };
	bool lite = strcmp(job->m->kind, "sqlite") == 0;
	int rc;

	if (lite != (server->kind == TARGET_SQLITE)) {
		buf_printf(error, "'%s' cannot be restored into %s: one is SQLite, the other is not",
		           job->path,
		           server->shown);
		return BAD_USAGE;
	}
	if (lite)
		return readback_unpack(job->path, server->path, job->m->tables, error);
	t.name = make_name();
	target_copy(&t.target, server, t.name);
	target_copy(&t.door, server, conninfo_get(&server->conninfo, "dbname"));
	conninfo_set(&t.door.conninfo, "application_name", t.name);
	rc = try_pg(&t, error);
	db_free(&t.db);
	target_free(&t.target);
	target_free(&t.door);
	target_free(&t.as);
	guest_free(&t.guest);
	free(t.name);
	return rc;
}
