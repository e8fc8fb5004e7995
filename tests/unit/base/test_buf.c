/* Unit tests of base/buf. */
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/buf.h"
#include "base/banned.h"

static void an_empty_buf_is_an_empty_string(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_string_equal(b.data, "");
	buf_add(&b, NULL, 0);
	buf_puts(&b, "");
	buf_cut(&b, 5);
	buf_trim(&b);
	assert_string_equal(b.data, "");
	buf_free(&b);
	buf_free(&b);
	assert_string_equal(b.data, "");
}

static void it_is_a_string_after_every_step_of_growth(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		assert_int_equal(strlen(b.data), i);
		buf_putc(&b, (char)('a' + i % 26));
	}
	assert_int_equal(b.len, 3000);
	assert_int_equal(b.data[2999], 'a' + 2999 % 26);
	buf_free(&b);
}

static void bytes_with_a_nul_are_kept(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add(&b, "a\0b", 3);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.data, "a\0b\0", 4);
	buf_free(&b);
}

static void printf_appends_whatever_its_length(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_puts(&b, "x");
	buf_printf(&b, "%s-%d", "", 7);
	buf_printf(&b, "%500d", 8);
	assert_int_equal(b.len, 3 + 500);
	assert_memory_equal(b.data, "x-7  ", 5);
	assert_int_equal(b.data[b.len - 1], '8');
	buf_free(&b);
}

static void room_is_there_before_it_is_used(void **state)
{
	struct buf b = BUF_INIT;
	char *to;

	(void)state;
	buf_puts(&b, "ab");
	to = buf_room(&b, 1000);
	assert_ptr_equal(to, b.data + 2);
	assert_string_equal(b.data, "ab");
	memset(to, 'c', 1000);
	b.len += 1000;
	b.data[b.len] = '\0';
	assert_int_equal(strlen(b.data), 1002);
	buf_free(&b);
}

static void cut_shortens_and_never_lengthens(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_puts(&b, "abc");
	buf_cut(&b, 9);
	buf_cut(&b, 4);
	assert_string_equal(b.data, "abc");
	assert_int_equal(b.len, 3);
	buf_cut(&b, 1);
	assert_string_equal(b.data, "a");
	buf_free(&b);
}

static void trim_takes_blanks_off_the_end_alone(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_puts(&b, " a b \t\r\n\n");
	buf_trim(&b);
	assert_string_equal(b.data, " a b");
	buf_cut(&b, 0);
	buf_puts(&b, " \n ");
	buf_trim(&b);
	assert_string_equal(b.data, "");
	buf_free(&b);
}

static void a_detached_string_is_the_callers(void **state)
{
	struct buf b = BUF_INIT;
	char *text;

	(void)state;
	text = buf_detach(&b);
	assert_string_equal(text, "");
	free(text);
	buf_puts(&b, "mine");
	text = buf_detach(&b);
	assert_string_equal(text, "mine");
	assert_string_equal(b.data, "");
	buf_puts(&b, "other");
	assert_string_equal(text, "mine");
	free(text);
	buf_free(&b);
}

static void a_list_ends_in_null(void **state)
{
	struct strs s = { 0 };

	(void)state;
	strs_add(&s, "a");
	strs_add(&s, "");
	assert_int_equal(s.n, 2);
	assert_string_equal(s.v[0], "a");
	assert_string_equal(s.v[1], "");
	assert_null(s.v[2]);
	strs_free(&s);
	assert_int_equal(s.n, 0);
	strs_free(&s);
}

static void lines_are_added_without_the_empty_ones(void **state)
{
	struct strs s = { 0 };

	(void)state;
	strs_split(&s, "\n\na\r\n\r\nb c\nd", NULL);
	assert_int_equal(s.n, 3);
	assert_string_equal(s.v[0], "a");
	assert_string_equal(s.v[1], "b c");
	assert_string_equal(s.v[2], "d");
	strs_split(&s, "", NULL);
	strs_split(&s, "\n", NULL);
	assert_int_equal(s.n, 3);
	strs_free(&s);
}

static void a_prefix_is_skipped_or_not_there(void **state)
{
	(void)state;
	assert_string_equal(skip_prefix("url=x", "url="), "x");
	assert_string_equal(skip_prefix("url=", "url="), "");
	assert_string_equal(skip_prefix("x", ""), "x");
	assert_null(skip_prefix("url", "url="));
	assert_null(skip_prefix("", "u"));
}

static void copies_are_exact(void **state)
{
	char *a = xstrndup("abc", 2), *b = xasprintf("%c%s", 'x', "yz"), *c = xcalloc(2, 2);

	(void)state;
	assert_string_equal(a, "ab");
	assert_string_equal(b, "xyz");
	assert_memory_equal(c, "\0\0\0\0", 4);
	free(a);
	free(b);
	free(c);
	free(xmalloc(0));
	free(xcalloc(0, 8));
}

static int want_too_much(void *arg)
{
	(void)arg;
	free(xmalloc(SIZE_MAX / 2));
	return 0;
}

static void running_out_of_memory_ends_with_73_and_a_line(void **state)
{
	struct outcome o = call(want_too_much, NULL);

	(void)state;
	assert_int_equal(o.status, 73);
	assert_holds(o.err, "pgbox: error: out of memory");
	outcome_free(&o);
}

/* The sanitizer would end the process where malloc returns NULL. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buf_is_an_empty_string),
		cmocka_unit_test(it_is_a_string_after_every_step_of_growth),
		cmocka_unit_test(bytes_with_a_nul_are_kept),
		cmocka_unit_test(printf_appends_whatever_its_length),
		cmocka_unit_test(room_is_there_before_it_is_used),
		cmocka_unit_test(cut_shortens_and_never_lengthens),
		cmocka_unit_test(trim_takes_blanks_off_the_end_alone),
		cmocka_unit_test(a_detached_string_is_the_callers),
		cmocka_unit_test(a_list_ends_in_null),
		cmocka_unit_test(lines_are_added_without_the_empty_ones),
		cmocka_unit_test(a_prefix_is_skipped_or_not_there),
		cmocka_unit_test(copies_are_exact),
		cmocka_unit_test(running_out_of_memory_ends_with_73_and_a_line),
	};

	return unit_run("buf", tests, NULL, NULL);
}
