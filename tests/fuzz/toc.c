/*
 * Fuzzes dump/toc, restore/subset and dump/roles on what pg_restore prints of an archive, whose names and statements are
 * anybody's: what is listed is what is there, and what is chosen is part of it, in order.
 *
 * The input is the list, the statements, and a table's name.
 */
#include "fuzz.h"

#include "base/banned.h"
#include "dump/roles.h"
#include "restore/subset.h"

static char *list, *statements;

int __wrap_program_read(struct program *t, void (*take)(void *arg, const char *bytes, size_t len), void *arg);

/* In two pieces. */
int __wrap_program_read(struct program *t, void (*take)(void *arg, const char *bytes, size_t len), void *arg)
{
	const char *text = strs_has(t->job.args, "--list") ? list : statements;
	size_t len = strlen(text);

	t->error = (struct buf)BUF_INIT;
	take(arg, text, len / 2);
	take(arg, text + len / 2, len - len / 2);
	return 0;
}

/* Line ends: pg_restore leaves none in a name. */
static size_t count_ends(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n' || *text == '\r';
	return n;
}

/* The lines are among those of the table of contents, in its order. */
static void is_part(const struct toc *t, const struct strs *lines)
{
	size_t at = 0;

	for (size_t i = 0; i < lines->n; i++) {
		while (at < t->lines.n && strcmp(t->lines.v[at], lines->v[i]) != 0)
			at++;
		MUST(at < t->lines.n);
		at++;
	}
}

static void choose(const struct toc *t, const char *table, bool fresh)
{
	struct strs names = { 0 }, lines = { 0 }, left_out = { 0 };
	struct buf error = BUF_INIT;

	strs_add(&names, table);
	MUST(subset_choose("archive", &names, fresh, &lines, &left_out, &error) == 0);
	is_part(t, &lines);
	MUST(lines.n + left_out.n <= t->lines.n);
	MUST(!toc_has(t, table) || lines.n);
	MUST(fresh || !left_out.n);
	strs_free(&names);
	strs_free(&lines);
	strs_free(&left_out);
	buf_free(&error);
}

static void check_list(const struct toc *t)
{
	struct strs none = { 0 };
	char *all = toc_list(&t->lines, &none, &none, &none), *some = toc_list(&t->lines, &t->extensions, &none, &none);

	MUST(count_ends(all) == t->lines.n);
	MUST(count_ends(some) <= t->lines.n);
	for (size_t i = 0; i < t->lines.n; i++) {
		char *owner = toc_owner(t->lines.v[i], &t->extensions);

		MUST(strstr(t->lines.v[i], owner));
		free(owner);
	}
	free(all);
	free(some);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf error = BUF_INIT;
	struct toc t;
	char *table;

	list = input_next(&data, &len);
	statements = input_next(&data, &len);
	table = input_next(&data, &len);
	MUST(toc_read(&t, "archive", &error) == 0);
	MUST(t.lines.n <= count_ends(list) + 1 && (size_t)t.tables <= t.lines.n && t.extensions.n <= t.lines.n);
	check_list(&t);
	choose(&t, table, false);
	choose(&t, table, true);
	MUST(toc_count_rows(&t, "archive", table) <= (int64_t)count_ends(statements));
	toc_fills(&t, table);
	toc_free(&t);
	buf_free(&error);
	free(list);
	free(statements);
	free(table);
	return 0;
}
