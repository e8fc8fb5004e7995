/* python_lex - Python source, one statement after another. */
#include "migrated/python_lex.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define NESTING 20 /* strings in the expressions of strings */

static bool skip_string(struct python_lex *s, const char *prefix, size_t prefix_len, unsigned nesting);

static bool wrong(struct python_lex *s, const char *at, const char *what)
{
	unsigned line = 1;

	for (const char *p = s->begin; p < at && p < s->end; p++)
		line += *p == '\n';
	if (!s->error.len)
		buf_printf(&s->error, "line %u: %s", line, what);
	return false;
}

void python_lex_start(struct python_lex *s, const char *text, size_t len)
{
	*s = (struct python_lex){ .begin = text, .at = text, .end = text + len, .error = BUF_INIT };
	if (memchr(text, '\0', len))
		wrong(s, memchr(text, '\0', len), "a NUL byte");
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		s->at += 3;
}

void python_lex_free(struct python_lex *s)
{
	free(s->v);
	buf_free(&s->error);
	*s = (struct python_lex){ .error = BUF_INIT };
}

bool token_is(const struct token *t, const char *word)
{
	return (t->kind == TOKEN_NAME || t->kind == TOKEN_SIGN) && strlen(word) == t->len &&
	       memcmp(word, t->at, t->len) == 0;
}

static char peek(const struct python_lex *s, size_t ahead)
{
	return (size_t)(s->end - s->at) > ahead ? s->at[ahead] : '\0';
}

static bool is_line_end(char c)
{
	return c == '\n' || c == '\r';
}

static void skip_line_end(struct python_lex *s)
{
	s->at += peek(s, 0) == '\r' && peek(s, 1) == '\n' ? 2 : 1;
}

static bool begins_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_quote(char c)
{
	return c == '\'' || c == '"';
}

/* --- strings --- */

static bool has_letter(const char *prefix, size_t len, char lower)
{
	for (size_t i = 0; i < len; i++)
		if ((prefix[i] | 0x20) == lower)
			return true;
	return false;
}

static bool is_prefix(const char *name, size_t len)
{
	return len <= 2 && strspn(name, "rRbBuUfFtT") >= len;
}

/* What follows the colon in f"{x:>10}": text, in which a quote means nothing. */
static bool skip_format(struct python_lex *s, unsigned nesting);

/* Behind the { of a formatted string to behind its }. Its own strings may use the same
 * quotes since Python 3.12 (PEP 701), and before they used others. */
static bool skip_expression(struct python_lex *s, unsigned nesting)
{
	const char *start = s->at, *word = s->at;
	unsigned depth = 0;

	if (nesting > NESTING)
		return wrong(s, start, "strings within strings too deep to follow");
	while (s->at < s->end) {
		char c = *s->at;

		if (is_quote(c)) {
			size_t len = (size_t)(s->at - word);

			if (!skip_string(s, word, is_prefix(word, len) ? len : 0, nesting + 1))
				return false;
			word = s->at;
			continue;
		}
		if (c == '}' && !depth) {
			s->at++;
			return true;
		}
		if (c == ':' && !depth)
			return skip_format(s, nesting);
		if (c == '#') {
			while (s->at < s->end && !is_line_end(*s->at))
				s->at++;
			word = s->at;
			continue;
		}
		depth += strchr("([{", c) != NULL;
		depth -= depth && strchr(")]}", c);
		s->at++;
		if (!begins_name(c) && !is_digit(c))
			word = s->at;
	}
	return wrong(s, start, "a string does not end");
}

static bool skip_format(struct python_lex *s, unsigned nesting)
{
	const char *start = s->at;

	while (s->at < s->end) {
		char c = *s->at++;

		if (c == '}')
			return true;
		if (c == '{' && !skip_expression(s, nesting + 1))
			return false;
	}
	return wrong(s, start, "a string does not end");
}

static void skip_escape(struct python_lex *s, bool formatted, bool raw)
{
	char c = peek(s, 1);

	if (formatted && !raw && c == 'N' && peek(s, 2) == '{') {
		while (s->at < s->end && *s->at != '}' && !is_line_end(*s->at))
			s->at++;
		return;
	}
	s->at += formatted && (c == '{' || c == '}') ? 1 : 2;
	if (s->at > s->end)
		s->at = s->end;
}

/* From the opening quote to behind the closing one. */
static bool skip_string(struct python_lex *s, const char *prefix, size_t prefix_len, unsigned nesting)
{
	bool formatted = has_letter(prefix, prefix_len, 'f') || has_letter(prefix, prefix_len, 't');
	bool raw = has_letter(prefix, prefix_len, 'r');
	const char *start = s->at;
	char quote = *s->at;
	size_t quotes = peek(s, 1) == quote && peek(s, 2) == quote ? 3 : 1;

	s->at += quotes;
	while (s->at < s->end) {
		char c = *s->at;

		if (c == quote && (quotes == 1 || (peek(s, 1) == quote && peek(s, 2) == quote))) {
			s->at += quotes;
			return true;
		}
		if (c == '\\') {
			skip_escape(s, formatted, raw);
		} else if (formatted && c == '{' && peek(s, 1) != '{') {
			s->at++;
			if (!skip_expression(s, nesting))
				return false;
		} else if (is_line_end(c) && quotes == 1) {
			break;
		} else {
			s->at += formatted && c == '{' ? 2 : 1;
		}
	}
	return wrong(s, start, "a string does not end");
}

/* --- tokens --- */

static void add(struct python_lex *s, enum token_kind kind, const char *at, size_t len)
{
	s->colon = kind == TOKEN_SIGN && len == 1 && *at == ':' && !s->depth;
	if (s->n == STATEMENT_TOKENS)
		return;
	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->v = xrealloc(s->v, s->room * sizeof(*s->v));
	}
	s->v[s->n++] = (struct token){ kind, at, len, s->depth };
}

static bool add_string(struct python_lex *s, const char *prefix, size_t prefix_len)
{
	const char *start = s->at;
	size_t quotes = peek(s, 1) == *start && peek(s, 2) == *start ? 3 : 1, len;
	bool plain = !has_letter(prefix, prefix_len, 'f') && !has_letter(prefix, prefix_len, 't') &&
	             !has_letter(prefix, prefix_len, 'b');

	if (!skip_string(s, prefix, prefix_len, 0))
		return false;
	len = (size_t)(s->at - start) - 2 * quotes;
	/* Python reads a line end of any kind as \n. */
	if (plain && (has_letter(prefix, prefix_len, 'r') || !memchr(start, '\\', len + quotes)) &&
	    !memchr(start, '\r', len + quotes))
		add(s, TOKEN_TEXT, start + quotes, len);
	else
		add(s, TOKEN_OTHER, prefix, (size_t)(s->at - prefix));
	return true;
}

static bool add_word(struct python_lex *s)
{
	const char *start = s->at;
	bool name = begins_name(*start);
	size_t len;

	while (s->at < s->end && (begins_name(*s->at) || is_digit(*s->at) || (!name && *s->at == '.')))
		s->at++;
	len = (size_t)(s->at - start);
	if (name && is_quote(peek(s, 0)) && is_prefix(start, len))
		return add_string(s, start, len);
	add(s, name ? TOKEN_NAME : TOKEN_OTHER, start, len);
	return true;
}

static bool add_sign(struct python_lex *s)
{
	static const char pairs[] = "()[]{}";
	const char *start = s->at, *pair = strchr(pairs, *start);
	bool opens = pair && (pair - pairs) % 2 == 0, equals = peek(s, 1) == '=';

	if (!strchr("()[]{}<>=!+-*/%&|^~@:.,", *start) || (*start == '!' && !equals))
		return wrong(s, start, "this is not Python");
	if (pair && !opens && (!s->depth || s->brackets[--s->depth] != *start))
		return wrong(s, start, "a bracket closes that was not opened");
	s->at += !pair && equals && !strchr("~.,", *start) ? 2 : 1;
	add(s, TOKEN_SIGN, start, (size_t)(s->at - start));
	if (opens && s->depth == sizeof(s->brackets))
		return wrong(s, start, "brackets within brackets too deep to follow");
	if (opens)
		s->brackets[s->depth++] = pair[1];
	return true;
}

static bool add_token(struct python_lex *s)
{
	if (is_quote(*s->at))
		return add_string(s, s->at, 0);
	if (begins_name(*s->at) || is_digit(*s->at))
		return add_word(s);
	return add_sign(s);
}

/* --- lines --- */

/* Blanks, comments and continued lines; within brackets line ends too. */
static void skip_gap(struct python_lex *s)
{
	for (;;) {
		char c = peek(s, 0);

		if (c == ' ' || c == '\t' || c == '\f' || (s->depth && is_line_end(c))) {
			s->at++;
		} else if (c == '#') {
			while (s->at < s->end && !is_line_end(*s->at))
				s->at++;
		} else if (c == '\\' && is_line_end(peek(s, 1))) {
			s->at++;
			skip_line_end(s);
		} else {
			return;
		}
	}
}

/* Goes to the first word of the next line that has one, and takes its column. */
static void begin_line(struct python_lex *s)
{
	s->column = 0;
	while (s->at < s->end) {
		char c = *s->at;

		/* Python refuses lines that only a width of tabs could compare. */
		if (c == ' ' || c == '\t')
			s->column++;
		else if (c == '\f' || is_line_end(c))
			s->column = 0;
		else if (c != '#')
			return;
		if (c == '#')
			skip_gap(s);
		else
			s->at++;
	}
}

static bool read_statement(struct python_lex *s)
{
	s->n = 0;
	s->colon = false;
	s->first = !s->within;
	if (s->first)
		begin_line(s);
	for (;;) {
		skip_gap(s);
		s->within = s->at < s->end;
		if (!s->within)
			return !s->depth || wrong(s, s->end, "a bracket is not closed");
		if (is_line_end(*s->at)) {
			skip_line_end(s);
			s->within = false;
			return true;
		}
		if (*s->at == ';' && !s->depth) {
			s->at++;
			return true;
		}
		if (!add_token(s))
			return false;
	}
}

bool python_lex_next(struct python_lex *s)
{
	while (!s->error.len && s->at < s->end) {
		if (!read_statement(s))
			return false;
		s->opens = s->colon;
		if (s->n)
			return true;
	}
	return false;
}
