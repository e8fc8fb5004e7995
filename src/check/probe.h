/*
 * probe - asks many checks side by side, each once, under one deadline.
 *
 * Name resolution and a mount that hangs cannot be made non-blocking, so each target and
 * each place is asked in a child of its own, and none is waited for past the deadline:
 * what hangs neither holds the caller up nor hides what another found. A child that is
 * stuck in the kernel is left behind and ends when that lets go of it. What can be
 * stopped by a timer, one server, is asked in this process: a fork costs as much
 * as the question.
 */
#ifndef CHECK_PROBE_H
#define CHECK_PROBE_H

#include "check/checks.h"

/* What is known of one check. */
struct answer {
	struct finding finding; /* UNKNOWN, with the reason, until there is one */
	bool given;             /* there is one */
	int64_t ms;             /* how long it took */
	int64_t at;             /* when it came, ms since 1970 */
};

struct probe {
	struct checks *checks;
	int64_t deadline;       /* of clock.h */
	struct answer *answers; /* one for each check; owned, made by probe_run */

	/* What is to be written to stdout, and stays there for the next call, should the
	 * process have to end with NO soon after the deadline because a name does not
	 * resolve. Called with the answers that are there. */
	const char *(*last_words)(const struct probe *p, void *arg);
	void *arg;
};

/* A child's answers and those of this process come this much later at most. */
#define PROBE_GRACE_MS 100

/* Asks all. Each target is logged in to once, whatever its checks. */
void probe_run(struct probe *p);

void probe_free(struct probe *p);

/* What is said of a check that has no answer by its deadline: only disks and resolvers hold a process
 * past it. */
const char *probe_silence(const struct checks *checks, size_t i);

#endif
