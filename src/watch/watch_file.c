/* watch_file - restores one file that was dropped. */
#include "watch/watch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/status.h"
#include "base/teller.h"
#include "dump/format.h"
#include "watch/companion.h"

#define PATIENCE_MS 4000  /* that a restore is given to end; Docker gives us ten seconds */
#define CPU_S 600         /* of processor time that each process of a restore gets, */
#define CPU_S_PER_MB 60   /* and for each megabyte of the file: only what turns in a circle needs more */
#define YES_GO 'y'
#define NO_GO 'n'

/* What the child says is a message already. */
static void on_line(const char *line, void *arg)
{
	char *whole = xasprintf("%s\n", line);

	file_write(STDERR_FILENO, whole, strlen(whole));
	watching_log(arg, line);
	free(whole);
}

static void note_start(struct watching *s, const char *name)
{
	struct run r = { .applet = WATCH_APPLET,
		         .name = name,
		         .status = "running",
		         .attempt = 1,
		         .dir = s->w->dir };

	s->run = 0;
	if (watching_open_journal(s) == 0)
		journal_start(&s->journal, &r, &s->run);
	journal_free(&s->journal);
}

/* The child's ends; -1: this process is none. */
static int child_ask = -1, child_go = -1;

int watch_ready(struct buf *error)
{
	char byte = YES_GO;

	if (child_ask < 0)
		return 0;
	if (write(child_ask, &byte, 1) == 1 && read(child_go, &byte, 1) == 1 && byte == YES_GO)
		return 0;
	buf_puts(error, "the apps were not stopped, so nothing was changed");
	return NO;
}

/* Not even what reads the file for ever keeps the next one waiting until w->limit. */
static void limit_processor(const char *path)
{
	struct stat st;
	rlim_t seconds = CPU_S;

	if (stat(path, &st) == 0)
		seconds += (rlim_t)(st.st_size >> 20) * CPU_S_PER_MB;
	setrlimit(RLIMIT_CPU, &(struct rlimit){ .rlim_cur = seconds, .rlim_max = seconds + 5 });
}

static _Noreturn void be_child(const struct watching *s, const char *path, pid_t parent)
{
	const char *sqlite = s->w->sqlite;
	struct buf error = BUF_INIT;
	enum format content;
	bool packed;
	int rc;

	proc_hold(NULL);
	proc_die_with_parent(parent);
	setpgid(0, 0);
	limit_processor(path);
	/* What is no backup is not read to its end for its sum. */
	rc = format_look(path, &content, &packed, &error);
	rc = rc ? rc : companion_compare(path, CLOCK_NEVER, &error);
	if (rc)
		die(rc, "%s", error.data);
	if (!format_is_lite(content) || !sqlite || !*sqlite)
		exit(s->w->restore(xstrdup(path), NULL));
	exit(s->w->restore(xstrdup(path), xasprintf("sqlite:%s", sqlite)));
}

static bool is_child_there(void *arg)
{
	const struct watching *s = arg;
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)s->child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && !info.si_pid;
}

/* The backup is good and nothing has been touched: now the apps. */
static bool on_ask(void *arg)
{
	struct watching *s = arg;
	struct buf error = BUF_INIT;
	char byte, go = YES_GO;

	if (read(s->ask, &byte, 1) != 1)
		return true;
	if (containers_wanted(&s->w->containers) &&
	    containers_stop(&s->w->containers, &s->journal, s->run, is_child_there, s, &error) != 0) {
		s->refused = true;
		if (is_child_there(s))
			watching_say(MSG_ERROR, error.data, s);
		go = NO_GO;
	}
	buf_free(&error);
	return write(s->go, &go, 1) == 1;
}

static bool open_pipes(int messages[2], int ask[2], int go[2])
{
	return pipe2(messages, O_CLOEXEC) == 0 && pipe2(ask, O_CLOEXEC) == 0 && pipe2(go, O_CLOEXEC) == 0;
}

static struct ending run_child(struct watching *s, const char *path)
{
	int messages[2], ask[2], go[2];
	pid_t parent = getpid();
	struct child child = { .tell = on_line, .alive = on_ask, .patience = PATIENCE_MS,
		               .deadline = clock_after(s->w->limit), .arg = s };
	struct ending ending = { .status = CANNOT_RUN };

	s->refused = false;
	if (!open_pipes(messages, ask, go) || (s->child = fork()) < 0) {
		watching_sayf(s, MSG_ERROR, "no process can be made: %s", strerror(errno));
		return ending;
	}
	if (s->child == 0) {
		dup2(messages[1], STDERR_FILENO);
		close(messages[0]), close(messages[1]), close(ask[0]), close(go[1]);
		child_ask = ask[1];
		child_go = go[0];
		be_child(s, path, parent);
	}
	close(messages[1]), close(ask[1]), close(go[0]);
	child.pid = s->child;
	child.messages = messages[0];
	child.watched = s->ask = ask[0];
	s->go = go[1];
	watching_open_journal(s);
	ending = child_watch(&child);
	close(ask[0]), close(go[1]);
	return ending;
}

static void tell_late(struct watching *s, const char *name)
{
	char *limit = duration_text(s->w->limit);

	watching_sayf(s, MSG_ERROR, "'%s' is not restored: it took longer than %s: is it damaged? If it is "
	              "only large, raise RESTORE_TIMEOUT and drop it again", name, limit);
	free(limit);
}

/* Of the child itself, or of one that it has started (a shell's words for a signal). */
static bool ended_by(const struct ending *e, int signal)
{
	return e->by_signal == signal || (!e->by_signal && e->status == BY_SIGNAL + signal);
}

static void tell_ending(struct watching *s, const char *name, const struct ending *e)
{
	if (e->status == DONE && !s->refused && !e->late)
		watching_sayf(s, MSG_INFO, "'%s' is restored", name);
	else if (s->refused || s->signal)
		watching_sayf(s, MSG_ERROR, "'%s' is not restored%s", name,
		     s->signal ? ": this was told to stop meanwhile; drop it again" : "");
	else if (e->late)
		tell_late(s, name);
	else if (ended_by(e, SIGXCPU))
		watching_sayf(s, MSG_ERROR, "'%s' is not restored: reading it takes more processor time than "
		              "any backup of its size needs: it is damaged", name);
	else if (e->by_signal)
		watching_sayf(s, MSG_ERROR, "'%s' is not restored: the restore was killed by signal %d%s",
		              name, e->by_signal,
		     e->by_signal == SIGKILL ? ": was it out of memory?" : "");
	else
		watching_sayf(s, MSG_ERROR, "'%s' is not restored: exit status %d", name, e->status);
}

/* What can be known now need not be found when all is restored. */
static bool can_stop(struct watching *s)
{
	struct buf error = BUF_INIT;
	bool can = !containers_wanted(&s->w->containers) || containers_look(&s->w->containers, &error) == 0;

	if (!can)
		watching_say(MSG_ERROR, error.data, s);
	buf_free(&error);
	return can;
}

void watch_file(struct watching *s, const char *name)
{
	struct buf error = BUF_INIT;
	char *path = inbox_take(&s->inbox, name, &error), *end;
	struct ending ending = { .status = NO };
	bool good;

	if (!path) {
		if (error.len)
			teller_say(s->w->tell, MSG_ERROR, error.data);
		buf_free(&error);
		return;
	}
	watching_open_log(s, path);
	watching_sayf(s, MSG_INFO, "restoring '%s'", path_base(path));
	note_start(s, path_base(path));
	if (can_stop(s)) {
		ending = run_child(s, path);
	} else {
		s->refused = true;
		watching_open_journal(s);
	}
	good = ending.status == DONE && !s->refused && !ending.late;
	tell_ending(s, path_base(path), &ending);
	journal_finish(&s->journal, s->run, good ? "done" : s->signal ? "interrupted" : "failed", NULL);
	if (containers_wanted(&s->w->containers))
		s->owed = containers_start(&s->w->containers, &s->journal, s->run, good);
	journal_free(&s->journal);
	watching_close_log(s);
	end = inbox_put(&s->inbox, path, good);
	free(end);
	free(path);
}
