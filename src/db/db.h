/*
 * db - a session with a target, whichever engine it is.
 *
 * SQL that both engines understand differently is written as a pair, side by
 * side. pgbox's own SQL runs inside db_begin .. db_commit with search_path
 * pg_catalog; nothing is set for longer than a transaction, so it works behind
 * transaction poolers.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include "db/target.h"
#include "ext/lite.h"
#include "ext/server.h"

struct sql {
	const char *pg;   /* $1, $2 ... */
	const char *lite; /* ?1, ?2 ... */
};

struct db {
	const struct target *target; /* not owned */
	struct server pg;
	struct lite lite;
	enum connect_state reach;      /* of the last db_open */
	int final;             /* of the last db_open: as of a sqlite_fault, or a server's refusal for good */
	bool lasting, certain;
	struct buf reason;     /* of PostgreSQL, the last failure to log in that was not a silence */
	enum connect_state reason_reach;
	int64_t deadline;      /* of the running transaction */
	unsigned depth;        /* SQLite: transactions open, all but the first savepoints */
};

#define DB_INIT { .pg = SERVER_INIT, .lite = LITE_INIT, .reason = BUF_INIT }

/* A try that had less time than this, in ms, found nothing out when it was cut off by the deadline. */
#define DB_CUT_MS 1000

enum db_mode { DB_READ, DB_WRITE };

/* Opens a session. Variables of libpq that name a database are ignored from the
 * first call on (target_isolate). A missing SQLite file is CONNECT_NO_DATABASE; what
 * else is wrong with one is judged by db/sqlite_fault. A try that the deadline cuts off before
 * it could find anything out has the reach and the error of the last that did. */
enum connect_state db_open(struct db *db, const struct target *target, enum db_mode mode,
                           int64_t deadline);

bool db_is_open(const struct db *db);

/* The exit code for an applet that does not wait, of a db_open or db_create that failed. */
int db_status(const struct db *db);

/* The same where trying again hardly helps: a refused login, no such database, what is refused for good; else
 * 0. */
int db_final(const struct db *db);

/* Whether the target is PostgreSQL's; else it is an SQLite file. */
bool db_is_pg(const struct db *db);

/* Opens a session for writing where it is closed. A server that was just restarted, or
 * has no connection to spare, and an SQLite file that is locked are tried until the deadline.
 * 0, or db_status() with a sentence in error. */
int db_reopen(struct db *db, const struct target *target, int64_t deadline, struct buf *error);

/* Takes over a connection that the linked psql owns. */
void db_borrow(struct db *db, const struct target *target, struct pg_conn *conn);

/* The words of the last failure; valid until the next call. */
const char *db_error(const struct db *db);

/* Its SQLSTATE; "" for SQLite. */
const char *db_sqlstate(const struct db *db);

/* The exit code for a statement that has failed just now: CANNOT_WRITE for a full disk, DENIED for a
 * right that is missing, UNAVAILABLE where the session is lost or the server silent, else NO. */
int db_failure(const struct db *db);

/* Begins a transaction for pgbox's own SQL, or a savepoint where one is open.
 * DB_READ is read-only on PostgreSQL; end it with db_rollback. */
int db_begin(struct db *db, enum db_mode mode, int64_t deadline);
int db_query(struct db *db, struct sql sql, const char *const *params, int n, struct rows *rows);
int db_commit(struct db *db);
void db_rollback(struct db *db);

/* Quotes an identifier onto b. */
void db_identifier(struct db *db, struct buf *b, const char *name);

/* One read-only query in a transaction of its own. All return 0 or -1. */
int db_read(struct db *db, struct sql sql, const char *const *params, int n, int64_t deadline,
            struct rows *rows);

/* One statement of PostgreSQL's, written for its effect, in a transaction of its own. 0, or -1 with
 * the words in db_error. */
int db_execute(struct db *db, const char *sql, int64_t deadline);

/* Makes the target's database when it is missing (CREATE DATABASE, for which it
 * logs in to `postgres` or `template1`; an empty SQLite file). *created says
 * whether it did. The reach of the server; error is in db_error(). */
enum connect_state db_create(struct db *db, const struct target *target, int64_t deadline, bool *created);

void db_close(struct db *db);
void db_free(struct db *db);

#endif
