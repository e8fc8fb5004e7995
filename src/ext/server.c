/* server - a session with a PostgreSQL server, over libpq. */
#include "ext/server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/banned.h"
#include "base/clock.h"
#include "ext/errtext.h"
#include "ext/server_parts.h"

#define PARAMS_MAX 8
#define TEXTOID 25 /* pg_type.dat; fixed for ever */

bool server_wait_socket(PGconn *conn, short events, int64_t deadline)
{
	struct pollfd p = { .fd = PQsocket(conn), .events = events };
	int n;

	do
		n = poll(&p, 1, clock_poll(deadline));
	while (n < 0 && errno == EINTR);
	return n != 0;
}

void server_borrow(struct server *pg, struct pg_conn *conn)
{
	*pg = (struct server)SERVER_INIT;
	pg->conn = conn;
	pg->borrowed = true;
}

/* --- queries --- */

static void take_rows(const PGresult *result, struct rows *rows)
{
	int n = PQntuples(result), columns = PQnfields(result);

	rows_free(rows);
	rows->columns = (size_t)columns;
	rows->changed = atol(PQcmdTuples((PGresult *)(uintptr_t)result));
	for (int row = 0; row < n; row++)
		for (int col = 0; col < columns; col++)
			rows_add(rows, (size_t)row * rows->columns + (size_t)col,
			         PQgetisnull(result, row, col) ? NULL
			                                       : PQgetvalue(result, row, col));
	rows->n = (size_t)n;
}

static void take_error(struct server *pg, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);

	pg->sqlstate[0] = '\0';
	if (state && strlen(state) == 5 && strspn(state, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5)
		memcpy(pg->sqlstate, state, 6);
	buf_cut(&pg->error, 0);
	buf_puts(&pg->error, text ? text : PQerrorMessage(pg->conn));
	buf_trim(&pg->error);
	buf_cut(&pg->hint, 0);
	buf_puts(&pg->hint, hint ? hint : "");
	/* PgBouncer's words (client.c); it has no SQLSTATE of its own for it. */
	pg->statement_pooled = strstr(pg->error.data, "statement pooling");
	if (pg->statement_pooled)
		buf_puts(&pg->error, ": pgbox works behind session and transaction poolers; here "
		         "give it the server's own address");
}

static bool is_copy(ExecStatusType status)
{
	return status == PGRES_COPY_OUT || status == PGRES_COPY_IN || status == PGRES_COPY_BOTH;
}

/* libpq gives the same result again and again until the data has been moved, which may be a whole
 * table's. The session is of no more use. */
static int refuse_copy(struct server *pg)
{
	pg->sqlstate[0] = '\0';
	buf_cut(&pg->error, 0);
	buf_puts(&pg->error, "COPY to or from the client is no query: use SELECT");
	return -1;
}

/* libpq would add to its words that a closed socket is an invalid one. An error that came before is
 * the reason. */
static int lose(struct server *pg, int rc)
{
	pg->lost = true;
	if (rc)
		return rc;
	pg->sqlstate[0] = '\0';
	buf_cut(&pg->error, 0);
	buf_puts(&pg->error, PQerrorMessage(pg->conn));
	buf_trim(&pg->error);
	return -1;
}

/* Reads results until the server is ready again; the last one counts, an error
 * wins. -1 when there was one or time ran out. */
static int take_results(struct server *pg, int64_t deadline, struct rows *rows)
{
	PGresult *result;
	int rc = 0;

	for (;;) {
		while (PQisBusy(pg->conn)) {
			if (!server_wait_socket(pg->conn, POLLIN, deadline)) {
				buf_cut(&pg->error, 0);
				buf_puts(&pg->error, "no answer in time");
				pg->sqlstate[0] = '\0';
				return -1;
			}
			if (!PQconsumeInput(pg->conn))
				return lose(pg, rc);
		}
		result = PQgetResult(pg->conn);
		if (!result)
			return rc;
		if (is_copy(PQresultStatus(result))) {
			PQclear(result);
			return refuse_copy(pg);
		}
		if (PQresultStatus(result) == PGRES_TUPLES_OK ||
		    PQresultStatus(result) == PGRES_COMMAND_OK) {
			if (rows)
				take_rows(result, rows);
		} else {
			/* What the server said before it went is worth more. */
			if (!rc || PQresultErrorField(result, PG_DIAG_SQLSTATE))
				take_error(pg, result);
			rc = -1;
		}
		PQclear(result);
		if (rc && PQstatus(pg->conn) == CONNECTION_BAD) {
			pg->lost = true;
			return rc;
		}
	}
}

bool server_is_open(const struct server *pg)
{
	return pg->conn && PQstatus(pg->conn) == CONNECTION_OK;
}

bool server_is_lost(const struct server *pg)
{
	return pg->lost || !server_is_open(pg) || server_busy(pg) || errtext_is_loss(pg->sqlstate);
}

/* What a lost session was lost by is worth more than that it is lost. */
static int send_failed(struct server *pg)
{
	if (pg->conn && pg->lost && pg->error.len)
		return -1;
	pg->sqlstate[0] = '\0';
	buf_cut(&pg->error, 0);
	buf_puts(&pg->error, pg->conn ? PQerrorMessage(pg->conn) : "not connected");
	buf_trim(&pg->error);
	return -1;
}

int server_query(struct server *pg, const char *sql, const char *const *params, int n, int64_t deadline,
             struct rows *rows)
{
	static const Oid types[PARAMS_MAX] = { TEXTOID, TEXTOID, TEXTOID, TEXTOID,
		                               TEXTOID, TEXTOID, TEXTOID, TEXTOID };

	if (!pg->conn || !PQsendQueryParams(pg->conn, sql, n, types, params, NULL, NULL, 0))
		return send_failed(pg);
	pg->lost = false;
	return take_results(pg, deadline, rows);
}

int server_resume(struct server *pg, int64_t deadline, struct rows *rows)
{
	return pg->conn ? take_results(pg, deadline, rows) : send_failed(pg);
}

bool server_busy(const struct server *pg)
{
	return pg->conn && PQtransactionStatus(pg->conn) == PQTRANS_ACTIVE;
}

/* Several statements in one message, one round trip. */
static int run(struct server *pg, const char *sql, int64_t deadline)
{
	if (!pg->conn || !PQsendQuery(pg->conn, sql))
		return send_failed(pg);
	pg->lost = false;
	return take_results(pg, deadline, NULL);
}

/* A script that psql runs may have changed all of these. */
static const char as_ourselves[] =
	"RESET SESSION AUTHORIZATION; RESET ROLE; RESET client_encoding; "
	"SET LOCAL statement_timeout = 0";

int server_begin(struct server *pg, const char *mode, bool own_path, int64_t deadline)
{
	struct buf sql = BUF_INIT;
	int64_t left = clock_left(deadline);
	int rc;

	pg->nested = pg->conn && PQtransactionStatus(pg->conn) == PQTRANS_INTRANS;
	/* Whatever the database's default: repeatable read would keep a snapshot. */
	if (pg->nested)
		buf_printf(&sql, "SAVEPOINT pgbox; SET TRANSACTION %s; %s", mode, as_ourselves);
	else
		buf_printf(&sql, "BEGIN ISOLATION LEVEL READ COMMITTED %s", mode);
	if (deadline != CLOCK_NEVER)
		buf_printf(&sql, "; SET LOCAL statement_timeout = %lld",
		           (long long)(left > 0 && left < 2147483647 ? left : 1));
	if (own_path)
		buf_puts(&sql, "; SET LOCAL search_path = pg_catalog");
	rc = run(pg, sql.data, deadline);
	buf_free(&sql);
	return rc;
}

int server_commit(struct server *pg, int64_t deadline)
{
	if (pg->conn && PQtransactionStatus(pg->conn) == PQTRANS_INERROR) {
		server_rollback(pg);
		buf_cut(&pg->error, 0);
		buf_puts(&pg->error, "the transaction had failed");
		return -1;
	}
	return run(pg, pg->nested ? "RELEASE SAVEPOINT pgbox; SET LOCAL search_path TO DEFAULT; "
	                            "SET LOCAL statement_timeout TO DEFAULT"
	                          : "COMMIT", deadline);
}

void server_rollback(struct server *pg)
{
	struct buf kept = pg->error;

	/* The words of what went wrong before are worth more than its own. */
	pg->error = (struct buf)BUF_INIT;
	if (pg->conn && PQstatus(pg->conn) == CONNECTION_OK &&
	    PQtransactionStatus(pg->conn) != PQTRANS_IDLE)
		run(pg, pg->nested ? "ROLLBACK TO SAVEPOINT pgbox; RELEASE SAVEPOINT pgbox"
		                   : "ROLLBACK", clock_after(5000));
	buf_free(&pg->error);
	pg->error = kept;
}

int server_try(struct server *pg, const char *sql, int64_t deadline)
{
	bool within = pg->conn && PQtransactionStatus(pg->conn) == PQTRANS_INTRANS;
	int rc = within ? run(pg, "SAVEPOINT pgbox_try", deadline) : 0;
	struct buf kept;

	rc = rc ? rc : server_query(pg, sql, NULL, 0, deadline, NULL);
	if (!within || !rc)
		return rc || !within ? rc : run(pg, "RELEASE SAVEPOINT pgbox_try", deadline);
	kept = pg->error;
	pg->error = (struct buf)BUF_INIT;
	if (PQstatus(pg->conn) == CONNECTION_OK)
		run(pg, "ROLLBACK TO SAVEPOINT pgbox_try; RELEASE SAVEPOINT pgbox_try", clock_after(5000));
	buf_free(&pg->error);
	pg->error = kept;
	return rc;
}

void server_watch_client(struct server *pg)
{
	if (server_version(pg) >= 140000)
		run(pg, "SET LOCAL client_connection_check_interval = 1000", clock_after(5000));
}

/* As session.c tells; a login of its own may have another answer. */
static int find_pooler(struct server *pg, int64_t deadline)
{
	struct rows rows = { 0 };
	int rc = server_query(pg, "SELECT pg_catalog.pg_backend_pid()", NULL, 0, deadline, &rows);
	const char *pid = rows_get(&rows, 0, 0);

	pg->pooled = !pid || atoi(pid) != PQbackendPID(pg->conn);
	rows_free(&rows);
	return rc;
}

int server_settle(struct server *pg, bool local, int64_t deadline)
{
	/* Which of them there are depends on the version. */
	static const char sql[] =
		"SELECT pg_catalog.set_config(name, value, $1::boolean) FROM (VALUES"
		" ('statement_timeout', '0'), ('lock_timeout', '0'),"
		" ('idle_session_timeout', '0'), ('idle_in_transaction_session_timeout', '0'),"
		" ('transaction_timeout', '0'), ('default_transaction_read_only', 'off'),"
		" ('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '5'),"
		" ('tcp_keepalives_count', '3')) AS wanted(name, value)"
		" JOIN pg_catalog.pg_settings USING (name)";
	const char *how = local ? "true" : "false";
	int rc = local ? 0 : find_pooler(pg, deadline);

	if (rc || (!local && pg->pooled))
		return rc;
	/* First: a database's own path could have operators of the same names. */
	rc = server_query(pg, local ? "SET LOCAL search_path = pg_catalog" : "SET search_path = pg_catalog",
	                  NULL, 0, deadline, NULL);
	rc = rc ? rc : server_query(pg, sql, &how, 1, deadline, NULL);
	/* A query's portal keeps its snapshot until the next statement; this one has none. */
	return rc ? rc
	          : server_query(pg, local ? "SET LOCAL lock_timeout = 0" : "SET lock_timeout = 0", NULL, 0,
	                         deadline, NULL);
}

void server_identifier(struct server *pg, struct buf *b, const char *name)
{
	char *quoted = PQescapeIdentifier(pg->conn, name, strlen(name));

	buf_puts(b, quoted ? quoted : "\"\"");
	PQfreemem(quoted);
}

void server_literal(struct server *pg, struct buf *b, const char *text)
{
	char *quoted = PQescapeLiteral(pg->conn, text, strlen(text));

	buf_puts(b, quoted ? quoted : "''");
	PQfreemem(quoted);
}

char *server_format(struct server *pg, const char *format, const char *const *words)
{
	struct buf sql = BUF_INIT;

	for (; *format; format++) {
		if (format[0] == '%' && format[1] == 'I')
			server_identifier(pg, &sql, *words++);
		else if (format[0] == '%' && format[1] == 'L')
			server_literal(pg, &sql, *words++);
		else if (format[0] == '%' && format[1] == 's')
			buf_puts(&sql, *words++);
		else {
			buf_putc(&sql, *format);
			continue;
		}
		format++;
	}
	return buf_detach(&sql);
}

void server_complain(struct server *pg, const char *words)
{
	pg->sqlstate[0] = '\0';
	buf_cut(&pg->error, 0);
	buf_puts(&pg->error, words);
}

int server_verifier(struct server *pg, struct buf *b, const char *user, const char *password)
{
	char *text = PQencryptPasswordConn(pg->conn, password, user, NULL);

	if (!text) {
		server_complain(pg, PQerrorMessage(pg->conn));
		buf_trim(&pg->error);
		return -1;
	}
	buf_puts(b, text);
	PQfreemem(text);
	return 0;
}

int server_version(const struct server *pg)
{
	return PQserverVersion(pg->conn);
}

const char *server_database(const struct server *pg)
{
	return PQdb(pg->conn);
}

int server_socket(const struct server *pg)
{
	return pg->conn ? PQsocket(pg->conn) : -1;
}

bool server_is_local(const struct server *pg)
{
	const char *host = PQhost(pg->conn);

	return host && *host == '/';
}

bool server_alive(struct server *pg)
{
	return pg->conn && PQconsumeInput(pg->conn) && PQstatus(pg->conn) == CONNECTION_OK;
}

void server_close(struct server *pg)
{
	if (pg->conn && !pg->borrowed)
		PQfinish(pg->conn);
	pg->conn = NULL;
}

void server_free(struct server *pg)
{
	server_close(pg);
	net_forget(&pg->addrs);
	buf_free(&pg->error);
	buf_free(&pg->hint);
}
