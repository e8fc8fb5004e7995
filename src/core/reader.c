/* reader - reads a backup back while it goes by. */
#include "core/reader.h"

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
#include "core/readback.h"

/* What it has not looked at must still be taken: the writer would take its end for ours. */
static void drain(void)
{
	char bytes[65536];
	ssize_t n;

	while ((n = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR))
		continue;
}

/* The answer: the status as a byte, and the sentence. */
static _Noreturn void be_reader(int from, int answer, const char *kind, const char *scratch)
{
	struct buf error = BUF_INIT;
	char status;

	dup2(from, STDIN_FILENO);
	proc_close_all_but(answer);
	status = (char)readback(READBACK_STDIN, kind, scratch, answer, NULL, NULL, &error);
	drain();
	if (file_write(answer, &status, 1) == 0)
		file_write(answer, error.data, error.len);
	_exit(0);
}

int reader_start(struct reader *r, const char *kind, const char *scratch, struct buf *error)
{
	int data[2] = { -1, -1 }, answer[2] = { -1, -1 };
	pid_t parent = getpid();

	*r = (struct reader)READER_INIT;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, data) != 0 || pipe2(answer, O_CLOEXEC) != 0 || (r->pid = fork()) < 0) {
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
		be_reader(data[0], answer[1], kind, scratch);
	}
	close(data[0]);
	close(answer[1]);
	r->to = data[1];
	r->answer = answer[0];
	return DONE;
}

static void stop_giving(struct reader *r)
{
	if (r->to >= 0)
		close(r->to);
	r->to = -1;
}

void reader_add(struct reader *r, const void *bytes, size_t len)
{
	if (r->to >= 0 && file_write(r->to, bytes, len) != 0)
		stop_giving(r);
}

/* Its sentence names the file that it read; here that has another name. */
static void add_words(struct buf *error, const char *words, const char *name)
{
	const char *at = strstr(words, "'" READBACK_STDIN "'");

	if (at)
		buf_printf(error, "%.*s'%s'%s", (int)(at - words), words, name, at + strlen("'" READBACK_STDIN "'"));
	else
		buf_puts(error, words);
}

int reader_end(struct reader *r, const char *name, struct buf *error)
{
	struct buf answer = BUF_INIT;
	ssize_t n;
	int rc;

	stop_giving(r);
	while ((n = read(r->answer, buf_room(&answer, 4096), 4096)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0) {
			answer.len += (size_t)n;
			answer.data[answer.len] = '\0';
		}
	if (answer.len) {
		rc = (unsigned char)*answer.data;
		add_words(error, answer.data + 1, name);
	} else {
		buf_printf(error, "'%s' cannot be read back: the process that does it was killed", name);
		rc = NO;
	}
	buf_free(&answer);
	reader_free(r);
	return rc;
}

void reader_free(struct reader *r)
{
	stop_giving(r);
	if (r->answer >= 0)
		close(r->answer);
	if (r->pid > 0) {
		kill(r->pid, SIGKILL);
		waitpid(r->pid, NULL, 0);
	}
	*r = (struct reader)READER_INIT;
}
