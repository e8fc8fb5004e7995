/* Unit tests of envcheck/dotenv: how an env file is read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "envcheck/dotenv.h"

/* All entries as `NAME=value`, with a | between them; (#NAME=value) is one that is commented out. */
static char *shown(const struct dotenv *d)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < d->n; i++)
		buf_printf(&b, "%s%s%s=%s%s", i ? "|" : "", d->v[i].commented_out ? "(#" : "", d->v[i].name,
		           d->v[i].value, d->v[i].commented_out ? ")" : "");
	return buf_detach(&b);
}

static void read_bytes(struct dotenv *d, const char *text, size_t len)
{
	struct buf error = BUF_INIT;

	if (dotenv_read(d, text, len, &error) != 0)
		fail_msg("%s: %s", text, error.data);
	assert_string_equal(error.data, "");
	buf_free(&error);
}

static void read_text(struct dotenv *d, const char *text)
{
	read_bytes(d, text, strlen(text));
}

static void assert_read(const char *text, const char *wanted)
{
	struct dotenv d;
	char *found;

	read_text(&d, text);
	found = shown(&d);
	if (strcmp(found, wanted) != 0)
		fail_msg("'%s' reads as '%s', not '%s'", text, found, wanted);
	free(found);
	dotenv_free(&d);
}

/* The sentence as a whole: so there is no value in it. */
static void assert_refused_bytes(const char *text, size_t len, const char *sentence)
{
	struct buf error = BUF_INIT;
	struct dotenv d;

	if (dotenv_read(&d, text, len, &error) != -1 || strcmp(error.data, sentence) != 0)
		fail_msg("'%s' is refused with '%s', not '%s'", text, error.data, sentence);
	buf_free(&error);
	dotenv_free(&d);
}

static void assert_refused(const char *text, const char *sentence)
{
	assert_refused_bytes(text, strlen(text), sentence);
}

/* A list with ~ between its texts. */
static void assert_list(const struct strs *list, const char *wanted)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < list->n; i++)
		buf_printf(&b, "%s%s", i ? "~" : "", list->v[i]);
	assert_string_equal(b.data, wanted);
	buf_free(&b);
}

/* --- lines --- */

static void a_line_sets_a_name(void **state)
{
	(void)state;
	assert_read("", "");
	assert_read("\n\n", "");
	assert_read("A=1", "A=1");
	assert_read("A=1\nB=2\n", "A=1|B=2");
	assert_read("A=\nB=", "A=|B=");
	assert_read("  A = 1  \n\tB\t=\t2\t\n", "A=1|B=2");
	assert_read("A=b=c==\n", "A=b=c==");
	assert_read("db.host-1=x\n_A=y\n2FA_ENABLED=z\n", "db.host-1=x|_A=y|2FA_ENABLED=z");
}

static void export_in_front_is_passed_over(void **state)
{
	(void)state;
	assert_read("export A=1\nexport\tB=2\n  export  C = 3\n", "A=1|B=2|C=3");
	assert_read("export A\n", "A=");
	assert_read("export=1\nexported=2\nexport =3\n", "export=1|exported=2|export=3");
}

static void a_colon_or_nothing_may_stand_for_the_sign(void **state)
{
	(void)state;
	assert_read("A: 1\nB:\nC : x:y\n", "A=1|B=|C=x:y");
	assert_read("A\nB # from outside\nC", "A=|B=|C=");
	assert_refused("A:1\n", "line 1: neither NAME=value nor a comment");
}

static void every_kind_of_line_end_is_one(void **state)
{
	struct dotenv d;

	(void)state;
	assert_read("A=1\r\nB=2\r\n", "A=1|B=2");
	assert_read("A=1\rB=2\r", "A=1|B=2");
	assert_read("A='x'\r\nB=\"y\"\r\nC=\"p\r\nq\"\r\n", "A=x|B=y|C=p\nq");
	assert_read("A=1 # c\r\n#B2=3\r\n", "A=1|(#B2=3)");
	read_text(&d, "A=1\r\n\r\nB=2\r\n");
	assert_int_equal(d.v[1].line, 3);
	dotenv_free(&d);
}

static void a_byte_order_mark_is_no_part_of_the_first_name(void **state)
{
	(void)state;
	assert_read("\357\273\277A=1\n", "A=1");
	assert_read("\357\273\277# c\nA=1\n", "A=1");
	assert_read("\357\273\277", "");
}

static void what_is_no_text_is_refused(void **state)
{
	static const char nul[] = "A=1\nB=\0secret\n", utf16[] = "\377\376A\0=\0001\0";

	(void)state;
	assert_refused_bytes(nul, sizeof(nul) - 1, "line 2: a NUL byte: this is no text");
	assert_refused_bytes(utf16, sizeof(utf16) - 1, "line 1: the text is UTF-16, as some editors and "
	                     "shells on Windows write: save it as UTF-8");
}

static void other_lines_are_refused_with_their_number(void **state)
{
	(void)state;
	assert_refused("A=1\n\nhunter2 is it\n", "line 3: neither NAME=value nor a comment");
	assert_refused("=hunter2\n", "line 1: neither NAME=value nor a comment");
	assert_refused("A B=hunter2\n", "line 1: neither NAME=value nor a comment");
	assert_refused("-A=1\n", "line 1: neither NAME=value nor a comment");
	assert_refused("A='x\ny'\nhunter2!\n", "line 3: neither NAME=value nor a comment");
	assert_refused("\303\234=1\n", "line 1: neither NAME=value nor a comment");
}

/* --- values --- */

static void bare_values_end_at_a_comment_behind_a_blank(void **state)
{
	(void)state;
	assert_read("A=b # c\nB=b\t#c\nC=b#c\n", "A=b|B=b|C=b#c");
	assert_read("COLOUR=#fff\nNONE= # c\nALSO=\t#c\n", "COLOUR=#fff|NONE=|ALSO=");
	assert_read("A=two words \nB=p@ss#w0rd#\n", "A=two words|B=p@ss#w0rd#");
	assert_read("A=C:\\dir\\new\nB=it's\nC=say \"hi\"\n", "A=C:\\dir\\new|B=it's|C=say \"hi\"");
	assert_read("A=${B:-x} $(cmd) $C\n", "A=${B:-x} $(cmd) $C");
	assert_read("A={\"a\": [1, 2]}\n", "A={\"a\": [1, 2]}");
}

static void single_quotes_and_backticks_keep_everything(void **state)
{
	(void)state;
	assert_read("A='b # c'\nB=' b '\nC=''\n", "A=b # c|B= b |C=");
	assert_read("A='\\n$X\"`'\nB=`\\n$X\"'`\n", "A=\\n$X\"`|B=\\n$X\"'");
	assert_read("A='one\ntwo\n'\nB=1\n", "A=one\ntwo\n|B=1");
	assert_read("A='b' # c\nB='b'# c\nC='b'\t\n", "A=b|B=b|C=b");
}

static void a_backslash_saves_a_single_quote_but_not_a_path_end(void **state)
{
	(void)state;
	assert_read("A='it\\'s'\nB='\\'x\\''\n", "A=it's|B='x'");
	assert_read("A='C:\\data\\'\nB=1\n", "A=C:\\data\\|B=1");
	assert_read("A='C:\\data\\' \nB='x'", "A=C:\\data\\|B=x");
	assert_read("A='C:\\data\\'", "A=C:\\data\\");
}

static void double_quotes_know_escapes(void **state)
{
	(void)state;
	assert_read("A=\"b # c\"\nB=\"\"\nC=\" b \"\n", "A=b # c|B=|C= b ");
	assert_read("A=\"a\\nb\\tc\\rd\\\\e\\\"f\\$g\\'h\"\n", "A=a\nb\tc\rd\\e\"f$g'h");
	assert_read("A=\"\\bd+\\.\\w\"\n", "A=\\bd+\\.\\w");
	assert_read("A=\"{\\\"a\\\":\n\\\"b\\\"}\"\nB=1\n", "A={\"a\":\n\"b\"}|B=1");
	assert_read("A=\"$X ${Y}\"\nB=\"x\\\\\"\nC=1\n", "A=$X ${Y}|B=x\\|C=1");
	assert_read("A=\"one\n\n  # two\nC=3\n\"\nB=1\n", "A=one\n\n  # two\nC=3\n|B=1");
}

static void tripled_quotes_hold_quotes(void **state)
{
	(void)state;
	assert_read("A=\"\"\"\none \"two\"\nthree\\t\n\"\"\"\nB=1\n", "A=one \"two\"\nthree\t|B=1");
	assert_read("A='''it's''' # c\nB=```a`b```\n", "A=it's|B=a`b");
	assert_read("A=\"\"\"\"\"\"\nB='''\n'''\n", "A=|B=");
}

static void quotes_inside_a_bare_value_are_part_of_it(void **state)
{
	(void)state;
	assert_read("A=\"x\" y\nB='a''b'\nC=\"a\"b # c\n", "A=\"x\" y|B='a''b'|C=\"a\"b");
	assert_read("CMD=\"run\" --all \"x y\"\n", "CMD=\"run\" --all \"x y\"");
}

static void an_unclosed_quote_is_refused_without_the_value(void **state)
{
	(void)state;
	assert_refused("A=1\nB=\"hunter2\nC=3\n",
	               "line 2: the double quote in which the value of B begins is never closed");
	assert_refused("B='hunter2", "line 1: the single quote in which the value of B begins is never closed");
	assert_refused("\n\nB=`hunter2\n", "line 3: the back quote in which the value of B begins is never closed");
	assert_refused("B=\"hunter2\\\"\n",
	               "line 1: the double quote in which the value of B begins is never closed");
	assert_refused("B=\"\"\"hunter2\"\n",
	               "line 1: the double quote in which the value of B begins is never closed");
	/* It swallowed the lines up to the next value's quote. */
	assert_refused("A=\"hunter2\nB=\"x\"\n", "line 1: the quote in which the value of A begins is closed "
	               "in the middle of a later line: one is missing before it");
}

/* --- comments --- */

static void comments_belong_to_the_entry_below_and_beside(void **state)
{
	struct dotenv d;

	(void)state;
	read_text(&d, "# one\n#two\n##  three  \nA=1 #  four \n\n# lost\n\n# five\nB='x' # six\nC=\"a\nb\"#seven\n"
	          "D=1\n");
	assert_int_equal(d.n, 4);
	assert_list(&d.v[0].above, "one~two~three");
	assert_string_equal(d.v[0].beside, "four");
	assert_list(&d.v[1].above, "five");
	assert_string_equal(d.v[1].beside, "six");
	assert_int_equal(d.v[1].quote, '\'');
	assert_list(&d.v[2].above, "");
	assert_string_equal(d.v[2].beside, "seven");
	assert_int_equal(d.v[2].line, 10);
	assert_int_equal(d.v[2].lines, 2);
	assert_int_equal(d.v[3].line, 12);
	assert_int_equal(d.v[3].lines, 1);
	assert_null(d.v[3].beside);
	assert_int_equal(d.v[3].quote, 0);
	dotenv_free(&d);
}

static void the_header_ends_at_a_blank_line_or_a_divider(void **state)
{
	struct dotenv d;

	(void)state;
	read_text(&d, "# one\n# two\n# ---\n# three\n\n# four\nA=1\n# five\n\nB=2\n");
	assert_list(&d.header, "one~two~three");
	assert_list(&d.v[0].above, "four");
	dotenv_free(&d);
	read_text(&d, "# one\n# ===== two =====\n# three\nA=1\n");
	assert_list(&d.header, "one");
	assert_list(&d.v[0].above, "three");
	dotenv_free(&d);
	read_text(&d, "# mine\nA=1\n");
	assert_list(&d.header, "");
	dotenv_free(&d);
	read_text(&d, "# all\n");
	assert_list(&d.header, "all");
	assert_int_equal(d.n, 0);
	dotenv_free(&d);
	read_text(&d, "#\n# one\n#A1=2\n# two\n\nB=2\n");
	assert_list(&d.header, "two");
	assert_list(&d.v[0].above, "~one");
	dotenv_free(&d);
}

static void lines_of_one_sign_are_dividers(void **state)
{
	static const char *const dividers[] = {
		"# ---", "#---", "####", "# *** x ***", "#  ====", "# - - -", "# --",
	};
	struct dotenv d;

	(void)state;
	for (size_t i = 0; i < sizeof(dividers) / sizeof(*dividers); i++) {
		char *text = xasprintf("# one\n%s\nA=1\n", dividers[i]);

		read_text(&d, text);
		if (d.header.n != (i < 5))
			fail_msg("%s: %zu", dividers[i], d.header.n);
		dotenv_free(&d);
		free(text);
	}
}

static void a_variable_may_be_commented_out(void **state)
{
	struct dotenv d;

	(void)state;
	assert_read("#AB=1\n# CD=2\n#   EF=\n# export GH='x y'\n#IJ=two words\n",
	            "(#AB=1)|(#CD=2)|(#EF=)|(#GH=x y)|(#IJ=two words)");
	assert_read("# AB=1 # c\n# CD=\"a # b\"\n# EF= # c\n", "(#AB=1)|(#CD=a # b)|(#EF=)");
	read_text(&d, "# why\n# SENTRY_DSN=x # how\nA=1\n");
	assert_list(&d.v[0].above, "why");
	assert_string_equal(d.v[0].beside, "how");
	assert_int_equal(d.v[0].line, 2);
	assert_list(&d.v[1].above, "");
	dotenv_free(&d);
}

static void prose_with_a_sign_in_it_is_no_variable(void **state)
{
	static const char text[] =
		"# DEBUG=1 shows more\n# Set DEBUG=1 to see more\n# debug=1\n# e.g. DEBUG=1\n# DEBUG = 1\n"
		"# DEBUG == 1\n## DEBUG=1\n# https://x/?A=1\n# X=1\n# DEBUG='never closed\n# DEBUG=\"a\" b\n"
		"# RAILS_ENV=production bin/rails s\n# DEBUG\n# NAME: value\nA=1\n";
	struct dotenv d;

	(void)state;
	read_text(&d, text);
	if (d.n != 1)
		fail_msg("%s", shown(&d));
	assert_int_equal(d.v[0].above.n, 14);
	dotenv_free(&d);
}

static void a_name_may_come_twice(void **state)
{
	(void)state;
	assert_read("A=1\nA=2\n#AB=1\nAB=2\n", "A=1|A=2|(#AB=1)|AB=2");
}

/* --- whole files --- */

static void a_large_file_is_read(void **state)
{
	struct buf text = BUF_INIT;
	struct dotenv d;

	(void)state;
	for (int i = 0; i < 20000; i++)
		buf_printf(&text, "# comment %d\nNAME_%d=\"value\n%d\"\n", i, i, i);
	read_bytes(&d, text.data, text.len);
	assert_int_equal(d.n, 20000);
	assert_string_equal(d.v[19999].value, "value\n19999");
	assert_int_equal(d.v[19999].line, 59999);
	dotenv_free(&d);
	buf_cut(&text, 0);
	buf_puts(&text, "A=");
	for (int i = 0; i < 100000; i++)
		buf_puts(&text, "0123456789");
	read_bytes(&d, text.data, text.len);
	assert_int_equal(strlen(d.v[0].value), 1000000);
	dotenv_free(&d);
	buf_free(&text);
}

static void lines_come_as_they_are_counted(void **state)
{
	struct buf lines = BUF_INIT, error = BUF_INIT;

	(void)state;
	assert_int_equal(dotenv_lines("\357\273\277A=1\r\n\rB=2", 12, &lines, &error), 0);
	assert_string_equal(lines.data, "A=1\n\nB=2\n");
	assert_int_equal(dotenv_lines("\0", 1, &lines, &error), -1);
	buf_free(&lines);
	buf_free(&error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_sets_a_name),
		cmocka_unit_test(export_in_front_is_passed_over),
		cmocka_unit_test(a_colon_or_nothing_may_stand_for_the_sign),
		cmocka_unit_test(every_kind_of_line_end_is_one),
		cmocka_unit_test(a_byte_order_mark_is_no_part_of_the_first_name),
		cmocka_unit_test(what_is_no_text_is_refused),
		cmocka_unit_test(other_lines_are_refused_with_their_number),
		cmocka_unit_test(bare_values_end_at_a_comment_behind_a_blank),
		cmocka_unit_test(single_quotes_and_backticks_keep_everything),
		cmocka_unit_test(a_backslash_saves_a_single_quote_but_not_a_path_end),
		cmocka_unit_test(double_quotes_know_escapes),
		cmocka_unit_test(tripled_quotes_hold_quotes),
		cmocka_unit_test(quotes_inside_a_bare_value_are_part_of_it),
		cmocka_unit_test(an_unclosed_quote_is_refused_without_the_value),
		cmocka_unit_test(comments_belong_to_the_entry_below_and_beside),
		cmocka_unit_test(the_header_ends_at_a_blank_line_or_a_divider),
		cmocka_unit_test(lines_of_one_sign_are_dividers),
		cmocka_unit_test(a_variable_may_be_commented_out),
		cmocka_unit_test(prose_with_a_sign_in_it_is_no_variable),
		cmocka_unit_test(a_name_may_come_twice),
		cmocka_unit_test(a_large_file_is_read),
		cmocka_unit_test(lines_come_as_they_are_counted),
	};

	return unit_run("dotenv", tests, NULL, NULL);
}
