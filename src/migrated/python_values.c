/* python_values - what a Python file assigns to names. */
#include "migrated/python_values.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/status.h"
#include "migrated/python_lex.h"

#define NESTING 4 /* lists in lists: one in replaces = [("app", "name")] */

/* --- values --- */

static void value_free(struct python_value *v)
{
	for (size_t i = 0; i < v->n; i++)
		value_free(&v->v[i]);
	free(v->v);
	free(v->text);
	*v = (struct python_value){ 0 };
}

/* The tokens of a statement that are still to be read. */
struct cursor {
	const struct token *at, *end;
};

static bool next_is(const struct cursor *c, const char *word)
{
	return c->at < c->end && token_is(c->at, word);
}

static bool take(struct cursor *c, const char *word)
{
	bool is = next_is(c, word);

	c->at += is;
	return is;
}

static bool read_value(struct cursor *c, struct python_value *v, unsigned nesting);

static bool add_item(struct cursor *c, struct python_value *list, unsigned nesting)
{
	struct python_value item = { 0 };

	if (!read_value(c, &item, nesting)) {
		value_free(&item);
		return false;
	}
	list->v = xrealloc(list->v, (list->n + 1) * sizeof(*list->v));
	list->v[list->n++] = item;
	return true;
}

/* Items up to the closing bracket, or up to the end of the statement without one. What
 * is in round brackets, and without a comma, is no tuple but that value. */
static bool read_items(struct cursor *c, const char *close, struct python_value *v, unsigned nesting)
{
	bool comma = false;

	v->kind = VALUE_LIST;
	while (close ? !next_is(c, close) : c->at < c->end) {
		if ((v->n && !comma) || !add_item(c, v, nesting + 1))
			return false;
		comma = take(c, ",");
	}
	if (close && !take(c, close))
		return false;
	if (v->n == 1 && !comma && (!close || *close == ')')) {
		struct python_value only = v->v[0];

		free(v->v);
		*v = only;
	}
	return !close || *close != '}' || v->n; /* {} is no set */
}

/* Strings side by side are one. */
static void read_text(struct cursor *c, struct python_value *v)
{
	struct buf text = BUF_INIT;

	for (; c->at < c->end && c->at->kind == TOKEN_TEXT; c->at++)
		buf_add(&text, c->at->at, c->at->len);
	v->kind = VALUE_TEXT;
	v->text = buf_detach(&text);
}

static bool read_value(struct cursor *c, struct python_value *v, unsigned nesting)
{
	if (nesting > NESTING || c->at == c->end)
		return false;
	if (c->at->kind == TOKEN_TEXT) {
		read_text(c, v);
		return c->at == c->end || c->at->kind == TOKEN_SIGN;
	}
	if (take(c, "None"))
		v->kind = VALUE_NONE;
	else if (take(c, "True"))
		v->kind = VALUE_TRUE;
	else if (take(c, "("))
		return read_items(c, ")", v, nesting);
	else if (take(c, "["))
		return read_items(c, "]", v, nesting);
	else if (take(c, "{"))
		return read_items(c, "}", v, nesting);
	else
		return false;
	return true;
}

static void set_unclear(struct python_value *v)
{
	value_free(v);
	v->kind = VALUE_UNCLEAR;
}

/* --- assignments --- */

/* The first = of the statement from token i on, outside of brackets; s->n: there is none. */
static size_t find_equals(const struct python_lex *s, size_t i)
{
	while (i < s->n && !(s->v[i].depth == 0 && token_is(&s->v[i], "=")))
		i++;
	return i;
}

static bool assigns_in_place(const struct token *t)
{
	return t->kind == TOKEN_SIGN && t->len == 2 && t->at[1] == '=' && !strchr("=!<>", t->at[0]);
}

static bool is_one_of(const struct token *t, const char *const *words)
{
	for (; *words; words++)
		if (token_is(t, *words))
			return true;
	return false;
}

static bool is_function(const struct python_lex *s)
{
	return token_is(&s->v[0], "def") ||
	       (s->n > 1 && token_is(&s->v[0], "async") && token_is(&s->v[1], "def"));
}

/* Whether the token's name is bound by the words around it. */
static bool is_bound(const struct python_lex *s, size_t i)
{
	static const char *const firsts[] = { "for", "async", "with", "import", "from", "del", "global",
		                              NULL };
	static const char *const befores[] = { "as", "def", "class", NULL };

	return (is_one_of(&s->v[0], firsts) && !is_function(s)) || (i && is_one_of(&s->v[i - 1], befores)) ||
	       (i + 1 < s->n && token_is(&s->v[i + 1], ":="));
}

/* Whether a statement that is no plain assignment to the name binds it in another way:
 * a, name = ...; for name in ...; (name := ...). It may say so of some that do not. */
static bool may_bind(const struct python_lex *s, const char *name)
{
	size_t last = s->n;

	/* def f(): name = ... is in f. */
	for (size_t i = find_equals(s, 0); i < s->n && !is_function(s); i = find_equals(s, i + 1))
		last = i;
	for (size_t i = 0; i < s->n; i++) {
		if (!token_is(&s->v[i], name) || (i && token_is(&s->v[i - 1], ".")))
			continue;
		if ((last < s->n && i < last) || is_bound(s, i))
			return true;
	}
	return false;
}

/* Reads the value behind the = at that token; false where it is no literal. */
static bool read_assignment(const struct python_lex *s, size_t equals, struct python_value *v)
{
	struct cursor c = { s->v + equals + 1, s->v + s->n };

	value_free(v);
	return s->n < STATEMENT_TOKENS && c.at < c.end && read_items(&c, NULL, v, 0);
}

/* What the statement does to the name. */
static void look(const struct python_lex *s, bool plain, struct python_assigned *a)
{
	bool starts = token_is(&s->v[0], a->name), unclear;
	size_t equals = 1;

	if (starts && s->n > 1 && token_is(&s->v[1], ":"))
		equals = find_equals(s, 1);
	if (starts && equals < s->n && token_is(&s->v[equals], "="))
		unclear = !plain || !read_assignment(s, equals, &a->value);
	else if (starts && s->n > 1 && assigns_in_place(&s->v[1]))
		unclear = true;
	else
		/* x: str alone is no assignment. */
		unclear = !(starts && equals == s->n) && may_bind(s, a->name);
	if (unclear)
		set_unclear(&a->value);
}

/* --- blocks --- */

enum block_kind { BLOCK_FUNCTION, BLOCK_CLASS, BLOCK_WANTED, BLOCK_OTHER };

struct blocks {
	struct block {
		unsigned column;
		enum block_kind kind;
	} *v; /* those that the next statement is in, the outermost first */
	size_t n;
	bool one_line; /* the statement stands behind if x: in the same line */
};

static bool is_class(const struct python_lex *s)
{
	return s->n > 1 && token_is(&s->v[0], "class") && s->v[1].kind == TOKEN_NAME;
}

static bool begins_block(const struct token *t)
{
	static const char *const words[] = { "if", "elif", "else", "for", "while", "try", "except",
		                             "finally", "with", "async", "def", "class", NULL };

	return is_one_of(t, words);
}

static void leave_blocks(struct blocks *b, const struct python_lex *s)
{
	if (!s->first)
		return;
	b->one_line = begins_block(&s->v[0]) && !s->opens;
	while (b->n && b->v[b->n - 1].column >= s->column)
		b->n--;
}

static void enter_block(struct blocks *b, const struct python_lex *s, const char *class)
{
	enum block_kind kind = BLOCK_OTHER;

	if (!s->opens)
		return;
	if (is_function(s))
		kind = BLOCK_FUNCTION;
	else if (is_class(s))
		kind = class && token_is(&s->v[1], class) ? BLOCK_WANTED : BLOCK_CLASS;
	b->v = xrealloc(b->v, (b->n + 1) * sizeof(*b->v));
	b->v[b->n++] = (struct block){ s->column, kind };
}

/* Whether a statement is where the names live; *plain says that nothing but that decides
 * whether and how often it runs. */
static bool is_inside(const struct blocks *b, bool of_class, bool *plain)
{
	size_t first = of_class ? 1 : 0;

	if (of_class && !(b->n && b->v[0].kind == BLOCK_WANTED))
		return false;
	for (size_t i = first; i < b->n; i++)
		if (b->v[i].kind != BLOCK_OTHER)
			return false;
	*plain = b->n == first && !b->one_line;
	return true;
}

/* Frees both; 0, or BAD_DATA with what the reader stumbled over in error. */
static int end_of(struct python_lex *s, struct blocks *blocks, struct buf *error)
{
	int rc = s->error.len ? BAD_DATA : 0;

	buf_puts(error, s->error.data);
	python_lex_free(s);
	free(blocks->v);
	return rc;
}

int python_values_read(const char *text, size_t len, const char *class, struct python_assigned *names,
                    size_t n, struct buf *error)
{
	struct blocks blocks = { 0 };
	struct python_lex s;
	bool plain = false, whole;

	for (size_t i = 0; i < n; i++)
		names[i].value = (struct python_value){ 0 };
	python_lex_start(&s, text, len);
	while (python_lex_next(&s)) {
		leave_blocks(&blocks, &s);
		/* class Migration(X): replaces = [...] */
		whole = class && !blocks.n && blocks.one_line && is_class(&s) && token_is(&s.v[1], class);
		if (whole || is_inside(&blocks, class, &plain))
			for (size_t i = 0; i < n; i++)
				look(&s, !whole && plain, &names[i]);
		enter_block(&blocks, &s, class);
	}
	return end_of(&s, &blocks, error);
}

void python_values_free(struct python_assigned *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		value_free(&names[i].value);
}

/* --- what touches a class's name --- */

/* Where a statement stands, seen from the class. */
enum standing { AT_IMPORT, IN_BODY, IN_METHOD, IN_FUNCTION };

static enum standing standing_of(const struct blocks *b, const struct python_lex *s)
{
	bool wanted = b->n && b->v[0].kind == BLOCK_WANTED, function = is_function(s);

	for (size_t i = 0; i < b->n; i++)
		function = function || b->v[i].kind == BLOCK_FUNCTION;
	if (wanted)
		return function ? IN_METHOD : IN_BODY;
	return function ? IN_FUNCTION : AT_IMPORT;
}

static bool is_attribute(const struct python_lex *s, size_t i)
{
	return i && token_is(&s->v[i - 1], ".");
}

/* Whether token i is the name in Op(name=...). */
static bool is_keyword(const struct python_lex *s, size_t i)
{
	return s->v[i].depth && i + 1 < s->n && token_is(&s->v[i + 1], "=");
}

/* setattr(Migration, 'name', ...), locals()['name'] = ...: the name as a text counts only
 * where such a word stands too, since a column may have that name. */
static bool reaches_by_text(const struct python_lex *s, const char *name)
{
	static const char *const words[] = { "setattr", "delattr", "getattr", "vars", "locals", "__dict__",
		                             "__setattr__", "__delattr__", NULL };
	bool word = false, text = false;

	for (size_t i = 0; i < s->n; i++) {
		const struct token *t = &s->v[i];

		word = word || is_one_of(t, words);
		text = text || (t->kind == TOKEN_TEXT && t->len == strlen(name) &&
		                memcmp(t->at, name, t->len) == 0);
	}
	return word && text;
}

static bool is_dunder(const struct token *t)
{
	return t->len > 1 && memcmp(t->at, "__", 2) == 0;
}

/* Whether the class itself is handed to something there, or its name bound anew: all but
 * Migration.operations. */
static bool hands_on(const struct python_lex *s, size_t i)
{
	return !is_attribute(s, i) && !is_keyword(s, i) &&
	       !(i + 2 < s->n && token_is(&s->v[i + 1], ".") && !is_dunder(&s->v[i + 2]));
}

static bool token_touches(const struct python_lex *s, size_t i, enum standing where, const char *class,
                          const char *name)
{
	bool starts = i == 0 && s->n > 1 && (token_is(&s->v[1], "=") || token_is(&s->v[1], ":"));

	if (token_is(&s->v[i], class))
		return where == AT_IMPORT && hands_on(s, i);
	if (!token_is(&s->v[i], name))
		return false;
	if (is_attribute(s, i))
		return where != IN_FUNCTION || (i > 1 && token_is(&s->v[i - 2], class));
	return where == IN_BODY && !starts && !is_keyword(s, i);
}

static bool touches(const struct python_lex *s, enum standing where, const char *class, const char *name)
{
	if (reaches_by_text(s, name))
		return true;
	for (size_t i = 0; i < s->n; i++)
		if (token_touches(s, i, where, class, name))
			return true;
	return false;
}

/* The line that begins the class itself, with metaclass=... in its brackets or a body behind them. */
static bool header_touches(const struct python_lex *s)
{
	for (size_t i = 2; i < s->n; i++)
		if (is_keyword(s, i))
			return true;
	return false;
}

int python_values_touched(const char *text, size_t len, const char *class, const char *name,
                   bool *touched, struct buf *error)
{
	bool decorated = false, begun = false;
	struct blocks blocks = { 0 };
	struct python_lex s;

	*touched = false;
	python_lex_start(&s, text, len);
	while (python_lex_next(&s)) {
		leave_blocks(&blocks, &s);
		if (!blocks.n && is_class(&s) && token_is(&s.v[1], class)) {
			*touched = *touched || decorated || header_touches(&s);
			begun = true;
		} else if (begun) {
			*touched = *touched || touches(&s, standing_of(&blocks, &s), class, name);
		}
		decorated = token_is(&s.v[0], "@");
		enter_block(&blocks, &s, class);
	}
	return end_of(&s, &blocks, error);
}

/* --- classes --- */

static void add_class(struct python_classes *classes, const struct python_lex *s)
{
	struct python_class *class;

	classes->v = xrealloc(classes->v, (classes->n + 1) * sizeof(*classes->v));
	class = &classes->v[classes->n++];
	*class = (struct python_class){ .name = xstrndup(s->v[1].at, s->v[1].len) };
	for (size_t i = 2; i + 1 < s->n && !token_is(&s->v[i], ":"); i++)
		if (s->v[i].kind == TOKEN_NAME && s->v[i].depth == 1 &&
		    (token_is(&s->v[i + 1], ",") || token_is(&s->v[i + 1], ")")))
			strs_printf(&class->bases, "%.*s", (int)s->v[i].len, s->v[i].at);
}

int python_classes_read(const char *text, size_t len, struct python_classes *classes,
                   struct buf *error)
{
	struct blocks blocks = { 0 };
	struct python_lex s;

	*classes = (struct python_classes){ 0 };
	python_lex_start(&s, text, len);
	while (python_lex_next(&s)) {
		leave_blocks(&blocks, &s);
		if (!blocks.n && is_class(&s))
			add_class(classes, &s);
		enter_block(&blocks, &s, NULL);
	}
	return end_of(&s, &blocks, error);
}

void python_classes_free(struct python_classes *classes)
{
	for (size_t i = 0; i < classes->n; i++) {
		free(classes->v[i].name);
		strs_free(&classes->v[i].bases);
	}
	free(classes->v);
	*classes = (struct python_classes){ 0 };
}
