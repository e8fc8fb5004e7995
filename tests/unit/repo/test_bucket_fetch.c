/* Unit tests of repo/bucket_fetch and repo/bucket_check: a backup is fetched, or read to its end. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "base/banned.h"
#include "base/file.h"
#include "base/status.h"
#include "repo/bucket_parts.h"
#include "s3_memory_repo.h"

#define LAST "\n-- PostgreSQL database dump complete\n"
#define NAME "app-20261125-120000.dump"
#define PATH "app/" NAME
#define KEY "pre/" PATH
#define DATA "0123456789"

static struct bucket r;
static struct buf error;

static int begin(void **state)
{
	return memory_repo_begin(state, &r, &error);
}

static int end(void **state)
{
	return memory_repo_end(state, &r, &error);
}

/* --- fetching one --- */

/* Fetches a key into the folder `to`, made anew; expects a status and a part of the message. */
static void expect_fetch(const char *key, int wanted, const char *part)
{
	char *path;
	int rc;

	unlink("to/" NAME);
	unlink("to/" NAME ".json");
	mkdir("to", 0700);
	rc = bucket_fetch(&r, key, "to", &path, &error);
	if (rc != wanted)
		fail_msg("%d, not %d: %s", rc, wanted, error.data);
	assert_string_equal(path, "to/" NAME);
	if (part)
		assert_holds(error.data, part);
	else
		assert_string_equal(error.data, "");
	free(path);
}

static void expect_file(const char *path, const char *wanted)
{
	struct buf text = BUF_INIT;

	assert_int_equal(file_read(path, &text, 1000), 0);
	assert_string_equal(text.data, wanted);
	buf_free(&text);
}

static void data_and_manifest_are_fetched(void **unused)
{
	struct manifest m;

	(void)unused;
	memory_store(KEY, DATA, 10);
	memory_store_manifest(PATH, NAME, NULL, 10);
	memory_plan(PLAN(.to = "GET " KEY, .cut = true, .bytes = 0));
	memory_plan(PLAN(.to = "GET " KEY, .cut = true, .bytes = 4));
	expect_fetch(KEY, 0, NULL);
	expect_file("to/" NAME, DATA);
	assert_int_equal(manifest_read(&m, "to/" NAME ".json", &error), 0);
	assert_int_equal(m.bytes, 10);
	manifest_free(&m);
	expect_fetch(KEY ".json", 0, NULL);
	expect_file("to/" NAME, DATA);
}

static void data_without_a_manifest_is_fetched_alone(void **unused)
{
	(void)unused;
	memory_store(KEY, DATA, 10);
	expect_fetch(KEY, 0, NULL);
	expect_file("to/" NAME, DATA);
	assert_int_equal(access("to/" NAME ".json", F_OK), -1);
}

static void what_is_not_there_is_not_fetched(void **unused)
{
	(void)unused;
	expect_fetch(KEY, NO_INPUT, "s3://box/" KEY ": cannot find it");
	memory_store_manifest(PATH, NAME, NULL, 10);
	buf_cut(&error, 0);
	expect_fetch(KEY, NO_INPUT, "s3://box/" KEY ": cannot find it");
}

static void sizes_that_differ_are_damage(void **unused)
{
	(void)unused;
	memory_store(KEY, DATA, 10);
	memory_store_manifest(PATH, NAME, NULL, 11);
	expect_fetch(KEY, BAD_DATA, "s3://box/" KEY " is damaged: it has 10 bytes, and its manifest says 11");
	assert_int_equal(access("to/" NAME, F_OK), -1);
}

static void what_grows_or_shrinks_on_the_way_is_damaged(void **unused)
{
	(void)unused;
	memory_store(KEY, DATA, 10);
	memory_plan(PLAN(.to = "HEAD", .code = 200, .headers = "Content-Length: 11"));
	expect_fetch(KEY, BAD_DATA, "s3://box/" KEY " is damaged: it ends after 10 of 11 bytes");
	buf_cut(&error, 0);
	memory_plan(PLAN(.to = "HEAD", .code = 200, .headers = "Content-Length: 9"));
	expect_fetch(KEY, BAD_DATA, "s3://box/" KEY " is damaged: it has more than the 9 bytes");
}

static void what_there_is_no_room_for_is_not_begun(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "HEAD", .code = 200, .headers = "Content-Length: 999999999999999999"));
	expect_fetch(KEY, CANNOT_WRITE, "no space to fetch it");
	assert_int_equal(memory.n, 1);
}

static void no_file_is_overwritten(void **unused)
{
	char *path;

	(void)unused;
	memory_store(KEY, DATA, 10);
	mkdir("to", 0700);
	put_text("to/" NAME, "mine");
	assert_int_equal(bucket_fetch(&r, KEY, "to", &path, &error), CANNOT_WRITE);
	assert_holds(error.data, "to/" NAME);
	expect_file("to/" NAME, "mine");
	free(path);
}

static void of_a_directory_its_own_files_are_fetched(void **unused)
{
	char *path;

	(void)unused;
	memory_store(KEY "/toc.dat", "toc", 3);
	memory_store(KEY "/1.dat", "one", 3);
	memory_store(KEY "/.hidden", "no", 2);
	memory_store(KEY "/below/2.dat", "no", 2);
	memory_store(KEY "/", "", 0);
	mkdir("into", 0700);
	assert_int_equal(bucket_fetch(&r, KEY, "into", &path, &error), 0);
	expect_file("into/" NAME "/toc.dat", "toc");
	expect_file("into/" NAME "/1.dat", "one");
	assert_int_equal(access("into/" NAME "/.hidden", F_OK), -1);
	assert_int_equal(access("into/" NAME "/below", F_OK), -1);
	free(path);
}

/* --- reading one to its end --- */

static size_t seen_bytes;

static void seen(void *arg, size_t bytes)
{
	(void)arg;
	seen_bytes += bytes;
}

/* Expects what a check finds of a plain dump whose manifest has the sum of the other text. */
static void expect_checked(const char *text, const char *summed, int wanted, const char *part)
{
	struct repo_backup b = { .path = (char[]){ PATH }, .bytes = (int64_t)strlen(text) };
	char sum[HASH_TEXT];

	memory_store(KEY, text, strlen(text));
	b.m = memory_manifest(NAME, NULL, "plain", (int64_t)strlen(text));
	hash_hex(summed, strlen(summed), sum);
	manifest_set(&b.m.sha256, sum);
	seen_bytes = 0;
	buf_cut(&error, 0);
	if (bucket_check(&r.repo, &b, seen, NULL, &error) != wanted)
		fail_msg("not %d: %s", wanted, error.data);
	assert_holds(error.data, part);
	assert_int_equal(seen_bytes, strlen(text));
	manifest_free(&b.m);
}

static void a_check_reads_it_to_its_end(void **unused)
{
	(void)unused;
	expect_checked("SELECT 1;" LAST, "SELECT 1;" LAST, 0, "");
	expect_checked("SELECT 1;" LAST, "SELECT 2;" LAST, BAD_DATA,
	             "'s3://box/pre/" PATH "' is damaged: its sha256 is not the one of its manifest");
	expect_checked("SELECT 1;\n", "SELECT 1;\n", BAD_DATA, "'s3://box/pre/" PATH "' is cut off");
}

/* Expects what is said of one without that it is read. */
static void expect_unread(const char *kind, int64_t bytes, int wanted, const char *part)
{
	struct repo_backup b = { .path = (char[]){ PATH },
		                 .bytes = bytes,
		                 .m = memory_manifest(NAME, NULL, kind, 10) };

	buf_cut(&error, 0);
	assert_int_equal(bucket_check(&r.repo, &b, seen, NULL, &error), wanted);
	assert_holds(error.data, part);
	assert_int_equal(memory.n, 0);
	manifest_free(&b.m);
}

static void what_has_another_size_is_not_read(void **unused)
{
	(void)unused;
	expect_unread("custom", 9, BAD_DATA, "'s3://box/pre/" PATH "' has 9 bytes in place of 10");
	expect_unread("custom", -1, NO_INPUT, "s3://box/pre/" PATH);
	expect_unread("directory", 10, BAD_USAGE, "is a directory");
}

#define test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(data_and_manifest_are_fetched),
		test(data_without_a_manifest_is_fetched_alone),
		test(what_is_not_there_is_not_fetched),
		test(sizes_that_differ_are_damage),
		test(what_grows_or_shrinks_on_the_way_is_damaged),
		test(what_there_is_no_room_for_is_not_begun),
		test(no_file_is_overwritten),
		test(of_a_directory_its_own_files_are_fetched),
		test(a_check_reads_it_to_its_end),
		test(what_has_another_size_is_not_read),
	};

	return unit_run("bucket_fetch", tests, scratch_make, scratch_remove);
}
