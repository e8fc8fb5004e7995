/* db - a session with a target, whichever engine it is. */
#include "db/db.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "db/sqlite_fault.h"
#include "ext/refusal.h"

#define LITE_BUSY_MS 5000
#define RETRY_MS 250

bool db_is_pg(const struct db *db)
{
	return db->target->kind == TARGET_PG;
}

static enum connect_state take_fault(struct db *db, struct sqlite_fault fault)
{
	db->final = fault.final;
	db->lasting = fault.lasting;
	db->certain = fault.certain;
	return db->reach = fault.reach;
}

/* How long SQLite may wait for a lock: a little less than there is, for whoever set the deadline is to hear
 * of it. */
static int busy_ms(int64_t deadline)
{
	int64_t left = clock_left(deadline);

	left -= left / 16;
	return left < LITE_BUSY_MS ? (int)left : LITE_BUSY_MS;
}

/* A file that is no database shows itself with the first query. */
static struct sqlite_fault open_lite(struct db *db, enum lite_mode mode, int64_t deadline)
{
	const char *path = db->target->path;
	struct sqlite_fault fault = { .reach = CONNECTED };

	if (lite_open(&db->lite, path, mode, busy_ms(deadline)) ||
	    lite_query(&db->lite, "SELECT count(*) FROM sqlite_schema", NULL, 0, NULL)) {
		lite_close(&db->lite);
		fault = sqlite_fault_judge(&db->lite, path);
	}
	return fault;
}

static enum connect_state find_lite(struct db *db, enum db_mode mode, int64_t deadline)
{
	struct sqlite_fault fault = sqlite_fault_path(db->target->path, &db->lite.error);

	if (fault.reach == CONNECTED)
		fault = open_lite(db, mode == DB_READ ? LITE_READ : LITE_WRITE, deadline);
	return take_fault(db, fault);
}

/* What a try that had no time found out is not worth what one before was told; what had time comes first. */
static void take_reach(struct db *db, enum connect_state reach, int64_t given, int64_t deadline)
{
	bool silent = reach == CONNECT_SILENT || reach == CONNECT_NO_NAME;
	bool cut = given < DB_CUT_MS && !clock_left(deadline);

	db->reach = reach;
	if (reach == CONNECTED) {
		buf_cut(&db->reason, 0);
	} else if (!silent) {
		buf_cut(&db->reason, 0);
		buf_puts(&db->reason, db->pg.error.data);
		db->reason_reach = reach;
	} else if (db->reason.len && cut) {
		db->reach = db->reason_reach;
		buf_cut(&db->pg.error, 0);
		buf_puts(&db->pg.error, db->reason.data);
	} else if (db->reason.len) {
		buf_printf(&db->pg.error, "; before that: %s", db->reason.data);
	}
}

enum connect_state db_open(struct db *db, const struct target *target, enum db_mode mode, int64_t deadline)
{
	int64_t given = clock_left(deadline);

	db->target = target;
	target_isolate();
	take_fault(db, (struct sqlite_fault){ .reach = CONNECTED });
	if (!db_is_pg(db))
		return find_lite(db, mode, deadline);
	take_reach(db, server_open(&db->pg, &target->conninfo, deadline), given, deadline);
	if (db->reach == CONNECT_INVALID) {
		db->final = UNAVAILABLE;
		db->certain = true;
	}
	/* ALTER DATABASE ... ALLOW_CONNECTIONS false, or a DROP DATABASE that was broken off (postinit.c). */
	if (db->reach == CONNECT_FAILED && strcmp(db->pg.sqlstate, "55000") == 0)
		db->final = UNAVAILABLE;
	return db->reach;
}

bool db_is_open(const struct db *db)
{
	return server_is_open(&db->pg) || db->lite.db;
}

int db_final(const struct db *db)
{
	if (db->final)
		return db->final;
	return db->reach == CONNECT_DENIED || db->reach == CONNECT_NO_DATABASE
	             ? connect_state_status(db->reach)
	             : 0;
}

int db_status(const struct db *db)
{
	return db->final ? db->final : connect_state_status(db->reach);
}

int db_reopen(struct db *db, const struct target *target, int64_t deadline, struct buf *error)
{
	while (!db_is_open(db)) {
		enum connect_state reach = db_open(db, target, DB_WRITE, deadline);

		if (reach == CONNECTED)
			break;
		if (db_final(db) || !clock_left(deadline)) {
			buf_printf(error, "%s: %s", target->shown,
			           *db_error(db) ? db_error(db) : connect_state_text(reach));
			return db_status(db);
		}
		clock_sleep(RETRY_MS, deadline);
	}
	lite_patience(&db->lite, LITE_BUSY_MS);
	return DONE;
}

void db_borrow(struct db *db, const struct target *target, struct pg_conn *conn)
{
	*db = (struct db)DB_INIT;
	db->target = target;
	server_borrow(&db->pg, conn);
}

const char *db_error(const struct db *db)
{
	return db_is_pg(db) ? db->pg.error.data : db->lite.error.data;
}

const char *db_sqlstate(const struct db *db)
{
	return db_is_pg(db) ? db->pg.sqlstate : "";
}

int db_failure(const struct db *db)
{
	const char *state = db_sqlstate(db);

	if (strcmp(state, "53100") == 0) /* disk_full */
		return CANNOT_WRITE;
	if (strcmp(state, "42501") == 0)
		return DENIED;
	return db_is_pg(db) && server_is_lost(&db->pg) ? UNAVAILABLE : NO;
}

static int lite_run(struct db *db, const char *sql)
{
	return lite_query(&db->lite, sql, NULL, 0, NULL);
}

static int lite_begin(struct db *db, enum db_mode mode)
{
	const char *sql = mode == DB_READ ? "BEGIN" : "BEGIN IMMEDIATE";

	lite_patience(&db->lite, busy_ms(db->deadline));
	if (lite_run(db, db->depth ? "SAVEPOINT pgbox" : sql))
		return -1;
	db->depth++;
	lite_deadline(&db->lite, &db->deadline);
	return 0;
}

static int lite_commit(struct db *db)
{
	lite_deadline(&db->lite, NULL);
	if (lite_run(db, db->depth > 1 ? "RELEASE pgbox" : "COMMIT"))
		return -1;
	db->depth--;
	return 0;
}

static void lite_back(struct db *db)
{
	struct buf kept = db->lite.error;

	if (!db->depth)
		return;
	lite_deadline(&db->lite, NULL);
	/* The words of what went wrong before are worth more than its own. */
	db->lite.error = (struct buf)BUF_INIT;
	if (!lite_autocommit(&db->lite))
		lite_run(db, db->depth > 1 ? "ROLLBACK TO pgbox" : "ROLLBACK");
	if (db->depth > 1)
		lite_run(db, "RELEASE pgbox");
	db->depth--;
	buf_free(&db->lite.error);
	db->lite.error = kept;
}

int db_begin(struct db *db, enum db_mode mode, int64_t deadline)
{
	db->deadline = deadline;
	if (db_is_pg(db))
		return server_begin(&db->pg, mode == DB_READ ? "READ ONLY" : "READ WRITE", true,
		                deadline);
	return lite_begin(db, mode);
}

int db_query(struct db *db, struct sql sql, const char *const *params, int n, struct rows *rows)
{
	return db_is_pg(db) ? server_query(&db->pg, sql.pg, params, n, db->deadline, rows)
	                 : lite_query(&db->lite, sql.lite, params, n, rows);
}

int db_commit(struct db *db)
{
	return db_is_pg(db) ? server_commit(&db->pg, db->deadline) : lite_commit(db);
}

void db_rollback(struct db *db)
{
	if (db_is_pg(db))
		server_rollback(&db->pg);
	else
		lite_back(db);
}

int db_read(struct db *db, struct sql sql, const char *const *params, int n, int64_t deadline,
            struct rows *rows)
{
	int rc = db_begin(db, DB_READ, deadline);

	if (!rc)
		rc = db_query(db, sql, params, n, rows);
	db_rollback(db);
	return rc;
}

int db_execute(struct db *db, const char *sql, int64_t deadline)
{
	int rc = db_begin(db, DB_WRITE, deadline) || db_query(db, (struct sql){ .pg = sql }, NULL, 0, NULL) ||
	         db_commit(db);

	if (rc)
		db_rollback(db);
	return rc ? -1 : 0;
}

void db_identifier(struct db *db, struct buf *b, const char *name)
{
	if (db_is_pg(db))
		server_identifier(&db->pg, b, name);
	else
		lite_identifier(b, name);
}

/* --- creating --- */

/* SQLite would make it with this process's owner and umask; its own files beside it get the file's. Another
 * replica may have made it, and where it cannot be given away this process can use it all the same. */
static void make_lite(const char *path)
{
	int fd = beneath_open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (fd >= 0) {
		file_take_after(fd, path);
		close(fd);
	}
}

static enum connect_state create_lite(struct db *db, int64_t deadline, bool *created)
{
	struct sqlite_fault fault = sqlite_fault_path(db->target->path, &db->lite.error);
	bool missing = fault.reach == CONNECT_NO_DATABASE;
	char *path = file_follow(db->target->path);

	if (missing)
		fault = sqlite_fault_folder(path, &db->lite.error);
	/* A page is written only with the first table: an empty file is a database. */
	if (missing && fault.reach == CONNECTED)
		make_lite(path);
	if (fault.reach == CONNECTED)
		fault = open_lite(db, LITE_CREATE, deadline);
	*created = missing && fault.reach == CONNECTED;
	free(path);
	return take_fault(db, fault);
}

/* Another replica may have made it in between: 42P04, or 23505 in its index. */
static int create_pg(struct db *db, const char *name, int64_t deadline)
{
	struct buf sql = BUF_INIT;
	int rc;

	buf_puts(&sql, "CREATE DATABASE ");
	server_identifier(&db->pg, &sql, name);
	rc = server_query(&db->pg, sql.data, NULL, 0, deadline, NULL);
	buf_free(&sql);
	if (rc && (strcmp(db->pg.sqlstate, "42P04") == 0 || strcmp(db->pg.sqlstate, "23505") == 0))
		return 1;
	return rc;
}

/* Of CREATE DATABASE, with the server's hint: a collation of the template that has changed, say. */
static void judge_creation(struct db *db)
{
	db->reach = strcmp(db->pg.sqlstate, "42501") == 0 ? CONNECT_DENIED : CONNECT_FAILED;
	if (db->pg.hint.len)
		buf_printf(&db->pg.error, ": %s", db->pg.hint.data);
	if (db->reach == CONNECT_DENIED || server_is_lost(&db->pg) || refusal_may_pass(db->pg.sqlstate))
		return;
	db->final = UNAVAILABLE;
	db->certain = true;
}

/* Logs in to a database that is there wherever the target's is not. Who may not enter the first, or is not
 * let in by pg_hba.conf, may enter the second; a wrong password is wrong for both. */
static enum connect_state open_door(struct db *db, int64_t deadline)
{
	static const char *const doors[] = { "postgres", "template1", NULL };
	struct conninfo door = { 0 };

	conninfo_copy(&door, &db->target->conninfo);
	for (size_t i = 0; doors[i]; i++) {
		conninfo_set(&door, "dbname", doors[i]);
		db->reach = server_open(&db->pg, &door, deadline);
		if (db->reach != CONNECT_NO_DATABASE &&
		    (db->reach != CONNECT_DENIED || strcmp(db->pg.sqlstate, "28P01") == 0))
			break;
	}
	conninfo_free(&door);
	return db->reach;
}

enum connect_state db_create(struct db *db, const struct target *target, int64_t deadline, bool *created)
{
	int rc;

	db->target = target;
	*created = false;
	if (!db_is_pg(db))
		return create_lite(db, deadline, created);
	if (db_open(db, target, DB_WRITE, deadline) != CONNECT_NO_DATABASE)
		return db->reach;
	if (open_door(db, deadline) == CONNECTED) {
		rc = create_pg(db, conninfo_get(&target->conninfo, "dbname"), deadline);
		*created = rc == 0;
		if (rc < 0)
			judge_creation(db);
	}
	server_close(&db->pg);
	return db->reach == CONNECTED ? db_open(db, target, DB_WRITE, deadline) : db->reach;
}

void db_close(struct db *db)
{
	server_close(&db->pg);
	lite_close(&db->lite);
	db->depth = 0;
}

void db_free(struct db *db)
{
	server_free(&db->pg);
	lite_free(&db->lite);
	buf_free(&db->reason);
}
