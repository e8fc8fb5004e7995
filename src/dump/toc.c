/* toc - the table of contents of a PostgreSQL archive. */
#include "dump/toc.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/status.h"
#include "base/text.h"

/* pg_backup_archiver.c, PrintTOCSummary: `%d; %u %u %s %s %s %s`. Where an entry has no
 * schema there is a minus. */
const char *toc_text(const char *line)
{
	static const char *const ends[] = { "; ", " ", " " };

	for (size_t i = 0; i < 3; i++) {
		size_t digits = strspn(line, "0123456789");
		const char *rest = digits ? skip_prefix(line + digits, ends[i]) : NULL;

		if (!rest)
			return NULL;
		line = rest;
	}
	return line;
}

const char *toc_is(const char *line, const char *type)
{
	const char *rest = toc_text(line);

	rest = rest ? skip_prefix(rest, type) : NULL;
	return rest ? skip_prefix(rest, " ") : NULL;
}

char *toc_owner(const char *line, const struct strs *roles)
{
	size_t len = strlen(line);
	const char *last = strrchr(line, ' '), *best = NULL;

	for (size_t i = 0; i < roles->n; i++) {
		size_t end = strlen(roles->v[i]);

		if (len > end && line[len - end - 1] == ' ' && text_ends_with(line, roles->v[i]) &&
		    (!best || end > strlen(best)))
			best = roles->v[i];
	}
	return xstrdup(best ? best : last ? last + 1 : "");
}

/* A name that is followed by an owner, or by a blank and nothing. */
static bool names_one_of(const struct strs *list, const char *text)
{
	for (size_t i = 0; text && i < list->n; i++) {
		const char *rest = skip_prefix(text, list->v[i]);

		if (rest && (!*rest || *rest == ' '))
			return true;
	}
	return false;
}

/* --- reading --- */

/* Gives what pg_restore prints to take; as toc_ask. */
/* What pg_restore is asked, and who gets its answer. */
struct toc_question {
	const char *path, *option, *other, *list; /* other and list may be NULL */
	void (*take)(void *arg, const char *bytes, size_t len);
	void *arg;
};

static int ask(const struct toc_question *q, struct buf *error)
{
	const char *list = q->list;
	int fd = list ? memfd_create("list", 0) : -1, rc;
	char *use = xasprintf("--use-list=/proc/self/fd/%d", fd);
	struct strs args = { 0 };
	struct program t = { .job = { .program = pg_restore_main, .args = &args, .keep_fd = fd,
		                   .bounded = true } };

	strs_add(&args, "pg_restore");
	strs_add(&args, q->option);
	if (q->other)
		strs_add(&args, q->other);
	if (list && file_write(fd, list, strlen(list)) == 0)
		strs_add(&args, use);
	strs_add(&args, q->path);
	rc = program_read(&t, q->take, q->arg);
	if (rc) {
		buf_printf(error, "'%s' cannot be read: ", q->path);
		rc = program_explain_reader(&t, error);
	}
	if (fd >= 0)
		close(fd);
	program_free(&t);
	strs_free(&args);
	free(use);
	return rc;
}

static void take_buf(void *arg, const char *bytes, size_t len)
{
	buf_add(arg, bytes, len);
}

int toc_ask(const char *path, const char *option, const char *other, const char *list, struct buf *out,
            struct buf *error)
{
	return ask(&(struct toc_question){ path, option, other, list, take_buf, out }, error);
}

static void take_head(struct toc *t, const char *line)
{
	static const struct {
		const char *name;
		size_t at;
	} fields[] = {
		{ ";     dbname: ", offsetof(struct toc, database) },
		{ ";     Compression: ", offsetof(struct toc, compression) },
		{ ";     Dumped from database version: ", offsetof(struct toc, server) },
		{ ";     Dumped by pg_dump version: ", offsetof(struct toc, program) },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		const char *value = skip_prefix(line, fields[i].name);
		char **field = (char **)(void *)((char *)t + fields[i].at);

		if (value && !*field)
			*field = xstrdup(value);
	}
}

static void take_entry(struct toc *t, const char *line)
{
	const char *extension = toc_is(line, "EXTENSION -");
	char *name;

	strs_add(&t->lines, line);
	t->tables += toc_is(line, "TABLE") && !toc_is(line, "TABLE DATA") && !toc_is(line, "TABLE ATTACH");
	t->statistics = t->statistics || toc_is(line, "STATISTICS DATA");
	if (!extension)
		return;
	name = xstrndup(extension, strcspn(extension, " "));
	strs_add(&t->extensions, name);
	free(name);
}

static void each_line(struct toc *t, const char *text, void (*take)(struct toc *t, const char *line))
{
	struct strs lines = { 0 };

	strs_split(&lines, text, NULL);
	for (size_t i = 0; i < lines.n; i++)
		take(t, lines.v[i]);
	strs_free(&lines);
}

static void take_line(struct toc *t, const char *line)
{
	if (*line == ';')
		take_head(t, line);
	else
		take_entry(t, line);
}

int toc_read(struct toc *t, const char *path, struct buf *error)
{
	struct buf text = BUF_INIT;
	int rc;

	*t = (struct toc){ 0 };
	rc = toc_ask(path, "--list", NULL, NULL, &text, error);
	if (!rc)
		each_line(t, text.data, take_line);
	buf_free(&text);
	return rc;
}

/* --- what is restored --- */

/* What is behind a name is the owner: a blank there would be part of a longer name. */
static bool ends_name(const char *rest)
{
	return rest && *rest && !strchr(rest, ' ');
}

/* `TYPE schema name owner`. */
bool toc_is_relation(const char *line, const char *word)
{
	static const char *const types[] = { "TABLE", "VIEW", "MATERIALIZED VIEW",
	                                    "FOREIGN TABLE", "SEQUENCE", NULL };
	static const char *const others[] = { "TABLE ATTACH", "MATERIALIZED VIEW DATA",
		                              "SEQUENCE SET", "SEQUENCE OWNED BY", NULL };
	const char *dot = strchr(word, '.'), *rest = NULL;
	char *name = xasprintf(" %s ", word);
	char *full = dot ? xasprintf("%.*s %s ", (int)(dot - word), word, dot + 1) : NULL;
	bool is;

	for (size_t i = 0; types[i]; i++)
		rest = rest ? rest : toc_is(line, types[i]);
	for (size_t i = 0; others[i]; i++)
		rest = toc_is(line, others[i]) ? NULL : rest;
	/* Of an extension's table there are only rows. */
	if (toc_is(line, "TABLE DATA"))
		rest = toc_is(line, "TABLE DATA");
	is = rest && strstr(rest, name) && ends_name(strstr(rest, name) + strlen(name));
	is = is || (rest && full && ends_name(skip_prefix(rest, full)));
	free(name);
	free(full);
	return is;
}

bool toc_has(const struct toc *t, const char *word)
{
	for (size_t i = 0; i < t->lines.n; i++)
		if (toc_is_relation(t->lines.v[i], word))
			return true;
	return false;
}

static bool fills_one_of(const struct strs *tables, const char *line)
{
	return names_one_of(tables, toc_is(line, "TABLE DATA")) ||
	       names_one_of(tables, toc_is(line, "SEQUENCE SET"));
}

/* The lines of the rows for one table. */
static void add_fillers(const struct toc *t, const char *table, struct buf *list)
{
	struct strs tables = { 0 };

	strs_add(&tables, table);
	for (size_t i = 0; i < t->lines.n; i++)
		if (fills_one_of(&tables, t->lines.v[i]))
			buf_printf(list, "%s\n", t->lines.v[i]);
	strs_free(&tables);
}

bool toc_fills(const struct toc *t, const char *table)
{
	struct buf list = BUF_INIT;
	bool fills;

	add_fillers(t, table, &list);
	fills = list.len > 0;
	buf_free(&list);
	return fills;
}

#define OPENING " FROM stdin;" /* pg_dump.c, dumpTableData: the end of the line before the rows */

/* Lines that come by, of which the ends alone are kept. */
struct counter {
	char last[sizeof(OPENING)]; /* the bytes that the line has last */
	size_t len;                 /* of the line */
	bool rows;                  /* between COPY and its end */
	int64_t n;
};

static bool line_is(const struct counter *c, const char *end, bool alone)
{
	size_t len = strlen(end), kept = c->len < sizeof(c->last) ? c->len : sizeof(c->last);

	return kept >= len && (!alone || c->len == len) && memcmp(c->last + kept - len, end, len) == 0;
}

static void end_line(struct counter *c)
{
	if (c->rows && line_is(c, "\\.", true))
		c->rows = false;
	else if (c->rows)
		c->n++;
	else
		c->rows = line_is(c, OPENING, false);
	c->len = 0;
}

static void add_byte(struct counter *c, char byte)
{
	if (c->len >= sizeof(c->last))
		memmove(c->last, c->last + 1, sizeof(c->last) - 1);
	c->last[c->len < sizeof(c->last) ? c->len : sizeof(c->last) - 1] = byte;
	c->len++;
}

static void count_rows(void *arg, const char *bytes, size_t len)
{
	struct counter *c = arg;

	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n')
			end_line(c);
		else
			add_byte(c, bytes[i]);
	}
}

int64_t toc_count_rows(const struct toc *t, const char *path, const char *table)
{
	struct buf list = BUF_INIT, ignored = BUF_INIT;
	struct counter c = { .n = 0 };
	int rc;

	add_fillers(t, table, &list);
	rc = ask(&(struct toc_question){ path, "--file=-", NULL, list.data, count_rows, &c }, &ignored);
	buf_free(&list);
	buf_free(&ignored);
	return rc ? 0 : c.n;
}

static bool is_left_out(const char *line, const struct strs *extensions, const struct strs *schemas)
{
	return names_one_of(extensions, toc_is(line, "EXTENSION -")) ||
	       names_one_of(extensions, toc_is(line, "COMMENT - EXTENSION")) ||
	       names_one_of(schemas, toc_is(line, "SCHEMA -")) ||
	       names_one_of(schemas, toc_is(line, "COMMENT - SCHEMA"));
}

char *toc_list(const struct strs *lines, const struct strs *extensions, const struct strs *schemas,
               const struct strs *barred)
{
	struct buf list = BUF_INIT;

	for (size_t i = 0; i < lines->n; i++)
		if (!is_left_out(lines->v[i], extensions, schemas) && !fills_one_of(barred, lines->v[i]) &&
		    !names_one_of(barred, toc_is(lines->v[i], "ACL -")))
			buf_printf(&list, "%s\n", lines->v[i]);
	return buf_detach(&list);
}

void toc_free(struct toc *t)
{
	strs_free(&t->lines);
	strs_free(&t->extensions);
	free(t->database);
	free(t->server);
	free(t->program);
	free(t->compression);
	*t = (struct toc){ 0 };
}
