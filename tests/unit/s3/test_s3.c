/* Unit tests of s3/s3: which bucket of which server the environment means, and as whom. */
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "base/status.h"
#include "s3/s3.h"

static const char *const variables[] = {
	"S3_ENDPOINT",       "S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION", "S3_PATH_STYLE",
	"S3_STORAGE_CLASS",  "S3_SSE",    "S3_CA_FILE", "AWS_ACCESS_KEY_ID",  "AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN",
};

static struct s3 s;
static struct buf error = BUF_INIT;

/* Only the keys are set. */
static int begin(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
		unsetenv(variables[i]);
	setenv("AWS_ACCESS_KEY_ID", "AKIA-._~09", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-test", 1);
	buf_cut(&error, 0);
	return 0;
}

static int end(void **unused)
{
	(void)unused;
	s3_free(&s);
	buf_free(&error);
	return 0;
}

/* Sets a variable or two (NULL: none), opens the bucket, and expects a URL of it. */
static void expect_url(const char *bucket, const char *endpoint, const char *style, const char *url)
{
	begin(NULL);
	if (endpoint)
		setenv("S3_ENDPOINT", endpoint, 1);
	if (style)
		setenv("S3_PATH_STYLE", style, 1);
	if (s3_open(&s, bucket, &error) != 0)
		fail_msg("%s: %s", endpoint ? endpoint : "", error.data);
	assert_string_equal(s.base, url);
	assert_string_equal(s.place, strstr(url, "://") + 3);
	s3_free(&s);
}

static void without_an_endpoint_it_is_amazons(void **unused)
{
	(void)unused;
	expect_url("box", NULL, NULL, "https://box.s3.us-east-1.amazonaws.com");
	expect_url("box", "", NULL, "https://box.s3.us-east-1.amazonaws.com");
	expect_url("box", NULL, "true", "https://s3.us-east-1.amazonaws.com/box");
	/* Amazon's certificate covers one name before the host. */
	expect_url("my.box", NULL, NULL, "https://s3.us-east-1.amazonaws.com/my.box");
}

static void at_an_endpoint_the_bucket_is_in_the_path(void **unused)
{
	(void)unused;
	expect_url("box", "h", NULL, "https://h/box");
	expect_url("box", "https://h:9000/", NULL, "https://h:9000/box");
	expect_url("box", "http://h/below//", NULL, "http://h/below/box");
	expect_url("box", "http://[::1]:9000", NULL, "http://[::1]:9000/box");
	expect_url("box", "https://h", "no", "https://box.h");
	expect_url("box", "https://h", "OFF", "https://box.h");
	expect_url("box", "https://h", "1", "https://h/box");
}

/* Expects one that is refused for this variable. */
static void expect_refused(const char *name, const char *value)
{
	begin(NULL);
	setenv(name, value, 1);
	if (s3_open(&s, "box", &error) != BAD_CONFIG)
		fail_msg("%s=%s", name, value);
	assert_holds(error.data, name);
	assert_lacks(error.data, "secret-of-the-test");
	s3_free(&s);
}

static void what_is_no_endpoint_is_refused(void **unused)
{
	static const char *const all[] = { "http://", "ftp://h", "https://http://h",
		                           "u@h",     "h?x",     "h#x",
		                           "h h",     "h\n",     "h\\x",
		                           "h/../x",  "h/./x" };

	(void)unused;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		expect_refused("S3_ENDPOINT", all[i]);
	expect_refused("S3_PATH_STYLE", "maybe");
	expect_refused("S3_REGION", "eu west");
	expect_refused("S3_REGION", "r/aws4_request");
}

static void the_region_is_the_first_that_is_set(void **unused)
{
	(void)unused;
	setenv("AWS_DEFAULT_REGION", "r-3", 1);
	assert_int_equal(s3_open(&s, "box", &error), 0);
	assert_string_equal(s.region, "r-3");
	s3_free(&s);
	setenv("AWS_REGION", "r-2", 1);
	assert_int_equal(s3_open(&s, "box", &error), 0);
	assert_string_equal(s.region, "r-2");
	s3_free(&s);
	setenv("S3_REGION", "r-1", 1);
	assert_int_equal(s3_open(&s, "box", &error), 0);
	assert_string_equal(s.region, "r-1");
	assert_string_equal(s.keys.region, "r-1");
	assert_string_equal(s.base, "https://box.s3.r-1.amazonaws.com");
}

static void both_keys_are_needed(void **unused)
{
	(void)unused;
	unsetenv("AWS_SECRET_ACCESS_KEY");
	assert_int_equal(s3_open(&s, "box", &error), BAD_CONFIG);
	assert_holds(error.data, "AWS_SECRET_ACCESS_KEY is not set");
	s3_free(&s);
	begin(NULL);
	setenv("AWS_ACCESS_KEY_ID", "", 1);
	assert_int_equal(s3_open(&s, "box", &error), BAD_CONFIG);
	assert_holds(error.data, "AWS_ACCESS_KEY_ID is not set");
	expect_refused("AWS_ACCESS_KEY_ID", "A/B");
	expect_refused("AWS_ACCESS_KEY_ID", "A B");
	expect_refused("AWS_ACCESS_KEY_ID", "A+");
}

static void what_is_set_goes_along(void **unused)
{
	(void)unused;
	setenv("S3_STORAGE_CLASS", "GLACIER", 1);
	setenv("S3_SSE", "AES256", 1);
	setenv("S3_CA_FILE", "ca.pem", 1);
	setenv("AWS_SESSION_TOKEN", "token-of-the-test", 1);
	assert_int_equal(s3_open(&s, "box", &error), 0);
	assert_string_equal(s.storage_class, "GLACIER");
	assert_string_equal(s.sse, "AES256");
	assert_string_equal(s.ca_file, "ca.pem");
	assert_string_equal(s.token, "token-of-the-test");
	assert_string_equal(s.keys.id, "AKIA-._~09");
	assert_string_equal(s.keys.secret, "secret-of-the-test");
	s3_free(&s);
	setenv("S3_STORAGE_CLASS", "", 1);
	assert_int_equal(s3_open(&s, "box", &error), 0);
	assert_null(s.storage_class);
}

static void a_bucket_has_a_name_that_can_stand_in_a_url(void **unused)
{
	static const char *const good[] = { "box", "my-box.2", "Old_Box", "0ab" };
	static const char *const bad[] = { "",    "bo",    ".box",       "-box", "b/x",
		                           "b x", "bo%78", "b\xc3\xb6x", "box?" };
	char name[257];

	(void)unused;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!s3_bucket_is_valid(good[i]))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (s3_bucket_is_valid(bad[i]) || s3_open(&s, bad[i], &error) != BAD_CONFIG)
			fail_msg("%s", bad[i]);
	memset(name, 'b', sizeof(name));
	name[256] = '\0';
	assert_false(s3_bucket_is_valid(name));
	name[255] = '\0';
	assert_true(s3_bucket_is_valid(name));
}

static void a_key_is_plain_without_dot_segments(void **unused)
{
	static const char *const good[] = { "", "/", "a//b", "a/.b/..c/d..", "...", "a/.../b", ".globals/x" };
	static const char *const bad[] = { ".",    "..",    "./a",    "../a",    "a/.",
		                           "a/..", "a/./b", "a/../b", "a//../b", "/.." };

	(void)unused;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!s3_key_is_plain(good[i]))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (s3_key_is_plain(bad[i]))
			fail_msg("%s", bad[i]);
}

#define test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(without_an_endpoint_it_is_amazons),
		test(at_an_endpoint_the_bucket_is_in_the_path),
		test(what_is_no_endpoint_is_refused),
		test(the_region_is_the_first_that_is_set),
		test(both_keys_are_needed),
		test(what_is_set_goes_along),
		test(a_bucket_has_a_name_that_can_stand_in_a_url),
		test(a_key_is_plain_without_dot_segments),
	};

	return unit_run("s3", tests, NULL, NULL);
}
