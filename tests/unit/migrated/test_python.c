/* Unit tests of what reads Python without running it: its statements, and what they assign. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "base/status.h"
#include "migrated/python_lex.h"
#include "migrated/python_values.h"

/* --- statements --- */

/* A name or a sign as it stands, a text in quotes, what else there is after #; then ^ and the depth. */
static void add_token(const struct token *t, struct buf *b)
{
	const char *before = t->kind == TOKEN_TEXT ? "'" : t->kind == TOKEN_OTHER ? "#" : "";

	buf_printf(b, "%s%.*s%s", before, (int)t->len, t->at, t->kind == TOKEN_TEXT ? "'" : "");
	if (t->depth)
		buf_printf(b, "^%u", t->depth);
}

/* The column and > where it is not 0, ; before what is not the first of its line, { after what opens a
 * block. */
static void add_statement(const struct python_lex *s, struct buf *b)
{
	buf_puts(b, b->len ? " | " : "");
	if (s->column)
		buf_printf(b, "%u>", s->column);
	buf_puts(b, s->first ? "" : ";");
	for (size_t i = 0; i < s->n; i++) {
		buf_puts(b, i ? " " : "");
		add_token(&s->v[i], b);
	}
	buf_puts(b, s->opens ? " {" : "");
}

static void assert_statements(const char *source, const char *wanted)
{
	struct buf found = BUF_INIT;
	struct python_lex s;

	python_lex_start(&s, source, strlen(source));
	while (python_lex_next(&s))
		add_statement(&s, &found);
	if (s.error.len)
		buf_printf(&found, "%s! %s", found.len ? " | " : "", s.error.data);
	if (strcmp(found.data, wanted) != 0)
		fail_msg("%s: %s, not %s", source, found.data, wanted);
	python_lex_free(&s);
	buf_free(&found);
}

static void words_are_told_from_texts_and_signs(void **state)
{
	static const char *const table[][2] = {
		{ "x = 'a'", "x = 'a'" }, { "x1='a'", "x1 = 'a'" }, { "x = 1", "x = #1" }, { "_x.y", "_x . y" },
		{ "x = 1.5e3", "x = #1.5e3" }, { "x = 0x1f", "x = #0x1f" }, { "x = 1_000j", "x = #1_000j" },
		{ "x = .5", "x = . #5" }, { "x += 1", "x += #1" }, { "x **= 2", "x * *= #2" },
		{ "x := 1", "x := #1" }, { "x != y", "x != y" }, { "x == y", "x == y" }, { "x <= y", "x <= y" },
		{ "x = ~y", "x = ~ y" }, { "x = ~=", "x = ~ =" }, { "x @= y", "x @= y" },
		{ "x = 'a' \"b\"", "x = 'a' 'b'" }, { "x = ''", "x = ''" }, { "x = r'\\d'", "x = '\\d'" },
		{ "x = u'a'", "x = 'a'" }, { "x = U'a'", "x = 'a'" }, { "x = b'a'", "x = #b'a'" },
		{ "x = Rb'a'", "x = #Rb'a'" }, { "x = f'{y}'", "x = #f'{y}'" }, { "x = t'a'", "x = #t'a'" },
		{ "x = 'a\\n'", "x = #'a\\n'" }, { "x = '\\''", "x = #'\\''" },
		{ "x = '''a'b'''", "x = 'a'b'" }, { "x = '''a\nb'''", "x = 'a\nb'" },
		{ "x = '''a\rb'''", "x = #'''a\rb'''" }, { "x = rub'a'", "x = rub 'a'" },
		{ "\u00e9t\u00e9 = 'a'", "\u00e9t\u00e9 = 'a'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_statements(table[i][0], table[i][1]);
}

static void a_bracket_is_outside_of_its_own(void **state)
{
	(void)state;
	assert_statements("x = ('a', [b])", "x = ( 'a'^1 ,^1 [^1 b^2 ]^1 )");
	assert_statements("x = y[1:{z}]", "x = y [ #1^1 :^1 {^1 z^2 }^1 ]");
	assert_statements("f()(x)", "f ( ) ( x^1 )");
}

static void statements_end_where_python_ends_them(void **state)
{
	static const char *const table[][2] = {
		{ "", "" }, { "\n\n  \n# c", "" }, { "x\ny", "x | y" }, { "x\ry\r\nz", "x | y | z" },
		{ "x; y", "x | ;y" }, { "x;\ny", "x | y" }, { "x;;y", "x | ;y" }, { "x # y\nz", "x | z" },
		{ "# c\n\n\tx\n", "1>x" }, { "x \\\n  = 1", "x = #1" }, { "x \\\r\n  = 1", "x = #1" },
		{ "(\n# c\nx\n)\ny", "( x^1 ) | y" }, { "f(x;y)", "! line 1: this is not Python" },
		{ "  x\n    y\nz", "2>x | 4>y | z" }, { "\f  x", "2>x" }, { "  \fx", "x" },
		{ "\xef\xbb\xbfx", "x" }, { "if x:\n  y", "if x : { | 2>y" }, { "if x: y; z", "if x : y | ;z" },
		{ "x = y[1:\n2]", "x = y [ #1^1 :^1 #2^1 ]" }, { "f(x:", "! line 1: a bracket is not closed" },
		{ "def f() -> None:  # c\n  '''doc'''\n", "def f ( ) - > None : { | 2>'doc'" },
		{ "class C(\n  B,\n):\n  x = 1\n", "class C ( B^1 ,^1 ) : { | 2>x = #1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_statements(table[i][0], table[i][1]);
}

static void an_error_ends_the_reading_and_names_its_line(void **state)
{
	static const char *const table[][2] = {
		{ "x\ny = $", "x | ! line 2: this is not Python" }, { "x ?", "! line 1: this is not Python" },
		{ "x!", "! line 1: this is not Python" }, { "\n\n)", "! line 3: a bracket closes that was not opened" },
		{ "(x]", "! line 1: a bracket closes that was not opened" },
		{ "x = [\n'a',\n", "! line 3: a bracket is not closed" },
		{ "x\n'a\ny", "x | ! line 2: a string does not end" }, { "x = '''a''", "! line 1: a string does not end" },
	};
	static const char nul[] = "x\ny\0z";
	struct python_lex s;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_statements(table[i][0], table[i][1]);
	python_lex_start(&s, nul, sizeof(nul) - 1);
	assert_false(python_lex_next(&s));
	assert_string_equal(s.error.data, "line 2: a NUL byte");
	python_lex_free(&s);
}

static void brackets_and_tokens_are_counted_up_to_a_bound(void **state)
{
	struct buf deep = BUF_INIT, many = BUF_INIT;
	struct python_lex s;

	(void)state;
	for (int i = 0; i < 200; i++)
		buf_putc(&deep, '(');
	for (int i = 0; i < 200; i++)
		buf_putc(&deep, ')');
	python_lex_start(&s, deep.data, deep.len);
	assert_true(python_lex_next(&s));
	assert_int_equal(s.n, 400);
	assert_int_equal(s.v[200].depth, 199);
	python_lex_free(&s);
	*deep.data = '[';
	buf_puts(&many, "(");
	buf_puts(&many, deep.data);
	python_lex_start(&s, many.data, many.len);
	assert_false(python_lex_next(&s));
	assert_holds(s.error.data, "too deep to follow");
	python_lex_free(&s);
	buf_cut(&many, 0);
	for (int i = 0; i < STATEMENT_TOKENS; i++)
		buf_puts(&many, "x ");
	buf_puts(&many, "y:\nz");
	python_lex_start(&s, many.data, many.len);
	assert_true(python_lex_next(&s));
	assert_int_equal(s.n, STATEMENT_TOKENS);
	assert_true(s.opens);
	assert_true(python_lex_next(&s));
	assert_int_equal(s.n, 1);
	python_lex_free(&s);
	buf_free(&deep);
	buf_free(&many);
}

static void a_token_is_a_word_as_a_whole(void **state)
{
	static const char source[] = "name 'name' := 1";
	struct python_lex s;

	(void)state;
	python_lex_start(&s, source, strlen(source));
	assert_true(python_lex_next(&s));
	assert_true(token_is(&s.v[0], "name"));
	assert_false(token_is(&s.v[0], "nam"));
	assert_false(token_is(&s.v[0], "names"));
	assert_false(token_is(&s.v[1], "name"));
	assert_true(token_is(&s.v[2], ":="));
	assert_false(token_is(&s.v[2], ":"));
	assert_false(token_is(&s.v[3], "1"));
	python_lex_free(&s);
}

/* --- values --- */

/* A value as `None`, `True`, `'text'`, `[items]`, `?` for unclear, `-` for absent. */
static void describe(const struct python_value *v, struct buf *b)
{
	static const char *const words[] = { [VALUE_ABSENT] = "-", [VALUE_NONE] = "None",
		                             [VALUE_TRUE] = "True", [VALUE_UNCLEAR] = "?" };

	if (v->kind == VALUE_TEXT) {
		buf_printf(b, "'%s'", v->text);
		return;
	}
	if (v->kind != VALUE_LIST) {
		buf_puts(b, words[v->kind]);
		return;
	}
	buf_putc(b, '[');
	for (size_t i = 0; i < v->n; i++) {
		buf_puts(b, i ? ", " : "");
		describe(&v->v[i], b);
	}
	buf_putc(b, ']');
}

/* Fails unless the source assigns that to x, in the file or in class C. */
static void assert_assigns(const char *class, const char *source, const char *value)
{
	struct python_assigned x = { .name = "x" };
	struct buf error = BUF_INIT, found = BUF_INIT;

	if (python_values_read(source, strlen(source), class, &x, 1, &error))
		fail_msg("%s: %s", source, error.data);
	describe(&x.value, &found);
	if (strcmp(found.data, value) != 0)
		fail_msg("%s: %s, not %s", source, found.data, value);
	python_values_free(&x, 1);
	buf_free(&found);
	buf_free(&error);
}

static void literals_have_values(void **state)
{
	static const char *const table[][2] = {
		{ "x = 'a'", "'a'" }, { "x=\"a\"", "'a'" }, { "x = '''a\nb'''", "'a\nb'" },
		{ "x: str = 'a'", "'a'" }, { "x: Union[str, Sequence[str], None] = None", "None" },
		{ "x: 'str' = 'a'", "'a'" }, { "x = r'a\\b'", "'a\\b'" }, { "x = u'a'", "'a'" },
		{ "x = ('a')", "'a'" }, { "x = ('a',)", "['a']" }, { "x = ()", "[]" },
		{ "x = ('a', \"b\")", "['a', 'b']" }, { "x = 'a', 'b'", "['a', 'b']" },
		{ "x = 'a',", "['a']" }, { "x = ['a']", "['a']" }, { "x = {'a', 'b'}", "['a', 'b']" },
		{ "x = (\n  'a',  # first\n\n  'b'\n)", "['a', 'b']" }, { "x = \\\n 'a'", "'a'" },
		{ "x = 'a' 'b'", "'ab'" }, { "x = ('a'\n     'b')", "'ab'" },
		{ "x = [('a', 'b'), ('c', 'd')]", "[['a', 'b'], ['c', 'd']]" },
		{ "x = 'a'; y = 'b'", "'a'" }, { "y = 1; x = 'a'  # x = 'b'", "'a'" },
		{ "x = 'a'\nx = 'b'\n", "'b'" }, { "\xef\xbb\xbfx = 'a'", "'a'" },
		{ "x = 'a'\r\ny = 2\r\n", "'a'" }, { "y = 2\rx = 'a'\r", "'a'" },
		{ "'''\nx = 'b'\n'''\nx = 'a'", "'a'" }, { "x = '#'", "'#'" }, { "x = ''", "''" },
		{ "x = True", "True" }, { "\f\nx = 'a'", "'a'" }, { "if 1:\n  y = 2\nx = 'a'", "'a'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_assigns(NULL, table[i][0], table[i][1]);
}

static void what_is_no_plain_literal_is_unclear(void **state)
{
	static const char *const sources[] = {
		"x = f()", "x = 'a' + 'b'", "x = y", "x = 'a' if y else 'b'", "x = f'a'", "x = b'a'",
		"x = 'a\\x41'", "x = 1", "x = {}", "x = {'a': 'b'}", "x = [*y]", "x = ('a', y)",
		"x = 'a'\nx += 'b'", "x = y = 'a'", "y = x = 'a'", "x, y = 'a', 'b'", "(x, y) = z",
		"if y:\n    x = 'a'", "if y: x = 'a'", "if y: z = 1; x = 'a'", "x = 'a'\nif y:\n  x = 'b'",
		"try:\n  x = 'a'\nexcept E:\n  pass", "with y:\n\tx = 'a'", "for x in y:\n  pass",
		"while y:\n  x = 'a'", "with y as x:\n  pass", "import x", "from y import x",
		"import y as x", "def x(): pass", "class x: pass", "print(x := 'a')", "x = 'a'\ndel x",
		"x = 'a'\nglobal x", "x.y = 'a'", "x = 'a' 1", "x = 'a' b'b'", "x = not 'a'",
		"x = ('a',) ('b',)", "x = ['a'] ['b']", "x = -1",
		"x = (('a', ('b', ('c', ('d', ('e', ('f', ('g',)))))))", "try:\n  pass\nexcept E as x:\n  pass",
		"match y:\n  case 1:\n    x = 'a'",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		char *closed = xasprintf("%s%s", sources[i], strstr(sources[i], "('g'") ? ")" : "");

		assert_assigns(NULL, closed, "?");
		free(closed);
	}
}

static void what_stands_elsewhere_is_no_assignment(void **state)
{
	static const char *const sources[] = {
		"", "# x = 'a'", "y = 'x'", "def f():\n    x = 'a'", "def f():\n  if y:\n    x = 'a'\n  x = 'b'",
		"class C:\n    x = 'a'", "f(x='a')", "y = f(x='a')", "def f(x='a'): pass", "y.x = 'a'",
		"x: str", "'''x = 'a' '''", "y = '''\nx = 'a'\n'''", "print(x)", "x", "x == 'a'",
		"y = f'''\n{x}\n'''", "async def f():\n  x = 'a'", "y = [\nx == 1\n]",
		"y = f'{f(x=\"a\"):>{x}}'", "@f(x='a')\ndef g(): pass", "y = z \\\n  + 1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++)
		assert_assigns(NULL, sources[i], "-");
}

static void a_class_has_assignments_of_its_own(void **state)
{
	static const char *const table[][2] = {
		{ "class C(B):\n    x = 'a'\n", "'a'" }, { "class C:\n\tx = 'a'\nx = 'b'", "'a'" },
		{ "class C:\n  '''x'''\n  y = 1\n\n# z\n  x = [\n'a'\n]", "['a']" },
		{ "x = 'b'\nclass C:\n  y = 1", "-" }, { "class D:\n  x = 'b'", "-" },
		{ "class C:\n  def f(self):\n    x = 'b'", "-" }, { "class C:\n  def f(self): x = 'b'\n", "-" },
		{ "class C:\n  class D:\n    x = 'b'", "-" }, { "class D:\n  class C:\n    x = 'b'", "-" },
		{ "class C:\n  if y:\n    x = 'a'", "?" },
		{ "class C: x = 'a'", "?" }, { "class C: pass", "-" }, { "if y:\n  class C:\n    x = 'a'", "-" },
		{ "class C:\n  x = 'a'\nclass D:\n  x = 'b'", "'a'" }, { "class C:\n  x += y", "?" },
		{ "class C:\n  async def f(self): x = 'b'\n", "-" }, { "class C:\n  def x(self): y = 1", "?" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_assigns("C", table[i][0], table[i][1]);
}

static void what_is_not_python_is_an_error_with_its_line(void **state)
{
	static const char *const table[][2] = {
		{ "y = 1\nx = 'a", "line 2: a string does not end" }, { "x = '''a\n\n", "line 1: a string" },
		{ "x = (\n'a'", "line 2: a bracket is not closed" }, { "\nx = 'a')", "line 2: a bracket closes" },
		{ "x = (]", "line 1: a bracket closes" }, { "x = $y", "line 1: this is not Python" },
		{ "x = 'a' ?", "line 1: this is not Python" }, { "x = f'{y'", "a string does not end" },
		{ "x = f'{{y}", "a string does not end" }, { "x = 'a\nb'", "a string does not end" },
		{ "x = f'{f\"{f\"{", "a string does not end" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct python_assigned x = { .name = "x" };
		struct buf error = BUF_INIT;

		assert_int_equal(BAD_DATA, python_values_read(table[i][0], strlen(table[i][0]), NULL, &x, 1, &error));
		if (!strstr(error.data, table[i][1]))
			fail_msg("%s: %s", table[i][0], error.data);
		python_values_free(&x, 1);
		buf_free(&error);
	}
}

/* Since Python 3.12 the quotes within may be the same (PEP 701). */
static void formatted_strings_are_passed_over(void **state)
{
	static const char *const strings[] = {
		"f'{y}'", "f'{{x}}'", "f'{y[\"a\"]}'", "f'{y['a']}'", "f'{y:>10}'", "f\"{y:'>10}\"",
		"f'{y!r:{w}.{p}}'", "f'{ {1: 2}[1] }'", "rf'\\{y}'", "f'\\N{DASH}'", "f'\\'{y}'",
		"f'''{\ny  # it's\n}'''", "f'{f'{f'{y}'}'}'", "f'{(lambda z: z)(1)}'", "f'{y=}'",
		"F'a' f\"b\" 'c'", "f'{y:%H:%M}'", "f'{r'\\d'}'", "t'{y}'",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
		char *source = xasprintf("y = %s\nx = 'a'\nz = %s", strings[i], strings[i]);

		assert_assigns(NULL, source, "'a'");
		free(source);
	}
}

static void nothing_is_too_deep_or_too_long(void **state)
{
	static char source[4 << 20];
	struct python_assigned x = { .name = "x" };
	struct buf error = BUF_INIT;

	(void)state;
	memset(source, '(', sizeof(source));
	assert_int_equal(BAD_DATA, python_values_read(source, sizeof(source), NULL, &x, 1, &error));
	for (size_t i = 0; i + 4 < sizeof(source); i += 4)
		memcpy(source + i, "f'{ ", 4);
	buf_cut(&error, 0);
	assert_int_equal(BAD_DATA, python_values_read(source, sizeof(source), NULL, &x, 1, &error));
	memcpy(source, "x=[  ", 5);
	for (size_t i = 4; i < sizeof(source); i += 4)
		memcpy(source + i, "'a',", 4);
	source[sizeof(source) - 2] = ']';
	source[sizeof(source) - 1] = '\n';
	source[sizeof(source) - 3] = '\'';
	source[sizeof(source) - 4] = '\'';
	buf_cut(&error, 0);
	assert_int_equal(0, python_values_read(source, sizeof(source), NULL, &x, 1, &error));
	assert_int_equal(x.value.kind, VALUE_UNCLEAR);
	python_values_free(&x, 1);
	buf_free(&error);
}

/* --- what may change a class's name elsewhere --- */

static void assert_touched(const char *source, bool wanted)
{
	struct buf error = BUF_INIT;
	bool touched = !wanted;

	if (python_values_touched(source, strlen(source), "C", "x", &touched, &error))
		fail_msg("%s: %s", source, error.data);
	if (touched != wanted)
		fail_msg("%s: %stouched", source, touched ? "" : "not ");
	buf_free(&error);
}

static void a_name_of_a_class_may_change_elsewhere(void **state)
{
	static const char *const sources[] = {
		"@d\nclass C:\n  x = 1", "class C(metaclass=M):\n  pass", "class C(B, y=1): pass",
		"class C:\n  x = []\n  x.append(1)", "class C:\n  y = x", "class C:\n  x += y",
		"class C:\n  def f(self):\n    self.x = 1", "class C:\n  def f(self): del self.x",
		"class C:\n  pass\nC.x = 1", "class C:\n  pass\ny.x = 1", "class C:\n  pass\nf(C)",
		"class C:\n  pass\nC = f()", "class C:\n  pass\nC.__dict__.update(y)", "class C:\n  pass\ny = C",
		"class C:\n  pass\nsetattr(y, 'x', 1)", "class C:\n  locals()['x'] = 1",
		"class C:\n  pass\ndef f():\n  C.x = 1", "class C:\n  pass\nif y:\n  C.x = 1",
		"class C:\n  if y:\n    f(x)", "class C:\n  pass\ndef f():\n  vars(y)['x'] = 1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++)
		assert_touched(sources[i], true);
}

static void what_only_looks_like_it_changes_nothing(void **state)
{
	static const char *const sources[] = {
		"", "class C:\n  x = []", "class C:\n  x: list = []", "class C: pass", "class D(metaclass=M): pass",
		"class C:\n  y = f(x=1)", "class C:\n  y = ['x']", "class C:\n  x = 1\nC.y = 1", "class C:\n  pass\nf(C=1)",
		"class C:\n  def f(self):\n    x = 1", "y.x = 1\nclass C:\n  pass", "f(C)\nclass C:\n  pass",
		"class C:\n  pass\ndef f(y):\n  y.x = 1", "class C:\n  pass\nx = 1", "class C:\n  pass\ny.C(z)",
		"@d\nclass D:\n  pass\nclass C:\n  pass", "class C:\n  pass\ndef f():\n  return C",
		"class C:\n  pass\nsetattr(y, 'xx', 1)", "class C:\n  y = getattr(z, 'y')",
		"class C:\n  pass\nsetattr(y, '', 1)", "class C:\n  pass\nprint(x)", "class C:\n  def f(self):\n    return x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++)
		assert_touched(sources[i], false);
}

/* --- classes --- */

static void assert_classes(const char *source, const char *wanted)
{
	struct buf error = BUF_INIT, found = BUF_INIT;
	struct python_classes classes;

	if (python_classes_read(source, strlen(source), &classes, &error))
		fail_msg("%s: %s", source, error.data);
	for (size_t i = 0; i < classes.n; i++) {
		buf_printf(&found, "%s%s", i ? " " : "", classes.v[i].name);
		for (size_t k = 0; k < classes.v[i].bases.n; k++)
			buf_printf(&found, "%s%s", k ? "," : ":", classes.v[i].bases.v[k]);
	}
	if (strcmp(found.data, wanted) != 0)
		fail_msg("%s: %s, not %s", source, found.data, wanted);
	python_classes_free(&classes);
	buf_free(&error);
	buf_free(&found);
}

static void classes_at_the_top_have_the_last_parts_of_their_bases(void **state)
{
	static const char *const table[][2] = {
		{ "", "" }, { "class A: pass", "A" }, { "class A():\n  pass", "A" }, { "class A(B): pass", "A:B" },
		{ "class A(m.n.B, C,):\n  pass", "A:B,C" }, { "class A(B):\n  x = 1\nclass C(A):\n  y = 2", "A:B C:A" },
		{ "class A:\n  class B(C):\n    pass", "A" }, { "if x:\n  class A(B):\n    pass", "" },
		{ "def f():\n  class A: pass\nclass B: pass", "B" }, { "class A[T](B): pass", "A:B" },
		{ "class A(f(B)): pass", "A" }, { "classy = A", "" }, { "@d\nclass A(B): pass", "A:B" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_classes(table[i][0], table[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_told_from_texts_and_signs),
		cmocka_unit_test(a_bracket_is_outside_of_its_own),
		cmocka_unit_test(statements_end_where_python_ends_them),
		cmocka_unit_test(an_error_ends_the_reading_and_names_its_line),
		cmocka_unit_test(brackets_and_tokens_are_counted_up_to_a_bound),
		cmocka_unit_test(a_token_is_a_word_as_a_whole),
		cmocka_unit_test(literals_have_values),
		cmocka_unit_test(what_is_no_plain_literal_is_unclear),
		cmocka_unit_test(what_stands_elsewhere_is_no_assignment),
		cmocka_unit_test(a_class_has_assignments_of_its_own),
		cmocka_unit_test(what_is_not_python_is_an_error_with_its_line),
		cmocka_unit_test(formatted_strings_are_passed_over),
		cmocka_unit_test(nothing_is_too_deep_or_too_long),
		cmocka_unit_test(a_name_of_a_class_may_change_elsewhere),
		cmocka_unit_test(what_only_looks_like_it_changes_nothing),
		cmocka_unit_test(classes_at_the_top_have_the_last_parts_of_their_bases),
	};

	return unit_run("python", tests, NULL, NULL);
}
