/* child - watches a child process. */
#include "base/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/proc.h"

#define KILL_MS 1000  /* from SIGTERM to SIGKILL when something is lost */
#define LEAVE_MS 5000 /* the same for what the leader left behind */
#define ZOMBIE_MS 200 /* from SIGKILL to giving up on whoever should reap */
#define LOOK_MS 20

struct state {
	const struct child *child;
	int messages;    /* -1 once its end was reached */
	struct buf line; /* of messages, not yet whole */
	int64_t kill_at; /* CLOCK_NEVER: not yet */
	int64_t tick_at; /* CLOCK_NEVER: nothing to do then */
	int64_t late_at; /* CLOCK_NEVER: it may take its time, or was stopped */
	volatile int forwarded;
	bool lost, late;
};

static void on_child(int number)
{
	(void)number;
}

/* Whether the child is gone, with its wait status. */
static bool reap(pid_t child, int *status)
{
	pid_t pid;

	while ((pid = waitpid(-1, status, WNOHANG)) > 0)
		if (pid == child)
			return true;
	return false;
}

static void tell_lines(struct state *s)
{
	char *start = s->line.data, *newline;
	struct buf rest = BUF_INIT;

	while ((newline = strchr(start, '\n'))) {
		*newline = '\0';
		if (s->child->tell)
			s->child->tell(start, s->child->arg);
		start = newline + 1;
	}
	buf_puts(&rest, start);
	buf_free(&s->line);
	s->line = rest;
}

static void read_messages(struct state *s)
{
	ssize_t n = read(s->messages, buf_room(&s->line, 4096), 4096);

	if (n > 0) {
		s->line.len += (size_t)n;
		s->line.data[s->line.len] = '\0';
	} else if (n == 0 || errno != EINTR) {
		close(s->messages);
		s->messages = -1;
	}
	tell_lines(s);
}

/* Reads what the child left unread. Its descendants may hold the pipe open for as
 * long as they like, so its end is not waited for. */
static void drain(struct state *s)
{
	struct pollfd p = { .fd = s->messages, .events = POLLIN };

	while (s->messages >= 0 && poll(&p, 1, 0) > 0)
		read_messages(s);
	if (s->messages >= 0)
		close(s->messages);
	if (s->line.len) {
		buf_putc(&s->line, '\n');
		tell_lines(s);
	}
}

static void look(struct state *s)
{
	if (s->child->alive(s->child->arg))
		return;
	s->lost = true;
	s->kill_at = clock_after(KILL_MS);
	kill(-s->child->pid, SIGTERM);
}

static void stop_late(struct state *s)
{
	s->late = true;
	s->late_at = CLOCK_NEVER;
	s->kill_at = clock_after(KILL_MS);
	kill(-s->child->pid, SIGTERM);
}

/* When there is something to do even if nothing happens. */
static int64_t next_step(const struct state *s)
{
	int64_t next = s->kill_at < s->tick_at ? s->kill_at : s->tick_at;

	return next < s->late_at ? next : s->late_at;
}

static void tick(struct state *s)
{
	if (s->forwarded && s->child->patience && s->kill_at == CLOCK_NEVER)
		s->kill_at = clock_after(s->child->patience);
	if (s->child->tick)
		s->child->tick(s->child->arg);
	s->tick_at = clock_after(TICK_MS);
}

/* Waits for one event; SIGCHLD is one, and let in only here, so that its arrival
 * cannot be missed. */
static void step(struct state *s, const sigset_t *mask)
{
	struct pollfd p[] = {
		{ .fd = s->messages, .events = POLLIN },
		{ .fd = s->lost ? -1 : s->child->watched, .events = POLLIN },
	};
	int64_t next = next_step(s), left = clock_left(next);
	struct timespec pause = { .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };

	if (ppoll(p, 2, next == CLOCK_NEVER ? NULL : &pause, mask) > 0) {
		if (p[0].revents)
			read_messages(s);
		if (p[1].revents)
			look(s);
	}
	if (clock_left(s->tick_at) == 0)
		tick(s);
	if (clock_left(s->late_at) == 0)
		stop_late(s);
	if (clock_left(s->kill_at) == 0) {
		kill(-s->child->pid, SIGKILL);
		s->kill_at = CLOCK_NEVER;
	}
}

/* Ends what is left of a group whose leader is gone. Zombies count as its members, and
 * some are ours to reap as pid 1; others' may stay, so there is an end to it. */
static void stop_group(pid_t group, int64_t patience)
{
	int64_t kill_at = clock_ms() + patience, give_up = kill_at + ZOMBIE_MS;
	int status;

	kill(-group, SIGTERM);
	while (kill(-group, 0) == 0 && clock_ms() < give_up) {
		if (clock_ms() >= kill_at)
			kill(-group, SIGKILL);
		while (waitpid(-1, &status, WNOHANG) > 0)
			;
		clock_sleep(LOOK_MS, CLOCK_NEVER);
	}
}

static int wait_for_end(struct state *s)
{
	struct sigaction action = { .sa_handler = on_child }, action_before;
	sigset_t mask, mask_before;
	int status = 0;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, &mask_before);
	sigaction(SIGCHLD, &action, &action_before);
	while (!reap(s->child->pid, &status))
		step(s, &mask_before);
	sigaction(SIGCHLD, &action_before, NULL);
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
	return status;
}

struct ending child_watch(const struct child *c)
{
	struct state s = {
		.child = c, .messages = c->messages, .line = BUF_INIT, .kill_at = CLOCK_NEVER,
		.tick_at = c->tick || c->patience ? clock_after(TICK_MS) : CLOCK_NEVER,
		.late_at = c->deadline ? c->deadline : CLOCK_NEVER,
	};
	int status;

	setpgid(c->pid, c->pid); /* as the child does: whoever comes first */
	proc_forward(c->pid, &s.forwarded);
	status = wait_for_end(&s);
	proc_forward(0, NULL);
	if (c->terminal)
		proc_take_terminal();
	drain(&s);
	if (s.lost || status != 0)
		stop_group(c->pid, s.lost || s.late ? 0 : LEAVE_MS);
	buf_free(&s.line);
	return (struct ending){
		.status = proc_status(status),
		.by_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
		.forwarded = s.forwarded,
		.lost = s.lost,
		.late = s.late,
	};
}
