/* Unit tests of base/clock. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "base/clock.h"

static void durations_are_read_in_every_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{ "0", 0 }, { "0ms", 0 }, { "7", 7000 }, { "500ms", 500 }, { "30s", 30000 },
		{ "2m", 120000 }, { "1h", 3600000 }, { "7d", 604800000 }, { "007s", 7000 },
		{ "9223372036854775807ms", INT64_MAX }, { "9223372036854775s", INT64_MAX - 807 },
		{ "106751991167d", 9223372036828800000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		int64_t ms = -1;

		if (!duration_parse(good[i].text, &ms) || ms != good[i].ms)
			fail_msg("%s: %lld", good[i].text, (long long)ms);
	}
}

static void anything_else_is_refused_and_changes_nothing(void **state)
{
	static const char *const bad[] = {
		"", " ", "s", "ms", "-1", "+1", "-0", "1.5s", "1,5s", "1 s", " 1s", "1s ", "1S", "1M",
		"1min", "1sec", "1w", "1y", "1m30s", "0x10", "1e3", "1s\n", "inf", "٣s",
		"9223372036854775808ms", "9223372036854776s", "106751991168d",
		"99999999999999999999", "18446744073709551617",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		int64_t ms = 42;

		if (duration_parse(bad[i], &ms) || ms != 42)
			fail_msg("'%s': %lld", bad[i], (long long)ms);
	}
}

static void a_duration_is_written_in_the_largest_exact_unit(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} pairs[] = {
		{ 0, "0s" }, { 1, "1ms" }, { 1500, "1500ms" }, { 1000, "1s" }, { 60000, "60s" },
		{ 90000, "90s" }, { 120000, "2m" }, { 3600000, "1h" }, { 86400000, "24h" },
		{ 172800000, "2d" }, { 5400000, "90m" }, { 93600000, "26h" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		char *text = duration_text(pairs[i].ms);

		assert_string_equal(text, pairs[i].text);
		free(text);
	}
}

static void what_is_written_is_read_back(void **state)
{
	uint64_t random = 88172645463325252u;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		int64_t ms, back;
		char *text;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		ms = (int64_t)(random >> (1 + i % 60));
		text = duration_text(ms);
		assert_true(duration_parse(text, &back));
		assert_true(back == ms);
		free(text);
	}
}

static void no_duration_is_no_deadline(void **state)
{
	(void)state;
	assert_true(clock_after(0) == CLOCK_NEVER);
	assert_true(clock_after(-1) == CLOCK_NEVER);
	assert_true(clock_after(INT64_MAX) == CLOCK_NEVER);
	assert_true(clock_left(CLOCK_NEVER) == CLOCK_NEVER);
	assert_int_equal(clock_poll(CLOCK_NEVER), -1);
}

static void a_deadline_comes_nearer_and_stays_passed(void **state)
{
	int64_t deadline = clock_after(40), before = clock_left(deadline);

	(void)state;
	assert_true(before > 0 && before <= 40);
	clock_sleep(10, deadline);
	assert_true(clock_left(deadline) < before);
	clock_sleep(60000, deadline);
	clock_sleep(3, CLOCK_NEVER);
	assert_true(clock_left(deadline) == 0);
	assert_int_equal(clock_poll(deadline), 0);
	assert_true(clock_ms() - deadline < 1000);
}

static void a_far_deadline_is_not_mistaken_by_poll(void **state)
{
	(void)state;
	assert_int_equal(clock_poll(clock_after((int64_t)INT_MAX * 5)), INT_MAX);
}

static void an_age_is_said_in_the_largest_unit_that_leaves_a_few(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} table[] = {
		{ -5, "0s" }, { 0, "0s" }, { 1999, "1s" }, { 119999, "119s" }, { 120000, "2m" },
		{ 7199999, "119m" }, { 7200000, "2h" }, { INT64_C(864000000), "240h" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char *text = clock_age(table[i].ms);

		assert_string_equal(text, table[i].text);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_read_in_every_unit),
		cmocka_unit_test(anything_else_is_refused_and_changes_nothing),
		cmocka_unit_test(a_duration_is_written_in_the_largest_exact_unit),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(no_duration_is_no_deadline),
		cmocka_unit_test(a_deadline_comes_nearer_and_stays_passed),
		cmocka_unit_test(a_far_deadline_is_not_mistaken_by_poll),
		cmocka_unit_test(an_age_is_said_in_the_largest_unit_that_leaves_a_few),
	};

	return unit_run("clock", tests, NULL, NULL);
}
