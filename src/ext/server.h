/*
 * server - a session with a PostgreSQL server, over libpq.
 *
 * Everything is bounded by a deadline of clock.h, server side too
 * (statement_timeout). Errors are left as words in the handle; nothing prints.
 */
#ifndef EXT_SERVER_H
#define EXT_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/connect_state.h"
#include "base/net.h"
#include "base/rows.h"
#include "ext/conninfo.h"

struct server {
	struct pg_conn *conn;  /* libpq's PGconn, NULL: closed */
	bool borrowed;         /* conn belongs to somebody else */
	bool statement_pooled; /* a pooler refused a transaction for good */
	bool nested;           /* server_begin found a transaction and made a savepoint */
	bool lost;             /* a statement ended with the session; error says by what */
	bool pooled;           /* server_settle found a pooler in between */
	enum connect_state reach;      /* of the last server_open */
	struct net_addrs addrs;
	char sqlstate[6];      /* of the last failure, or empty */
	struct buf error;      /* words of the last failure */
	struct buf hint;       /* the server's, of the last statement that failed; mostly empty */
	bool trial;            /* a login that is only to find out why another fails */
};

#define SERVER_INIT { .error = BUF_INIT, .hint = BUF_INIT }

/*
 * Logs in. The reach says what came of it, by SQLSTATE where the server spoke
 * (ext/refusal); a bad certificate is denied. Where that does not tell whether a
 * parameter is refused for good, it tries again without that, and without any
 * password. After a refusal further tries only knock on the port (some microseconds) until somebody listens.
 * A host-less conninfo means the socket in /var/run/postgresql or /tmp, else 127.0.0.1, looked up anew at
 * every call.
 */
enum connect_state server_open(struct server *pg, const struct conninfo *c, int64_t deadline);

/* Wraps a connection of the linked psql, which stays its owner. */
void server_borrow(struct server *pg, struct pg_conn *conn);

/* Runs one statement with at most 8 parameters of type text ($1 ...; NULL is NULL). 0 and rows
 * (the caller frees them; rows may be NULL), or -1 with error and sqlstate. A COPY through the
 * connection is refused when it has begun, and ends the session's use. */
int server_query(struct server *pg, const char *sql, const char *const *params, int n, int64_t deadline,
             struct rows *rows);

/* Goes on with a statement for which server_query ran out of time: as that. */
int server_resume(struct server *pg, int64_t deadline, struct rows *rows);

/* Whether there is a session, as far as is known: that it was lost shows with the next statement. */
bool server_is_open(const struct server *pg);

/* Whether the last failure was that the session is lost, or the server silent. */
bool server_is_lost(const struct server *pg);

/* Whether a statement is still running. */
bool server_busy(const struct server *pg);

/* Begins a transaction. Mode is BEGIN's, such as "READ ONLY". With own_path the
 * search_path is pg_catalog until its end. The deadline becomes its
 * statement_timeout. Works behind transaction poolers: nothing outlives it.
 * Within a transaction (of the linked psql) it is a savepoint, in the login's role
 * again, whatever the script set; end a read-only
 * one with server_rollback then, for READ ONLY would outlive its release. */
int server_begin(struct server *pg, const char *mode, bool own_path, int64_t deadline);

/* Ends the transaction, keeping what it did; -1 when it had failed. After a
 * savepoint search_path and statement_timeout are the session's defaults. */
int server_commit(struct server *pg, int64_t deadline);
void server_rollback(struct server *pg);

/* Runs one statement; within a transaction in a savepoint, so that a failure undoes the statement alone.
 * 0, or -1 with error and sqlstate. */
int server_try(struct server *pg, const char *sql, int64_t deadline);

/* Makes the server (14 or newer) end the running transaction's statement within a
 * second when this client is gone. */
void server_watch_client(struct server *pg);

/* Takes off what a role or database may have set that would end a long and quiet session, or
 * keep it from writing, and lets a vanished host free its locks within half a minute; until
 * the session ends, or with local the transaction. 0, or -1. For a whole session nothing is set
 * through a pooler, which would hand it on: pg->pooled tells so. */
int server_settle(struct server *pg, bool local, int64_t deadline);

/* Quotes an identifier (PQescapeIdentifier) onto b. */
void server_identifier(struct server *pg, struct buf *b, const char *name);

/* Quotes a string (PQescapeLiteral) onto b. */
void server_literal(struct server *pg, struct buf *b, const char *text);

/* SQL with identifiers (%I), strings (%L) and text as it is (%s) in it, in the order of words, as
 * PostgreSQL's format() has them. The caller frees it. */
char *server_format(struct server *pg, const char *format, const char *const *words);

/* Appends what CREATE ROLE takes in place of a password, by the server's password_encryption: the
 * password itself is in no statement then, and in no log of the server's. 0, or -1 with error. */
int server_verifier(struct server *pg, struct buf *b, const char *user, const char *password);

/* Sets the words of the last failure, without an SQLSTATE. */
void server_complain(struct server *pg, const char *words);

/* 180006 for 18.6; PgBouncer reports its server's. */
int server_version(const struct server *pg);

/* The database that it is in. */
const char *server_database(const struct server *pg);

/* The descriptor of the connection, for poll(2) and for a child to inherit. */
int server_socket(const struct server *pg);

/* Whether the connection is a unix socket's. */
bool server_is_local(const struct server *pg);

/* Reads what has arrived without asking: false when the connection is gone. */
bool server_alive(struct server *pg);

/* Closes; sends a farewell unless borrowed. The error stays readable. */
void server_close(struct server *pg);

/* Closes and frees all. */
void server_free(struct server *pg);

#endif
