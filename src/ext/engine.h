/*
 * engine - PostgreSQL's own pg_dump, pg_restore, pg_dumpall and psql, linked in.
 *
 * They are programs, not libraries: they keep static state and leave through
 * exit(), so each runs in a forked child, once. Where pgbox must be heard by
 * them, a libpq or libc call of theirs is redirected to a `seam_` function
 * here (the lists are in seams/); their sources are not changed.
 */
#ifndef EXT_ENGINE_H
#define EXT_ENGINE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "ext/meter.h"
#include "ext/server.h"

/* The programs' main functions, for the applets of the same names. */
int pg_dump_main(int argc, char **argv);
int pg_dumpall_main(int argc, char **argv);
int pg_restore_main(int argc, char **argv);
int psql_main(int argc, char **argv);

/* The version of all four: 180006 is 18.6. Servers of a newer major are refused. */
int engine_version(void);

/* A run of pg_dump, pg_restore or pg_dumpall. */
struct engine_job {
	int (*program)(int argc, char **argv); /* one of the above, but psql */
	const struct conninfo *conninfo;       /* becomes -d, the password apart; NULL: none */
	const struct strs *args;               /* args->v[0] is the program's name */
	int output;                            /* its stdout; -1: nowhere */
	int keep_fd;                           /* as below */
	/* It only reads what its last argument names, which is somebody else's: its memory and its
	 * time on a processor are limited in proportion to the size of that. */
	bool bounded;
	/* Called in the child with each statement that is sent: what to send in its place (the
	 * child frees it), or NULL: the statement itself; on which connection, for the
	 * library's quoting. May be NULL. */
	char *(*edit)(struct pg_conn *conn, const char *statement, void *arg);
	void *arg;
	struct meter *meter; /* is told how far it is; NULL: none */
};

/* Starts it in a forked child with a process group of its own, that dies with the
 * caller. Its messages come through *messages, which the caller closes. Returns the
 * pid, or -1 with errno. The child exits with the program's status. */
pid_t engine_start(const struct engine_job *job, int *messages);

/* The last statement that failed in such a child, or in psql_start's. */
struct engine_failure {
	char sqlstate[6]; /* PostgreSQL docs, appendix A; a connection that was lost, or could not be made, is
	                   * 08006 or 08001; "": none failed */
	bool within;         /* in code that the statement calls, such as a function's body */
	unsigned int object; /* the large object that it could not open; 0: none */
};

/* Reads a line of such messages that is not the program's own, but reports a failure; returns whether it is
 * one. */
bool engine_failed(const char *line, struct engine_failure *f);

/* Called in the child, by an edit: sends a note to the parent, one line. */
void engine_tell(const char *note);

/* Returns the note that a line of messages is, or NULL. */
const char *engine_told(const char *line);

/* SQL files to run with psql. */
struct psql_job {
	const struct conninfo *conninfo;
	const struct strs *files; /* plain, gzip or zstd; in this order */
	bool one_transaction;     /* all files in one; a file that ends it fails */
	/* The files are somebody else's dumps: a BEGIN or COMMIT in one_transaction,
	 * and their \restrict and \unrestrict do nothing, any other backslash
	 * command ends the child with BAD_DATA, \connect with BAD_USAGE, its
	 * arguments never evaluated. Statistics are not sent to servers older than
	 * 18. */
	bool restricted;
	int keep_fd;              /* a descriptor that the child holds until it ends */

	/* With one_transaction: called in the child behind BEGIN and before COMMIT,
	 * on psql's connection. Not 0 ends the child with that exit code, so that
	 * the server rolls back; the words in error are said first. */
	int (*begun)(struct pg_conn *conn, void *arg, struct buf *error);
	int (*ending)(struct pg_conn *conn, void *arg, struct buf *error);
	/* As in struct engine_job, with each statement of the files. */
	char *(*edit)(struct pg_conn *conn, const char *statement, void *arg);
	void *arg;
	struct meter *meter; /* is told how far it is; NULL: none */
};

/*
 * Starts psql in a forked child with a process group of its own. It stops at the
 * first error, reads no ~/.psqlrc, and prints no rows; its messages come through
 * *messages, which the caller closes. Returns the pid, or -1 with errno. The
 * child exits with psql's status (3: an SQL error), BAD_DATA when a packed file
 * was damaged, BROKEN_OFF when one ended the transaction, or what a callback gave.
 */
pid_t psql_start(const struct psql_job *job, int *messages);

#endif
