/* Unit tests of base/env. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "unit.h"

#include "base/env.h"
#include "base/status.h"
#include "base/banned.h"

extern char **environ;

/* Reads variable V with V and V_FILE set so (NULL: unset). */
static int get(const char *value, const char *file, const char **read, struct buf *error)
{
	unsetenv("V");
	unsetenv("V_FILE");
	if (value)
		setenv("V", value, 1);
	if (file)
		setenv("V_FILE", file, 1);
	return env_get("V", read, error);
}

static void assert_reads(const char *value, const char *file, const char *wanted)
{
	struct buf error = BUF_INIT;
	const char *read;

	assert_int_equal(get(value, file, &read, &error), 0);
	assert_string_equal(error.data, "");
	if (wanted)
		assert_string_equal(read, wanted);
	else
		assert_null(read);
}

static void assert_refuses(const char *value, const char *file, const char *words)
{
	struct buf error = BUF_INIT;
	const char *read;

	assert_int_equal(get(value, file, &read, &error), BAD_CONFIG);
	assert_holds(error.data, "V_FILE");
	assert_holds(error.data, words);
	assert_lacks(error.data, "s3cret");
	buf_free(&error);
}

static void a_variable_is_read_as_it_is(void **state)
{
	(void)state;
	assert_reads(NULL, NULL, NULL);
	assert_reads("x", NULL, "x");
	assert_reads("", NULL, "");
	assert_reads(" x\n", NULL, " x\n");
}

static void a_file_loses_exactly_one_line_end(void **state)
{
	(void)state;
	put_text("one", "s3cret\n");
	assert_reads(NULL, "one", "s3cret");
	put_text("two", "s3cret\n\n");
	assert_reads(NULL, "two", "s3cret\n");
	put_text("none", "s3cret");
	assert_reads(NULL, "none", "s3cret");
	put_text("dos", "s3cret\r\n");
	assert_reads(NULL, "dos", "s3cret\r");
	put_text("empty", "");
	assert_reads(NULL, "empty", "");
	put_text("newline", "\n");
	assert_reads(NULL, "newline", "");
}

static void values_of_files_outlive_the_next_reading(void **state)
{
	struct buf error = BUF_INIT;
	const char *first, *second;

	(void)state;
	put_text("a", "first");
	put_text("b", "second");
	assert_int_equal(get(NULL, "a", &first, &error), 0);
	assert_int_equal(get(NULL, "b", &second, &error), 0);
	assert_string_equal(first, "first");
	assert_string_equal(second, "second");
}

static void both_set_is_an_error_that_names_them(void **state)
{
	(void)state;
	put_text("one", "s3cret\n");
	assert_refuses("s3cret", "one", "both V and V_FILE are set");
	assert_refuses("", "one", "both V and V_FILE are set");
}

static void an_empty_name_of_a_file_is_no_name(void **state)
{
	(void)state;
	assert_reads("x", "", "x");
	assert_reads(NULL, "", NULL);
}

static void an_unusable_file_is_an_error_that_says_why(void **state)
{
	char *big = malloc(65537);

	(void)state;
	assert_refuses(NULL, "./missing", "'./missing': No such file");
	/* The value itself where a file's name belongs. */
	assert_refuses(NULL, "s3cret", "'...': No such file");
	mkdir("folder", 0700);
	assert_refuses(NULL, "folder", "directory");
	put("nul", "s3cret\0x", 8);
	assert_refuses(NULL, "nul", "NUL byte");
	memset(big, 'x', 65537);
	put("big", big, 65537);
	assert_refuses(NULL, "big", "too large");
	put("fits", big, 65536);
	big[65536] = '\0';
	assert_reads(NULL, "fits", big);
	free(big);
}

/* --- the environment for commands --- */

static int print_original(void *arg)
{
	(void)arg;
	clearenv();
	setenv("KEPT", "as it was", 1);
	setenv("NEW", "replaced", 1);
	env_keep();
	setenv("KEPT", "changed", 1);
	setenv("PGPASSWORD", "ours", 1);
	env_export("NEW", "exported");
	env_export("NEWER", "=x y");
	env_export("NEWER_FILE", "x");
	env_forget("NEWER_FILE");
	env_forget("NEWE");
	for (char **entry = env_original(); *entry; entry++)
		printf("[%s]", *entry);
	return 0;
}

static void commands_get_the_environment_that_pgbox_got(void **state)
{
	struct outcome o = call(print_original, NULL);

	(void)state;
	assert_string_equal(o.out, "[KEPT=as it was][NEW=exported][NEWER==x y]");
	outcome_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_variable_is_read_as_it_is),
		cmocka_unit_test(a_file_loses_exactly_one_line_end),
		cmocka_unit_test(values_of_files_outlive_the_next_reading),
		cmocka_unit_test(both_set_is_an_error_that_names_them),
		cmocka_unit_test(an_empty_name_of_a_file_is_no_name),
		cmocka_unit_test(an_unusable_file_is_an_error_that_says_why),
		cmocka_unit_test(commands_get_the_environment_that_pgbox_got),
	};

	return unit_run("env", tests, scratch_make, scratch_remove);
}
