/*
 * Unit tests of s3/multipart: how an object is cut into parts, compared when it has arrived, and cleared away
 * when not.
 */
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "base/status.h"
#include "s3/multipart.h"
#include "s3_memory.h"

#define PART 8
#define OTHER_ETAG "ETag: \"00000000000000000000000000000000\""
#define FULL "0123456789abcdefghijklmnopqrstuvwxyz"
#define FULL_SHA256 "74e7e5bb9d22d6db26bf76946d40fff3ea9f0346b884fd0694920fccfad15e33"

static struct s3 s;
static struct upload u;
static struct buf error;

static int begin(void **state)
{
	memory_empty(state);
	s = memory_s3();
	error = (struct buf)BUF_INIT;
	upload_start(&u, &s, "x", PART);
	return 0;
}

static int end(void **state)
{
	upload_free(&u, &error);
	s3_free(&s);
	buf_free(&error);
	return memory_empty(state);
}

/* Adds the first len bytes of FULL in pieces. 0 or what failed. */
static int add(size_t len, size_t piece)
{
	int rc = 0;

	for (size_t at = 0, n; at < len && !rc; at += n) {
		n = len - at < piece ? len - at : piece;
		rc = upload_add(&u, &FULL[at], n, &error);
	}
	return rc;
}

/* The lengths of the parts that were sent, by their numbers. */
static void expect_parts(const size_t *lengths, size_t n)
{
	size_t seen = 0;

	for (size_t i = 0; i < memory.n; i++) {
		const char *rest = skip_prefix(memory.asked[i].line, "PUT x?partNumber=");

		if (!rest)
			continue;
		seen++;
		assert_in_range(atol(rest), 1, n);
		assert_int_equal(memory.asked[i].body.len, lengths[atol(rest) - 1]);
	}
	assert_int_equal(seen, n);
}

/* Sends len bytes in pieces; expects the object and nothing else at its end. */
static void expect_sent(size_t len, size_t piece, const size_t *lengths, size_t n)
{
	assert_int_equal(add(len, piece), 0);
	assert_int_equal(upload_flush(&u, NULL, &error), 0);
	assert_int_equal(memory_objects(), 0);
	assert_int_equal(upload_end(&u, &error), 0);
	expect_parts(lengths, n);
	assert_int_equal(strlen(memory_text("x")), len);
	assert_memory_equal(memory_text("x"), FULL, len);
	assert_int_equal(memory_uploads(), 0);
	assert_string_equal(error.data, "");
}

/* --- parts --- */

static void what_fits_in_one_part_is_one_request(void **unused)
{
	(void)unused;
	expect_sent(PART, 3, NULL, 0);
	assert_string_equal(memory_lines(), "PUT x\nHEAD x\n");
}

static void nothing_is_an_object_too(void **unused)
{
	(void)unused;
	expect_sent(0, 1, NULL, 0);
	assert_string_equal(memory_lines(), "PUT x\nHEAD x\n");
}

static void the_last_part_is_what_remains(void **unused)
{
	(void)unused;
	expect_sent(PART + 1, PART + 1, (size_t[]){ PART, 1 }, 2);
	assert_string_equal(memory.asked[0].line, "POST x?uploads=");
	assert_string_equal(memory.asked[3].line, "POST x?uploadId=u1");
	assert_string_equal(memory.asked[4].line, "HEAD x");
	assert_int_equal(memory.n, 5);
}

static void the_last_part_may_be_full(void **unused)
{
	(void)unused;
	expect_sent(4 * PART, 5, (size_t[]){ PART, PART, PART, PART }, 4);
}

static void pieces_are_cut_where_parts_end(void **unused)
{
	(void)unused;
	expect_sent(strlen(FULL), 1, (size_t[]){ PART, PART, PART, PART, 4 }, 5);
}

static void a_piece_may_be_many_parts(void **unused)
{
	(void)unused;
	expect_sent(strlen(FULL), 100, (size_t[]){ PART, PART, PART, PART, 4 }, 5);
}

static size_t asked_when_begun;

static void on_begun(const char *key, const char *id, void *arg)
{
	assert_string_equal(key, "x");
	assert_string_equal(id, "u1");
	*(size_t *)arg += 1;
	asked_when_begun = memory.n;
}

static void that_it_has_begun_is_told_before_its_first_part(void **unused)
{
	size_t told = 0;

	(void)unused;
	u.begun = on_begun;
	u.arg = &told;
	assert_int_equal(add(PART, PART), 0);
	assert_int_equal(told, 0);
	assert_int_equal(add(4 * PART, PART), 0);
	assert_int_equal(told, 1);
	assert_int_equal(asked_when_begun, 1);
}

static void a_part_too_many_is_refused(void **unused)
{
	(void)unused;
	assert_int_equal(add(2 * PART, PART), 0);
	u.sent = S3_PARTS_MAX;
	assert_int_equal(add(PART, PART), BAD_CONFIG);
	assert_holds(error.data, "s3://box/x: it has more than 10000 parts: set a larger S3_PART_SIZE");
	buf_cut(&error, 0);
}

/* --- what is uploaded must be what was meant --- */

static void the_sum_of_all_must_be_the_manifests(void **unused)
{
	(void)unused;
	assert_int_equal(add(strlen(FULL), 7), 0);
	assert_int_equal(upload_flush(&u, FULL_SHA256, &error), 0);
	assert_string_equal(u.sha256, FULL_SHA256);
	assert_int_equal(upload_end(&u, &error), 0);
}

static void what_is_damaged_does_not_arrive(void **unused)
{
	(void)unused;
	assert_int_equal(add(strlen(FULL) - 1, 7), 0);
	assert_int_equal(upload_flush(&u, FULL_SHA256, &error), BAD_DATA);
	assert_holds(error.data, "s3://box/x: what was to be uploaded is damaged");
	buf_cut(&error, 0);
	assert_int_equal(memory_uploads(), 1);
	upload_free(&u, &error);
	assert_int_equal(memory_uploads(), 0);
	assert_int_equal(memory_objects(), 0);
}

static void a_small_one_that_is_damaged_is_not_sent(void **unused)
{
	(void)unused;
	assert_int_equal(add(3, 3), 0);
	assert_int_equal(upload_flush(&u, FULL_SHA256, &error), BAD_DATA);
	upload_free(&u, &error);
	assert_int_equal(memory.n, 0);
}

/* --- what fails is cleared away --- */

static void a_part_that_is_refused_ends_the_upload(void **unused)
{
	int rc;

	(void)unused;
	memory_plan(PLAN(.to = "PUT x?partNumber=2", .code = 403));
	rc = add(strlen(FULL), PART);
	assert_int_equal(rc, DENIED);
	assert_holds(error.data, "s3://box/x: cannot upload a part: the server answered 403");
	buf_cut(&error, 0);
	upload_free(&u, &error);
	assert_int_equal(memory_uploads(), 0);
	assert_int_equal(memory_objects(), 0);
	assert_string_equal(memory.asked[memory.n - 1].line, "DELETE x?uploadId=u1");
	assert_string_equal(error.data, "");
}

static void the_last_part_may_be_refused(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "PUT x?partNumber=2", .code = 403));
	assert_int_equal(add(PART + 1, PART), 0);
	assert_int_equal(upload_flush(&u, NULL, &error), DENIED);
	upload_free(&u, &error);
	assert_int_equal(memory_uploads(), 0);
}

static void a_part_that_was_not_heard_is_sent_again(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "PUT x?partNumber=1", .code = 503, .times = 2));
	memory_plan(PLAN(.to = "PUT x?partNumber=2", .cut = true));
	assert_int_equal(add(strlen(FULL), PART), 0);
	assert_int_equal(upload_flush(&u, FULL_SHA256, &error), 0);
	assert_int_equal(upload_end(&u, &error), 0);
	assert_string_equal(memory_text("x"), FULL);
}

static void what_is_not_finished_is_ended(void **unused)
{
	(void)unused;
	assert_int_equal(add(strlen(FULL), PART), 0);
	upload_free(&u, &error);
	assert_int_equal(memory_uploads(), 0);
	assert_int_equal(memory_objects(), 0);
}

static void what_is_finished_is_not_ended(void **unused)
{
	(void)unused;
	expect_sent(PART + 1, PART, (size_t[]){ PART, 1 }, 2);
	upload_free(&u, &error);
	assert_null(strstr(memory_lines(), "DELETE"));
}

static void an_end_that_is_refused_leaves_no_parts(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "POST x?uploadId=u1", .code = 403));
	assert_int_equal(add(strlen(FULL), PART), 0);
	assert_int_equal(upload_flush(&u, NULL, &error), 0);
	assert_int_equal(upload_end(&u, &error), DENIED);
	upload_free(&u, &error);
	assert_int_equal(memory_uploads(), 0);
	assert_int_equal(memory_objects(), 0);
}

static void a_begin_that_is_refused_leaves_nothing(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "POST x?uploads=", .code = 403));
	assert_int_equal(add(strlen(FULL), PART), DENIED);
	upload_free(&u, &error);
	assert_string_equal(memory_lines(), "POST x?uploads=\n");
}

static void what_cannot_be_ended_is_told(void **unused)
{
	(void)unused;
	assert_int_equal(add(2 * PART, PART), 0);
	memory_plan(PLAN(.to = "DELETE", .code = 403));
	upload_free(&u, &error);
	assert_holds(error.data, "s3://box/x: cannot end an upload: ");
}

/* --- what has arrived is compared --- */

/* Sends len bytes to a server whose answers to HEAD are these, as often as asked; expects a status. */
static void expect_compared(size_t len, const char *headers, int wanted)
{
	memory_plan(PLAN(.to = "HEAD x", .code = 200, .headers = headers, .times = 9));
	assert_int_equal(add(len, PART), 0);
	assert_int_equal(upload_flush(&u, NULL, &error), 0);
	assert_int_equal(upload_end(&u, &error), wanted);
}

static bool was_read(void)
{
	return strstr(memory_lines(), "GET x\n");
}

static void the_etag_of_parts_is_the_md5_of_theirs(void **unused)
{
	(void)unused;
	/* md5(md5("01234567") md5("8")) */
	expect_compared(PART + 1, "Content-Length: 9\nETag: \"c7a1e283a5a08d72e5f530d98ae5aab8-2\"", 0);
	assert_false(was_read());
}

static void an_etag_may_be_written_large(void **unused)
{
	(void)unused;
	expect_compared(3, "Content-Length: 3\nETag: \"D2490F048DC3B77A457E3E450AB4EB38\"", 0);
	assert_false(was_read());
}

static void an_etag_that_tells_nothing_has_it_read_back(void **unused)
{
	(void)unused;
	expect_compared(strlen(FULL), "Content-Length: 36\nETag: \"made-up\"", 0);
	assert_true(was_read());
	assert_int_equal(memory_objects(), 1);
}

static void so_has_one_that_was_doubted_before(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "PUT x?partNumber=1", .code = 200, .headers = OTHER_ETAG, .times = 2,
	                 .works = true));
	assert_int_equal(add(PART + 1, PART), 0);
	assert_int_equal(upload_flush(&u, NULL, &error), 0);
	assert_true(s.doubtful);
	/* What does not fit to the parts' ETags is not made one object by this server. */
	memory_plan(PLAN(.to = "POST x?uploadId=u1", .code = 200,
	                 .body = "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>"));
	memory_store("x", FULL, PART + 1);
	memory_plan(PLAN(.to = "HEAD x", .code = 200,
	                 .headers = "Content-Length: 9\nETag: \"c7a1e283a5a08d72e5f530d98ae5aab8-2\""));
	assert_int_equal(upload_end(&u, &error), 0);
	assert_true(was_read());
}

static void spoil(void)
{
	memory_store("x", "X123456789abcdefghijklmnopqrstuvwxyz", strlen(FULL));
}

static void what_came_otherwise_is_deleted(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "HEAD x", .before = spoil));
	assert_int_equal(add(strlen(FULL), PART), 0);
	assert_int_equal(upload_flush(&u, NULL, &error), 0);
	assert_int_equal(upload_end(&u, &error), BAD_DATA);
	assert_string_equal(error.data,
	                    "s3://box/x: what the server has is not what was sent: it has another sha256");
	assert_int_equal(memory_objects(), 0);
}

static void what_came_short_is_deleted(void **unused)
{
	(void)unused;
	expect_compared(strlen(FULL), "Content-Length: 35\nETag: \"a\"", BAD_DATA);
	assert_string_equal(error.data, "s3://box/x: the server has 35 bytes of the 36 that were sent");
	assert_false(was_read());
	assert_int_equal(memory_objects(), 0);
}

static void what_cannot_be_compared_is_left(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "HEAD x", .code = 403));
	assert_int_equal(add(strlen(FULL), PART), 0);
	assert_int_equal(upload_flush(&u, NULL, &error), 0);
	assert_int_equal(upload_end(&u, &error), DENIED);
	assert_int_equal(memory_objects(), 1);
}

#define test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_fits_in_one_part_is_one_request),
		test(nothing_is_an_object_too),
		test(the_last_part_is_what_remains),
		test(the_last_part_may_be_full),
		test(pieces_are_cut_where_parts_end),
		test(a_piece_may_be_many_parts),
		test(that_it_has_begun_is_told_before_its_first_part),
		test(a_part_too_many_is_refused),
		test(the_sum_of_all_must_be_the_manifests),
		test(what_is_damaged_does_not_arrive),
		test(a_small_one_that_is_damaged_is_not_sent),
		test(a_part_that_is_refused_ends_the_upload),
		test(the_last_part_may_be_refused),
		test(a_part_that_was_not_heard_is_sent_again),
		test(what_is_not_finished_is_ended),
		test(what_is_finished_is_not_ended),
		test(an_end_that_is_refused_leaves_no_parts),
		test(a_begin_that_is_refused_leaves_nothing),
		test(what_cannot_be_ended_is_told),
		test(the_etag_of_parts_is_the_md5_of_theirs),
		test(an_etag_may_be_written_large),
		test(an_etag_that_tells_nothing_has_it_read_back),
		test(so_has_one_that_was_doubted_before),
		test(what_came_otherwise_is_deleted),
		test(what_came_short_is_deleted),
		test(what_cannot_be_compared_is_left),
	};

	return unit_run("multipart", tests, NULL, NULL);
}
