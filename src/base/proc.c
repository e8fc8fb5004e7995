/* proc - other programs: exec, children in groups of their own, signals. */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/status.h"

extern char **environ;

static const int forwarded[] = { SIGTERM, SIGINT, SIGHUP };

#define SIGNALS (sizeof(forwarded) / sizeof(*forwarded))

static volatile sig_atomic_t group;
static volatile int *last_signal, *held;

/* As they were when we were started. */
static void (*pipe_action)(int) = SIG_DFL, (*alarm_action)(int) = SIG_DFL;

static volatile sig_atomic_t yes_or_no;

int proc_ending(int status)
{
	return yes_or_no && status != DONE ? NO : status;
}

static struct rlimit core_before;
static bool is_private;

void proc_private(void)
{
	struct rlimit none;

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (getrlimit(RLIMIT_CORE, &core_before) != 0)
		return;
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = core_before.rlim_max };
	is_private = setrlimit(RLIMIT_CORE, &none) == 0;
}

void proc_public(void)
{
	if (is_private)
		setrlimit(RLIMIT_CORE, &core_before);
}

static const char *volatile last_words;
static volatile pid_t last_words_of;

void proc_last_words(const char *line)
{
	last_words_of = getpid();
	last_words = line;
}

static void say_last_words(void)
{
	const char *line = last_words;
	ssize_t ignored;

	if (!line || getpid() != last_words_of)
		return;
	ignored = write(STDERR_FILENO, line, strlen(line));
	(void)ignored;
}

static void on_signal(int number)
{
	int saved = errno;

	if (!group && !held) {
		say_last_words();
		_exit(proc_ending(BY_SIGNAL + number));
	}
	if (held)
		*held = number;
	if (group) {
		*last_signal = number;
		kill(-group, number);
	}
	errno = saved;
}

static void set_action(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };

	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

/* Those that end a process unless it says otherwise, but for what a fault in it raises, and those
 * of real time. */
void proc_yes_or_no(void)
{
	static const int ending[] = { SIGQUIT,   SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU,  SIGXFSZ,
		                      SIGVTALRM, SIGPROF, SIGIO,   SIGPWR,  SIGSTKFLT };
	struct sigaction now;

	yes_or_no = 1;
	for (size_t i = 0; i < sizeof(ending) / sizeof(*ending); i++)
		if (sigaction(ending[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
			set_action(ending[i], on_signal);
	for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
		set_action(number, on_signal);
}

void proc_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

void proc_no_standard_files(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i <= STDERR_FILENO; i++)
		if (fd < 0 || dup2(fd, i) < 0)
			close(i);
	if (fd > STDERR_FILENO)
		close(fd);
}

void proc_signals(void)
{
	struct sigaction now;

	for (size_t i = 0; i < SIGNALS; i++)
		if (sigaction(forwarded[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			set_action(forwarded[i], on_signal);
	if (sigaction(SIGPIPE, NULL, &now) == 0)
		pipe_action = now.sa_handler;
	if (sigaction(SIGALRM, NULL, &now) == 0)
		alarm_action = now.sa_handler;
	set_action(SIGPIPE, SIG_IGN);
}

void proc_default_signals(void)
{
	struct sigaction now;
	sigset_t none;

	for (size_t i = 0; i < SIGNALS; i++)
		if (sigaction(forwarded[i], NULL, &now) == 0 && now.sa_handler == on_signal)
			set_action(forwarded[i], SIG_DFL);
	set_action(SIGPIPE, pipe_action);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static const char *alarm_text;
static volatile sig_atomic_t alarm_status, alarm_fd;

static void on_alarm(int number)
{
	ssize_t ignored;

	(void)number;
	ignored = write(alarm_fd, alarm_text, strlen(alarm_text));
	(void)ignored;
	_exit(proc_ending(alarm_status));
}

void proc_alarm(int64_t ms, int status, int fd, const char *text)
{
	struct itimerval timer = {
		.it_value = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 },
	};

	alarm_text = text;
	alarm_status = status;
	alarm_fd = fd;
	set_action(SIGALRM, ms ? on_alarm : yes_or_no ? on_signal : alarm_action);
	setitimer(ITIMER_REAL, &timer, NULL);
}

int proc_exec(char *const *argv, char **env)
{
	int err;

	proc_alarm(0, 0, -1, "");
	proc_default_signals();
	proc_public();
	environ = env;
	execvp(argv[0], argv);
	err = errno;
	proc_private();
	proc_signals();
	errno = err;
	return err == ENOENT || err == ENOTDIR ? NOT_FOUND : CANNOT_RUN;
}

void proc_forward(pid_t pgid, volatile int *last)
{
	/* A signal may come in between: what it is noted in is there while the group is. */
	if (!pgid)
		group = 0;
	last_signal = last;
	group = pgid;
}

void proc_hold(volatile int *last)
{
	held = last;
}

bool proc_is_crash(int number)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGXCPU };

	for (size_t i = 0; i < sizeof(crashes) / sizeof(*crashes); i++)
		if (crashes[i] == number)
			return true;
	return false;
}

int proc_status(int wait_status)
{
	return WIFSIGNALED(wait_status) ? BY_SIGNAL + WTERMSIG(wait_status)
	                                : WEXITSTATUS(wait_status);
}

/* Kernels before 5.9 and some sandboxes lack close_range(2). */
static void close_between(unsigned first, unsigned last)
{
	if (first > last || syscall(SYS_close_range, first, last, 0U) == 0)
		return;
	for (unsigned fd = first; fd <= last && fd < 4096; fd++)
		close((int)fd);
}

static int kept = -1;

void proc_keep(int fd)
{
	kept = fd;
}

void proc_close_all_but(int keep)
{
	int first = keep < kept ? keep : kept, last = keep < kept ? kept : keep;
	unsigned from = 3;

	if (first >= 3) {
		close_between(from, (unsigned)first - 1);
		from = (unsigned)first + 1;
	}
	if (last >= (int)from) {
		close_between(from, (unsigned)last - 1);
		from = (unsigned)last + 1;
	}
	close_between(from, UINT_MAX);
}

void proc_take_terminal(void)
{
	sigset_t stop, before;

	/* Who is not in the foreground may ask all the same, if it ignores this. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGTTOU);
	sigprocmask(SIG_BLOCK, &stop, &before);
	tcsetpgrp(STDIN_FILENO, getpgrp());
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* A signal that neither we nor PostgreSQL's programs have another use for. */
#define END SIGUSR2

static void on_end(int number)
{
	(void)number;
	_exit(NO);
}

void proc_die_with_parent(pid_t parent)
{
	sigset_t end;

	set_action(END, on_end);
	sigemptyset(&end);
	sigaddset(&end, END);
	sigprocmask(SIG_UNBLOCK, &end, NULL);
	prctl(PR_SET_PDEATHSIG, END);
	if (getppid() != parent)
		_exit(NO);
}

void proc_end(pid_t child)
{
	kill(child, END);
}

bool proc_may_orphan(void)
{
	char name[32];
	int fd = open("/proc/1/comm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, name, sizeof(name) - 1);

	if (fd >= 0)
		close(fd);
	name[n > 0 ? n : 0] = '\0';
	return *name && strcmp(name, "postgres\n") != 0 && strcmp(name, "postmaster\n") != 0;
}
