/* Unit tests of version_compare, which check/check_db.c keeps to itself. */
#include "unit.h"

#include "check/check_db.c"

static void versions_compare_number_by_number(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} pairs[] = {
		{ "1", "1", 0 }, { "1.0", "1", 0 }, { "1", "1.0.0", 0 }, { "3.10", "3.9", 1 },
		{ "3.9", "3.10", -1 }, { "2", "10", -1 }, { "3.4.2", "3.4", 1 }, { "", "", 0 },
		{ "0.5.1", "0.5.0", 1 }, { "3.4.0dev", "3.4.0", 0 }, { "3.4dev", "3.4.1", -1 },
		{ "1.2-rc3", "1.2", 1 }, { "2024.01", "2024.1", 0 }, { "", "1", -1 }, { "x", "0", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		if (version_compare(pairs[i].a, pairs[i].b) != pairs[i].order ||
		    version_compare(pairs[i].b, pairs[i].a) != -pairs[i].order)
			fail_msg("'%s' and '%s'", pairs[i].a, pairs[i].b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_compare_number_by_number),
	};

	return unit_run("version", tests, NULL, NULL);
}
