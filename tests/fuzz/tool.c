/*
 * Fuzzes dump/program: any lines that a program of PostgreSQL's may write, a server's messages among them, end in an exit
 * code and a message of bounded length.
 *
 * The first byte of the input says how the program ended; the lines follow.
 */
#include "fuzz.h"

#include "base/banned.h"
#include "base/child.h"
#include "base/status.h"
#include "dump/program.h"

static const struct strs *lines;
static struct ending ending;

struct ending __wrap_child_watch(const struct child *c);

struct ending __wrap_child_watch(const struct child *c)
{
	for (size_t i = 0; i < lines->n; i++)
		c->tell(lines->v[i], c->arg);
	c->tick(c->arg);
	return ending;
}

static void count(const char *line, void *arg)
{
	MUST(line);
	++*(size_t *)arg;
}

static void run(struct program *t)
{
	struct buf error = BUF_INIT;
	int rc, ran = program_run(t);

	MUST((ran == 0) == (ending.status == 0));
	rc = program_explain(t, &error);
	MUST(rc == NO || rc == BAD_DATA || rc == UNAVAILABLE || rc == CANNOT_WRITE || rc == LOCKED || rc == DENIED ||
	     rc == BY_SIGNAL + ending.forwarded);
	MUST(error.len > 0 && error.len < 4096);
	buf_free(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = input_text(len ? data + 1 : data, len ? len - 1 : 0);
	struct strs args = { 0 }, all = { 0 };
	size_t heard = 0;
	struct program t = { .job = { .args = &args, .program = pg_restore_main }, .line = count, .arg = &heard };

	ending = (struct ending){ .status = len ? data[0] & 3 : 0 };
	if (ending.status == 3)
		ending = (struct ending){ .status = BY_SIGNAL + 11, .by_signal = 11, .forwarded = data[0] & 4 ? 15 : 0 };
	strs_add(&args, "pg_dump");
	strs_split(&all, text, NULL);
	lines = &all;
	run(&t);
	MUST(heard + t.warnings.n <= all.n);
	program_free(&t);
	strs_free(&args);
	strs_free(&all);
	free(text);
	return 0;
}
