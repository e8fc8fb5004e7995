/* Unit tests of opt, with an applet of their own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "unit.h"

#include "base/banned.h"
#include "opt/opt.h"
#include "opt/opt_help.h"

extern char **environ;

static char *no_variables[1]; /* clearenv(3) would leave NULL, which no program starts with */

static struct {
	const char *word, *text, *url;
	bool flag, other;
	long number;
	int64_t time;
	struct strs list, checks;
} o;

static const struct opt opts[] = {
	FLAG('f', "flag", &o.flag, "be a flag"),
	FLAG(0, "other", &o.other, "be another"),
	TEXT('t', "text", "TRY_TEXT", "TEXT", &o.text, "a text that takes so many words to explain "
	     "that they do not fit beside it on a line of a terminal"),
	WORD(0, "word", "TRY_WORD", "one|two|three", &o.word, "a word"),
	SECRET('u', "url", "TRY_URL", "URL", &o.url, "a secret"),
	NUMBER('n', "number", "TRY_NUMBER", "N", &o.number, "a number"),
	TIME(0, "time", "TRY_TIME", &o.time, "a time"),
	LIST('l', "list", "TRY_LIST", "ITEM", &o.list, "a list"),
	LIST(0, "for", "TRY_CHECKS", "CHECK", &o.checks, "a check"),
	LIST_AS(0, "of", "of=", "URL", &o.checks, "where"),
	OPT_TABLE_END
};

static struct applet applet = {
	.name = "try", .brief = "try", .synopsis = "[options]", .about = "About.", .opts = opts,
	.notes = "Notes.", .max_operands = -1, .takes_command = true, .then = "--then",
};

/* What a child is to parse: words, then variables NAME=value, NULL after each. */
struct input {
	const char *const *words, *const *variables;
};

static void print_list(const char *name, const struct strs *list)
{
	printf(" %s", name);
	for (size_t i = 0; i < list->n; i++)
		printf("[%s]", list->v[i]);
}

static void print_words(const char *name, char *const *words)
{
	printf(" %s", name);
	for (; *words; words++)
		printf("[%s]", *words);
}

static int parse(void *arg)
{
	const struct input *in = arg;
	struct strs words = { 0 };
	char **command;
	int n;

	environ = no_variables;
	for (const char *const *v = in->variables; v && *v; v++)
		putenv((char *)(uintptr_t)*v);
	strs_add(&words, "try");
	for (const char *const *w = in->words; *w; w++)
		strs_add(&words, *w);
	o.text = "preset";
	o.word = "two";
	o.number = 5;
	o.time = 90000;
	msg_name("try");
	n = opt_parse(&applet, (int)words.n, words.v, &command);
	printf("f%d o%d t=%s w=%s n=%ld ms=%lld", o.flag, o.other, o.text, o.word, o.number,
	       (long long)o.time);
	if (o.url)
		printf(" u=%s", o.url);
	if (o.list.n)
		print_list("l", &o.list);
	if (o.checks.n)
		print_list("c", &o.checks);
	if (words.v[n])
		printf(" NOT ENDED");
	if (n)
		print_words("operands", words.v);
	if (command)
		print_words("command", command);
	return 0;
}

#define WORDS(...) (const char *const[]){ __VA_ARGS__, NULL }
#define NO_WORDS (const char *const[]){ NULL }

static void assert_parse(const char *const *words, const char *const *variables, const char *wanted)
{
	struct input in = { words, variables };
	struct outcome got = call(parse, &in);

	assert_string_equal(got.err, "");
	assert_string_equal(got.out, wanted);
	assert_int_equal(got.status, 0);
	outcome_free(&got);
}

static void assert_refusal(const char *const *words, const char *const *variables, int status,
                           const char *said)
{
	struct input in = { words, variables };
	struct outcome got = call(parse, &in);
	char *line = xasprintf("try: error: %s\n%s", said, status != BAD_CONFIG ? "" :
	                       "try: info: exit 78: a restart will not help before the configuration is changed\n");

	assert_string_equal(got.err, line);
	assert_string_equal(got.out, "");
	assert_int_equal(got.status, status);
	free(line);
	outcome_free(&got);
}

#define PRESET "f0 o0 t=preset w=two n=5 ms=90000"

static void nothing_given_leaves_the_defaults(void **state)
{
	(void)state;
	assert_parse(NO_WORDS, NULL, PRESET);
}

static void options_have_long_and_short_forms(void **state)
{
	(void)state;
	assert_parse(WORDS("--flag", "--text", "x", "--number=7", "--time", "2m", "--word=one"), NULL,
	             "f1 o0 t=x w=one n=7 ms=120000");
	assert_parse(WORDS("-ft", "x", "-n7"), NULL, "f1 o0 t=x w=two n=7 ms=90000");
	assert_parse(WORDS("-fn", "7", "-tx=y"), NULL, "f1 o0 t=x=y w=two n=7 ms=90000");
	assert_parse(WORDS("--text=", "--number", "0"), NULL, "f0 o0 t= w=two n=0 ms=90000");
	assert_parse(WORDS("--text", "--flag"), NULL, "f0 o0 t=--flag w=two n=5 ms=90000");
	assert_parse(WORDS("--text", "a", "--text", "b"), NULL, "f0 o0 t=b w=two n=5 ms=90000");
}

static void lists_keep_their_order_also_across_options(void **state)
{
	(void)state;
	assert_parse(WORDS("-l", "b", "--list=a", "--list", ""), NULL, PRESET " l[b][a][]");
	assert_parse(WORDS("--of", "x", "--for", "a", "--of=y", "--for=b"), NULL,
	             PRESET " c[of=x][a][of=y][b]");
}

static void operands_may_stand_anywhere(void **state)
{
	(void)state;
	assert_parse(WORDS("a", "--flag", "b", "-", "-n", "1", "c"), NULL,
	             "f1 o0 t=preset w=two n=1 ms=90000 operands[a][b][-][c]");
	assert_parse(WORDS("", "a b"), NULL, PRESET " operands[][a b]");
}

/* In a child of its own: the table is everybody's. */
static int parse_operands_as_checks(void *arg)
{
	applet.operands = &o.checks;
	return parse(arg);
}

static void assert_joined(const char *const *words, const char *const *variables, const char *wanted)
{
	struct input in = { words, variables };
	struct outcome got = call(parse_operands_as_checks, &in);

	assert_string_equal(got.err, "");
	assert_string_equal(got.out, wanted);
	outcome_free(&got);
}

static void operands_may_join_a_list_in_the_order_given(void **state)
{
	(void)state;
	assert_joined(WORDS("a", "--of", "x", "b", "-n", "5", "--for", "c"), NULL,
	              PRESET " c[a][of=x][b][c]");
	assert_joined(WORDS("a"), WORDS("TRY_CHECKS=x"), PRESET " c[a]");
	assert_joined(NO_WORDS, WORDS("TRY_CHECKS=x\nof=y"), PRESET " c[x][of=y]");
}

static void what_follows_the_dashes_is_the_command(void **state)
{
	(void)state;
	assert_parse(WORDS("a", "--", "--flag", "--", "x"), NULL,
	             PRESET " operands[a] command[--flag][--][x]");
	assert_parse(WORDS("--then", "--help"), NULL, PRESET " command[--help]");
	assert_refusal(WORDS("a", "--"), NULL, 64, "no command after --");
	assert_refusal(WORDS("--then"), NULL, 64, "no command after --then");
	applet.takes_command = false;
	assert_parse(WORDS("a", "--", "--flag"), NULL, PRESET " operands[a][--flag]");
	applet.takes_command = true;
}

static void wrong_command_lines_are_64_and_one_line(void **state)
{
	(void)state;
	assert_refusal(WORDS("--frobnicate"), NULL, 64, "unknown option '--frobnicate': see try --help");
	assert_refusal(WORDS("--nubmer"), NULL, 64,
	               "unknown option '--nubmer': did you mean --number?");
	assert_refusal(WORDS("-x"), NULL, 64, "unknown option '-x': see try --help");
	assert_refusal(WORDS("-fx"), NULL, 64, "unknown option '-x': see try --help");
	assert_refusal(WORDS("--flag=1"), NULL, 64, "--flag takes no value");
	assert_refusal(WORDS("--text"), NULL, 64, "--text needs a value: TEXT");
	assert_refusal(WORDS("-t"), NULL, 64, "-t needs a value: TEXT");
	assert_refusal(WORDS("--number", "x"), NULL, 64, "--number: 'x' is not a number such as 3");
	assert_refusal(WORDS("--number", "-1"), NULL, 64, "--number: '-1' is not a number such as 3");
	assert_refusal(WORDS("--number", "99999999999999999999"), NULL, 64,
	               "--number: '99999999999999999999' is not a number such as 3");
	assert_refusal(WORDS("--time=5x"), NULL, 64,
	               "--time: '5x' is not a time such as 500ms, 30s, 2m, 1h, 7d");
	assert_refusal(WORDS("--word", "four"), NULL, 64, "--word: 'four' is not one of one|two|three");
	assert_refusal(WORDS("--word", "on"), NULL, 64, "--word: 'on' is not one of one|two|three");
	applet.max_operands = 1;
	assert_refusal(WORDS("a", "b"), NULL, 64, "2 operands are too many (put -- before a command): see try --help");
	applet.max_operands = -1;
}

static void a_value_that_may_hold_a_password_is_not_quoted(void **state)
{
	static const char *const lines[][3] = {
		{ "--urll=postgres://u:s3cret@h", NULL, NULL },
		{ "--url:postgres://u:s3cret@h", NULL, NULL },
		{ "--postgres://u:s3cret@h", NULL, NULL },
		{ "--number", "postgres://u:s3cret@h", NULL },
		{ "--time", "postgres://u:s3cret@h", NULL },
		{ "--word", "postgres://u:s3cret@h", NULL },
		{ "--flag=postgres://u:s3cret@h", NULL, NULL },
		{ "-xpostgres://u:s3cret@h", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct input in = { lines[i], NULL };
		struct outcome got = call(parse, &in);

		assert_int_equal(got.status, 64);
		assert_lacks(got.err, "s3cret");
		outcome_free(&got);
	}
}

/* --- the environment --- */

static void variables_come_between_default_and_command_line(void **state)
{
	(void)state;
	assert_parse(NO_WORDS, WORDS("TRY_TEXT=e", "TRY_WORD=three", "TRY_NUMBER=9", "TRY_TIME=1",
	                             "TRY_LIST=a\n\nb c\n", "TRY_URL=s"),
	             "f0 o0 t=e w=three n=9 ms=1000 u=s l[a][b c]");
	assert_parse(WORDS("-t", "c", "-n1", "--time=3s", "--word=one", "-lx", "-uy"),
	             WORDS("TRY_TEXT=e", "TRY_WORD=three", "TRY_NUMBER=9", "TRY_TIME=1", "TRY_LIST=a",
	                   "TRY_URL=s"),
	             "f0 o0 t=c w=one n=1 ms=3000 u=y l[x]");
}

static void an_empty_number_time_or_word_counts_as_unset(void **state)
{
	(void)state;
	assert_parse(NO_WORDS, WORDS("TRY_NUMBER=", "TRY_TIME=", "TRY_WORD=", "TRY_LIST="), PRESET);
	assert_parse(NO_WORDS, WORDS("TRY_TEXT="), "f0 o0 t= w=two n=5 ms=90000");
}

static void variables_may_come_from_files(void **state)
{
	(void)state;
	put_text("seven", "7\n");
	assert_parse(NO_WORDS, WORDS("TRY_NUMBER_FILE=seven"), "f0 o0 t=preset w=two n=7 ms=90000");
	assert_refusal(NO_WORDS, WORDS("TRY_NUMBER_FILE=./nowhere"), 78,
	               "TRY_NUMBER_FILE: cannot read './nowhere': No such file or directory");
	assert_refusal(NO_WORDS, WORDS("TRY_NUMBER_FILE=seven", "TRY_NUMBER=1"), 78,
	               "both TRY_NUMBER and TRY_NUMBER_FILE are set: unset one");
}

static void wrong_variables_are_78_and_named(void **state)
{
	(void)state;
	assert_refusal(NO_WORDS, WORDS("TRY_NUMBER=x"), 78, "TRY_NUMBER: 'x' is not a number such as 3");
	assert_refusal(NO_WORDS, WORDS("TRY_TIME=5x"), 78,
	               "TRY_TIME: '5x' is not a time such as 500ms, 30s, 2m, 1h, 7d");
	assert_refusal(NO_WORDS, WORDS("TRY_WORD=four"), 78,
	               "TRY_WORD: 'four' is not one of one|two|three");
	/* The command line makes the variable irrelevant. */
	assert_parse(WORDS("-n", "1"), WORDS("TRY_NUMBER=x"), "f0 o0 t=preset w=two n=1 ms=90000");
}

static void misspelt_variables_are_pointed_out(void **state)
{
	struct input in = { NO_WORDS, WORDS("TRY_NUBMER=s3cret", "PGBOX_LOGG=x", "TRY_UNRELATED=x",
		                            "TRY_TEXT=fine", "TRYTEXT=x", "PGBOX_LOG=text",
		                            "TRY_TIME_FILE=", "OTHER_NUMBER=x") };
	struct outcome got = call(parse, &in);

	(void)state;
	assert_string_equal(got.err,
	                    "try: warning: TRY_NUBMER is set, but nothing reads it: did you mean "
	                    "TRY_NUMBER?\n"
	                    "try: warning: PGBOX_LOGG is set, but nothing reads it: did you mean "
	                    "PGBOX_LOG?\n");
	assert_int_equal(got.status, 0);
	outcome_free(&got);
}

/* --- what ps(1) shows --- */

static int parse_and_show_originals(void *arg)
{
	char words[] = "try\0--url\0postgres://u:s3cret@h\0--url=s3cret\0-us3cret\0--list\0s3cret\0"
	               "s3cret operand\0--text\0plain\0--\0s3cret command";
	char *argv[16];
	char **command;
	int argc = 0;

	(void)arg;
	environ = no_variables;
	for (char *at = words; at < words + sizeof(words); at += strlen(at) + 1)
		argv[argc++] = at;
	argv[argc] = NULL;
	argc = opt_parse(&applet, argc, argv, &command);
	printf("%s %s %s ", o.url, o.list.v[0], argv[0]);
	for (size_t i = 0; i < sizeof(words); i++)
		putchar(words[i] ? words[i] : '|');
	return argc == 1 ? 0 : 1;
}

static void secrets_and_operands_are_wiped_from_the_command_line(void **state)
{
	struct outcome got = call(parse_and_show_originals, NULL);
	const char *rest = skip_prefix(got.out, "s3cret s3cret s3cret operand ");

	(void)state;
	assert_int_equal(got.status, 0);
	assert_non_null(rest);
	assert_lacks(rest, "postgres");
	assert_holds(rest, "--text|plain");
	/* The command is its own business, and is still to be run. */
	assert_holds(rest, "s3cret command");
	assert_null(strstr(strstr(rest, "s3cret") + 1, "s3cret"));
	outcome_free(&got);
}

/* --- help --- */

static void help_goes_to_stdout_and_fits_80_columns(void **state)
{
	struct input in = { WORDS("--number", "1", "--help"), NULL };
	struct outcome got = call(parse, &in);

	(void)state;
	assert_int_equal(got.status, 0);
	assert_string_equal(got.err, "");
	assert_int_equal(strncmp(got.out, "usage: try [options]\n\nAbout.\n\noptions:\n", 38), 0);
	assert_holds(got.out, "\nNotes.\n");
	assert_holds(got.out, "preset; TRY_TEXT]");
	assert_holds(got.out, "a time [default 90s; TRY_TIME]\n");
	assert_holds(got.out, "  -q, --quiet");
	assert_lacks(got.out, "default 1;");
	for (const char *line = got.out; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		assert_true(strcspn(line, "\n") <= 80);
	}
	outcome_free(&got);
}

static void help_never_shows_what_the_environment_holds(void **state)
{
	struct input in = { WORDS("-h"),
		            WORDS("TRY_TEXT=s3cret", "TRY_WORD=s3cret", "TRY_URL=s3cret",
		                  "TRY_NUMBER=4711", "TRY_TIME=s3cret", "TRY_LIST=s3cret",
		                  "DATABASE_URL=s3cret") };
	struct outcome got = call(parse, &in);

	(void)state;
	assert_int_equal(got.status, 0);
	assert_string_equal(got.err, "");
	assert_lacks(got.out, "s3cret");
	assert_lacks(got.out, "4711");
	outcome_free(&got);
}

static void help_comes_before_wrong_values_but_not_within_a_command(void **state)
{
	struct input in = { WORDS("--time", "nonsense", "--help"), NULL };
	struct outcome got = call(parse, &in);

	(void)state;
	assert_int_equal(got.status, 0);
	outcome_free(&got);
	assert_parse(WORDS("--", "x", "--help"), NULL, PRESET " command[x][--help]");
}

static int print_completion(void *arg)
{
	(void)arg;
	opt_words(&applet);
	return 0;
}

static void the_words_for_completion_are_all_options(void **state)
{
	struct outcome got = call(print_completion, NULL);

	(void)state;
	assert_string_equal(got.out, "--flag --other --text --word --url --number --time --list --for "
	                             "--of --quiet --verbose --help");
	outcome_free(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_given_leaves_the_defaults),
		cmocka_unit_test(options_have_long_and_short_forms),
		cmocka_unit_test(lists_keep_their_order_also_across_options),
		cmocka_unit_test(operands_may_stand_anywhere),
		cmocka_unit_test(operands_may_join_a_list_in_the_order_given),
		cmocka_unit_test(what_follows_the_dashes_is_the_command),
		cmocka_unit_test(wrong_command_lines_are_64_and_one_line),
		cmocka_unit_test(a_value_that_may_hold_a_password_is_not_quoted),
		cmocka_unit_test(variables_come_between_default_and_command_line),
		cmocka_unit_test(an_empty_number_time_or_word_counts_as_unset),
		cmocka_unit_test(variables_may_come_from_files),
		cmocka_unit_test(wrong_variables_are_78_and_named),
		cmocka_unit_test(misspelt_variables_are_pointed_out),
		cmocka_unit_test(secrets_and_operands_are_wiped_from_the_command_line),
		cmocka_unit_test(help_goes_to_stdout_and_fits_80_columns),
		cmocka_unit_test(help_never_shows_what_the_environment_holds),
		cmocka_unit_test(help_comes_before_wrong_values_but_not_within_a_command),
		cmocka_unit_test(the_words_for_completion_are_all_options),
	};

	return unit_run("opt", tests, scratch_make, scratch_remove);
}
