/* readback_pipe - reads a backup back while it goes by. */
#include "dump/readback_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/status.h"
#include "dump/readback.h"
#include "dump/structure.h"

/* What it has not looked at must still be taken: the writer would take its end for ours. */
static void drain(void)
{
	char bytes[65536];
	ssize_t n;

	while ((n = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR))
		continue;
}

/* --- what comes by, looked at on its way to pg_restore --- */

/* From stdin, also into a pipe, until nobody reads that any more. */
static ssize_t pass_on(void *arg, char *to, size_t size)
{
	int *out = arg;
	ssize_t n;

	do
		n = read(STDIN_FILENO, to, size);
	while (n < 0 && errno == EINTR);
	if (n > 0 && *out >= 0 && file_write(*out, to, (size_t)n) != 0) {
		close(*out);
		*out = -1;
	}
	return n;
}

static void answer_with(int answer, int rc, const struct buf *error)
{
	char status = (char)rc;

	if (file_write(answer, &status, 1) == 0)
		file_write(answer, error->data, error->len);
}

static _Noreturn void be_relay(int out, int answer, const char *name)
{
	struct buf error = BUF_INIT;
	struct structure *s;
	int rc;

	signal(SIGPIPE, SIG_IGN);
	s = structure_read(pass_on, &out, name, &rc, &error);
	if (s)
		rc = structure_finish(s, &error);
	/* The end of its input ends pg_restore, whatever it makes of what is damaged. */
	if (out >= 0)
		close(out);
	drain();
	answer_with(answer, rc, &error);
	_exit(0);
}

/* Puts it before this process's stdin. Returns where its verdict comes from; -1 with errno. */
static int start_relay(int others, const char *name)
{
	int data[2], answer[2];
	pid_t parent = getpid(), pid;

	if (pipe2(data, O_CLOEXEC) != 0 || pipe2(answer, O_CLOEXEC) != 0 || (pid = fork()) < 0)
		return -1;
	if (pid == 0) {
		proc_die_with_parent(parent);
		close(others);
		close(data[0]);
		close(answer[0]);
		be_relay(data[1], answer[1], name);
	}
	dup2(data[0], STDIN_FILENO);
	close(data[0]);
	close(data[1]);
	close(answer[1]);
	return answer[0];
}

static void read_answer(int fd, struct buf *answer)
{
	ssize_t n;

	while ((n = read(fd, buf_room(answer, 4096), 4096)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0) {
			answer->len += (size_t)n;
			answer->data[answer->len] = '\0';
		}
}

/* Takes the relay's verdict for ours, unless it was content. */
static int end_relay(int verdict, int rc, struct buf *error)
{
	struct buf answer = BUF_INIT;

	/* It writes on into the pipe otherwise, though nobody reads. */
	close(STDIN_FILENO);
	read_answer(verdict, &answer);
	if (answer.len && *answer.data) {
		rc = (unsigned char)*answer.data;
		buf_cut(error, 0);
		buf_puts(error, answer.data + 1);
	}
	buf_free(&answer);
	close(verdict);
	return rc;
}

/* The answer: the status as a byte, and the sentence. */
static _Noreturn void be_reader(int from, int answer, const struct readback *job)
{
	bool relayed = strcmp(job->kind, "custom") == 0;
	struct buf error = BUF_INIT;
	int rc, verdict = -1;

	dup2(from, STDIN_FILENO);
	proc_close_all_but(answer);
	if (relayed && (verdict = start_relay(answer, job->name)) < 0) {
		buf_printf(&error, "cannot start a process: %s", strerror(errno));
		rc = CANNOT_RUN;
	} else {
		rc = readback(job, &error);
	}
	if (verdict >= 0)
		rc = end_relay(verdict, rc, &error);
	else
		drain();
	answer_with(answer, rc, &error);
	_exit(0);
}

int readback_pipe_start(struct readback_pipe *r, const char *name, const char *kind, const char *scratch,
                        struct buf *error)
{
	int data[2] = { -1, -1 }, answer[2] = { -1, -1 };
	pid_t parent = getpid();

	*r = (struct readback_pipe)READBACK_PIPE_INIT;
	r->name = name;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, data) != 0 || pipe2(answer, O_CLOEXEC) != 0 ||
	    (r->pid = fork()) < 0) {
		buf_printf(error, "cannot start a process: %s", strerror(errno));
		for (size_t i = 0; i < 2; i++) {
			close(data[i]);
			close(answer[i]);
		}
		r->pid = 0;
		return CANNOT_RUN;
	}
	if (r->pid == 0) {
		proc_die_with_parent(parent);
		be_reader(data[0], answer[1],
		          &(struct readback){ .path = READBACK_STDIN,
		                              .name = name,
		                              .kind = kind,
		                              .scratch = scratch,
		                              .keep_fd = answer[1] });
	}
	close(data[0]);
	close(answer[1]);
	r->to = data[1];
	r->answer = answer[0];
	return DONE;
}

static void stop_giving(struct readback_pipe *r)
{
	if (r->to >= 0)
		close(r->to);
	r->to = -1;
}

void readback_pipe_add(struct readback_pipe *r, const void *bytes, size_t len)
{
	if (r->to >= 0 && file_write(r->to, bytes, len) != 0)
		stop_giving(r);
}

/* One that crashed did so on what it read. */
static int explain_death(struct readback_pipe *r, struct buf *error)
{
	int status = 0;
	bool crashed = waitpid(r->pid, &status, 0) == r->pid && WIFSIGNALED(status) &&
	               proc_is_crash(WTERMSIG(status));

	r->pid = 0;
	buf_printf(error, "'%s' cannot be read back: the process that reads it %s", r->name,
	           crashed ? "crashed on it" : "was killed (out of memory?)");
	return crashed ? BAD_DATA : NO;
}

int readback_pipe_end(struct readback_pipe *r, struct buf *error)
{
	struct buf answer = BUF_INIT;
	int rc;

	stop_giving(r);
	read_answer(r->answer, &answer);
	if (answer.len) {
		rc = (unsigned char)*answer.data;
		buf_puts(error, answer.data + 1);
	} else {
		rc = explain_death(r, error);
	}
	buf_free(&answer);
	readback_pipe_free(r);
	return rc;
}

void readback_pipe_free(struct readback_pipe *r)
{
	stop_giving(r);
	if (r->answer >= 0)
		close(r->answer);
	if (r->pid > 0) {
		kill(r->pid, SIGKILL);
		waitpid(r->pid, NULL, 0);
	}
	*r = (struct readback_pipe)READBACK_PIPE_INIT;
}
