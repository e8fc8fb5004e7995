/*
 * daemon - work that is done in a child, and a loop that does it when it is due.
 */
#ifndef SCHEDULE_DAEMON_H
#define SCHEDULE_DAEMON_H

#include <stdint.h>

#include "schedule/schedule.h"

/*
 * Runs work(arg) in a forked child, which nobody can kill without this process seeing
 * it: SIGTERM, SIGINT and SIGHUP go to it, and a second and a half later SIGKILL. When
 * it was ended by a signal, clean(arg, the signal) is called. The exit status of work;
 * NO when somebody else killed it; 128 plus the signal that this process got meanwhile.
 */
int daemon_supervise(int (*work)(void *arg), void (*clean)(void *arg, int signal), void *arg);

struct daemon {
	const struct schedule *schedule;
	struct run_history history;

	/* One run that counts for the moment slot (ms since 1970); its exit status. */
	int (*run)(int64_t slot, void *arg);
	/* Reads what the journal remembers; what it cannot is left. */
	void (*remember)(struct run_history *h, void *arg);
	/* Hears how a run ended that no signal did, and when the next is due. */
	void (*ran)(int status, int64_t due, void *arg);
	/* Hears when the next run is due. */
	void (*waits)(int64_t due, void *arg);
	void *arg;
};

/* Runs until a run ends by a signal, and returns its status. SIGTERM ends the
 * process while it waits (proc_signals), SIGUSR1 makes it run at once. Waits by the wall
 * clock, and notices when that is set. */
int daemon_loop(struct daemon *d);

#endif
