/* Unit tests of repo/bucket: which bucket the environment, or a URL, means. */
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "base/env.h"
#include "base/status.h"
#include "repo/bucket.h"
#include "s3_memory.h"

static struct bucket r;
static struct buf error;

static const char *const variables[] = {
	"S3_BUCKET",    "S3_PREFIX",    "S3_PART_SIZE", "S3_STORAGE_CLASS",
	"S3_KEEP_LAST", "S3_KEEP_DAYS", "S3_KEEP_MIN",
};

/* The environment: `box` at h, and no more. */
static void set_environment(void)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
		unsetenv(variables[i]);
	setenv("S3_ENDPOINT", "http://h", 1);
	setenv("AWS_ACCESS_KEY_ID", "id", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-test", 1);
	setenv("S3_BUCKET", "box", 1);
}

static int begin(void **state)
{
	memory_empty(state);
	error = (struct buf)BUF_INIT;
	set_environment();
	return bucket_open(&r, &error);
}

static int end(void **state)
{
	bucket_free(&r);
	buf_free(&error);
	return memory_empty(state);
}

static void open_again(const char *name, const char *value)
{
	bucket_free(&r);
	buf_cut(&error, 0);
	set_environment();
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static void without_a_name_there_is_no_bucket(void **unused)
{
	(void)unused;
	assert_true(r.on);
	open_again("S3_BUCKET", NULL);
	assert_int_equal(bucket_open(&r, &error), 0);
	assert_false(r.on);
	open_again("S3_BUCKET", "");
	assert_int_equal(bucket_open(&r, &error), 0);
	assert_false(r.on);
}

static void slashes_around_the_prefix_do_not_count(void **unused)
{
	static const struct {
		const char *text, *prefix, *name, *before;
	} all[] = {
		{ NULL, "", "s3://box", "s3://box/" },
		{ "", "", "s3://box", "s3://box/" },
		{ "/", "", "s3://box", "s3://box/" },
		{ "a", "a/", "s3://box/a", "s3://box/a/" },
		{ "//a/b//", "a/b/", "s3://box/a/b", "s3://box/a/b/" },
		{ "...", ".../", "s3://box/...", "s3://box/.../" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		open_again("S3_PREFIX", all[i].text);
		assert_int_equal(bucket_open(&r, &error), 0);
		assert_string_equal(r.prefix, all[i].prefix);
		assert_string_equal(r.name, all[i].name);
		assert_string_equal(r.before, all[i].before);
		assert_ptr_equal(r.repo.name, r.name);
		assert_true(r.repo.shared);
	}
}

static void a_prefix_with_dot_segments_is_refused(void **unused)
{
	static const char *const all[] = { ".", "..", "a/../b", "/./a", "a/.." };

	(void)unused;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		open_again("S3_PREFIX", all[i]);
		assert_int_equal(bucket_open(&r, &error), BAD_CONFIG);
		assert_holds(error.data, "S3_PREFIX");
	}
}

static void a_part_has_5_mib_to_5_gib(void **unused)
{
	static const struct {
		const char *text;
		size_t bytes; /* 0: refused */
	} all[] = {
		{ NULL, 16 << 20 },        { "", 16 << 20 },   { "5M", 5 << 20 },      { "5m", 5 << 20 },
		{ "5MiB", 5 << 20 },       { "5MB", 5 << 20 }, { "5242880", 5 << 20 }, { "5120k", 5 << 20 },
		{ "5G", (size_t)5 << 30 }, { "5368709120", (size_t)5 << 30 },
		{ "5242879", 0 },          { "4M", 0 },        { "6G", 0 },            { "5368709121", 0 },
		{ "16", 0 },               { "0", 0 },         { "-16M", 0 },          { "M", 0 },
		{ "16X", 0 },              { "16Mi", 0 },      { "16 M", 0 },          { "99999999999G", 0 },
		{ "5242880B", 0 },         { "5000000iB", 0 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		int rc;

		open_again("S3_PART_SIZE", all[i].text);
		rc = bucket_open(&r, &error);
		if (rc != (all[i].bytes ? 0 : BAD_CONFIG) || (!rc && r.part != all[i].bytes))
			fail_msg("%s: %d, %zu", all[i].text ? all[i].text : "", rc, r.part);
	}
}

static void keep_rules_are_numbers(void **unused)
{
	static const char *const bad[] = { "-1", "x", "1x", " 1", "1234567890", "1.5" };

	(void)unused;
	open_again("S3_KEEP_LAST", "7");
	setenv("S3_KEEP_DAYS", "30", 1);
	assert_int_equal(bucket_open(&r, &error), 0);
	assert_int_equal(r.keep.last, 7);
	assert_int_equal(r.keep.days, 30);
	assert_int_equal(r.keep.min, 3);
	assert_int_equal(r.keep.weekly, 0);
	open_again("S3_KEEP_MIN", "0");
	assert_int_equal(bucket_open(&r, &error), 0);
	assert_int_equal(r.keep.min, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		open_again("S3_KEEP_LAST", bad[i]);
		assert_int_equal(bucket_open(&r, &error), BAD_CONFIG);
		assert_holds(error.data, "S3_KEEP_LAST: ");
	}
}

static void a_name_that_is_misspelt_is_told(void **unused)
{
	(void)unused;
	open_again("S3_KEEP_LATS", "7");
	env_keep();
	assert_int_equal(bucket_open(&r, &error), 0);
	unsetenv("S3_KEEP_LATS");
	assert_int_equal(r.warnings.n, 1);
	assert_string_equal(r.warnings.v[0], "S3_KEEP_LATS is unknown: is S3_KEEP_LAST meant?");
}

static void a_url_names_bucket_and_key(void **unused)
{
	static const char *const bad[] = {
		"s3://",    "s3://box",     "s3://box/",       "s3:///x",      "http://box/x",
		"s3://b/x", "s3://bo%78/x", "s3://box/a/../x", "s3://box/./x", "s3://box/x/",
	};
	const char *key;

	(void)unused;
	/* The prefix of the environment does not count. */
	open_again("S3_PREFIX", "pre");
	assert_int_equal(bucket_open_url(&r, "s3://other/a/x.dump", &key, &error), 0);
	assert_string_equal(key, "a/x.dump");
	assert_string_equal(r.s3.place, "h/other");
	assert_string_equal(r.prefix, "");
	assert_string_equal(r.name, "s3://other");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		bucket_free(&r);
		if (bucket_open_url(&r, bad[i], &key, &error) != BAD_USAGE)
			fail_msg("%s", bad[i]);
	}
}

#define test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(without_a_name_there_is_no_bucket),
		test(slashes_around_the_prefix_do_not_count),
		test(a_prefix_with_dot_segments_is_refused),
		test(a_part_has_5_mib_to_5_gib),
		test(keep_rules_are_numbers),
		test(a_name_that_is_misspelt_is_told),
		test(a_url_names_bucket_and_key),
	};

	return unit_run("bucket", tests, scratch_make, scratch_remove);
}
