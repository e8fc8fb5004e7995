/* decorator - the @words in comments, as env-spec's grammar has them. */
#include "envcheck/decorator.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define BLANKS " \t"
#define LINES_MAX 64 /* that an open bracket may take */

/* The bytes of what stands in quotes at `at`, with them; 0 when they are never closed. */
static size_t quoted_length(const char *at)
{
	const char *end = at + 1;

	while (*end && *end != *at)
		end += *end == '\\' && end[1] ? 2 : 1;
	return *end ? (size_t)(end - at) + 1 : 0;
}

/* Whether a quote there begins a text: it is no apostrophe. */
static bool begins(const char *at, const char *quote)
{
	return strchr("'\"`", *quote) && (quote == at || strchr("=,([{ ", quote[-1]));
}

/* The bytes of a value at `at`: to a byte of stop outside quotes and brackets. 0 when a
 * bracket is never closed. */
static size_t value_length(const char *at, const char *stop)
{
	const char *end = at;
	size_t depth = 0;

	while (*end && (depth || !strchr(stop, *end))) {
		size_t quoted = begins(at, end) ? quoted_length(end) : 0;

		if (strchr("([{", *end))
			depth++;
		else if (strchr(")]}", *end) && depth)
			depth--;
		end += quoted ? quoted : 1;
	}
	return depth ? 0 : (size_t)(end - at);
}

/* A copy without its quotes, and without the backslashes before one in it. */
static char *unquoted(const char *at, size_t len, bool *quoted)
{
	struct buf text = BUF_INIT;
	char quote = *at;

	*quoted = len > 1 && strchr("'\"`", quote) && quoted_length(at) == len;
	if (!*quoted)
		return xstrndup(at, len);
	for (size_t i = 1; i + 1 < len; i++) {
		if (at[i] == '\\' && (at[i + 1] == quote || at[i + 1] == '\\') && i + 2 < len)
			i++;
		buf_putc(&text, at[i]);
	}
	return buf_detach(&text);
}

/* --- reading --- */

struct scan {
	const struct strs *comments;
	size_t next;     /* the comment line behind those in text */
	struct buf text; /* a comment line, and those that its open brackets took in */
	size_t at;
};

/* Adds the lines that may belong to an open bracket; where each ends goes to ends. */
static size_t join_lines(struct scan *s, size_t ends[LINES_MAX])
{
	size_t n = 0;

	for (; n < LINES_MAX && s->next + n < s->comments->n; n++) {
		const char *line = s->comments->v[s->next + n], *comment = strstr(line, "# ");

		/* The grammar: a # with a blank behind it begins a comment. */
		buf_putc(&s->text, ' ');
		buf_add(&s->text, line, comment ? (size_t)(comment - line) : strlen(line));
		ends[n] = s->text.len;
	}
	return n;
}

/* The bytes of the value at scan's place. An open bracket takes in lines, up to the one that
 * closes it; when none does, the value ends where a bare one does. */
static size_t take_value(struct scan *s)
{
	size_t len = s->text.len, found = value_length(s->text.data + s->at, BLANKS "#"), lines, i = 0;
	size_t ends[LINES_MAX];

	if (found || !s->text.data[s->at])
		return found;
	lines = join_lines(s, ends);
	found = value_length(s->text.data + s->at, BLANKS "#");
	if (!lines || !found) {
		buf_cut(&s->text, len);
		return strcspn(s->text.data + s->at, BLANKS "#");
	}
	while (i + 1 < lines && ends[i] < s->at + found)
		i++;
	buf_cut(&s->text, ends[i]);
	s->next += i + 1;
	return found;
}

/* A decorator, with scan's place behind its @. */
static void read_one(struct scan *s, struct decorators *d)
{
	struct decorator one = { 0 };
	size_t len = strcspn(s->text.data + s->at, BLANKS "=():#@");
	char sign;

	one.name = xstrndup(s->text.data + s->at, len);
	s->at += len;
	sign = s->text.data[s->at];
	if (sign == '=' || sign == '(') {
		s->at += sign == '=';
		len = take_value(s);
		one.call = sign == '(' && len > 1 && s->text.data[s->at + len - 1] == ')';
		if (one.call)
			one.value = xstrndup(s->text.data + s->at + 1, len - 2);
		else
			one.value = unquoted(s->text.data + s->at, len, &one.quoted);
		s->at += len;
	}
	d->v = xrealloc(d->v, (d->n + 1) * sizeof(*d->v));
	d->v[d->n++] = one;
}

static void read_line(struct scan *s, struct decorators *d)
{
	const char *at;

	for (;;) {
		s->at += strspn(s->text.data + s->at, BLANKS);
		at = s->text.data + s->at;
		if (!*at || *at == '#')
			return;
		if (*at == '@' && isalpha((unsigned char)at[1])) {
			s->at++;
			read_one(s, d);
		} else {
			s->at += 1 + strcspn(at + 1, BLANKS); /* words between them mean nothing */
		}
	}
}

void decorators_read(struct decorators *d, const struct strs *comments)
{
	struct scan s = { .comments = comments, .text = BUF_INIT };

	while (s.next < comments->n) {
		const char *line = comments->v[s.next++];

		if (*line != '@')
			continue;
		buf_cut(&s.text, 0);
		buf_puts(&s.text, line);
		s.at = 0;
		read_line(&s, d);
	}
	buf_free(&s.text);
}

const struct decorator *decorators_find(const struct decorators *d, const char *name)
{
	for (size_t i = d->n; i > 0; i--)
		if (strcmp(d->v[i - 1].name, name) == 0)
			return &d->v[i - 1];
	return NULL;
}

void decorators_free(struct decorators *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->v[i].name);
		free(d->v[i].value);
	}
	free(d->v);
	*d = (struct decorators){ 0 };
}

/* --- values --- */

char *decorator_call(const char *value, const char *function)
{
	const char *rest = value ? skip_prefix(value, function) : NULL;
	size_t len = rest ? strlen(rest) : 0;

	return len > 1 && rest[0] == '(' && rest[len - 1] == ')' ? xstrndup(rest + 1, len - 2) : NULL;
}

void decorator_split(struct strs *parts, const char *inside)
{
	while (*inside) {
		size_t len, end;
		bool quoted;
		char *part;

		inside += strspn(inside, BLANKS);
		len = value_length(inside, ",");
		if (!len && *inside != ',')
			len = strlen(inside);
		for (end = len; end && strchr(BLANKS, inside[end - 1]);)
			end--;
		part = unquoted(inside, end, &quoted);
		if (*part || quoted)
			strs_add(parts, part);
		free(part);
		inside += len;
		inside += *inside == ',';
	}
}
