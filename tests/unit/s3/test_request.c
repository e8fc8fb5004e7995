/*
 * Unit tests of s3/request: what goes along with a request, which failures are tried again and for how long,
 * and what is said.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unit.h"

#include "base/banned.h"
#include "base/status.h"
#include "s3/request.h"
#include "s3_memory.h"

/* What a request for the object `x` gives. */
static int ask(const char *key, struct buf *error)
{
	struct s3 s = memory_s3();
	struct request q = { .method = "GET", .key = key, .what = "read it", .a = HTTP_ANSWER_INIT };
	int rc = request_send(&s, &q, error);

	request_free(&q);
	s3_free(&s);
	return rc;
}

/* Expects so many tries of it, a status, and a part of the message; NULL: no message. */
static void expect(int wanted, size_t tries, const char *part)
{
	struct buf error = BUF_INIT;
	int rc = ask("x", &error);

	if (rc != wanted || memory.n != tries)
		fail_msg("%d after %zu tries, not %d after %zu: %s", rc, memory.n, wanted, tries, error.data);
	if (part)
		assert_holds(error.data, part);
	else
		assert_string_equal(error.data, "");
	buf_free(&error);
	memory_empty(NULL);
}

/* --- what goes along --- */

static void put_with(struct s3 *s, struct request *q)
{
	struct buf error = BUF_INIT;

	assert_int_equal(request_send(s, q, &error), 0);
	request_free(q);
	s3_free(s);
}

static void what_is_sent_is_signed_by_its_own_sum(void **unused)
{
	struct s3 s = memory_s3();
	struct request q = { .method = "PUT",
		             .key = "a b/\xc3\xbc+~.dump",
		             .query = "partNumber=1",
		             .body = "abc",
		             .len = 3,
		             .a = HTTP_ANSWER_INIT };

	(void)unused;
	s.token = "t0ken";
	memory_plan(PLAN(.to = "PUT", .code = 200));
	put_with(&s, &q);
	assert_string_equal(memory_lines(), "PUT a%20b/%C3%BC%2B~.dump?partNumber=1\n");
	assert_string_equal(memory_header(0, "x-amz-content-sha256"),
	                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_string_equal(memory_header(0, "x-amz-security-token"), "t0ken");
	assert_string_equal(memory_header(0, "Content-Type"), "application/octet-stream");
}

static void nothing_is_sent_with_the_sum_of_nothing(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "GET", .code = 200));
	assert_int_equal(ask("x", &(struct buf)BUF_INIT), 0);
	assert_string_equal(memory_header(0, "x-amz-content-sha256"),
	                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_null(memory_header(0, "Content-Type"));
	assert_null(memory_header(0, "x-amz-security-token"));
}

/* Expects these of a request that stores, standard or not; NULL: none. */
static void expect_stored(const char *sse, bool stores, bool standard, const char *class, const char *kind,
                          const char *key)
{
	static const char *const names[] = { "x-amz-storage-class", "x-amz-server-side-encryption",
		                             "x-amz-server-side-encryption-aws-kms-key-id" };
	const char *const wanted[] = { class, kind, key };
	struct s3 s = memory_s3();
	struct request q = { .method = "PUT", .key = "x", .body = "", .stores = stores, .standard = standard,
		             .a = HTTP_ANSWER_INIT };

	s.storage_class = "GLACIER";
	s.sse = sse;
	put_with(&s, &q);
	for (size_t i = 0; i < 3; i++) {
		const char *value = memory_header(0, names[i]);

		assert_int_equal(!value, !wanted[i]);
		if (value)
			assert_string_equal(value, wanted[i]);
	}
	memory_empty(NULL);
}

static void class_and_encryption_go_with_what_is_stored(void **unused)
{
	(void)unused;
	expect_stored(NULL, true, false, "GLACIER", NULL, NULL);
	expect_stored("AES256", true, false, "GLACIER", "AES256", NULL);
	expect_stored("AES256", true, true, NULL, "AES256", NULL);
	expect_stored("AES256", false, false, NULL, NULL, NULL);
	expect_stored("aws:kms", true, true, NULL, "aws:kms", NULL);
	expect_stored("aws:kms:dsse", true, true, NULL, "aws:kms:dsse", NULL);
	expect_stored("aws:kms:arn:aws:kms:r:1:key/2", true, true, NULL, "aws:kms", "arn:aws:kms:r:1:key/2");
}

static void a_key_with_dot_segments_is_never_sent(void **unused)
{
	static const char *const keys[] = { "../x", "a/../x", "a/./x", ".", "..", "a/..", "./a" };

	(void)unused;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		struct buf error = BUF_INIT;

		assert_int_equal(ask(keys[i], &error), BAD_USAGE);
		assert_holds(error.data, keys[i]);
		assert_holds(error.data, "'.' or '..'");
		buf_free(&error);
	}
	assert_int_equal(memory.n, 0);
}

static void dots_in_names_are_sent(void **unused)
{
	static const char *const keys[] = { ".a", "..a", "a..", "...", "a/.../b", ".globals/x" };

	(void)unused;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		struct buf error = BUF_INIT;

		memory_store(keys[i], "", 0);
		assert_int_equal(ask(keys[i], &error), 0);
	}
	assert_int_equal(memory.n, sizeof(keys) / sizeof(*keys));
}

/* --- what is tried again --- */

static void a_busy_server_is_asked_again(void **unused)
{
	static const long codes[] = { 500, 502, 503, 504, 429, 408 };
	static const char *const words[] = { "SlowDown",       "InternalError",    "ServiceUnavailable",
		                             "RequestTimeout", "OperationAborted", "TooManyRequests" };

	(void)unused;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		memory_store("x", "", 0);
		memory_plan(PLAN(.to = "GET x", .code = codes[i], .times = 2));
		expect(0, 3, NULL);
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		char *body = xasprintf("<Error><Code>%s</Code></Error>", words[i]);

		memory_store("x", "", 0);
		memory_plan(PLAN(.to = "GET x", .code = 400, .body = body, .times = 5));
		expect(0, 6, NULL);
		free(body);
	}
}

static void a_200_that_holds_an_error_is_one(void **unused)
{
	(void)unused;
	memory_store("x", "", 0);
	memory_plan(PLAN(.to = "GET x", .code = 200, .body = S3_ERROR("InternalError")));
	expect(0, 2, NULL);
	memory_plan(PLAN(.to = "GET x", .code = 200, .body = S3_ERROR("Odd")));
	expect(NO, 1, "s3://box/x: cannot read it: Odd");
}

static void a_broken_connection_is_made_again(void **unused)
{
	(void)unused;
	memory_store("x", "", 0);
	memory_plan(PLAN(.to = "GET x", .cut = true, .times = 5));
	expect(0, 6, NULL);
	memory_plan(PLAN(.to = "GET x", .cut = true, .times = 6));
	expect(UNAVAILABLE, 6, "s3://box/x: cannot read it: the connection broke (tried 6 times)");
}

static void a_certificate_that_is_not_known_is_so_the_next_time(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "GET x", .untrusted = true));
	expect(UNAVAILABLE, 1, "local issuer certificate; S3_CA_FILE names certificates");
}

static void six_tries_are_enough(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "GET x", .code = 503, .times = 100));
	expect(UNAVAILABLE, 6, "s3://box/x: cannot read it: the server answered 503 (tried 6 times)");
}

/* Up to a quarter more, so that several do not come back together. */
static void it_rests_twice_as_long_each_time(void **unused)
{
	struct buf error = BUF_INIT;

	(void)unused;
	memory_plan(PLAN(.to = "GET x", .code = 503, .times = 100));
	assert_int_equal(ask("x", &error), UNAVAILABLE);
	buf_free(&error);
	assert_int_equal(memory.rested, 5);
	for (size_t i = 0; i < 5; i++)
		assert_in_range(memory.rests[i], 250u << i, (250u << i) + (250u << i) / 4);
}

static void what_will_not_change_is_not_asked_again(void **unused)
{
	static const struct {
		long code;
		const char *body, *headers;
		int rc;
		const char *part;
	} all[] = {
		{ 400, "<Error><Code>InvalidRequest</Code><Message>no</Message></Error>", NULL, NO,
		  "InvalidRequest: no" },
		{ 401, NULL, NULL, DENIED, "answered 401" },
		{ 403, NULL, NULL, DENIED, "answered 403: it refuses" },
		{ 403, S3_ERROR("AccessDenied"), NULL, DENIED, "cannot read it: AccessDenied" },
		{ 404, NULL, NULL, NO_INPUT, "answered 404: there is none" },
		{ 404, S3_ERROR("NoSuchKey"), NULL, NO_INPUT, "NoSuchKey" },
		{ 404, S3_ERROR("NoSuchBucket"), NULL, UNAVAILABLE, "NoSuchBucket" },
		{ 403, S3_ERROR("InvalidObjectState"), NULL, NO, "InvalidObjectState" },
		{ 412, NULL, NULL, NO, "answered 412" },
		{ 301, NULL, "x-amz-bucket-region: eu-west-1", BAD_CONFIG,
		  "the bucket is in eu-west-1: set S3_REGION" },
		{ 400, "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-2</Region></Error>",
		  NULL, BAD_CONFIG, "the bucket is in eu-west-2: set S3_REGION" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		memory_plan(PLAN(.to = "GET x", .code = all[i].code, .body = all[i].body,
		                 .headers = all[i].headers));
		expect(all[i].rc, 1, all[i].part);
	}
}

static void what_is_refused_after_a_while_ends_it(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "GET x", .code = 503, .times = 2));
	memory_plan(PLAN(.to = "GET x", .code = 403));
	expect(DENIED, 3, "it refuses (tried 3 times)");
}

/* --- for how long --- */

/* Expects the rest before the second try to be about so many ms. */
static void expect_rest(const char *headers, size_t failures, int64_t least, int64_t most)
{
	struct buf error = BUF_INIT;

	memory_store("x", "", 0);
	memory_plan(PLAN(.to = "GET x", .code = 503, .headers = headers, .times = failures));
	assert_int_equal(ask("x", &error), 0);
	assert_int_equal(memory.rested, failures);
	assert_in_range(memory.rests[failures - 1], least, most);
	buf_free(&error);
	memory_empty(NULL);
}

static void it_comes_back_when_the_server_says(void **unused)
{
	(void)unused;
	expect_rest("Retry-After: 7", 1, 7000, 7000);
	expect_rest("retry-after: 29", 1, 29000, 29000);
	expect_rest("Retry-After: 0", 1, 250, 313);
	expect_rest("Retry-After: -5", 1, 250, 313);
	expect_rest("Retry-After: soon", 1, 250, 313);
	expect_rest("Retry-After: Wed, 25 Nov 2026 12:00:00 GMT", 1, 250, 313);
	expect_rest("Retry-After: 99999999999999999999", 1, 250, 313);
	/* Not earlier than it would have by itself. */
	expect_rest("Retry-After: 1", 4, 2000, 2500);
}

static void a_hundred_seconds_are_enough(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "GET x", .code = 503, .headers = "Retry-After: 29", .times = 100));
	expect(UNAVAILABLE, 5, "(tried 5 times)");
	memory_plan(PLAN(.to = "GET x", .cut = true, .takes = 60000, .times = 100));
	expect(UNAVAILABLE, 2, "(tried 2 times)");
	memory_plan(PLAN(.to = "GET x", .cut = true, .takes = 101000, .times = 100));
	expect(UNAVAILABLE, 1, "the connection broke");
}

/* --- what is said --- */

static void a_wrong_clock_is_named(void **unused)
{
	static const struct {
		int seconds;
		const char *part;
	} all[] = { { -3600, "60 minutes ahead of the server's" },
		    { 1210, "20 minutes behind the server's" } };

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		time_t then = time(NULL) + all[i].seconds;
		char date[60];

		strftime(date, sizeof(date), "Date: %a, %d %b %Y %H:%M:%S GMT", gmtime(&then));
		memory_plan(PLAN(.to = "GET x", .code = 403, .headers = date));
		expect(DENIED, 1, all[i].part);
	}
}

static void a_right_one_is_not(void **unused)
{
	struct buf error = BUF_INIT;
	time_t now = time(NULL);
	char date[60];

	(void)unused;
	strftime(date, sizeof(date), "Date: %a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
	memory_plan(PLAN(.to = "GET x", .code = 403, .headers = date));
	assert_int_equal(ask("x", &error), DENIED);
	assert_lacks(error.data, "clock");
	buf_free(&error);
}

static void of_a_long_message_the_beginning_is_told(void **unused)
{
	char words[1001] = "", *body;
	struct buf error = BUF_INIT;

	(void)unused;
	memset(words, 'w', sizeof(words) - 1);
	body = xasprintf("<Error><Code>Odd</Code><Message>%s</Message></Error>", words);
	memory_plan(PLAN(.to = "GET x", .code = 400, .body = body));
	assert_int_equal(ask("x", &error), NO);
	words[300] = '\0';
	free(body);
	body = xasprintf("s3://box/x: cannot read it: Odd: %s", words);
	assert_string_equal(error.data, body);
	free(body);
	buf_free(&error);
}

#define test(f) cmocka_unit_test_setup_teardown(f, memory_empty, memory_empty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_is_sent_is_signed_by_its_own_sum),
		test(nothing_is_sent_with_the_sum_of_nothing),
		test(class_and_encryption_go_with_what_is_stored),
		test(a_key_with_dot_segments_is_never_sent),
		test(dots_in_names_are_sent),
		test(a_busy_server_is_asked_again),
		test(a_200_that_holds_an_error_is_one),
		test(a_broken_connection_is_made_again),
		test(a_certificate_that_is_not_known_is_so_the_next_time),
		test(six_tries_are_enough),
		test(it_rests_twice_as_long_each_time),
		test(what_will_not_change_is_not_asked_again),
		test(what_is_refused_after_a_while_ends_it),
		test(it_comes_back_when_the_server_says),
		test(a_hundred_seconds_are_enough),
		test(a_wrong_clock_is_named),
		test(a_right_one_is_not),
		test(of_a_long_message_the_beginning_is_told),
	};

	return unit_run("request", tests, NULL, NULL);
}
