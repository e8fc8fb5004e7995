/* engine - PostgreSQL's own programs, linked in. */
#include "ext/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/status.h"
#include "ext/engine_parts.h"
#include "ext/meter_child.h"

int engine_version(void)
{
	return PQlibVersion();
}

int seam_find_my_exec(const char *argv0, char *path);
int seam_find_other_exec(const char *argv0, const char *target, const char *version, char *path);
void seam_set_pglocale_pgservice(const char *argv0, const char *app);

/* src/common/exec.c looks for argv[0] in PATH and complains when it is called by
 * another way; nothing of ours depends on the answer. */
int seam_find_my_exec(const char *argv0, char *path)
{
	snprintf(path, 1024, "%s", argv0); /* MAXPGPATH bytes */
	return 0;
}

/* The same look for argv[0], to find files that are not there: only the locale counts. */
void seam_set_pglocale_pgservice(const char *argv0, const char *app)
{
	(void)argv0, (void)app;
	setlocale(LC_ALL, "");
}

/* pg_dumpall looks for a pg_dump beside itself, also when it dumps only globals
 * and never runs it. */
int seam_find_other_exec(const char *argv0, const char *target, const char *version, char *path)
{
	const char *slash = strrchr(argv0, '/');

	(void)version;
	snprintf(path, 1024, "%.*s%s", slash ? (int)(slash - argv0 + 1) : 0, argv0, target);
	return 0;
}

/* --- the programs as children --- */

/* The kernel takes a server that reads nothing for as long for one that is gone (tcp_timer.c,
 * tcp_probe_timer), and while it works on a slow statement or disk it does not read COPY's data. */
static bool is_default_timeout(const struct conninfo *c, size_t i)
{
	return strcmp(c->keys[i], "tcp_user_timeout") == 0 && strcmp(c->values[i], CONNINFO_UNANSWERED) == 0;
}

char *engine_conninfo(const struct conninfo *c, bool sends)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->keys[i], "password") != 0)
			conninfo_quote(&text, c->keys[i],
			               sends && is_default_timeout(c, i) ? "0" : c->values[i]);
	return buf_detach(&text);
}

void engine_redirect(const char *name, int output, int messages)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0) {
		dup2(messages, STDERR_FILENO);
		fprintf(stderr, "%s: error: cannot open /dev/null: %s\n", name, strerror(errno));
		_exit(CANNOT_RUN);
	}
	/* A file may be /dev/stdin; a terminal would stop a group in the background. */
	if (isatty(STDIN_FILENO))
		dup2(null, STDIN_FILENO);
	dup2(output >= 0 ? output : null, STDOUT_FILENO);
	dup2(messages, STDERR_FILENO);
}

void engine_hand_password(const struct conninfo *c)
{
	const char *password = c ? conninfo_get(c, "password") : NULL;

	if (password)
		setenv("PGPASSWORD", password, 1);
}

pid_t engine_fork(int *messages)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		proc_default_signals();
		*messages = ends[1];
		return 0;
	}
	close(ends[1]);
	*messages = ends[0];
	if (pid < 0)
		close(ends[0]);
	return pid;
}

#define MEMORY (1LL << 30) /* for the program itself, and for each */
#define MEMORY_PER_BYTE 32 /* an entry of 150 bytes takes some 1500 */
#define SECONDS 120
#define BYTES_PER_SECOND 20000 /* packed as well as zstd can it takes that long */

/* Of the file, of a folder the files in it; 0 where that cannot be known, as of a pipe. */
static int64_t size_of(const char *path)
{
	static const char *const all[] = { "", NULL };
	struct strs files = { 0 };
	struct stat st;
	int64_t bytes = 0;

	if (stat(path, &st) != 0)
		return 0;
	if (S_ISREG(st.st_mode))
		return st.st_size;
	if (S_ISDIR(st.st_mode))
		file_list(path, all, &files);
	for (size_t i = 0; i < files.n; i++)
		bytes += lstat(files.v[i], &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : 0;
	strs_free(&files);
	return bytes;
}

static rlim_t smaller(rlim_t a, int64_t b)
{
	return a < (rlim_t)b ? a : (rlim_t)b;
}

/* What comes through a pipe has been looked at on its way (dump/readback_pipe), so its memory is in
 * proportion. */
static void bound(const char *path)
{
	int64_t bytes = size_of(path);
	struct rlimit limit;

	if (bytes && getrlimit(RLIMIT_AS, &limit) == 0) {
		limit.rlim_cur = smaller(limit.rlim_cur, MEMORY + MEMORY_PER_BYTE * bytes);
		setrlimit(RLIMIT_AS, &limit);
	}
	if (bytes && getrlimit(RLIMIT_CPU, &limit) == 0) {
		limit.rlim_cur = smaller(limit.rlim_cur, SECONDS + bytes / BYTES_PER_SECOND);
		setrlimit(RLIMIT_CPU, &limit);
	}
}

static _Noreturn void be_program(const struct engine_job *e, pid_t parent, int messages)
{
	struct strs args = { 0 };
	char *text;

	engine_job = e;
	meter_use(e->meter);
	proc_die_with_parent(parent);
	engine_redirect(e->args->v[0], e->output, messages);
	proc_close_all_but(e->keep_fd);
	engine_hand_password(e->conninfo);
	if (e->bounded)
		bound(e->args->v[e->args->n - 1]);
	strs_add(&args, e->args->v[0]);
	if (e->conninfo) {
		text = engine_conninfo(e->conninfo, e->program == pg_restore_main);
		strs_add(&args, "-d");
		strs_add(&args, text);
		free(text);
	}
	for (size_t i = 1; i < e->args->n; i++)
		strs_add(&args, e->args->v[i]);
	atexit(engine_tell_failure);
	exit(e->program((int)args.n, args.v));
}

pid_t engine_start(const struct engine_job *e, int *messages)
{
	pid_t parent = getpid(), pid = engine_fork(messages);

	if (pid == 0)
		be_program(e, parent, *messages);
	return pid;
}
