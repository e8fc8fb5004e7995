/* program - runs one of PostgreSQL's linked programs as a child. */
#include "dump/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/child.h"
#include "base/proc.h"
#include "base/status.h"

#define PATIENCE_MS 1000
#define WORDS_MAX 1500 /* a statement with a thousand tables in it helps nobody */

static void add_words(struct buf *words, const char *text)
{
	if (words->len < WORDS_MAX)
		buf_printf(words, "%s%.600s", words->len ? "; " : "", text);
}

/* PostgreSQL's common/logging.c writes `program: level: text`; continued texts have no
 * prefix. */
static void hear(const char *line, void *arg)
{
	struct program *t = arg;
	const char *name = t->job.args->v[0], *rest = skip_prefix(line, name), *text;

	if (engine_failed(line, &t->failure))
		return;
	if (engine_told(line)) {
		strs_add(&t->notes, engine_told(line));
		return;
	}
	rest = rest ? skip_prefix(rest, ": ") : NULL;
	if (!rest) {
		/* The server's DETAIL, behind its ERROR. */
		if (t->in_error && !skip_prefix(line, "Command was: "))
			add_words(&t->error, line);
		t->in_error = false;
		return;
	}
	t->in_error = false;
	if ((text = skip_prefix(rest, "error: ")) || (text = skip_prefix(rest, "fatal: "))) {
		add_words(&t->error, text);
		t->in_error = true;
	} else if ((text = skip_prefix(rest, "detail: "))) {
		t->lock_timeout = t->lock_timeout || strstr(text, ": LOCK TABLE ");
		if (!skip_prefix(text, "Query was: ") && !skip_prefix(text, "Command was: "))
			add_words(&t->error, text);
	} else if ((text = skip_prefix(rest, "warning: "))) {
		strs_add(&t->warnings, text);
	} else if (t->line && !skip_prefix(rest, "hint: ")) {
		t->line(rest, t->arg);
	}
}

static void on_tick(void *arg)
{
	const struct program *t = arg;

	if (t->tick)
		t->tick(t->arg);
}

int program_start(struct program *t, int *messages, pid_t *pid)
{
	t->status = 0;
	t->forwarded = 0;
	t->failure = (struct engine_failure){ 0 };
	t->error = (struct buf)BUF_INIT;
	t->warnings = t->notes = (struct strs){ 0 };
	t->lock_timeout = t->killed = t->in_error = false;
	*pid = engine_start(&t->job, messages);
	if (*pid >= 0)
		return 0;
	buf_printf(&t->error, "cannot start a process: %s", strerror(errno));
	t->status = CANNOT_RUN;
	return -1;
}

void program_wait(struct program *t, int messages, pid_t pid)
{
	struct child child = { .pid = pid, .messages = messages, .tell = hear, .watched = -1,
		               .tick = on_tick, .patience = PATIENCE_MS, .arg = t };
	struct ending ending = child_watch(&child);

	t->status = ending.status;
	t->forwarded = ending.forwarded;
	/* statement_timeout, which pg_dump's --lock-wait-timeout sets, and lock_timeout. */
	t->lock_timeout = t->lock_timeout && (strcmp(t->failure.sqlstate, "57014") == 0 ||
	                                      strcmp(t->failure.sqlstate, "55P03") == 0);
	t->killed = ending.by_signal && !ending.forwarded;
	if (t->killed)
		buf_printf(&t->error, "%skilled by signal %d%s", t->error.len ? "; " : "", ending.by_signal,
		           ending.by_signal == SIGKILL    ? " (out of memory?)"
		           : proc_is_crash(ending.by_signal) ? " (it crashed on this input)"
		                                        : "");
}

int program_run(struct program *t)
{
	int messages;
	pid_t pid;

	if (program_start(t, &messages, &pid) != 0)
		return -1;
	program_wait(t, messages, pid);
	return t->status ? -1 : 0;
}

static void read_all(int fd, void (*take)(void *arg, const char *bytes, size_t len), void *arg)
{
	char bytes[16384];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			take(arg, bytes, (size_t)n);
}

int program_read(struct program *t, void (*take)(void *arg, const char *bytes, size_t len), void *arg)
{
	int ends[2], messages, rc;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	t->job.output = ends[1];
	rc = program_start(t, &messages, &pid);
	close(ends[1]);
	if (!rc) {
		read_all(ends[0], take, arg);
		program_wait(t, messages, pid);
	}
	close(ends[0]);
	return rc || t->status ? -1 : 0;
}

static void take_buf(void *arg, const char *bytes, size_t len)
{
	buf_add(arg, bytes, len);
}

int program_capture(struct program *t, struct buf *out)
{
	return program_read(t, take_buf, out);
}

/* SQLSTATEs (PostgreSQL docs, appendix A), by their beginnings, and what they mean here. */
static const struct state_meaning {
	const char *state;
	int status;
	const char *words;
} meanings[] = {
	{ "08", UNAVAILABLE, "the connection was lost" },
	{ "57P0", UNAVAILABLE, "the server went away" },
	{ "53100", UNAVAILABLE, "the server's disk is full" },
	{ "40001", NO, "conflict with recovery on this standby: dump the primary, or set "
	               "hot_standby_feedback = on or a longer max_standby_streaming_delay" },
	{ "55P03", LOCKED, "a table is locked" },
	{ "28", DENIED, "the login was refused" },
	{ "42501", DENIED, "this role may not read everything: grant it pg_read_all_data "
	                   "(PostgreSQL 14 and newer), and BYPASSRLS where tables have row "
	                   "security, or dump as the database's owner" },
	{ "XX00", BAD_DATA, "the server's own data is damaged" },
};

/* What pg_read_all_data covers: PostgreSQL docs, "Predefined Roles"; lo_compat_privileges. */
#define LARGE_OBJECT                                                                                         \
	"this role may not read large object %u, which pg_read_all_data does not cover (servers before "     \
	"19): "                                                                                              \
	"dump as the owner of the large objects or as a superuser, grant SELECT on each, or have a "         \
	"superuser "                                                                                         \
	"ALTER ROLE ... SET lo_compat_privileges = on"

/* Why the program could not write, when that is what the words say; else NULL. */
static const char *write_trouble(const char *words)
{
	static const struct {
		int number;
		const char *trouble;
	} numbers[] = {
		{ ENOSPC, "no space left" }, { EDQUOT, "no space left" }, { EROFS, "cannot write" },
		{ EFBIG, "cannot write" },   { EIO, "cannot write" },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (strstr(words, strerror(numbers[i].number)))
			return numbers[i].trouble;
	return NULL;
}

int program_explain(const struct program *t, struct buf *error)
{
	const char *name = t->job.args->v[0], *words = t->error.data;

	if (t->forwarded) {
		buf_printf(error, "%s: stopped by signal %d", name, t->forwarded);
		return BY_SIGNAL + t->forwarded;
	}
	if (write_trouble(words)) {
		buf_printf(error, "%s: %s: %s", write_trouble(words), name, words);
		return CANNOT_WRITE;
	}
	if (t->lock_timeout) {
		buf_printf(error, "waited too long for the lock of a table: %s: %s", name, words);
		return LOCKED;
	}
	if (t->failure.object && strcmp(t->failure.sqlstate, "42501") == 0) {
		buf_printf(error, LARGE_OBJECT ": %s: %s", t->failure.object, name, words);
		return DENIED;
	}
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++) {
		if (!*t->failure.sqlstate || !skip_prefix(t->failure.sqlstate, meanings[i].state))
			continue;
		buf_printf(error, "%s: %s: %s", meanings[i].words, name, words);
		return meanings[i].status;
	}
	buf_printf(error, "%s: %s", name, *words ? words : "it failed without a word");
	return NO;
}

int program_explain_reader(const struct program *t, struct buf *error)
{
	int rc = program_explain(t, error);

	if (rc != NO || t->status == CANNOT_RUN)
		return rc;
	return !t->killed || proc_is_crash(t->status - BY_SIGNAL) ? BAD_DATA : NO;
}

void program_free(struct program *t)
{
	buf_free(&t->error);
	strs_free(&t->warnings);
	strs_free(&t->notes);
}
