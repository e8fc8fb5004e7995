/* Unit tests of base/text. */
#include <stdlib.h>

#include "unit.h"

#include "base/banned.h"
#include "base/text.h"

static void an_end_is_compared_byte_for_byte(void **state)
{
	(void)state;
	assert_true(text_ends_with("app.sql", ".sql"));
	assert_true(text_ends_with(".sql", ".sql"));
	assert_true(text_ends_with("app.sql", ""));
	assert_true(text_ends_with("", ""));
	assert_false(text_ends_with("app.sql.gz", ".sql"));
	assert_false(text_ends_with("app.SQL", ".sql"));
	assert_false(text_ends_with("sql", ".sql"));
	assert_false(text_ends_with("", "x"));
}

static void or_without_regard_to_case(void **state)
{
	(void)state;
	assert_true(text_ends_with_nocase("APP.Sql", ".sQL"));
	assert_false(text_ends_with_nocase("app.sqlx", ".sql"));
	assert_false(text_ends_with_nocase("l", "ql"));
}

static void assert_without(const char *text, const char *suffix, const char *wanted)
{
	char *rest = text_without_suffix(text, suffix);

	if (wanted)
		assert_string_equal(rest, wanted);
	else
		assert_null(rest);
	free(rest);
}

static void a_suffix_is_taken_off_what_has_more(void **state)
{
	(void)state;
	assert_without("PASSWORD_FILE", "_FILE", "PASSWORD");
	assert_without("X_FILE", "_FILE", "X");
	assert_without("X_FILE_FILE", "_FILE", "X_FILE");
	assert_without("_FILE", "_FILE", NULL);
	assert_without("FILE", "_FILE", NULL);
	assert_without("PASSWORD", "_FILE", NULL);
	assert_without("", "_FILE", NULL);
}

static void a_word_is_one_of_a_list_when_it_is_all_of_an_entry(void **state)
{
	static const char *const list[] = { "tmpfs", "ramfs", NULL };
	static const char *const none[] = { NULL };

	(void)state;
	assert_true(text_is_one_of("tmpfs", list));
	assert_true(text_is_one_of("ramfs", list));
	assert_false(text_is_one_of("tmp", list));
	assert_false(text_is_one_of("tmpfs2", list));
	assert_false(text_is_one_of("", list));
	assert_false(text_is_one_of("tmpfs", none));
}

static void a_word_stands_between_separators(void **state)
{
	(void)state;
	assert_true(text_has_word("a|bc|d", '|', "a"));
	assert_true(text_has_word("a|bc|d", '|', "bc"));
	assert_true(text_has_word("a|bc|d", '|', "d"));
	assert_true(text_has_word("min max", ' ', "max"));
	assert_false(text_has_word("a|bc|d", '|', "b"));
	assert_false(text_has_word("a|bc|d", '|', "bc|d"));
	assert_false(text_has_word("a|bc|d", '|', ""));
	assert_false(text_has_word("", '|', "a"));
	assert_false(text_has_word(NULL, '|', "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_end_is_compared_byte_for_byte),
		cmocka_unit_test(or_without_regard_to_case),
		cmocka_unit_test(a_suffix_is_taken_off_what_has_more),
		cmocka_unit_test(a_word_is_one_of_a_list_when_it_is_all_of_an_entry),
		cmocka_unit_test(a_word_stands_between_separators),
	};

	return unit_run("text", tests, NULL, NULL);
}
