/* seed_run - runs a seed under its lock and writes its marker. */
#include "seed/seed_run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/env.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/status.h"
#include "base/teller.h"
#include "ext/engine.h"
#include "ext/pack.h"
#include "ext/rehearsal.h"
#include "seed/seed_files.h"
#include "seed/seed_sqlite.h"

#define MARKER_MS 30000 /* how long a marker may take to write, reconnecting included */
#define LAST_SIGNAL 31  /* of those with a name; a shell's status for it is 128 more */

/* --- the marker, over a connection of its own --- */

static int write_running(struct seed *s, struct buf *why)
{
	int64_t deadline = clock_after(MARKER_MS);
	struct db db = DB_INIT;
	int rc = db_reopen(&db, s->target, deadline, why);

	if (!rc)
		rc = marker_start(&db, seed_key(s), &s->marker, deadline, why);
	db_free(&db);
	return rc;
}

static int write_end(struct seed *s, enum marker_state state, struct buf *why)
{
	int64_t deadline = clock_after(MARKER_MS);
	struct db db = DB_INIT;
	struct buf error = BUF_INIT;
	int rc = db_reopen(&db, s->target, deadline, &error);

	if (!rc)
		rc = marker_finish(&db, seed_key(s), state, false, deadline, &error);
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
		s->verify->ask(s->verify->arg, db, clock_after(MARKER_MS), &f);
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
	int rc = s->verify ? db_reopen(&db, s->target, clock_after(MARKER_MS), why) : 0;

	if (!rc)
		rc = verify(s, &db, why);
	db_free(&db);
	return rc;
}

/* --- watching it run --- */

/* Asked by the parent and, in a new group, by the child: whether seedonce was started
 * in the foreground of a terminal. */
static bool has_terminal(void)
{
	static int answer = -1;

	if (answer < 0)
		answer = tcgetpgrp(STDIN_FILENO) == getpgrp();
	return answer;
}

/* What psql says is handed on, and its first error remembered. */
struct talk {
	struct seed *seed;
	char *error;
	struct engine_failure failure;
};

static enum msg_level level_of(const char *line)
{
	if (strstr(line, "ERROR:") || strstr(line, "FATAL:") || strstr(line, "error:"))
		return MSG_ERROR;
	return strstr(line, "WARNING:") ? MSG_WARNING : MSG_INFO;
}

/* psql puts its name in front of each line. */
static void take_line(const char *line, void *arg)
{
	const char *text = skip_prefix(line, "psql:");
	struct talk *talk = arg;
	enum msg_level level;

	if (talk->seed->files.n && engine_failed(line, &talk->failure))
		return;
	text = text ? text + strspn(text, " ") : line;
	level = level_of(text);
	text = skip_prefix(text, "error: ") ? skip_prefix(text, "error: ") : text;
	if (!talk->error && level == MSG_ERROR)
		talk->error = xstrdup(text);
	if (text[strspn(text, " ")])
		teller_say(talk->seed->tell, level, text);
}

static bool still_locked(void *arg)
{
	return lock_alive(((struct talk *)arg)->seed->lock);
}

/* Whether a signal stopped it half-way: its own end, or that of what its shell ran. A
 * transaction has no half-way. */
static bool was_interrupted(const struct seed *s, const struct ending *e)
{
	bool by_shell = e->status > BY_SIGNAL && e->status <= BY_SIGNAL + LAST_SIGNAL;
	/* Our psql cancels its statement at a signal, and says that it failed. */
	bool by_psql = s->files.n && e->forwarded && e->status;

	return !(s->files.n && s->one_transaction) && (e->by_signal || by_shell || by_psql);
}

/* PostgreSQL docs, appendix A: what a transaction cannot have in it (CREATE DATABASE, VACUUM), or an end
 * of its own in a block of code. */
static bool needs_no_transaction(const struct seed *s, const struct talk *talk)
{
	const char *state = talk->failure.sqlstate;

	return s->one_transaction && s->files.n &&
	       (strcmp(state, "25001") == 0 || skip_prefix(state, "2D000"));
}

/* What the end of the child means. */
static int judge(const struct seed *s, const struct ending *e, const struct talk *talk, struct buf *why)
{
	const char *error = talk->error;

	if (e->lost) {
		buf_puts(why, "the seed lock was lost (the server cut the connection) and the seed "
		         "was stopped");
		return UNAVAILABLE;
	}
	if (e->status == 0)
		return 0;
	if (e->by_signal)
		buf_printf(why, "the seed was killed by signal %d", e->by_signal);
	else if (error)
		buf_printf(why, "%s%s", error,
		           !needs_no_transaction(s, talk)
		                   ? ""
		                   : ": all files are run in one transaction, where that cannot be: use "
		                     "--no-transaction");
	else
		buf_printf(why, "the seed%s ended with status %d",
		           s->files.n ? "'s psql" : " command", e->status);
	if (e->forwarded)
		return BY_SIGNAL + e->forwarded;
	return s->files.n && e->status >= BAD_USAGE && e->status < TIMED_OUT ? e->status : NO;
}

static int watch(struct seed *s, pid_t pid, int messages, struct buf *why)
{
	struct talk talk = { .seed = s };
	const struct child child = {
		.pid = pid,
		.messages = messages,
		.terminal = !s->files.n && has_terminal(),
		.tell = take_line,
		.alive = still_locked,
		.watched = s->target->kind == TARGET_PG ? s->lock->fd : -1,
		.arg = &talk,
	};
	struct ending ending = child_watch(&child);
	int rc = judge(s, &ending, &talk, why);

	s->signal = ending.forwarded;
	s->interrupted = was_interrupted(s, &ending);
	free(talk.error);
	return rc;
}

/* --- the three ways to run --- */

static pid_t start_command(struct seed *s)
{
	char attempt[32], *words;
	int status;
	pid_t pid;

	fflush(NULL);
	has_terminal();
	pid = fork();
	if (pid)
		return pid;
	setpgid(0, 0);
	if (has_terminal())
		proc_take_terminal();
	fcntl(s->lock->fd, F_SETFD, 0);
	snprintf(attempt, sizeof(attempt), "%ld", s->marker.attempt);
	env_export("SEEDONCE_NAME", s->name);
	env_export("SEEDONCE_ATTEMPT", attempt);
	status = proc_exec(s->command, env_original());
	words = xasprintf("cannot run '%s': %s", s->command[0], strerror(errno));
	teller_say(s->tell, MSG_ERROR, words);
	_exit(status);
}

/* A file that would end the transaction is found before one of them runs. */
static int rehearse(const struct seed *s, struct buf *why)
{
	return s->target->kind == TARGET_PG ? rehearse_files(&s->files, why)
	                                    : seed_sqlite_rehearse(&s->files, true, why);
}

static int begun(struct seed *s, struct db *db, struct buf *why)
{
	return marker_start(db, seed_key(s), &s->marker, CLOCK_NEVER, why);
}

static int ending(struct seed *s, struct db *db, struct buf *why)
{
	int rc = verify(s, db, why);

	return rc ? rc
	          : marker_finish(db, seed_key(s), MARKER_DONE, true, CLOCK_NEVER, why);
}

static int transaction(struct seed *s, struct db *db, const struct seed_sqlite *lite, struct buf *why)
{
	int rc;

	if (db_begin(db, DB_WRITE, CLOCK_NEVER)) {
		buf_puts(why, db_error(db));
		return UNAVAILABLE;
	}
	rc = begun(s, db, why);
	if (!rc)
		rc = seed_sqlite_run(&db->lite, &s->files, true, why);
	if (!rc)
		rc = seed_sqlite_check(lite, &db->lite, why);
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

static int run_bare(struct seed *s, struct lite *lite, struct buf *why)
{
	int rc = seed_sqlite_rehearse(&s->files, false, why);

	return rc ? rc : seed_sqlite_run(lite, &s->files, false, why);
}

/* SQLite runs in this process: its lock is a file's and cannot be lost. */
static int run_lite(struct seed *s, struct buf *why)
{
	struct seed_sqlite lite = { .keys_on = false };
	struct db db = DB_INIT;
	int rc = db_reopen(&db, s->target, clock_after(MARKER_MS), why);

	if (!rc && !s->one_transaction)
		rc = run_bare(s, &db.lite, why);
	else if (!rc && (rc = seed_sqlite_read(&lite, &s->files, why)) == 0 &&
	         (rc = seed_sqlite_settle(&lite, &db.lite, why)) == 0)
		rc = transaction(s, &db, &lite, why);
	seed_sqlite_free(&lite);
	db_free(&db);
	return rc;
}

/* psql's two moments, in the child, on its connection. */

/* We hold the lock, so whoever has written the row in a transaction that is still open is gone. */
static void find_ghost(struct db *db, struct buf *who)
{
	static const struct sql find = {
		.pg = "SELECT 'pid ' || pid || coalesce(' from ' || host(client_addr), '')"
		      " FROM pg_stat_activity WHERE datname = current_database()"
		      "  AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL"
		      " ORDER BY xact_start LIMIT 1",
	};
	struct rows rows = { 0 };

	if (db_begin(db, DB_WRITE, clock_after(MARKER_MS)) == 0 && db_query(db, find, NULL, 0, &rows) == 0)
		db_commit(db);
	else
		db_rollback(db);
	buf_puts(who, rows.n ? rows_text(&rows, 0, 0) : "another session");
	rows_free(&rows);
}

static bool is_held(const struct db *db)
{
	return strcmp(db_sqlstate(db), "55P03") == 0; /* lock_not_available */
}

/* The child's messages are the parent's, who hears them line by line. */
static void tell_ghost(const struct seed *s, const char *who)
{
	fprintf(stderr, "waiting for %s, which an earlier run of seed '%s' left in the middle of its work\n",
	        who, s->name);
}

static int begin_patiently(struct seed *s, struct db *db, struct buf *error)
{
	int64_t deadline = clock_after(s->patience);
	struct buf who = BUF_INIT;
	int rc;

	server_query(&db->pg, "SET LOCAL lock_timeout = 1000", NULL, 0, clock_after(MARKER_MS), NULL);
	while ((rc = begun(s, db, error)) != 0 && is_held(db) && clock_left(deadline)) {
		if (!who.len) {
			find_ghost(db, &who);
			tell_ghost(s, who.data);
		}
		buf_cut(error, 0);
	}
	if (rc && is_held(db)) {
		buf_cut(error, 0);
		buf_cut(&who, 0);
		find_ghost(db, &who);
		buf_printf(error, "%s holds the row of seed '%s', and its run is gone: end it with "
		           "pg_terminate_backend()", who.data, s->name);
		rc = LOCKED;
	}
	server_query(&db->pg, "SET LOCAL lock_timeout TO DEFAULT", NULL, 0, clock_after(MARKER_MS), NULL);
	buf_free(&who);
	return rc;
}

static int psql_begun(struct pg_conn *conn, void *arg, struct buf *error)
{
	struct seed *s = arg;
	struct db db;

	db_borrow(&db, s->target, conn);
	server_watch_client(&db.pg);
	return begin_patiently(s, &db, error);
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
	int rc = rehearse(s, why);

	if (!rc)
		rc = run_files(s, why);
	if (rc != BROKEN_OFF)
		return rc;
	buf_puts(why, "; what it committed is there: look at it, then use --mark or --reset");
	write_running(s, why);
	return BAD_DATA;
}

int seed_prepare(struct seed *s, struct db *db, int64_t deadline, struct buf *why)
{
	struct seed_sqlite lite = { .keys_on = false };
	struct buf ignored = BUF_INIT;
	int rc = 0;

	/* What is wrong with the files is reported when they are run. Without a transaction, too, the
	 * marker's table would fix the size of the pages; their PRAGMAs are run once more where they stand
	 * then. */
	if (s->files.n && !db_is_pg(db) &&
	    seed_sqlite_rehearse(&s->files, s->one_transaction, &ignored) == 0 &&
	    seed_sqlite_read(&lite, &s->files, &ignored) == 0)
		rc = seed_sqlite_settle(&lite, &db->lite, why);
	for (size_t i = 0; s->one_transaction && i < lite.notes.n; i++)
		teller_say(s->tell, MSG_WARNING, lite.notes.v[i]);
	seed_sqlite_free(&lite);
	buf_free(&ignored);
	return rc ? rc : marker_prepare(db, s->schema, deadline, why);
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
	/* These leave `running`: somebody must look. */
	if (s->interrupted)
		buf_puts(why, "; how much of the seed is there is not known");
	if (rc == UNAVAILABLE || s->interrupted)
		return rc;
	recorded = write_end(s, rc ? MARKER_FAILED : MARKER_DONE, why);
	return rc ? rc : recorded;
}
