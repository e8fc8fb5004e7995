/*
 * wait - polls a check until it holds.
 */
#ifndef CHECK_WAIT_H
#define CHECK_WAIT_H

#include "check/checks.h"

struct wait {
	int64_t deadline;  /* of clock.h */
	int64_t grace;     /* ms that a final no (wrong password, no such database) may last */
	bool create;       /* make a missing database */
	/* Called at each change of state or reason and every ten seconds, and with `again` for each
	 * other try. */
	void (*tell)(const struct checks *c, size_t i, const struct finding *f, bool again);
};

/* Ends the process with TIMED_OUT and a message a little after the deadline, which
 * the resolution of a name or a file system may overrun; wait_poll keeps the message up to
 * date. wait_guard(CLOCK_NEVER) calls it off. */
void wait_guard(int64_t deadline);

/*
 * Polls check i: every 20 ms while the connection is refused (a knock on the
 * port, which costs nothing), every 50 ms for 10 s and then every 250 ms while
 * the server answers but the check does not hold (each try may fork a backend
 * there), once a second after a refused login (each is a line in the server's
 * log) and while a name does not resolve.
 *
 * 0 when it holds; TIMED_OUT at the deadline; the finding's final code when that
 * has lasted for the grace, or at the deadline where it is lasting. f keeps the last finding.
 */
int wait_poll(struct checks *c, size_t i, const struct wait *w, struct finding *f);

#endif
