/* engine_psql - what psql reaches of pgbox, and psql as a child. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/status.h"
#include "ext/engine.h"
#include "ext/engine_parts.h"
#include "ext/meter_child.h"
#include "ext/pack.h"
#include "ext/rehearsal.h"
#include "ext/script.h"
#include "ext/session.h"

/* The job of this process, in a child of psql_start; NULL elsewhere. */
static const struct psql_job *job;
static bool begun;           /* BEGIN has been answered */
static pid_t unpacker;       /* the child that feeds the packed file, or 0 */
static const char *input;    /* the file of the job that was opened last */
static FILE *source;         /* what psql reads of it */
static char tail[3];         /* the last bytes that COPY was given */

/* --- what the child says and how it leaves --- */

static _Noreturn void leave(int status, const char *words)
{
	struct buf line = BUF_INIT;

	buf_printf(&line, "%s%serror: %s\n", input ? input : "", input ? ": " : "", words);
	session_forget();
	file_write(STDERR_FILENO, line.data, line.len);
	_exit(status);
}

/* Nothing more may run once a file has ended the transaction that all of it belongs
 * to. */
static void check_transaction(PGconn *conn)
{
	if (begun && PQtransactionStatus(conn) == PQTRANS_IDLE)
		leave(BROKEN_OFF, job->restricted
		                          ? "the file ends the transaction by itself (COMMIT or ROLLBACK): "
		                            "remove that"
		                          : "the file ends the transaction by itself (COMMIT or ROLLBACK): "
		                            "remove that, or use --no-transaction");
}

/* Once psql is done with a packed file: was it whole? seed files were looked through
 * before, so this finds what has changed since. */
static void end_unpacker(void)
{
	int status;

	if (unpacker > 0 && waitpid(unpacker, &status, 0) == unpacker && status)
		leave(BAD_DATA, "the file is damaged or cut off");
	unpacker = 0;
}

static void call(int (*hook)(struct pg_conn *, void *, struct buf *), PGconn *conn)
{
	struct buf error = BUF_INIT;
	int status = hook ? hook(conn, job->arg, &error) : 0;

	if (status)
		leave(status, error.data);
	buf_free(&error);
}

/* --- the seams --- */

PGconn *seam_PQconnectdbParams(const char *const *keys, const char *const *values, int expand);
PGconn *seam_PQconnectStartParams(const char *const *keys, const char *const *values, int expand);
void seam_PQfinish(PGconn *conn);
PGresult *seam_PQexec(PGconn *conn, const char *query);
int seam_PQsendQuery(PGconn *conn, const char *query);
PGresult *seam_PQgetResult(PGconn *conn);
FILE *seam_fopen(const char *path, const char *mode);
int seam_PQputCopyData(PGconn *conn, const char *bytes, int len);
int seam_PQputCopyEnd(PGconn *conn, const char *words);

/* Whether a file has begun a transaction of its own, whose end is dropped like its beginning. */
static bool bracket;

/* Of psql: a connection that nothing has been sent through yet. \connect does not wait for its. */
static bool fresh;

PGconn *seam_PQconnectdbParams(const char *const *keys, const char *const *values, int expand)
{
	fresh = job;
	return PQconnectdbParams(keys, values, expand);
}

PGconn *seam_PQconnectStartParams(const char *const *keys, const char *const *values, int expand)
{
	fresh = job;
	return PQconnectStartParams(keys, values, expand);
}

static void settle(PGconn *conn)
{
	if (fresh)
		session_start(conn, job->one_transaction ? SESSION_WHOLE : SESSION_LOOSE);
	fresh = false;
}

void seam_PQfinish(PGconn *conn)
{
	session_finish(conn);
}

/* psql sends its own BEGIN, and COMMIT or ROLLBACK, of --single-transaction through
 * here, and never a statement of the user's. Where a file turns AUTOCOMMIT off it
 * sends another BEGIN behind the file's COMMIT. */
PGresult *seam_PQexec(PGconn *conn, const char *query)
{
	PGresult *result;

	if (!job || !job->one_transaction)
		return PQexec(conn, query);
	settle(conn);
	check_transaction(conn);
	if (strcmp(query, "COMMIT") == 0) {
		end_unpacker();
		input = NULL;
		call(job->ending, conn);
	}
	/* Whatever default_transaction_read_only is. */
	result = session_exec(conn, strcmp(query, "BEGIN") == 0 ? "BEGIN READ WRITE" : query);
	if (strcmp(query, "BEGIN") == 0 && PQresultStatus(result) == PGRES_COMMAND_OK) {
		call(job->begun, conn);
		begun = true;
	}
	/* Deferred constraints fail at the COMMIT. */
	engine_note_failure(conn, result);
	return result;
}

/* A file of our own user's: rehearse_files has read it, but not what \if, \i and \gexec make of it. */
static bool is_bracket(const char *query)
{
	switch (rehearse_query(query, &bracket)) {
	case SCRIPT_REFUSE:
		leave(BAD_DATA,
		      "the file would end the transaction that all is run in (COMMIT or ROLLBACK): remove "
		      "that, or use --no-transaction");
	case SCRIPT_DROP:
		return true;
	default:
		return false;
	}
}

/* What is not sent to the server: settings that it does not know, and what would begin or end
 * the transaction that all is in (pg_dump puts large objects in such brackets). */
static bool is_dropped(PGconn *conn, const char *query)
{
	if (engine_is_too_new(conn, query))
		return true;
	if (!job->restricted)
		return job->one_transaction && is_bracket(query);
	switch (script_judge(query)) {
	case SCRIPT_BRACKET:
		return job->one_transaction;
	case SCRIPT_STATISTICS:
		return PQserverVersion(conn) < 180000;
	case SCRIPT_DATABASE:
		leave(BAD_USAGE,
		      "the file makes its database itself (pg_dump --create): dump it without that, "
		      "or run it with psql");
	case SCRIPT_BREAKS:
		if (job->one_transaction)
			leave(BAD_DATA,
			      "the file ends its transaction in a way that cannot be one with the rest "
			      "(ROLLBACK, AND CHAIN, PREPARE TRANSACTION): remove that");
		return false;
	default:
		return false;
	}
}

/* What is sent in place of a statement of the files; NULL: itself. The caller frees it. */
static char *instead(PGconn *conn, const char *query)
{
	if (is_dropped(conn, query))
		return xstrdup("");
	return job->edit ? job->edit(conn, query, job->arg) : NULL;
}

int seam_PQsendQuery(PGconn *conn, const char *query)
{
	char *edited;
	int sent;

	if (!job)
		return PQsendQuery(conn, query);
	settle(conn);
	check_transaction(conn);
	if (script_is_unchecked(query, PQparameterStatus(conn, "client_encoding"),
	                        PQparameterStatus(conn, "server_encoding")))
		leave(BAD_DATA, SCRIPT_UNCHECKED);
	edited = instead(conn, query);
	query = edited ? edited : query;
	/* The server takes one statement only the other way: \\; would bring others past us. */
	sent = job->restricted ? PQsendQueryParams(conn, query, 0, NULL, NULL, NULL, NULL, 0)
	                       : PQsendQuery(conn, query);
	meter_statement(query);
	meter_rows((int)strlen(query));
	free(edited);
	return sent;
}

PGresult *seam_PQgetResult(PGconn *conn)
{
	PGresult *result = PQgetResult(conn);

	engine_note_failure(conn, result);
	return result;
}

int seam_PQputCopyData(PGconn *conn, const char *bytes, int len)
{
	for (int i = len > 3 ? len - 3 : 0; i < len; i++) {
		memmove(tail, tail + 1, sizeof(tail) - 1);
		tail[sizeof(tail) - 1] = bytes[i];
	}
	meter_rows(len);
	return PQputCopyData(conn, bytes, len);
}

/* psql takes the end of its file for the end of the data as well (copy.c, handleCopyIn): of a file
 * that is cut off, half a row would stay. A last \. without a line end it takes for data, which
 * servers before 18 call corrupt. */
int seam_PQputCopyEnd(PGconn *conn, const char *words)
{
	bool marked = memcmp(tail + 1, "\\.", 2) == 0 && (!tail[0] || tail[0] == '\n');

	if (job && job->restricted && !words && source && feof(source)) {
		if (!marked)
			leave(BAD_DATA,
			      "the file ends within its data, without the \\. that ends it: it is cut off");
		PQputCopyData(conn, "\n", 1);
	}
	memset(tail, 0, sizeof(tail));
	return PQputCopyEnd(conn, words);
}

/* psqlscanslash.h */
struct PsqlScanStateData;
#define OT_WHOLE_LINE 4
char *real_psql_scan_slash_command(struct PsqlScanStateData *state);
char *psql_scan_slash_option(struct PsqlScanStateData *state, int type, char *quote, bool semicolon);
char *seam_psql_scan_slash_command(struct PsqlScanStateData *state);

/* What psql asks for the name of a backslash command. It gets \echo, whose output goes
 * nowhere, in place of those that only guard a dump, less their arguments. */
char *seam_psql_scan_slash_command(struct PsqlScanStateData *state)
{
	char *name = real_psql_scan_slash_command(state);
	bool connects;

	if (!job || !job->restricted)
		return name;
	connects = strcmp(name, "connect") == 0 || strcmp(name, "c") == 0;
	if (strcmp(name, "restrict") == 0 || strcmp(name, "unrestrict") == 0) {
		free(name);
		free(psql_scan_slash_option(state, OT_WHOLE_LINE, NULL, false));
		return xstrdup("echo");
	}
	leave(connects ? BAD_USAGE : BAD_DATA,
	      connects ? "the file is for several databases (\\connect)"
	               : "the file has a backslash command of psql's, which is not run here");
}

static const char *file_of_job(const char *path)
{
	for (size_t i = 0; job && i < job->files->n; i++)
		if (strcmp(job->files->v[i], path) == 0)
			return job->files->v[i];
	return NULL;
}

/* A pipe from a child that unpacks: psql wants a descriptor behind its input. */
static FILE *open_packed(const char *path)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return NULL;
	unpacker = fork();
	if (unpacker == 0) {
		proc_close_all_but(ends[1]);
		_exit(unpack_copy(path, ends[1]) ? BAD_DATA : DONE);
	}
	close(ends[1]);
	return fdopen(ends[0], "r");
}

/* psql opens what -f names with this, so packed files read like plain ones and
 * keep their names in its messages. */
FILE *seam_fopen(const char *path, const char *mode)
{
	const char *file = *mode == 'r' ? file_of_job(path) : NULL;

	if (!file)
		return engine_fopen(path, mode);
	end_unpacker();
	bracket = false;
	input = file;
	source = unpack_is_packed(path) ? open_packed(path) : engine_fopen(path, mode);
	meter_text(!unpack_is_packed(path));
	return source;
}

/* --- psql as a child --- */

static void arguments(struct strs *args)
{
	static const char *const fixed[] = { "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d" };
	char *text = engine_conninfo(job->conninfo, true);

	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		strs_add(args, fixed[i]);
	strs_add(args, text);
	free(text);
	if (job->one_transaction)
		strs_add(args, "-1");
	for (size_t i = 0; i < job->files->n; i++) {
		strs_add(args, "-f");
		strs_add(args, job->files->v[i]);
	}
}

/* psql cancels the running statement at SIGINT, so that its server stops too; at
 * SIGTERM it would only go away. */
static void on_term(int number)
{
	(void)number;
	raise(SIGINT);
}

static _Noreturn void be_psql(pid_t parent, int messages)
{
	struct strs args = { 0 };
	int status;

	/* A seed may outlive its runner, and keeps the lock then; a restore is rolled back. */
	if (job->restricted)
		proc_die_with_parent(parent);
	/* A script of the user's own may run programs by \!. */
	if (!job->restricted)
		proc_public();
	signal(SIGTERM, on_term);
	engine_redirect("psql", -1, messages);
	proc_close_all_but(job->keep_fd);
	engine_hand_password(job->conninfo);
	arguments(&args);
	atexit(engine_tell_failure);
	status = psql_main((int)args.n, args.v);
	if (status == 0)
		end_unpacker();
	exit(status);
}

pid_t psql_start(const struct psql_job *new_job, int *messages)
{
	pid_t parent = getpid(), pid = engine_fork(messages);

	if (pid == 0) {
		job = new_job;
		meter_use(job->meter);
		be_psql(parent, *messages);
	}
	return pid;
}
