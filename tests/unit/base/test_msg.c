/* Unit tests of base/msg. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "base/buf.h"
#include "base/msg.h"
#include "ext/lite.h"

static int say(void *text)
{
	msg(MSG_INFO, "%s", (char *)text);
	return 0;
}

static void assert_says(const char *text, const char *line)
{
	struct outcome o = call(say, (char *)(uintptr_t)text);

	assert_string_equal(o.err, line);
	assert_string_equal(o.out, "");
	outcome_free(&o);
}

static void a_message_is_one_line_with_name_and_level(void **state)
{
	(void)state;
	assert_says("text", "pgbox: info: text\n");
	assert_says("", "pgbox: info: \n");
	assert_says("50% %s", "pgbox: info: 50% %s\n");
}

static void control_bytes_are_blanked(void **state)
{
	(void)state;
	assert_says("a\nb\r\tc\n", "pgbox: info: a b  c\n");
	assert_says("\033[2Jx\177\001\037!", "pgbox: info:  [2Jx   !\n");
	assert_says("gr\303\274n", "pgbox: info: gr\303\274n\n");
}

static int say_all_levels(void *limit)
{
	static const char *const each[] = { "one", "two" };
	struct strs texts = { 0 };

	msg_name("waitdb");
	msg_limit = *(enum msg_level *)limit;
	msg(MSG_ERROR, "%d", 1);
	msg(MSG_WARNING, "%d", 2);
	msg(MSG_INFO, "%d", 3);
	msg(MSG_DEBUG, "%d", 4);
	for (size_t i = 0; i < 2; i++)
		strs_add(&texts, each[i]);
	msg_each(MSG_WARNING, &texts);
	return 0;
}

static void the_limit_silences_what_is_more_talkative(void **state)
{
	static const char *const wanted[] = {
		[MSG_ERROR] = "waitdb: error: 1\n",
		[MSG_INFO] = "waitdb: error: 1\nwaitdb: warning: 2\nwaitdb: info: 3\n"
		             "waitdb: warning: one\nwaitdb: warning: two\n",
		[MSG_DEBUG] = "waitdb: error: 1\nwaitdb: warning: 2\nwaitdb: info: 3\n"
		              "waitdb: debug: 4\nwaitdb: warning: one\nwaitdb: warning: two\n",
	};

	(void)state;
	for (enum msg_level limit = MSG_ERROR; limit <= MSG_DEBUG; limit++) {
		struct outcome o = call(say_all_levels, &limit);

		if (wanted[limit])
			assert_string_equal(o.err, wanted[limit]);
		outcome_free(&o);
	}
}

static int die_once(void *arg)
{
	msg_limit = MSG_ERROR;
	die(77, "no right to %s", (char *)arg);
}

static void dying_says_an_error_and_exits_with_the_code(void **state)
{
	struct outcome o = call(die_once, (char[]){ "live" });

	(void)state;
	assert_int_equal(o.status, 77);
	assert_string_equal(o.err, "pgbox: error: no right to live\n");
	outcome_free(&o);
}

/* --- secrets --- */

static int say_with_secrets(void *text)
{
	msg_secret("p@ss:w/o#rd%1");
	msg_secret("p%40ss%3Aw%2Fo%23rd%251");
	msg_secret("abc");
	msg_secret("abcd");
	msg_secret("abcdEFGH");
	msg_secret("abcd");
	msg_secret("");
	msg(MSG_INFO, "%s", (char *)text);
	return 0;
}

static void assert_masked(const char *text, const char *shown)
{
	struct outcome o = call(say_with_secrets, (char *)(uintptr_t)text);
	char *line = xasprintf("pgbox: info: %s\n", shown);

	assert_string_equal(o.err, line);
	free(line);
	outcome_free(&o);
}

static void secrets_are_masked_wherever_and_however_often(void **state)
{
	(void)state;
	assert_masked("u:p@ss:w/o#rd%1@h", "u:***@h");
	assert_masked("p@ss:w/o#rd%1p@ss:w/o#rd%1", "******");
	assert_masked("x p%40ss%3Aw%2Fo%23rd%251 y", "x *** y");
	assert_masked("abc stays, too short", "abc stays, too short");
	assert_masked("abcd abcdabcd", "*** ******");
}

static void a_secret_within_another_leaves_no_part_of_it(void **state)
{
	(void)state;
	assert_masked("abcdEFGH", "***");
}

static void a_secret_like_the_mask_does_not_loop(void **state)
{
	(void)state;
	assert_masked("****", "****");
}

static void only_plain_words_are_quoted(void **state)
{
	(void)state;
	assert_string_equal(msg_word("a-B_c.9"), "a-B_c.9");
	assert_string_equal(msg_word(""), "");
	assert_string_equal(msg_word("u:s3cret@h"), "...");
	assert_string_equal(msg_word("a b"), "...");
	assert_string_equal(msg_word("postgres://h"), "...");
}

/* --- JSON --- */

static int say_json(void *text)
{
	if (!msg_format("json"))
		return 1;
	msg_name("isempty");
	msg_secret("s3cret");
	msg(MSG_WARNING, "%s", (char *)text);
	return 0;
}

/* What SQLite's reader of JSON finds at a path. */
static char *json_at(const char *json, const char *path)
{
	struct lite lite = LITE_INIT;
	struct rows rows = { 0 };
	const char *params[] = { json, path };
	char *found;

	assert_int_equal(lite_open(&lite, ":memory:", LITE_CREATE, 0), 0);
	assert_int_equal(lite_query(&lite, "SELECT json_extract(?1, ?2) WHERE json_valid(?1)",
	                            params, 2, &rows), 0);
	found = xstrdup(rows.n ? rows_get(&rows, 0, 0) : "(not valid)");
	rows_free(&rows);
	lite_free(&lite);
	return found;
}

static void assert_json(const char *text, const char *message)
{
	struct outcome o = call(say_json, (char *)(uintptr_t)text);
	char *found = json_at(o.err, "$.message"), *level = json_at(o.err, "$.level");
	char *applet = json_at(o.err, "$.applet"), *time = json_at(o.err, "$.time");
	const char *end = strchr(o.err, '\n');

	assert_string_equal(found, message);
	assert_string_equal(level, "warning");
	assert_string_equal(applet, "isempty");
	assert_int_equal(strlen(time), strlen("2026-01-02T03:04:05.678Z"));
	assert_non_null(end);
	assert_string_equal(end, "\n");
	free(found);
	free(level);
	free(applet);
	free(time);
	outcome_free(&o);
}

static void json_lines_are_valid_and_say_the_same(void **state)
{
	(void)state;
	assert_json("plain", "plain");
	assert_json("a \"quoted\" \\ back\\\\slash", "a \"quoted\" \\ back\\\\slash");
	assert_json("two\nlines\tand\001", "two lines and ");
	assert_json("gr\303\274n", "gr\303\274n");
	assert_json("pw s3cret", "pw ***");
	assert_json("", "");
}

/* SQLite does not mind bytes that are not UTF-8; strict readers do. */
static bool is_utf8(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		int more = *c < 0x80 ? 0 : *c >= 0xc2 && *c < 0xe0 ? 1 : *c >= 0xe0 && *c < 0xf0 ? 2
		           : *c >= 0xf0 && *c < 0xf5 ? 3 : -1;

		if (more < 0)
			return false;
		for (; more; more--)
			if ((*++c & 0xc0) != 0x80)
				return false;
	}
	return true;
}

static void json_lines_are_utf8_whatever_a_server_says(void **state)
{
	static const char *const texts[] = { "latin \374", "cut \303", "\200", "\377\376" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct outcome o = call(say_json, (char *)(uintptr_t)texts[i]);

		assert_true(is_utf8(o.err));
		outcome_free(&o);
	}
}

static int formats(void *arg)
{
	(void)arg;
	return msg_format(NULL) && msg_format("") && msg_format("text") && msg_format("json") &&
	               !msg_format("JSON") && !msg_format("xml") ? 0 : 1;
}

static void only_text_and_json_are_formats(void **state)
{
	struct outcome o = call(formats, NULL);

	(void)state;
	assert_int_equal(o.status, 0);
	outcome_free(&o);
}

static int print_to(void *path)
{
	if (!freopen(path, "w", stdout))
		return 2;
	printf("x");
	msg_check_stdout();
	return 0;
}

static void a_full_disk_ends_with_73_and_a_line(void **state)
{
	struct outcome full = call(print_to, (char[]){ "/dev/full" });
	struct outcome null = call(print_to, (char[]){ "/dev/null" });

	(void)state;
	assert_int_equal(full.status, 73);
	assert_holds(full.err, "cannot write to standard output: No space left");
	assert_int_equal(null.status, 0);
	assert_string_equal(null.err, "");
	outcome_free(&full);
	outcome_free(&null);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_one_line_with_name_and_level),
		cmocka_unit_test(control_bytes_are_blanked),
		cmocka_unit_test(the_limit_silences_what_is_more_talkative),
		cmocka_unit_test(dying_says_an_error_and_exits_with_the_code),
		cmocka_unit_test(secrets_are_masked_wherever_and_however_often),
		cmocka_unit_test(a_secret_within_another_leaves_no_part_of_it),
		cmocka_unit_test(a_secret_like_the_mask_does_not_loop),
		cmocka_unit_test(only_plain_words_are_quoted),
		cmocka_unit_test(json_lines_are_valid_and_say_the_same),
		cmocka_unit_test(json_lines_are_utf8_whatever_a_server_says),
		cmocka_unit_test(only_text_and_json_are_formats),
		cmocka_unit_test(a_full_disk_ends_with_73_and_a_line),
	};

	return unit_run("msg", tests, NULL, NULL);
}
