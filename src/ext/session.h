/*
 * session - keeps the sessions of PostgreSQL's linked programs alive, and leaves nothing of them
 * in a connection that a pooler hands on.
 *
 * A client whose host vanishes sends no farewell. Its server session waits on in COPY for as long
 * as the system's keepalives take (two hours), and every DROP DATABASE of the server waits for it
 * (procsignal.c, WaitForProcSignalBarrier). So the server is told to probe each session of ours,
 * unless a pooler stands between: it would hand that setting, like any other, to its next client.
 *
 * Used in the forked child of one program, which has one connection at a time.
 */
#ifndef EXT_SESSION_H
#define EXT_SESSION_H

#include <stdbool.h>

struct pg_conn;
struct pg_result;

/* How a program uses its connection. */
enum session_use {
	SESSION_LOOSE, /* statements on their own */
	SESSION_WHOLE, /* its work is one transaction, for which it sends BEGIN */
	SESSION_READS, /* it only reads, and sends no BEGIN */
};

/* Called once conn is connected: finds out whether a pooler stands between. Sets the keepalives if
 * none does. */
void session_start(struct pg_conn *conn, enum session_use use);

/*
 * PQexec. Through a pooler, what a SESSION_WHOLE sets before its BEGIN is set in the transaction
 * instead, and with its COMMIT all settings, temporary tables, locks and the like are reset, so that
 * the server's connection is as it was. Its ROLLBACK is left to the pooler, when the program ends.
 */
struct pg_result *session_exec(struct pg_conn *conn, const char *query);

/* Takes back what a SESSION_LOOSE has set through a pooler, as far as the pooler gives us the same
 * connection again. Called before the program ends or closes the connection. */
void session_forget(void);

/* PQfinish, after session_forget for this connection. */
void session_finish(struct pg_conn *conn);

#endif
