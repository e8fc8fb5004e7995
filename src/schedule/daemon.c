/* daemon - work that is done in a child, and a loop that does it when it is due. */
#include "schedule/daemon.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/status.h"

#define PATIENCE_MS 1500

static volatile sig_atomic_t asked; /* SIGUSR1 came */

static void on_usr1(int number)
{
	(void)number;
	asked = true;
}

int daemon_supervise(int (*work)(void *arg), void (*clean)(void *arg, int signal), void *arg)
{
	pid_t parent = getpid(), pid = fork();
	struct child child = { .pid = pid, .messages = -1, .watched = -1, .patience = PATIENCE_MS };
	struct ending ending;

	if (pid == 0) {
		setpgid(0, 0);
		proc_die_with_parent(parent);
		signal(SIGUSR1, SIG_IGN);
		exit(work(arg));
	}
	if (pid < 0)
		return CANNOT_RUN;
	ending = child_watch(&child);
	if (ending.status >= BY_SIGNAL)
		clean(arg, ending.status - BY_SIGNAL);
	if (ending.forwarded)
		return BY_SIGNAL + ending.forwarded;
	return ending.status >= BY_SIGNAL ? NO : ending.status;
}

/* True at the moment due, false when it is time to look anew: the clock was set, or
 * somebody asked for a run. timerfd_create(2): TFD_TIMER_CANCEL_ON_SET. */
static bool sleep_until(int timer, int64_t due)
{
	struct itimerspec when = {
		.it_value = { .tv_sec = due / 1000, .tv_nsec = due % 1000 * 1000000 + 1 },
	};
	sigset_t usr1, before;
	struct pollfd p = { .fd = timer, .events = POLLIN };
	uint64_t times;
	bool rang;

	/* It may come between the look at `asked` and the sleep. */
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, &before);
	timerfd_settime(timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL);
	if (!asked)
		ppoll(&p, 1, NULL, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	rang = read(timer, &times, sizeof(times)) == (ssize_t)sizeof(times);
	return rang && !asked;
}

/* What a clock that was wrong has left must not hold back runs until its date. */
static void forget_future(struct run_history *h)
{
	int64_t limit = clock_wall() + CLOCK_TOLERANCE_MS;

	if (h->success > limit || h->failed > limit || h->failed_due > limit)
		*h = (struct run_history){ 0 };
}

static int64_t next_due(struct daemon *d, int64_t began)
{
	forget_future(&d->history);
	d->remember(&d->history, d->arg);
	return schedule_due(d->schedule, &d->history, began);
}

/* Waits until a run is due, and gives the moment that it counts for. */
static int64_t wait_until_due(struct daemon *d, int timer, int64_t began)
{
	int64_t told = 0, due, slot;

	for (;;) {
		due = next_due(d, began);
		if (asked || due <= clock_wall())
			break;
		if (due != told)
			d->waits(due, d->arg);
		told = due;
		sleep_until(timer, due);
	}
	if (asked) {
		asked = false;
		return clock_wall();
	}
	/* What is tried again counts for the moment that it was first due at. */
	slot = d->history.failures ? d->history.failed_due : due;
	return schedule_slot(d->schedule, slot, clock_wall());
}

static void note(struct run_history *h, int status, int64_t slot)
{
	if (status == DONE) {
		*h = (struct run_history){ .success = slot };
		return;
	}
	h->failures++;
	h->failed = clock_wall();
	h->failed_due = slot;
}

int daemon_loop(struct daemon *d)
{
	struct sigaction usr1 = { .sa_handler = on_usr1 };
	int timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	int64_t began = clock_wall();

	sigaction(SIGUSR1, &usr1, NULL);
	for (;;) {
		int64_t slot = wait_until_due(d, timer, began);
		int status = d->run(slot, d->arg);

		if (status > BY_SIGNAL)
			return status;
		note(&d->history, status, slot);
		d->ran(status, next_due(d, began), d->arg);
	}
}
