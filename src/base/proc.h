/*
 * proc - other programs: exec, children in groups of their own, signals.
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Opens /dev/null for reading where stdin, stdout or stderr is closed: else the next
 * connection would get that number, and messages with it. Writing there stays an
 * error. Called first. */
void proc_standard_files(void);

/* Opens /dev/null in place of stdin, stdout and stderr, in a forked child that may outlive
 * its parent: whoever reads what that says waits until nobody can write any more. */
void proc_no_standard_files(void);

/* Makes SIGTERM, SIGINT and SIGHUP end the process with 128 + n, also as PID 1,
 * where the kernel ignores signals that have no handler (pid_namespaces(7)), and
 * SIGPIPE an error of write(2). Signals ignored by nohup(1) stay so. */
void proc_signals(void);

/*
 * Keeps what is in memory, passwords among it, out of core dumps (core(5)), and from the other processes of
 * this user (ptrace(2), /proc/PID/mem). Children that are forked inherit it. A program that is exec'ed is as
 * dumpable as any, by the kernel (prctl(2), PR_SET_DUMPABLE), and gets its limit back by proc_public.
 */
void proc_private(void);

/* Gives the limit of core files back as it was when this was started, for a program that is about to be
 * exec'ed. */
void proc_public(void);

/* Undoes proc_signals, for what runs after exec or fork: only after proc_signals, once. */
void proc_default_signals(void);

/* What this process, not a child of its, writes to stderr when one of the three ends it: a whole
 * line, which stays the caller's; NULL: nothing. */
void proc_last_words(const char *line);

/* Replaces this process by argv[0], found in PATH, with that environment (environ(7))
 * and default signal actions. Returns only when that fails: CANNOT_RUN or NOT_FOUND,
 * with errno. */
int proc_exec(char *const *argv, char **env);

/*
 * Ends the process with `status` after ms milliseconds, whatever it is blocked in,
 * writing text (which stays the caller's) to fd first: the C library's resolver
 * cannot be interrupted otherwise. ms 0 calls it off, and so does proc_exec.
 */
void proc_alarm(int64_t ms, int status, int fd, const char *text);

/* From now on this process ends with DONE or NO alone, by any signal that can be caught too:
 * Docker keeps the other statuses of a HEALTHCHECK to itself. */
void proc_yes_or_no(void);

/* What the process may end with in place of status: itself, or NO. */
int proc_ending(int status);

/* From now on the three signals are forwarded to process group pgid (0: none,
 * they end this process again); *last is the last one forwarded, 0 if none. */
void proc_forward(pid_t pgid, volatile int *last);

/* From now on the three signals note their number in *last and no more, beside what
 * proc_forward says (NULL: they end this process again): for work that must not be left
 * half done. */
void proc_hold(volatile int *last);

/* The exit status that a shell would show for a wait status: its own, or
 * 128 + the number of the signal that killed it. */
int proc_status(int wait_status);

/* Whether a process gets the signal for what it does itself: SIGSEGV, SIGABRT, SIGXCPU ... */
bool proc_is_crash(int number);

/* Makes the caller's process group the terminal's foreground one, where stdin is the
 * terminal of a foreground group: others are stopped when they read. Done by a child
 * for its new group, and by the parent to take the terminal back. */
void proc_take_terminal(void);

/* Closes every descriptor above 2 but keep (-1: none) and that of proc_keep, in a forked child that
 * must not hold its parent's connections. */
void proc_close_all_but(int keep);

/* Has children keep this descriptor (-1: none), too. One of this process's can be opened as /proc/self/fd/N
 * by a child alone: other processes may not look into it. */
void proc_keep(int fd);

/*
 * Makes the kernel end this process when its parent dies; ends it at once where the parent,
 * whose pid the caller took before the fork, is dead already. Until an exec.
 *
 * It exits, with NO, and is not killed: as an orphan it is the child of pid 1, and where that is
 * PostgreSQL's postmaster, which has no child but its own in mind, one that a signal has ended is
 * a crashed server process, for which it ends all sessions (postmaster.c, CleanupBackend).
 */
void proc_die_with_parent(pid_t parent);

/* Has such a child end like that. One that is stuck in the kernel does so when it gets out. */
void proc_end(pid_t child);

/* Whether a child of ours may be killed without being waited for: pid 1 is no postmaster. */
bool proc_may_orphan(void);

#endif
