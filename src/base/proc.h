/*
 * proc - other programs: exec, children in groups of their own, signals.
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stdint.h>
#include <sys/types.h>

/* Makes SIGTERM, SIGINT and SIGHUP end the process with 128 + n, also as PID 1,
 * where the kernel ignores signals that have no handler (pid_namespaces(7)), and
 * SIGPIPE an error of write(2). Signals ignored by nohup(1) stay so. */
void proc_signals(void);

/* Undoes it, for what runs after exec or fork. */
void proc_default_signals(void);

/* Replaces this process by argv[0], found in PATH, with the environment that
 * pgbox was started with and default signal actions. Returns only when that
 * fails: CANNOT_RUN or NOT_FOUND, with errno. */
int proc_exec(char *const *argv);

/*
 * Ends the process with `status` after ms milliseconds, whatever it is blocked in,
 * writing line (which stays the caller's) to stderr first: the C library's resolver
 * cannot be interrupted otherwise. ms 0 calls it off, and so does proc_exec.
 */
void proc_alarm(int64_t ms, int status, const char *line);

/* From now on the three signals are forwarded to process group pgid (0: none,
 * they end this process again); *last is the last one forwarded, 0 if none. */
void proc_forward(pid_t pgid, volatile int *last);

/* The exit status that a shell would show for a wait status: its own, or
 * 128 + the number of the signal that killed it. */
int proc_status(int wait_status);

/* Closes every descriptor above 2 but keep (-1: none), in a forked child that
 * must not hold its parent's connections. */
void proc_close_all_but(int keep);

/* Makes the kernel send this process SIGKILL when its parent dies. */
void proc_die_with_parent(void);

#endif
