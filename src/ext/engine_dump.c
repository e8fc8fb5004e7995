/* engine_dump - what pg_dump, pg_restore and pg_dumpall reach of pgbox. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/proc.h"
#include "ext/engine.h"
#include "ext/engine_parts.h"
#include "ext/meter_child.h"
#include "ext/session.h"

const struct engine_job *engine_job;

/* The last failure in a child of engine_start. */
static struct engine_failure failure;
static bool fatal; /* the server said so, and closed the connection */

#define FAILURE "sqlstate: " /* and then SQLSTATE WITHIN OBJECT */
#define NOTE "note: "

static bool has_field(const PGresult *result, int field)
{
	const char *text = PQresultErrorField(result, field);

	return text && *text;
}

/* pg_dump 17 and newer writes this line, which older servers do not know. */
bool engine_is_too_new(const PGconn *conn, const char *query)
{
	const char *line = query + strspn(query, " \t\r\n");

	return PQserverVersion(conn) < 170000 && skip_prefix(line, "SET transaction_timeout = 0");
}

void engine_note_failure(const PGconn *conn, const PGresult *result)
{
	const char *code = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;

	if (result && PQresultStatus(result) != PGRES_FATAL_ERROR)
		return;
	/* What the server said before it went is worth more. */
	if (PQstatus(conn) == CONNECTION_BAD && !code && !fatal)
		code = "08006";
	if (!code)
		return;
	snprintf(failure.sqlstate, sizeof(failure.sqlstate), "%s", code);
	/* Of COPY's rows there is a context as well, but what they lack is not of these classes. */
	failure.within = has_field(result, PG_DIAG_CONTEXT) || has_field(result, PG_DIAG_INTERNAL_QUERY);
}

void engine_tell_failure(void)
{
	struct buf line = BUF_INIT;

	if (*failure.sqlstate) {
		buf_printf(&line, FAILURE "%s %d %u\n", failure.sqlstate, failure.within, failure.object);
		file_write(STDERR_FILENO, line.data, line.len);
	}
	buf_free(&line);
}

bool engine_failed(const char *line, struct engine_failure *f)
{
	const char *state = skip_prefix(line, FAILURE);

	if (!state || strlen(state) < strlen("42501 0 0"))
		return false;
	snprintf(f->sqlstate, sizeof(f->sqlstate), "%.5s", state);
	f->within = state[6] == '1';
	f->object = (unsigned int)strtoul(state + 8, NULL, 10);
	return true;
}

void engine_tell(const char *note)
{
	struct buf line = BUF_INIT;

	buf_printf(&line, NOTE "%s\n", note);
	for (size_t i = 0; i + 1 < line.len; i++)
		line.data[i] = line.data[i] == '\n' ? ' ' : line.data[i];
	file_write(STDERR_FILENO, line.data, line.len);
	buf_free(&line);
}

const char *engine_told(const char *line)
{
	return skip_prefix(line, NOTE);
}

PGresult *seam_dump_PQexec(PGconn *conn, const char *query);
pid_t seam_dump_fork(void);
int seam_dump_PQgetCopyData(PGconn *conn, char **row, int async);
FILE *seam_dump_fopen(const char *path, const char *mode);
struct gzFile_s *gzdopen(int fd, const char *mode); /* zlib.h is pack's */
struct gzFile_s *seam_dump_gzopen(const char *path, const char *mode);
int seam_dump_mkdir(const char *path, mode_t mode);
int seam_dump_PQputCopyData(PGconn *conn, const char *bytes, int len);
int seam_dump_PQputCopyEnd(PGconn *conn, const char *words);
PGresult *seam_dump_PQgetResult(PGconn *conn);
PGconn *seam_dump_PQconnectdbParams(const char *const *keys, const char *const *values, int expand);
void seam_dump_PQfinish(PGconn *conn);
int seam_dump_lo_open(PGconn *conn, Oid object, int mode);

/* The newest minor releases of 14 to 17 keep `pg_attver=N` among a column's options. It
 * is theirs alone: 18 refuses to set it, and their own pg_dump leaves it out. pg_dump.c,
 * getTableAttrs, asks for all of them. The caller frees the query. */
static char *without_attver(const char *query)
{
	static const char options[] = "array_to_string(a.attoptions, ', ')";
	const char *at = strstr(query, options);

	if (!at)
		return xstrdup(query);
	return xasprintf("%.*sarray_to_string(ARRAY(SELECT o FROM pg_catalog.unnest(a.attoptions) o"
	                 " WHERE o NOT LIKE 'pg\\_attver=%%'), ', ')%s",
	                 (int)(at - query), query, at + strlen(options));
}

/* pg_restore's own settings, and a failed statement's SQLSTATE: its words may be in
 * another language. */
PGresult *seam_dump_PQexec(PGconn *conn, const char *query)
{
	char *edited = engine_job && engine_job->edit ? engine_job->edit(conn, query, engine_job->arg) : NULL;
	char *ours = edited ? edited : without_attver(query);
	PGresult *result = session_exec(conn, engine_is_too_new(conn, query) ? "" : ours);

	free(ours);
	meter_statement(query);
	engine_note_failure(conn, result);
	return result;
}

PGresult *seam_dump_PQgetResult(PGconn *conn)
{
	PGresult *result = PQgetResult(conn);

	engine_note_failure(conn, result);
	return result;
}

static PQnoticeReceiver print_notice; /* libpq's own */

/* What ends an idle connection comes as a notice. */
static void note_notice(void *arg, const PGresult *notice)
{
	const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *code = PQresultErrorField(notice, PG_DIAG_SQLSTATE);

	if (severity && code && strcmp(severity, "FATAL") == 0) {
		snprintf(failure.sqlstate, sizeof(failure.sqlstate), "%s", code);
		fatal = true;
	}
	print_notice(arg, notice);
}

/* libpq's own uses the function call protocol, of which no SQLSTATE is left. */
int seam_dump_lo_open(PGconn *conn, Oid object, int mode)
{
	struct buf sql = BUF_INIT;
	PGresult *result;
	int fd;

	buf_printf(&sql, "SELECT pg_catalog.lo_open(%u, %d)", object, mode);
	result = PQexec(conn, sql.data);
	fd = PQntuples(result) == 1 ? atoi(PQgetvalue(result, 0, 0)) : -1;
	engine_note_failure(conn, result);
	if (fd < 0)
		failure.object = object;
	PQclear(result);
	buf_free(&sql);
	return fd;
}

int seam_dump_PQgetCopyData(PGconn *conn, char **row, int async)
{
	int len = PQgetCopyData(conn, row, async);

	if (len == -2)
		engine_note_failure(conn, NULL);
	return len;
}

int seam_dump_PQputCopyData(PGconn *conn, const char *bytes, int len)
{
	int rc = PQputCopyData(conn, bytes, len);

	meter_rows(len);
	if (rc < 0)
		engine_note_failure(conn, NULL);
	return rc;
}

int seam_dump_PQputCopyEnd(PGconn *conn, const char *words)
{
	int rc = PQputCopyEnd(conn, words);

	meter_end();
	if (rc < 0)
		engine_note_failure(conn, NULL);
	return rc;
}

static enum session_use use_of(const struct engine_job *e)
{
	if (e->program == pg_dump_main || strs_has(e->args, "--single-transaction"))
		return SESSION_WHOLE;
	return e->program == pg_dumpall_main ? SESSION_READS : SESSION_LOOSE;
}

PGconn *seam_dump_PQconnectdbParams(const char *const *keys, const char *const *values, int expand)
{
	PGconn *conn = PQconnectdbParams(keys, values, expand);

	if (PQstatus(conn) == CONNECTION_BAD)
		snprintf(failure.sqlstate, sizeof(failure.sqlstate), "08001");
	print_notice = PQsetNoticeReceiver(conn, note_notice, NULL);
	if (engine_job)
		session_start(conn, use_of(engine_job));
	return conn;
}

void seam_dump_PQfinish(PGconn *conn)
{
	session_finish(conn);
}

/* A directory archive's own list names the files of its data: those in the folder, and no
 * others, may be meant. */
static bool is_outside(const char *path)
{
	const char *folder = engine_job ? engine_job->args->v[engine_job->args->n - 1] : NULL;
	const char *rest = folder ? skip_prefix(path, folder) : NULL;
	struct stat st;

	return rest && *rest == '/' &&
	       (strchr(rest + 1, '/') || (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)));
}

FILE *engine_fopen(const char *path, const char *mode)
{
	int fd = beneath_open_as(path, mode);
	FILE *file = fd < 0 ? NULL : fdopen(fd, mode);

	if (fd >= 0 && !file)
		close(fd);
	return file;
}

/* /proc/self/fd/N is a descriptor that was left open for the program: there may be no /proc. NULL for
 * other paths. */
static FILE *open_descriptor(const char *path, const char *mode)
{
	const char *number = skip_prefix(path, "/proc/self/fd/");
	int fd = number ? fcntl(atoi(number), F_DUPFD_CLOEXEC, 0) : -1;

	if (fd < 0)
		return NULL;
	lseek(fd, 0, SEEK_SET);
	return fdopen(fd, mode);
}

FILE *seam_dump_fopen(const char *path, const char *mode)
{
	FILE *open = open_descriptor(path, mode);

	if (open)
		return open;
	errno = EPERM;
	open = *mode == 'r' && is_outside(path) ? NULL : engine_fopen(path, mode);
	meter_file(open);
	return open;
}

int seam_dump_mkdir(const char *path, mode_t mode)
{
	return beneath_mkdir(path, mode);
}

struct gzFile_s *seam_dump_gzopen(const char *path, const char *mode)
{
	int fd;

	meter_file(NULL);
	errno = EPERM;
	fd = *mode == 'r' && is_outside(path) ? -1 : beneath_open_as(path, mode);
	return fd < 0 ? NULL : gzdopen(fd, mode);
}

/* The workers of a parallel dump die with their leader: they would go on writing into
 * what is no backup any more. */
pid_t seam_dump_fork(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0)
		proc_die_with_parent(parent);
	return pid;
}
