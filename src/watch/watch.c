/* watch - restores what is dropped into a folder. */
#include "watch/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/status.h"
#include "dump/format.h"
#include "envcheck/volume.h"
#include "repo/dir_lock.h"
#include "watch/state_dir.h"
#include "watch/watch_check.h"

#define APPLET "watch"
#define LOCK_MS 10000     /* a killed watch's restore may be ending */
#define PATIENCE_MS 4000  /* that a restore is given to end; Docker gives us ten seconds */
#define CPU_S 600         /* of processor time that each process of a restore gets, */
#define CPU_S_PER_MB 60   /* and for each megabyte of the file: only what turns in a circle needs more */
#define YES_GO 'y'
#define NO_GO 'n'

struct state {
	struct watch *w;
	struct inbox inbox;
	struct folder_lock lock;
	struct journal journal; /* closed whenever a process is forked: see SQLite's 'How To Corrupt' */
	struct statedir place;  /* of the journal */
	int events;             /* inotify's descriptor; -1: none */
	volatile int signal;    /* that came while something was done; 0: none */
	long owed;              /* containers to be started; -1: not known */

	/* Of the file that is being restored. */
	int log;                /* -1: none */
	int64_t run;            /* in the journal */
	pid_t child;
	int ask, go;            /* the child asks there, and gets YES or NO here */
	bool refused;           /* it got NO */
};

/* --- words --- */

static void add_to_log(const struct state *s, const char *line)
{
	char *now = clock_iso(clock_wall());
	struct buf text = BUF_INIT;

	buf_printf(&text, "%.19sZ %s\n", now, line);
	if (s->log >= 0)
		file_write(s->log, text.data, text.len);
	buf_free(&text);
	free(now);
}

static void say(enum msg_level level, const char *words, void *arg)
{
	const struct state *s = arg;
	char *line = msg_line(level, "%s", words);

	s->w->tell(level, words);
	line[strcspn(line, "\n")] = '\0';
	add_to_log(s, line);
	free(line);
}

static void sayf(struct state *s, enum msg_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void sayf(struct state *s, enum msg_level level, const char *format, ...)
{
	struct buf words = BUF_INIT;
	va_list args;

	va_start(args, format);
	buf_vprintf(&words, format, args);
	va_end(args);
	say(level, words.data, s);
	buf_free(&words);
}

/* What the child says is a message already. */
static void on_line(const char *line, void *arg)
{
	char *whole = xasprintf("%s\n", line);

	file_write(STDERR_FILENO, whole, strlen(whole));
	add_to_log(arg, line);
	free(whole);
}

static void open_log(struct state *s, const char *path)
{
	char *name = inbox_log(path);

	s->log = beneath_open(name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
	if (s->log < 0)
		sayf(s, MSG_WARNING, "cannot write the log '%s': %s", name, strerror(errno));
	free(name);
}

static void close_log(struct state *s)
{
	if (s->log >= 0)
		close(s->log);
	s->log = -1;
}

/* --- the journal --- */

static int open_journal(struct state *s)
{
	return journal_open(&s->journal, s->w->journal, true) < 0 || !s->journal.lite.db ? -1 : 0;
}

static void note_start(struct state *s, const char *name)
{
	struct run r = { .applet = APPLET, .name = name, .status = "running", .attempt = 1, .dir = s->w->dir };

	s->run = 0;
	if (open_journal(s) == 0)
		journal_start(&s->journal, &r, &s->run);
	journal_free(&s->journal);
}

/* --- the restore --- */

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

static _Noreturn void be_child(const struct state *s, const char *path, pid_t parent)
{
	const char *sqlite = s->w->sqlite;
	struct buf error = BUF_INIT;
	enum content content;
	bool packed;
	int rc;

	proc_hold(NULL);
	proc_die_with_parent(parent);
	setpgid(0, 0);
	limit_processor(path);
	/* What is no backup is not read to its end for its sum. */
	rc = content_look(path, &content, &packed, &error);
	rc = rc ? rc : inbox_compare(path, CLOCK_NEVER, &error);
	if (rc)
		die(rc, "%s", error.data);
	if (!content_is_lite(content) || !sqlite || !*sqlite)
		exit(s->w->restore(xstrdup(path), NULL));
	exit(s->w->restore(xstrdup(path), xasprintf("sqlite:%s", sqlite)));
}

static bool is_child_there(void *arg)
{
	const struct state *s = arg;
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)s->child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && !info.si_pid;
}

/* The backup is good and nothing has been touched: now the apps. */
static bool on_ask(void *arg)
{
	struct state *s = arg;
	struct buf error = BUF_INIT;
	char byte, go = YES_GO;

	if (read(s->ask, &byte, 1) != 1)
		return true;
	if (containers_wanted(&s->w->containers) &&
	    containers_stop(&s->w->containers, &s->journal, s->run, is_child_there, s, &error) != 0) {
		s->refused = true;
		if (is_child_there(s))
			say(MSG_ERROR, error.data, s);
		go = NO_GO;
	}
	buf_free(&error);
	return write(s->go, &go, 1) == 1;
}

static bool open_pipes(int messages[2], int ask[2], int go[2])
{
	return pipe2(messages, O_CLOEXEC) == 0 && pipe2(ask, O_CLOEXEC) == 0 && pipe2(go, O_CLOEXEC) == 0;
}

static struct ending run_child(struct state *s, const char *path)
{
	int messages[2], ask[2], go[2];
	pid_t parent = getpid();
	struct child child = { .tell = on_line, .alive = on_ask, .patience = PATIENCE_MS,
		               .deadline = clock_after(s->w->limit), .arg = s };
	struct ending ending = { .status = CANNOT_RUN };

	s->refused = false;
	if (!open_pipes(messages, ask, go) || (s->child = fork()) < 0) {
		sayf(s, MSG_ERROR, "no process can be made: %s", strerror(errno));
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
	open_journal(s);
	ending = child_watch(&child);
	close(ask[0]), close(go[1]);
	return ending;
}

static void tell_late(struct state *s, const char *name)
{
	char *limit = duration_text(s->w->limit);

	sayf(s, MSG_ERROR, "'%s' is not restored: it took longer than %s: is it damaged? If it is only large, raise "
	     "RESTORE_TIMEOUT and drop it again", name, limit);
	free(limit);
}

/* Of the child itself, or of one that it has started (a shell's words for a signal). */
static bool ended_by(const struct ending *e, int signal)
{
	return e->by_signal == signal || (!e->by_signal && e->status == BY_SIGNAL + signal);
}

static void tell_ending(struct state *s, const char *name, const struct ending *e)
{
	if (e->status == DONE && !s->refused && !e->late)
		sayf(s, MSG_INFO, "'%s' is restored", name);
	else if (s->refused || s->signal)
		sayf(s, MSG_ERROR, "'%s' is not restored%s", name,
		     s->signal ? ": this was told to stop meanwhile; drop it again" : "");
	else if (e->late)
		tell_late(s, name);
	else if (ended_by(e, SIGXCPU))
		sayf(s, MSG_ERROR, "'%s' is not restored: reading it takes more processor time than any backup of its size "
		     "needs: it is damaged", name);
	else if (e->by_signal)
		sayf(s, MSG_ERROR, "'%s' is not restored: the restore was killed by signal %d%s", name, e->by_signal,
		     e->by_signal == SIGKILL ? ": was it out of memory?" : "");
	else
		sayf(s, MSG_ERROR, "'%s' is not restored: exit status %d", name, e->status);
}

/* What can be known now need not be found when all is restored. */
static bool can_stop(struct state *s)
{
	struct buf error = BUF_INIT;
	bool can = !containers_wanted(&s->w->containers) || containers_look(&s->w->containers, &error) == 0;

	if (!can)
		say(MSG_ERROR, error.data, s);
	buf_free(&error);
	return can;
}

/* One file, from the folder to where it ends, unless it cannot be taken. */
static void handle(struct state *s, const char *name)
{
	struct buf error = BUF_INIT;
	char *path = inbox_take(&s->inbox, name, &error), *end;
	struct ending ending = { .status = NO };
	bool good;

	if (!path) {
		if (error.len)
			s->w->tell(MSG_ERROR, error.data);
		buf_free(&error);
		return;
	}
	open_log(s, path);
	sayf(s, MSG_INFO, "restoring '%s'", file_base(path));
	note_start(s, file_base(path));
	if (can_stop(s)) {
		ending = run_child(s, path);
	} else {
		s->refused = true;
		open_journal(s);
	}
	good = ending.status == DONE && !s->refused && !ending.late;
	tell_ending(s, file_base(path), &ending);
	journal_finish(&s->journal, s->run, good ? "done" : s->signal ? "interrupted" : "failed", NULL);
	if (containers_wanted(&s->w->containers))
		s->owed = containers_start(&s->w->containers, &s->journal, s->run, good);
	journal_free(&s->journal);
	close_log(s);
	end = inbox_put(&s->inbox, path, good);
	free(end);
	free(path);
}

/* --- what an earlier one left --- */

static bool was_done(struct state *s, const char *name)
{
	const char *params[] = { name, s->w->dir };
	struct rows rows = { 0 };
	bool done;

	journal_query(&s->journal, "SELECT status = 'done' FROM runs WHERE applet = '" APPLET "' AND name = ?1"
	              " AND dir = ?2 ORDER BY id DESC LIMIT 1", params, 2, &rows);
	done = rows_true(&rows, 0, 0);
	rows_free(&rows);
	return done;
}

static void put_left(struct state *s)
{
	struct strs left = { 0 };

	inbox_left(&s->inbox, &left);
	for (size_t i = 0; i < left.n; i++) {
		bool done = was_done(s, file_base(left.v[i]));

		open_log(s, left.v[i]);
		if (done)
			sayf(s, MSG_INFO, "'%s' was restored", file_base(left.v[i]));
		else
			sayf(s, MSG_WARNING, "the restore of '%s' was broken off: the database is what it was before, or is "
			     "replaced as a whole (pgrestore undo swaps it back); drop the file again to restore it",
			     file_base(left.v[i]));
		close_log(s);
		free(inbox_put(&s->inbox, left.v[i], done));
	}
	strs_free(&left);
}

/* A journal that lies in the drop folder, as it did once. */
static void adopt(struct state *s)
{
	struct buf error = BUF_INIT;

	if (statedir_adopt(&s->place, s->inbox.base, s->w->dir, &s->journal, &error) != 0)
		sayf(s, MSG_WARNING, "cannot take over the journal in '%s/.pgbox': %s: delete it", s->inbox.base, error.data);
	else if (s->place.leftover)
		sayf(s, MSG_INFO, "the journal in '%s/.pgbox' is now '%s'", s->inbox.base, s->place.journal);
	buf_free(&error);
}

static void recover(struct state *s)
{
	const char *dir = s->w->dir;

	if (open_journal(s) == 0) {
		adopt(s);
		s->owed = containers_start(&s->w->containers, &s->journal, 0, false);
		statedir_remove_old(&s->place, s->inbox.base);
	}
	put_left(s);
	journal_query(&s->journal, "UPDATE runs SET status = 'interrupted' WHERE applet = '" APPLET "'"
	              " AND status = 'running' AND dir = ?1", &dir, 1, NULL);
	journal_free(&s->journal);
}

/* --- waiting --- */

/* The folder may have been made anew: the same one is only watched once (inotify_add_watch(2)). */
static void wait_for_news(struct state *s, int64_t deadline)
{
	struct pollfd p = { .fd = s->events, .events = POLLIN };
	char events[4096];

	if (s->events >= 0)
		inotify_add_watch(s->events, s->w->dir,
		                  IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF);
	if (poll(&p, 1, clock_poll(deadline)) > 0)
		while (read(s->events, events, sizeof(events)) > 0)
			;
}

/* What could not be started is tried again now and then. */
static void pay_debts(struct state *s)
{
	if (s->owed <= 0)
		return;
	proc_hold(&s->signal);
	if (open_journal(s) == 0)
		s->owed = containers_start(&s->w->containers, &s->journal, 0, false);
	journal_free(&s->journal);
	proc_hold(NULL);
}

static int loop(struct state *s)
{
	int64_t again, look_at = clock_after(s->w->poll);

	while (!s->signal) {
		const char *name = inbox_look(&s->inbox, &again);

		if (name) {
			proc_hold(&s->signal);
			handle(s, name);
			proc_hold(NULL);
			continue;
		}
		if (!clock_left(look_at)) {
			pay_debts(s);
			look_at = clock_after(s->w->poll);
		}
		wait_for_news(s, again < look_at ? again : look_at);
	}
	return BY_SIGNAL + s->signal;
}

/* --- the whole --- */

static void tell_holder(const char *holder, void *arg)
{
	const struct state *s = arg;
	char *words = xasprintf("waiting for another watch: %s", holder);

	s->w->tell(MSG_INFO, words);
	free(words);
}

/* Without a journal nobody could know which containers to start again. */
static int check_journal(struct state *s, struct buf *error)
{
	int rc = open_journal(s);

	if (rc && containers_wanted(&s->w->containers))
		buf_printf(error, "containers are to be stopped, and which must be in a journal: %s",
		           s->journal.error.len ? s->journal.error.data : "its folder is missing");
	else if (rc)
		s->w->tell(MSG_WARNING, s->journal.error.len ? s->journal.error.data : "there is no journal");
	journal_free(&s->journal);
	return error->len ? CANNOT_WRITE : 0;
}

/* A container that is made again, as by an update, would not know which others it has stopped. */
static void tell_fate(const struct state *s)
{
	char *slash = strrchr(s->place.journal, '/');
	char *folder = slash ? xstrndup(s->place.journal, (size_t)(slash - s->place.journal)) : xstrdup(".");
	const char *fate = volume_fate(folder);
	char *words = fate ? xasprintf("the folder of the journal, '%s', %s: mount a volume there, or containers that are "
	                               "stopped then may stay so", folder, fate) : NULL;

	if (words)
		s->w->tell(MSG_WARNING, words);
	free(words);
	free(folder);
}

/* What it says is believed: which containers to start. Where none are stopped it is only a record. */
static int find_journal(struct state *s, struct buf *error)
{
	struct buf warning = BUF_INIT;
	int rc = statedir_find(&s->place, s->w->journal, s->w->state, error);

	if (!rc)
		rc = statedir_check(&s->place, &warning, error);
	if (!rc && containers_wanted(&s->w->containers))
		tell_fate(s);
	if (warning.len)
		s->w->tell(MSG_WARNING, warning.data);
	buf_free(&warning);
	if (rc && !containers_wanted(&s->w->containers)) {
		s->w->tell(MSG_WARNING, error->data);
		buf_cut(error, 0);
		rc = 0;
	}
	s->w->journal = s->place.journal;
	return rc ? rc : check_journal(s, error);
}

/* Where a volume is missing the folder is made in the container, and nobody drops anything there. */
static void tell_missing(const struct state *s)
{
	char *words = file_exists(s->w->dir) ? NULL : xasprintf("no folder '%s' found, so it is made: is a mount missing?",
	                                                        s->w->dir);

	if (words)
		s->w->tell(MSG_WARNING, words);
	free(words);
}

static int start(struct state *s, struct buf *error)
{
	int rc = containers_check(&s->w->containers, error);

	tell_missing(s);

	if (!rc)
		rc = inbox_open(&s->inbox, error);
	if (!rc)
		rc = folder_take(&s->lock, s->inbox.base, clock_after(LOCK_MS), tell_holder, s, error);
	if (rc)
		return rc;
	return find_journal(s, error);
}

int watch_run(struct watch *w, struct buf *error)
{
	struct state s = { .w = w, .inbox = { .dir = w->dir, .settle = w->settle, .tell = w->tell },
		           .lock = { .fd = -1 }, .journal = JOURNAL_INIT, .events = -1, .log = -1 };
	char *words;
	int rc;

	w->containers.dir = w->dir;
	w->containers.tell = say;
	w->containers.arg = &s;
	w->containers.stopping = &s.signal;
	rc = start(&s, error);
	if (!rc) {
		s.events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
		proc_hold(&s.signal);
		recover(&s);
		proc_hold(NULL);
		watchcheck_warn(w);
		words = xasprintf("watching '%s'", w->dir);
		w->tell(MSG_INFO, words);
		free(words);
		rc = loop(&s);
	}
	if (s.events >= 0)
		close(s.events);
	folder_release(&s.lock);
	inbox_free(&s.inbox);
	statedir_free(&s.place);
	return rc;
}
