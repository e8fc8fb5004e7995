/*
 * program - runs one of PostgreSQL's linked programs as a child, and understands what
 * it says.
 */
#ifndef DUMP_PROGRAM_H
#define DUMP_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "ext/engine.h"

struct program {
	struct engine_job job;

	/* Hears what is neither an error nor a warning, less the program's name; may
	 * be NULL. */
	void (*line)(const char *line, void *arg);
	/* Called five times a second; may be NULL. */
	void (*tick)(void *arg);
	void *arg;

	/* What came of it. */
	int status;             /* the program's, or 128 + a signal */
	int forwarded;          /* the signal that ended this process's wish for it, or 0 */
	struct engine_failure failure; /* the last statement that failed */
	struct buf error;       /* the words of the errors, in one line */
	struct strs warnings;
	struct strs notes;      /* what the child told (engine_tell) */
	bool in_error;          /* the line before was an error's first */
	bool killed;            /* somebody else killed it */
	bool lock_timeout;      /* it waited too long for a table's lock */
};

/* Starts it. -1 with errno; program_wait after 0. */
int program_start(struct program *t, int *messages, pid_t *pid);

/* Waits for its end. A signal that this process gets goes to it, and after a second
 * SIGKILL. */
void program_wait(struct program *t, int messages, pid_t pid);

/* Both. 0 when the program was content; -1 when not, or when it could not be started. */
int program_run(struct program *t);

/* The same, with what the program prints appended to out. */
int program_capture(struct program *t, struct buf *out);

/* The same, with what the program prints given to take as it comes. */
int program_read(struct program *t, void (*take)(void *arg, const char *bytes, size_t len), void *arg);

/* The exit code for what went wrong, with a sentence appended to error. */
int program_explain(const struct program *t, struct buf *error);

/* The same for a program that only read a backup: that it failed, or crashed, is BAD_DATA; that it was
 * stopped or killed from outside is not. */
int program_explain_reader(const struct program *t, struct buf *error);

void program_free(struct program *t);

#endif
