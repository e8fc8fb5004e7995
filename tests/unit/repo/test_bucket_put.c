/* Unit tests of repo/bucket_put: how a backup is put into a bucket, and deleted there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "repo/bucket_parts.h"
#include "s3_memory_repo.h"

#define NAME "app-20261125-120000.dump"
#define PATH "app/" NAME
#define KEY "pre/" PATH
#define DATA "0123456789"
#define OTHER_SHA256 "0000000000000000000000000000000000000000000000000000000000000000"
#define SUMS MEMORY_DATA_SHA256 "  " NAME "\n"

static struct bucket r;
static struct buf error;

/* An open bucket with a prefix, data in an archive class, and the backup in the folder `root`. */
static int begin(void **state)
{
	setenv("S3_STORAGE_CLASS", "GLACIER", 1);
	mkdir("root", 0700);
	mkdir("root/app", 0700);
	put_text("root/" PATH, DATA);
	put_text("root/" PATH ".sha256", SUMS);
	return memory_repo_begin(state, &r, &error);
}

static int end(void **state)
{
	unlink("root/" PATH "/toc.dat");
	unlink("root/" PATH "/1.dat.zst");
	remove("root/" PATH);
	return memory_repo_end(state, &r, &error);
}

static struct manifest manifest_of(const char *sha256)
{
	struct manifest m = { .bytes = (int64_t)strlen(DATA), .started = 1795608000000 };

	manifest_set(&m.file, NAME);
	manifest_set(&m.kind, "custom");
	manifest_set(&m.sha256, sha256);
	return m;
}

/* A backup of that sum is there already. */
static void store_manifest(const char *sha256)
{
	struct manifest m = manifest_of(sha256);
	char *text = manifest_text(&m);

	memory_store(KEY ".json", text, strlen(text));
	free(text);
	manifest_free(&m);
}

/* --- a backup is put there --- */

/* Puts the backup of the folder, whose manifest has that sum; expects a status and a part of the message. */
static void expect_put(const char *sha256, int wanted, const char *part)
{
	struct manifest m = manifest_of(sha256);
	int rc = bucket_put(&r, "root", PATH, &m, &error);

	if (rc != wanted)
		fail_msg("%d, not %d: %s", rc, wanted, error.data);
	if (part)
		assert_holds(error.data, part);
	else
		assert_string_equal(error.data, "");
	manifest_free(&m);
}

static void its_manifest_is_written_last(void **unused)
{
	(void)unused;
	expect_put(MEMORY_DATA_SHA256, 0, NULL);
	assert_string_equal(memory_lines(), "GET " KEY ".json\nGET " KEY ".json\nPUT " KEY "\nHEAD " KEY "\n"
	                                    "PUT " KEY ".sha256\nPUT " KEY ".json\nHEAD " KEY "\n");
	assert_string_equal(memory_text(KEY), DATA);
	assert_string_equal(memory_text(KEY ".sha256"), SUMS);
	assert_holds(memory_text(KEY ".json"), MEMORY_DATA_SHA256);
}

static void only_its_data_is_in_the_archive_class(void **unused)
{
	(void)unused;
	expect_put(MEMORY_DATA_SHA256, 0, NULL);
	assert_string_equal(memory_header(2, "x-amz-storage-class"), "GLACIER");
	assert_null(memory_header(4, "x-amz-storage-class"));
	assert_null(memory_header(5, "x-amz-storage-class"));
}

static void one_that_is_not_what_its_manifest_says_is_not_put(void **unused)
{
	(void)unused;
	expect_put(OTHER_SHA256, BAD_DATA, "what was to be uploaded is damaged");
	assert_int_equal(memory_objects(), 0);
}

static void one_that_cannot_be_read_is_not_put(void **unused)
{
	(void)unused;
	unlink("root/" PATH);
	expect_put(MEMORY_DATA_SHA256, NO_INPUT, "cannot read 'root/" PATH "'");
	assert_int_equal(memory_objects(), 0);
	put_text("root/" PATH, DATA);
	unlink("root/" PATH ".sha256");
	expect_put(MEMORY_DATA_SHA256, NO_INPUT, "cannot read 'root/" PATH ".sha256'");
	assert_null(memory_text(KEY ".json"));
}

static void the_same_one_may_be_put_again(void **unused)
{
	(void)unused;
	store_manifest(MEMORY_DATA_SHA256);
	expect_put(MEMORY_DATA_SHA256, 0, NULL);
	assert_string_equal(memory_text(KEY), DATA);
}

static void anothers_of_that_name_is_left_alone(void **unused)
{
	(void)unused;
	store_manifest(OTHER_SHA256);
	expect_put(MEMORY_DATA_SHA256, BAD_DATA, "s3://box/pre/" PATH ": there is another backup of that name");
	assert_int_equal(memory_objects(), 1);
	assert_holds(memory_text(KEY ".json"), OTHER_SHA256);
}

static void anothers_manifest_that_is_damaged_is_left_alone(void **unused)
{
	(void)unused;
	memory_store(KEY ".json", "{}", 2);
	expect_put(MEMORY_DATA_SHA256, BAD_DATA, "'s3://box/" KEY ".json' is no manifest");
	assert_int_equal(memory_objects(), 1);
}

static void another_puts_its_own(void)
{
	store_manifest(OTHER_SHA256);
}

static void one_that_comes_while_it_is_read_is_left_alone(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "GET " KEY ".json"));
	memory_plan(PLAN(.to = "GET " KEY ".json", .before = another_puts_its_own));
	expect_put(MEMORY_DATA_SHA256, BAD_DATA, "there is another backup of that name");
	assert_null(memory_text(KEY));
}

static void another_replaces_it(void)
{
	memory_store(KEY, "012", 3);
}

static void one_that_was_replaced_meanwhile_is_told(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "PUT " KEY ".json", .before = another_replaces_it));
	expect_put(MEMORY_DATA_SHA256, BAD_DATA, "s3://box/pre/" PATH ": it was replaced meanwhile");
}

static void what_is_refused_has_no_manifest(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "PUT " KEY ".sha256", .code = 403));
	expect_put(MEMORY_DATA_SHA256, DENIED, "s3://box/" KEY ".sha256: cannot upload it");
	assert_null(memory_text(KEY ".json"));
	buf_cut(&error, 0);
	memory_plan(PLAN(.to = "PUT " KEY, .code = 403));
	expect_put(MEMORY_DATA_SHA256, DENIED, "s3://box/" KEY ": cannot upload it");
	assert_null(memory_text(KEY ".json"));
}

static void of_a_large_one_that_fails_no_parts_remain(void **unused)
{
	char *bytes = xcalloc(1, 20 << 20);

	(void)unused;
	r.part = UPLOAD_PART_MIN;
	put("root/" PATH, bytes, 11 << 20);
	free(bytes);
	expect_put(OTHER_SHA256, BAD_DATA, "damaged");
	assert_non_null(strstr(memory_lines(), "PUT " KEY "?partNumber=2"));
	assert_int_equal(memory_uploads(), 0);
	buf_cut(&error, 0);
	memory_plan(PLAN(.to = "PUT " KEY "?partNumber=1", .code = 403));
	expect_put(OTHER_SHA256, DENIED, "cannot upload a part");
	assert_int_equal(memory_uploads(), 0);
	assert_int_equal(memory_objects(), 0);
}

static void a_directory_is_its_files(void **unused)
{
	struct manifest m = manifest_of(MEMORY_DATA_SHA256);

	(void)unused;
	unlink("root/" PATH);
	mkdir("root/" PATH, 0700);
	put_text("root/" PATH "/toc.dat", "toc");
	put_text("root/" PATH "/1.dat.zst", "one");
	assert_int_equal(bucket_put(&r, "root", PATH, &m, &error), 0);
	assert_string_equal(memory_text(KEY "/toc.dat"), "toc");
	assert_string_equal(memory_text(KEY "/1.dat.zst"), "one");
	assert_null(memory_text(KEY));
	assert_string_equal(memory.asked[memory.n - 1].line, "PUT " KEY ".json");
	manifest_free(&m);
}

static void the_manifest_alone_comes_last_too(void **unused)
{
	struct manifest m = manifest_of(MEMORY_DATA_SHA256);

	(void)unused;
	memory_store(KEY, DATA, strlen(DATA));
	assert_int_equal(bucket_put_manifest(&r, PATH, &m, &error), 0);
	assert_string_equal(memory_lines(), "PUT " KEY ".sha256\nPUT " KEY ".json\nHEAD " KEY "\n");
	assert_string_equal(memory_text(KEY ".sha256"), SUMS);
	memory_store(KEY, "012", 3);
	assert_int_equal(bucket_put_manifest(&r, PATH, &m, &error), BAD_DATA);
	manifest_free(&m);
}

/* Parts that are as large as they must be for 10,000 to hold all. */
static void parts_grow_with_what_is_announced(void **unused)
{
	static const struct {
		int64_t bytes;
		size_t part;
	} all[] = {
		{ -1, 16 << 20 },
		{ 0, 16 << 20 },
		{ (16LL << 20) * 9999, 16 << 20 },
		{ (16LL << 20) * 9999 + 1, 17 << 20 },
		{ 1LL << 40, 105 << 20 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct upload u;

		bucket_begin(&r, &u, PATH, all[i].bytes);
		assert_int_equal(u.size, all[i].part);
		assert_string_equal(u.key, KEY);
		upload_free(&u, &error);
	}
}

/* --- and deleted --- */

static void store_all(void)
{
	static const char *const keys[] = {
		KEY,     KEY ".json",  KEY ".sha256",        KEY "/toc.dat", KEY "/1.dat",
		KEY "2", KEY "2.json", "pre/app/other.dump", PATH,
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		memory_store(keys[i], "", 0);
}

static void its_manifest_goes_first_and_others_stay(void **unused)
{
	(void)unused;
	store_all();
	assert_int_equal(bucket_remove(&r.repo, PATH, &error), 0);
	assert_string_equal(memory_lines(),
	                    "GET ?encoding-type=url&list-type=2&prefix=pre%2Fapp%2F" NAME "%2F\n"
	                    "DELETE " KEY ".json\nDELETE " KEY ".sha256\nDELETE " KEY "\n"
	                    "DELETE " KEY "/1.dat\nDELETE " KEY "/toc.dat\n");
	assert_int_equal(memory_objects(), 4);
}

static void where_its_manifest_stays_all_stays(void **unused)
{
	(void)unused;
	store_all();
	memory_plan(PLAN(.to = "DELETE " KEY ".json", .code = 403));
	assert_int_equal(bucket_remove(&r.repo, PATH, &error), DENIED);
	assert_int_equal(memory_objects(), 9);
}

static void a_run_takes_back_only_its_own(void **unused)
{
	(void)unused;
	store_all();
	store_manifest(OTHER_SHA256);
	assert_int_equal(bucket_take_back(&r, PATH, MEMORY_DATA_SHA256, &error), BAD_DATA);
	assert_int_equal(memory_objects(), 9);
	assert_int_equal(bucket_take_back(&r, PATH, OTHER_SHA256, &error), 0);
	assert_int_equal(memory_objects(), 4);
	/* Without a manifest it is nobody's. */
	memory_store(KEY, "", 0);
	assert_int_equal(bucket_take_back(&r, PATH, MEMORY_DATA_SHA256, &error), 0);
	assert_int_equal(memory_objects(), 4);
}

static void begin_at(const char *key, int64_t age)
{
	char *text = clock_iso(clock_wall() - age);

	memory_begin(key, text);
	free(text);
}

static void uploads_of_yesterday_are_ended(void **unused)
{
	static const int64_t hour = 3600000;
	size_t n = 0;

	(void)unused;
	begin_at(KEY, 25 * hour);                        /* u1 */
	begin_at(KEY, 23 * hour);
	begin_at("pre/app/photo.jpg", 99 * hour);
	begin_at(PATH, 99 * hour);
	begin_at("pre/web/app/" NAME "/1.dat", 99 * hour); /* u5 */
	memory_begin(KEY, "yesterday");
	assert_int_equal(bucket_sweep(&r, &n, &error), 0);
	assert_int_equal(n, 2);
	assert_int_equal(memory_uploads(), 4);
	assert_non_null(strstr(memory_lines(), "DELETE " KEY "?uploadId=u1\n"));
	assert_non_null(strstr(memory_lines(), "DELETE pre/web/app/" NAME "/1.dat?uploadId=u5\n"));
}

#define test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(its_manifest_is_written_last),
		test(only_its_data_is_in_the_archive_class),
		test(one_that_is_not_what_its_manifest_says_is_not_put),
		test(one_that_cannot_be_read_is_not_put),
		test(the_same_one_may_be_put_again),
		test(anothers_of_that_name_is_left_alone),
		test(anothers_manifest_that_is_damaged_is_left_alone),
		test(one_that_comes_while_it_is_read_is_left_alone),
		test(one_that_was_replaced_meanwhile_is_told),
		test(what_is_refused_has_no_manifest),
		test(of_a_large_one_that_fails_no_parts_remain),
		test(a_directory_is_its_files),
		test(the_manifest_alone_comes_last_too),
		test(parts_grow_with_what_is_announced),
		test(its_manifest_goes_first_and_others_stay),
		test(where_its_manifest_stays_all_stays),
		test(a_run_takes_back_only_its_own),
		test(uploads_of_yesterday_are_ended),
	};

	return unit_run("bucket_put", tests, scratch_make, scratch_remove);
}
