/* results - what came of a run. */
#include "backup/results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/file.h"
#include "ext/lite.h"

#define RESULTS_MAX (8 << 20)

void results_open(struct results *o)
{
	results_close(o);
	o->results = memfd_create("results", MFD_CLOEXEC);
	o->words = memfd_create("words", MFD_CLOEXEC);
}

/* All of a file, whatever position others write at. */
static void read_all(int fd, size_t limit, struct buf *b)
{
	ssize_t n;

	while (fd >= 0 && b->len < limit &&
	       (n = pread(fd, buf_room(b, 65536), 65536, (off_t)b->len)) > 0) {
		b->len += (size_t)n;
		b->data[b->len] = '\0';
	}
}

void results_add(const struct results *o, const struct result *r)
{
	char *bytes = xasprintf("%lld", (long long)r->bytes),
	     *tables = xasprintf("%lld", (long long)r->tables);
	char *seconds = xasprintf("%lld.%03lld", (long long)(r->ms / 1000), (long long)(r->ms % 1000));
	struct buf error = BUF_INIT;
	const char *params[] = { r->database, r->target, r->status, r->path, NULL, bytes, tables, seconds };
	struct lite lite = LITE_INIT;
	struct rows rows = { 0 };

	if (r->error) {
		buf_puts(&error, r->error);
		msg_mask(&error);
		params[4] = error.data;
	}
	if (o->results >= 0 && lite_open(&lite, ":memory:", LITE_CREATE, 0) == 0 &&
	    lite_query(&lite,
	               "SELECT json_object('database', ?1, 'target', ?2, 'status', ?3, 'file', ?4,"
	               " 'error', ?5, 'bytes', json(?6), 'tables', json(?7), 'seconds', json(?8))"
	               " || char(10)",
	               params, 8, &rows) == 0)
		file_write(o->results, rows_text(&rows, 0, 0), strlen(rows_text(&rows, 0, 0)));
	rows_free(&rows);
	lite_free(&lite);
	buf_free(&error);
	free(seconds);
	free(tables);
	free(bytes);
}

void results_say(const struct results *o, enum msg_level level, const char *words)
{
	static const char *const levels[] = { "error", "warning", "info", "debug" };
	struct buf line = BUF_INIT;

	buf_printf(&line, "%s: %s", levels[level], words);
	msg_mask(&line);
	buf_trim(&line);
	buf_putc(&line, '\n');
	if (o->words >= 0)
		file_write(o->words, line.data, line.len);
	buf_free(&line);
}

/* A line of a process that was killed may be cut short. */
char *results_json(const struct results *o)
{
	struct buf lines = BUF_INIT, array = BUF_INIT;
	char *newline;

	read_all(o->results, RESULTS_MAX, &lines);
	buf_putc(&array, '[');
	for (char *line = lines.data; (newline = strchr(line, '\n')); line = newline + 1) {
		buf_puts(&array, line == lines.data ? "" : ",");
		buf_add(&array, line, (size_t)(newline - line));
	}
	buf_putc(&array, ']');
	buf_free(&lines);
	return buf_detach(&array);
}

char *results_tail(const struct results *o, size_t limit)
{
	off_t size = o->words < 0 ? 0 : lseek(o->words, 0, SEEK_END);
	size_t skip = size > (off_t)limit ? (size_t)size - limit : 0;
	struct buf all = BUF_INIT;
	char *from, *newline, *tail;

	read_all(o->words, SIZE_MAX, &all);
	from = all.data + (skip < all.len ? skip : all.len);
	/* From the beginning of a line on. */
	if (skip && (newline = strchr(from, '\n')))
		from = newline + 1;
	tail = xstrdup(from);
	buf_free(&all);
	return tail;
}

void results_close(struct results *o)
{
	if (o->results >= 0)
		close(o->results);
	if (o->words >= 0)
		close(o->words);
	*o = (struct results)RESULTS_INIT;
}
