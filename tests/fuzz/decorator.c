/*
 * Fuzzes envcheck/decorator: what it reads of comment lines is what stands there, and what was quoted is read back as it
 * was, as a value and as one of several.
 *
 * The input is the lines.
 */
#include "fuzz.h"

#include <ctype.h>

#include "base/banned.h"
#include "envcheck/decorator.h"

/* Each is found by its name, and nobody comes before the last of that name. */
static void is_whole(const struct decorators *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct decorator *one = &d->v[i], *last = decorators_find(d, one->name);

		MUST(isalpha((unsigned char)*one->name) && !strpbrk(one->name, " \t=():#@"));
		MUST(one->value || (!one->call && !one->quoted));
		MUST(!one->call || !one->quoted);
		MUST(last >= one && same(last->name, one->name));
	}
	MUST(!decorators_find(d, ""));
}

/* There are not more parts than commas allow. */
static void splits(const char *inside)
{
	struct strs parts = { 0 };
	size_t most = 1;

	for (const char *at = inside; *at; at++)
		most += *at == ',';
	decorator_split(&parts, inside);
	MUST(parts.n <= most);
	strs_free(&parts);
}

static void call(const char *value)
{
	char *inside = decorator_call(value, "or");

	if (inside) {
		MUST(strlen(inside) + 4 == strlen(value) && strncmp(value + 3, inside, strlen(inside)) == 0);
		splits(inside);
	}
	free(inside);
}

static void read_lines(const char *text)
{
	struct decorators d = { 0 };
	struct strs lines = { 0 };

	strs_split(&lines, text, "\n");
	decorators_read(&d, &lines);
	is_whole(&d);
	for (size_t i = 0; i < d.n; i++) {
		call(d.v[i].value);
		if (d.v[i].call)
			splits(d.v[i].value);
	}
	decorators_free(&d);
	strs_free(&lines);
}

static void add_quoted(struct buf *b, const char *text)
{
	buf_putc(b, '"');
	for (; *text; text++)
		buf_printf(b, strchr("\"\\", *text) ? "\\%c" : "%c", *text);
	buf_putc(b, '"');
}

static void comes_back(const char *text)
{
	struct decorators d = { 0 };
	struct strs lines = { 0 }, parts = { 0 };
	struct buf b = BUF_INIT;

	buf_puts(&b, "@a=");
	add_quoted(&b, text);
	buf_puts(&b, " @b(\"c\", ");
	add_quoted(&b, text);
	buf_puts(&b, ") @d");
	strs_add(&lines, b.data);
	decorators_read(&d, &lines);
	MUST(d.n == 3 && d.v[0].quoted && d.v[1].call && same(d.v[2].name, "d"));
	MUST(same(d.v[0].value, text));
	decorator_split(&parts, d.v[1].value);
	MUST(parts.n == 2 && same(parts.v[0], "c") && same(parts.v[1], text));
	decorators_free(&d);
	strs_free(&lines);
	strs_free(&parts);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = input_text(data, len);

	read_lines(text);
	splits(text);
	comes_back(text);
	free(text);
	return 0;
}
