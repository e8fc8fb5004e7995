/* Unit tests of base/file and base/rows. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "base/banned.h"
#include "base/file.h"
#include "base/rows.h"

static void a_file_is_read_whole_and_appended(void **state)
{
	struct buf b = BUF_INIT;
	char *big = malloc(100000);

	(void)state;
	memset(big, 'x', 100000);
	put("big", big, 100000);
	buf_puts(&b, "before ");
	assert_int_equal(file_read("big", &b, 200000), 0);
	assert_int_equal(b.len, 100007);
	assert_memory_equal(b.data, "before xxx", 10);
	buf_free(&b);
	free(big);
}

static void a_file_over_the_limit_is_refused(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	put_text("ten", "0123456789");
	assert_int_equal(file_read("ten", &b, 10), 0);
	assert_int_equal(file_read("ten", &b, 9), -1);
	assert_int_equal(errno, EFBIG);
	buf_free(&b);
}

static void a_missing_file_and_a_directory_say_what_they_are(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	mkdir("folder", 0700);
	assert_int_equal(file_read("nowhere", &b, 10), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(file_read("folder", &b, 10), -1);
	assert_int_equal(errno, EISDIR);
	buf_free(&b);
}

static void all_bytes_are_written_however_small_the_pipe(void **state)
{
	static char bytes[300000];
	int ends[2];
	size_t read_bytes = 0;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		_exit(file_write(ends[1], bytes, sizeof(bytes)) == 0 ? 0 : 1);
	}
	close(ends[1]);
	for (;;) {
		char some[7001];
		ssize_t n = read(ends[0], some, sizeof(some));

		if (n <= 0)
			break;
		read_bytes += (size_t)n;
	}
	close(ends[0]);
	assert_int_equal(read_bytes, sizeof(bytes));
}

static void a_full_device_is_an_error(void **state)
{
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_int_equal(file_write(fd, "x", 1), -1);
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

static void names_are_listed_in_byte_order_by_suffix(void **state)
{
	static const char *const suffixes[] = { ".sql", ".sql.gz", NULL };
	static const char *const names[] = { "b.sql", "a.sql.gz", "10.sql", "9.sql", "B.sql",
		                             "x.txt", ".sql", "c.sql.bak", "sql" };
	struct strs paths = { 0 };

	(void)state;
	mkdir("seeds", 0700);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[64];

		snprintf(path, sizeof(path), "seeds/%s", names[i]);
		put_text(path, "");
	}
	strs_add(&paths, "zzz");
	assert_int_equal(file_list("seeds", suffixes, &paths), 0);
	assert_int_equal(paths.n, 6);
	assert_string_equal(paths.v[0], "zzz");
	assert_string_equal(paths.v[1], "seeds/10.sql");
	assert_string_equal(paths.v[2], "seeds/9.sql");
	assert_string_equal(paths.v[3], "seeds/B.sql");
	assert_string_equal(paths.v[4], "seeds/a.sql.gz");
	assert_string_equal(paths.v[5], "seeds/b.sql");
	assert_int_equal(file_list("nowhere", suffixes, &paths), -1);
	assert_int_equal(errno, ENOENT);
	strs_free(&paths);
}

static void existence_and_kind_are_told(void **state)
{
	(void)state;
	put_text("here", "");
	mkdir("dir", 0700);
	assert_true(file_exists("here"));
	assert_false(file_is_dir("here"));
	assert_true(file_is_dir("dir"));
	assert_false(file_exists("not here"));
	assert_int_equal(symlink("nowhere at all", "dangling"), 0);
	assert_false(file_exists("dangling"));
}

static void rows_give_null_for_what_is_not_there(void **state)
{
	struct rows r = { .columns = 2 };

	(void)state;
	assert_null(rows_get(&r, 0, 0));
	rows_add(&r, 0, "t");
	rows_add(&r, 1, NULL);
	r.n = 1;
	assert_string_equal(rows_get(&r, 0, 0), "t");
	assert_null(rows_get(&r, 0, 1));
	assert_null(rows_get(&r, 0, 2));
	assert_null(rows_get(&r, 1, 0));
	rows_free(&r);
	assert_null(rows_get(&r, 0, 0));
	rows_free(&r);
}

static void true_is_what_either_engine_calls_so(void **state)
{
	static const char *const cells[] = { "t", "1", "f", "0", "", "true", NULL };
	struct rows r = { .n = 1, .columns = 7 };

	(void)state;
	for (size_t i = 0; i < 7; i++)
		rows_add(&r, i, cells[i]);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(rows_true(&r, 0, i), i < 2);
	rows_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_whole_and_appended),
		cmocka_unit_test(a_file_over_the_limit_is_refused),
		cmocka_unit_test(a_missing_file_and_a_directory_say_what_they_are),
		cmocka_unit_test(all_bytes_are_written_however_small_the_pipe),
		cmocka_unit_test(a_full_device_is_an_error),
		cmocka_unit_test(names_are_listed_in_byte_order_by_suffix),
		cmocka_unit_test(existence_and_kind_are_told),
		cmocka_unit_test(rows_give_null_for_what_is_not_there),
		cmocka_unit_test(true_is_what_either_engine_calls_so),
	};

	return unit_run("file", tests, scratch_make, scratch_remove);
}
