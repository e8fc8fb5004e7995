/* Unit tests of base/size. */
#include <stdint.h>
#include <stdlib.h>

#include "unit.h"

#include "base/banned.h"
#include "base/size.h"

static void assert_size(int64_t bytes, const char *wanted)
{
	char *text = size_text(bytes);

	assert_string_equal(text, wanted);
	free(text);
}

static void sizes_are_decimal_with_one_digit_behind_the_point(void **state)
{
	(void)state;
	assert_size(0, "0 bytes");
	assert_size(1, "1 byte");
	assert_size(999, "999 bytes");
	assert_size(1000, "1.0 kB");
	assert_size(1049, "1.0 kB");
	assert_size(1051, "1.1 kB");
	assert_size(12345678, "12.3 MB");
	assert_size(5000000000, "5.0 GB");
}

static void no_unit_has_a_thousand_of_itself(void **state)
{
	(void)state;
	assert_size(999949, "999.9 kB");
	assert_size(999950, "1.0 MB");
	assert_size(999999999, "1.0 GB");
	assert_size(INT64_C(999999999999), "1.0 TB");
	assert_size(INT64_C(999950000000000), "1.0 PB");
}

static void there_is_nothing_above_petabytes(void **state)
{
	(void)state;
	assert_size(INT64_MAX, "9223.4 PB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_decimal_with_one_digit_behind_the_point),
		cmocka_unit_test(no_unit_has_a_thousand_of_itself),
		cmocka_unit_test(there_is_nothing_above_petabytes),
	};

	return unit_run("size", tests, NULL, NULL);
}
