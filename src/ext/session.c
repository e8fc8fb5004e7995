/* session - the sessions of PostgreSQL's linked programs. */
#include "ext/session.h"

#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/banned.h"
#include "base/buf.h"

/* Probes after 10 s of silence, every 5 s, 3 times; as server_settle has them. */
static const char keep_alive[] =
	"SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";

/* The connection if a pooler stands between, else NULL. */
static PGconn *pooled;
static enum session_use how;
static bool begun;        /* the program has sent its BEGIN */
static struct buf settings = BUF_INIT; /* what it set before; sent once the transaction has begun */

/* What DISCARD ALL does (discard.c), which must not be one statement of several. */
static const char reset_all[] =
	"RESET SESSION AUTHORIZATION; RESET ALL; CLOSE ALL; UNLISTEN *; DISCARD TEMP; DISCARD SEQUENCES;"
	" DISCARD PLANS; SELECT pg_catalog.pg_advisory_unlock_all()";

/* Of this transaction, and made by PREPARE: those of the protocol are the pooler's own. */
static const char find_prepared[] =
	"SELECT pg_catalog.format('DEALLOCATE %I', name) FROM pg_catalog.pg_prepared_statements"
	" WHERE from_sql AND prepare_time OPERATOR(pg_catalog.>=) pg_catalog.transaction_timestamp()";

/* A pooler sends its client a process id of its own, as the key for cancel requests. */
static bool is_pooled(PGconn *conn)
{
	PGresult *result = PQexec(conn, "SELECT pg_catalog.pg_backend_pid()");
	bool direct = PQntuples(result) == 1 && atoi(PQgetvalue(result, 0, 0)) == PQbackendPID(conn);

	PQclear(result);
	return !direct;
}

void session_start(PGconn *conn, enum session_use use)
{
	pooled = NULL;
	how = use;
	begun = false;
	buf_cut(&settings, 0);
	if (PQstatus(conn) != CONNECTION_OK)
		return;
	if (is_pooled(conn))
		pooled = conn;
	else
		PQclear(PQexec(conn, keep_alive));
	/* pg_dumpall; the pooler closes a connection that is left in a transaction. */
	if (pooled && how == SESSION_READS)
		PQclear(PQexec(conn, "BEGIN READ ONLY"));
}

static bool is_setting(const char *query)
{
	return skip_prefix(query, "SET ") || strstr(query, "set_config(");
}

/* In a transaction of its own, which leaves nothing. */
static PGresult *exec_apart(PGconn *conn, const char *query)
{
	PGresult *result;

	PQclear(PQexec(conn, "BEGIN"));
	result = PQexec(conn, query);
	PQclear(PQexec(conn, "ROLLBACK"));
	if (is_setting(query))
		buf_printf(&settings, "%s%s", settings.len ? "; " : "", query);
	return result;
}

static bool has_failed(const PGresult *result)
{
	return PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK;
}

static PGresult *exec_settings(PGconn *conn)
{
	PGresult *result = settings.len ? PQexec(conn, settings.data) : NULL;

	buf_cut(&settings, 0);
	if (!result || has_failed(result))
		return result;
	PQclear(result);
	return NULL;
}

/* Ends the transaction and resets the session in one message: the pooler hands the connection on as
 * soon as that is answered. Returns what the first statement gave. */
static PGresult *exec_end(PGconn *conn, const char *query)
{
	PGresult *prepared = PQexec(conn, find_prepared), *first, *next;
	struct buf sql = BUF_INIT;

	buf_printf(&sql, "%s; %s", query, reset_all);
	for (int i = 0; i < PQntuples(prepared); i++)
		buf_printf(&sql, "; %s", PQgetvalue(prepared, i, 0));
	PQclear(prepared);
	first = PQsendQuery(conn, sql.data) ? PQgetResult(conn) : NULL;
	while (first && (next = PQgetResult(conn)) != NULL)
		PQclear(next);
	buf_free(&sql);
	return first ? first : PQmakeEmptyPGresult(conn, PGRES_FATAL_ERROR);
}

PGresult *session_exec(PGconn *conn, const char *query)
{
	PGresult *failed;

	if (pooled != conn || how != SESSION_WHOLE)
		return PQexec(conn, query);
	if (!begun) {
		begun = skip_prefix(query, "BEGIN");
		return begun ? PQexec(conn, query) : exec_apart(conn, query);
	}
	/* A pooler closes a connection that its client leaves in a transaction, with all that is in it. */
	if (strcmp(query, "ROLLBACK") == 0)
		return PQmakeEmptyPGresult(conn, PGRES_COMMAND_OK);
	if (strcmp(query, "COMMIT") == 0)
		return exec_end(conn, query);
	/* SET TRANSACTION SNAPSHOT comes before any query. */
	failed = skip_prefix(query, "SET TRANSACTION ") ? NULL : exec_settings(conn);
	return failed ? failed : PQexec(conn, query);
}

void session_forget(void)
{
	if (pooled && how == SESSION_LOOSE && PQtransactionStatus(pooled) == PQTRANS_IDLE)
		PQclear(PQexec(pooled, "DISCARD ALL"));
	pooled = NULL;
}

void session_finish(PGconn *conn)
{
	if (conn && conn == pooled)
		session_forget();
	PQfinish(conn);
}
