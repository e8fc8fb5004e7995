/* Unit tests of base/path. */
#include <stdlib.h>

#include "unit.h"

#include "base/banned.h"
#include "base/path.h"

static void the_base_follows_the_last_slash(void **state)
{
	(void)state;
	assert_string_equal(path_base("/a/b.dump"), "b.dump");
	assert_string_equal(path_base("b.dump"), "b.dump");
	assert_string_equal(path_base("/b"), "b");
	assert_string_equal(path_base("a/"), "");
	assert_string_equal(path_base(""), "");
}

static void assert_folder(const char *path, const char *wanted)
{
	char *folder = path_folder(path);

	assert_string_equal(folder, wanted);
	free(folder);
}

static void the_folder_is_what_can_be_opened(void **state)
{
	(void)state;
	assert_folder("/a/b/c", "/a/b");
	assert_folder("a/b", "a");
	assert_folder("./b", ".");
	assert_folder("b", ".");
	assert_folder("", ".");
	assert_folder("/b", "/");
	assert_folder("a/", "a");
}

static void assert_prefix(const char *path, const char *wanted)
{
	char *prefix = path_prefix(path);

	assert_string_equal(prefix, wanted);
	free(prefix);
}

static void the_prefix_is_what_another_name_can_follow(void **state)
{
	(void)state;
	assert_prefix("/a/b/c", "/a/b/");
	assert_prefix("a/b", "a/");
	assert_prefix("b", "");
	assert_prefix("/b", "/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_base_follows_the_last_slash),
		cmocka_unit_test(the_folder_is_what_can_be_opened),
		cmocka_unit_test(the_prefix_is_what_another_name_can_follow),
	};

	return unit_run("path", tests, NULL, NULL);
}
