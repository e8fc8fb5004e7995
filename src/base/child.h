/*
 * child - watches a child process: what it says, how it ends, and whether what it
 * depends on is still there.
 */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
	pid_t pid;     /* leader of a process group of its own */
	bool terminal; /* it has taken the terminal, which is taken back at its end */
	int messages; /* the reading end of its stderr, closed here; -1: none */

	/* Gets each line of messages, without the line end; may be NULL. */
	void (*tell)(const char *line, void *arg);

	/* Asked whenever watched (-1: none) can be read: false stops the child's
	 * group, with SIGTERM at once and SIGKILL a second later. */
	bool (*alive)(void *arg);
	int watched;

	/* Called every TICK_MS while the child runs; may be NULL. */
	void (*tick)(void *arg);

	/* From a signal that was forwarded to SIGKILL, ms; 0: it may take its time. */
	int64_t patience;

	/* When the child's group gets SIGTERM, and a second later SIGKILL (clock_ms); 0: never. */
	int64_t deadline;
	void *arg;
};

#define TICK_MS 200

/* How a child ended. */
struct ending {
	int status;    /* as proc_status() gives it */
	int by_signal; /* the signal that killed it, or 0 */
	int forwarded; /* the last signal that was forwarded to it, or 0 */
	bool lost;     /* alive() said no, and it was stopped */
	bool late;     /* it was stopped at its deadline */
};

/* Waits for the child's end, and where it ended badly for that of its whole group,
 * which gets SIGTERM and five seconds later SIGKILL: nothing of a failed child goes on
 * behind its back. What a child leaves running when it ends well is its affair. While
 * it runs, SIGTERM, SIGINT and SIGHUP go to its
 * group. Other children that end meanwhile are reaped: as pid 1 there are some. */
struct ending child_watch(const struct child *c);

#endif
