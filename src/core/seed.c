/* seed - runs a seed under its lock and writes its marker. */
#include "core/seed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/env.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/status.h"
#include "ext/engine.h"
#include "ext/hash.h"
#include "ext/unpack.h"

#define MARKER_MS 30000 /* how long a marker may take to write, reconnecting included */
#define RETRY_MS 250
#define KILL_MS 1000    /* from SIGTERM to SIGKILL when the lock is lost */

/* --- files --- */

static const char *const suffixes[] = { ".sql", ".sql.gz", ".sql.zst", NULL };

int seed_files(const char *path, struct strs *files, struct buf *error)
{
	size_t before = files->n;

	if (!file_is_dir(path)) {
		if (access(path, R_OK) != 0) {
			buf_printf(error, "cannot read SQL file '%s': %s", path, strerror(errno));
			return NO_INPUT;
		}
		strs_add(files, path);
		return 0;
	}
	if (file_list(path, suffixes, files) != 0) {
		buf_printf(error, "cannot read directory '%s': %s", path, strerror(errno));
		return NO_INPUT;
	}
	if (files->n == before) {
		buf_printf(error, "directory '%s' holds no .sql, .sql.gz or .sql.zst file", path);
		return NO_INPUT;
	}
	return 0;
}

int seed_hash(const struct strs *files, char text[65], struct buf *error)
{
	unsigned char digest[HASH_BYTES];
	struct hash h;
	int rc = 0;

	hash_start(&h);
	for (size_t i = 0; i < files->n && !rc; i++) {
		if (hash_add_file(&h, files->v[i]) == 0)
			continue;
		buf_printf(error, "cannot read SQL file '%s': %s", files->v[i], strerror(errno));
		rc = NO_INPUT;
	}
	hash_end(&h, digest);
	hash_text(digest, text);
	return rc;
}

/* --- the marker, over a connection of its own --- */

/* A server that has just been restarted is waited for. */
static int open_session(struct seed *s, struct db *db, int64_t deadline, struct buf *why)
{
	while (db_open(db, s->target, DB_WRITE, deadline) != REACHED) {
		if (!clock_left(deadline)) {
			buf_printf(why, "%s: %s", s->target->shown, db_error(db));
			return reach_status(db->reach);
		}
		clock_sleep(RETRY_MS, deadline);
	}
	return 0;
}

static int write_running(struct seed *s, struct buf *why)
{
	int64_t deadline = clock_after(MARKER_MS);
	struct db db = DB_INIT;
	int rc = open_session(s, &db, deadline, why);

	if (!rc)
		rc = marker_start(&db, s->schema, s->name, &s->marker, deadline, why);
	db_free(&db);
	return rc;
}

static int write_end(struct seed *s, enum marker_state state, struct buf *why)
{
	int64_t deadline = clock_after(MARKER_MS);
	struct db db = DB_INIT;
	struct buf error = BUF_INIT;
	int rc = open_session(s, &db, deadline, &error);

	if (!rc)
		rc = marker_finish(&db, s->schema, s->name, state, false, deadline, &error);
	if (rc)
		buf_printf(why, "%sand that could not be recorded: %s", why->len ? ", " : "",
		           error.data);
	buf_free(&error);
	db_free(&db);
	return rc;
}

static int verify(struct seed *s, struct db *db, struct buf *why)
{
	struct finding f = FINDING_INIT;
	int rc = 0;

	if (s->verify)
		check_ask_db(s->verify, db, clock_after(MARKER_MS), &f);
	if (s->verify && f.verdict != PASS) {
		buf_printf(why, "--verify %s does not hold: %s", s->verify->shown, f.why.data);
		rc = NO;
	}
	finding_free(&f);
	return rc;
}

static int verify_apart(struct seed *s, struct buf *why)
{
	struct db db = DB_INIT;
	int rc = s->verify ? open_session(s, &db, clock_after(MARKER_MS), why) : 0;

	if (!rc)
		rc = verify(s, &db, why);
	db_free(&db);
	return rc;
}

/* --- watching a child --- */

struct watch {
	pid_t pid;
	int messages;     /* -1: none, or its end was reached */
	struct buf line;  /* of messages, not yet whole */
	char *error;      /* the first that messages told of, or NULL */
	bool lost;        /* the lock */
	int64_t kill_at;  /* CLOCK_NEVER: not yet */
	volatile int signal; /* forwarded last */
};

static enum msg_level level_of(const char *line)
{
	if (strstr(line, "ERROR:") || strstr(line, "FATAL:") || strstr(line, "error:"))
		return MSG_ERROR;
	return strstr(line, "WARNING:") ? MSG_WARNING : MSG_INFO;
}

/* Hands whole lines on; psql puts its name in front of each. */
static void tell_lines(struct seed *s, struct watch *w)
{
	char *newline;

	while ((newline = strchr(w->line.data, '\n'))) {
		struct buf rest = BUF_INIT;
		const char *text;

		*newline = '\0';
		text = skip_prefix(w->line.data, "psql:");
		text = text ? text + strspn(text, " ") : w->line.data;
		if (!w->error && level_of(text) == MSG_ERROR)
			w->error = xstrdup(text);
		if (text[strspn(text, " ")])
			s->tell(level_of(text), text);
		buf_puts(&rest, newline + 1);
		buf_free(&w->line);
		w->line = rest;
	}
}

static void read_messages(struct seed *s, struct watch *w)
{
	ssize_t n = read(w->messages, buf_room(&w->line, 4096), 4096);

	if (n > 0) {
		w->line.len += (size_t)n;
		w->line.data[w->line.len] = '\0';
	} else if (n == 0 || errno != EINTR) {
		close(w->messages);
		w->messages = -1;
		if (w->line.len)
			buf_putc(&w->line, '\n');
	}
	tell_lines(s, w);
}

static void look_at_lock(struct seed *s, struct watch *w)
{
	if (w->lost || lock_alive(s->lock))
		return;
	w->lost = true;
	w->kill_at = clock_after(KILL_MS);
	kill(-w->pid, SIGTERM);
}

static void on_child(int number)
{
	(void)number;
}

/* Whether the child is gone, with its status. As pid 1 others end here too. */
static bool reap(pid_t child, int *status)
{
	pid_t pid;

	while ((pid = waitpid(-1, status, WNOHANG)) > 0)
		if (pid == child)
			return true;
	return false;
}

/* Waits for events until the child is gone. SIGCHLD is let in only while
 * ppoll(2) waits, so that its arrival can not be missed. */
static int watch_child(struct seed *s, struct watch *w)
{
	struct sigaction action = { .sa_handler = on_child };
	sigset_t child, before;
	int status = 0;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	sigaction(SIGCHLD, &action, NULL);
	while (!reap(w->pid, &status)) {
		bool pg = s->target->kind == TARGET_PG;
		struct pollfd p[] = {
			{ .fd = w->messages, .events = POLLIN },
			{ .fd = pg && !w->lost ? s->lock->fd : -1, .events = POLLIN },
		};
		int64_t left = clock_left(w->kill_at);
		struct timespec pause = { .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };

		if (ppoll(p, 2, w->kill_at == CLOCK_NEVER ? NULL : &pause, &before) > 0) {
			if (p[0].revents)
				read_messages(s, w);
			if (p[1].revents)
				look_at_lock(s, w);
		}
		if (w->lost && clock_left(w->kill_at) == 0) {
			kill(-w->pid, SIGKILL);
			w->kill_at = CLOCK_NEVER;
		}
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

/* What the end of the child means. */
static int judge(struct seed *s, const struct watch *w, int wait_status, struct buf *why)
{
	int status = proc_status(wait_status);

	if (w->lost) {
		buf_puts(why, "the seed lock was lost (the server cut the connection) and the seed "
		         "was stopped");
		return UNAVAILABLE;
	}
	if (status == 0)
		return 0;
	if (WIFSIGNALED(wait_status))
		buf_printf(why, "the seed was killed by signal %d", WTERMSIG(wait_status));
	else if (w->error)
		buf_puts(why, w->error);
	else
		buf_printf(why, "the seed%s ended with status %d",
		           s->files.n ? "'s psql" : " command", status);
	if (w->signal)
		return BY_SIGNAL + w->signal;
	return s->files.n && status >= BAD_USAGE && status < TIMED_OUT ? status : NO;
}

static int watch(struct seed *s, pid_t pid, int messages, struct buf *why)
{
	struct watch w = {
		.pid = pid, .messages = messages, .line = BUF_INIT, .kill_at = CLOCK_NEVER,
	};
	int status;

	setpgid(pid, pid); /* as the child does: whoever comes first */
	proc_forward(pid, &w.signal);
	status = watch_child(s, &w);
	proc_forward(0, NULL);
	while (w.messages >= 0)
		read_messages(s, &w);
	if (w.lost)
		kill(-pid, SIGKILL); /* what the leader left behind */
	status = judge(s, &w, status, why);
	buf_free(&w.line);
	free(w.error);
	return status;
}

/* --- the three ways to run --- */

static pid_t start_command(struct seed *s)
{
	char attempt[32], *words;
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	setpgid(0, 0);
	fcntl(s->lock->fd, F_SETFD, 0);
	snprintf(attempt, sizeof(attempt), "%ld", s->marker.attempt);
	env_export("SEEDONCE_NAME", s->name);
	env_export("SEEDONCE_ATTEMPT", attempt);
	status = proc_exec(s->command);
	words = xasprintf("cannot run '%s': %s", s->command[0], strerror(errno));
	s->tell(MSG_ERROR, words);
	_exit(status);
}

static int run_script(struct seed *s, struct db *db, const char *path, struct buf *why)
{
	struct buf script = BUF_INIT;
	int rc = 0;

	if (unpack_read(path, &script) != 0) {
		buf_printf(why, "%s: %s", path,
		           errno == EBADMSG ? "the file is damaged or cut off" : strerror(errno));
		rc = errno == EBADMSG ? BAD_DATA : NO_INPUT;
	} else if (lite_script(&db->lite, script.data, s->one_transaction)) {
		bool ended = s->one_transaction && lite_autocommit(&db->lite);

		buf_printf(why, "%s: %s", path, db->lite.error.data);
		rc = ended ? BROKEN_OFF : NO;
	}
	buf_free(&script);
	return rc;
}

static int run_scripts(struct seed *s, struct db *db, struct buf *why)
{
	int rc = 0;

	for (size_t i = 0; i < s->files.n && !rc; i++)
		rc = run_script(s, db, s->files.v[i], why);
	return rc;
}

static int begun(struct seed *s, struct db *db, struct buf *why)
{
	return marker_start(db, s->schema, s->name, &s->marker, CLOCK_NEVER, why);
}

static int ending(struct seed *s, struct db *db, struct buf *why)
{
	int rc = verify(s, db, why);

	return rc ? rc
	          : marker_finish(db, s->schema, s->name, MARKER_DONE, true, CLOCK_NEVER, why);
}

static int transaction(struct seed *s, struct db *db, struct buf *why)
{
	int rc;

	if (db_begin(db, DB_WRITE, CLOCK_NEVER)) {
		buf_puts(why, db_error(db));
		return UNAVAILABLE;
	}
	rc = begun(s, db, why);
	if (!rc)
		rc = run_scripts(s, db, why);
	if (!rc)
		rc = ending(s, db, why);
	if (!rc && db_commit(db)) {
		buf_puts(why, db_error(db));
		rc = NO;
	}
	if (rc)
		db_rollback(db);
	return rc;
}

/* SQLite runs in this process: its lock is a file's and cannot be lost. */
static int run_lite(struct seed *s, struct buf *why)
{
	struct db db = DB_INIT;
	int rc = open_session(s, &db, clock_after(MARKER_MS), why);

	if (!rc)
		rc = s->one_transaction ? transaction(s, &db, why) : run_scripts(s, &db, why);
	db_free(&db);
	return rc;
}

/* psql's two moments, in the child, on its connection. */

static int psql_begun(struct pg_conn *conn, void *arg, struct buf *error)
{
	struct seed *s = arg;
	struct db db;

	db_borrow(&db, s->target, conn);
	return begun(s, &db, error);
}

static int psql_ending(struct pg_conn *conn, void *arg, struct buf *error)
{
	struct seed *s = arg;
	struct db db;

	db_borrow(&db, s->target, conn);
	return ending(s, &db, error);
}

static int run_psql(struct seed *s, struct buf *why)
{
	struct psql_job job = {
		.conninfo = &s->target->conninfo,
		.files = &s->files,
		.one_transaction = s->one_transaction,
		.keep_fd = s->lock->fd,
		.begun = psql_begun,
		.ending = psql_ending,
		.arg = s,
	};
	int messages;
	pid_t pid = psql_start(&job, &messages);

	if (pid < 0) {
		buf_printf(why, "cannot start psql: %s", strerror(errno));
		return NO;
	}
	return watch(s, pid, messages, why);
}

static int run_files(struct seed *s, struct buf *why)
{
	return s->target->kind == TARGET_PG ? run_psql(s, why) : run_lite(s, why);
}

static int run_command(struct seed *s, struct buf *why)
{
	pid_t pid = start_command(s);

	if (pid < 0) {
		buf_printf(why, "cannot fork: %s", strerror(errno));
		return NO;
	}
	return watch(s, pid, -1, why);
}

/* A single transaction leaves nothing behind when it fails, unless a file ended it.
 * Then nobody can know, and the next start must not guess. */
static int run_transaction(struct seed *s, struct buf *why)
{
	int rc = run_files(s, why);

	if (rc != BROKEN_OFF)
		return rc;
	write_running(s, why);
	return BAD_DATA;
}

int seed_run(struct seed *s, struct buf *why)
{
	int rc, recorded;

	if (s->files.n && s->one_transaction)
		return run_transaction(s, why);

	rc = write_running(s, why);
	if (rc)
		return rc;
	rc = s->files.n ? run_files(s, why) : run_command(s, why);
	if (!rc)
		rc = verify_apart(s, why);
	/* A lost lock leaves `running`: somebody must look. */
	if (rc == UNAVAILABLE)
		return rc;
	recorded = write_end(s, rc ? MARKER_FAILED : MARKER_DONE, why);
	return rc ? rc : recorded;
}
