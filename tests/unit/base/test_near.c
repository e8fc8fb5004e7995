/* Unit tests of base/near. */
#include <limits.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "base/near.h"

static void edits_are_counted_and_neighbours_swap_for_one(void **state)
{
	(void)state;
	assert_int_equal(near_distance("", ""), 0);
	assert_int_equal(near_distance("abc", ""), 3);
	assert_int_equal(near_distance("", "abc"), 3);
	assert_int_equal(near_distance("kitten", "sitting"), 3);
	assert_int_equal(near_distance("timeuot", "timeout"), 1);
	assert_int_equal(near_distance("ca", "abc"), 3); /* no edit within a swap */
	assert_int_equal(near_distance("timeout", "time"), 3);
}

static void the_distance_is_the_same_from_both_ends(void **state)
{
	static const char *const words[] = { "", "a", "timeout", "tmieout", "lock-timeout", "for" };

	(void)state;
	for (size_t i = 0; i < 6; i++)
		for (size_t j = 0; j < 6; j++)
			assert_int_equal(near_distance(words[i], words[j]),
			                 near_distance(words[j], words[i]));
}

static void long_words_are_far_from_all(void **state)
{
	char word[65];

	(void)state;
	memset(word, 'a', 64);
	word[64] = '\0';
	assert_int_equal(near_distance(word, word), UINT_MAX);
	assert_false(near_enough(word, "a"));
	word[63] = '\0';
	assert_int_equal(near_distance(word, word), 0);
	assert_int_equal(near_distance(word, ""), 63);
}

static void only_small_mistakes_in_long_enough_words_are_offered(void **state)
{
	(void)state;
	assert_true(near_enough("timeot", "timeout"));
	assert_true(near_enough("tiemout", "timeout"));
	assert_true(near_enough("DATABSE_URL", "DATABASE_URL"));
	assert_false(near_enough("timeout", "timeout"));
	assert_false(near_enough("for", "fro"));
	assert_false(near_enough("a", "b"));
	assert_false(near_enough("", "ab"));
	assert_false(near_enough("table", "tcp"));
	assert_false(near_enough("timeout", "tiXeoXX"));
	assert_true(near_enough("DATABXXE_URL", "DATABASE_URL"));
	assert_false(near_enough("DATABXXX_URL", "DATABASE_URL"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edits_are_counted_and_neighbours_swap_for_one),
		cmocka_unit_test(the_distance_is_the_same_from_both_ends),
		cmocka_unit_test(long_words_are_far_from_all),
		cmocka_unit_test(only_small_mistakes_in_long_enough_words_are_offered),
	};

	return unit_run("near", tests, NULL, NULL);
}
