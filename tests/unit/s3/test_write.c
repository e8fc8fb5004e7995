/* Unit tests of s3/write: what is stored and its checksum, uploads in parts, and what is deleted. */
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "base/status.h"
#include "s3_memory.h"

#define OTHER_ETAG "ETag: \"00000000000000000000000000000000\""

/* A bucket, and what is said. */
static struct s3 s;
static struct buf error;

static int begin(void **state)
{
	s = memory_s3();
	error = (struct buf)BUF_INIT;
	return memory_empty(state);
}

static int end(void **state)
{
	s3_free(&s);
	buf_free(&error);
	return memory_empty(state);
}

/* --- one object --- */

static void what_is_stored_goes_with_its_md5(void **unused)
{
	(void)unused;
	assert_int_equal(s3_put(&s, "x", "abc", 3, &error), 0);
	assert_int_equal(s3_put(&s, "y", NULL, 0, &error), 0);
	assert_string_equal(memory_lines(), "PUT x\nPUT y\n");
	assert_string_equal(memory_header(0, "Content-MD5"), "kAFQmDzST7DWlj99KOF/cg==");
	assert_string_equal(memory_header(1, "Content-MD5"), "1B2M2Y8AsgTpgAmY7PhCfg==");
	assert_string_equal(memory_text("x"), "abc");
	assert_string_equal(memory_text("y"), "");
	assert_false(s.doubtful);
}

static void what_lists_go_by_is_in_the_standard_class(void **unused)
{
	(void)unused;
	s.storage_class = "GLACIER";
	assert_int_equal(s3_put(&s, "x", "abc", 3, &error), 0);
	assert_int_equal(s3_put_small(&s, "x.json", "abc", 3, &error), 0);
	assert_string_equal(memory_header(0, "x-amz-storage-class"), "GLACIER");
	assert_null(memory_header(1, "x-amz-storage-class"));
}

static void what_arrived_otherwise_is_sent_once_more(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "PUT x", .code = 200, .headers = OTHER_ETAG));
	assert_int_equal(s3_put(&s, "x", "abc", 3, &error), 0);
	assert_int_equal(memory.n, 2);
	assert_false(s.doubtful);
	assert_string_equal(memory_text("x"), "abc");
}

static void a_server_that_keeps_to_it_is_doubted(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "PUT x", .code = 200, .headers = OTHER_ETAG, .works = true, .times = 9));
	assert_int_equal(s3_put(&s, "x", "abc", 3, &error), 0);
	assert_int_equal(memory.n, 2);
	assert_true(s.doubtful);
	/* What comes right afterwards does not make it good. */
	assert_int_equal(s3_put(&s, "y", "abc", 3, &error), 0);
	assert_true(s.doubtful);
}

static void an_etag_that_is_no_md5_says_nothing(void **unused)
{
	static const char *const headers[] = {
		"ETag: \"made-up\"",
		"ETag: \"\"",
		"ETag: \"0000000000000000000000000000000\"",
		"ETag: \"000000000000000000000000000000000\"",
		"Server: it",
		OTHER_ETAG "\nx-amz-server-side-encryption: aws:kms",
		"ETag: \"900150983CD24FB0D6963F7D28E17F72\"",
		"ETag: 900150983cd24fb0d6963f7d28e17f72",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		memory_plan(PLAN(.to = "PUT x", .code = 200, .headers = headers[i]));
		assert_int_equal(s3_put(&s, "x", "abc", 3, &error), 0);
		assert_int_equal(memory.n, i + 1);
		assert_false(s.doubtful);
	}
}

/* --- an upload in parts --- */

#define PART(number, md5) \
	"<Part><PartNumber>" number "</PartNumber><ETag>&#34;" md5 "&#34;</ETag></Part>"

static void an_upload_has_a_begin_parts_and_an_end(void **unused)
{
	unsigned char digest[HASH_MD5_BYTES];
	struct strs etags = { 0 };
	char *id, *etag;

	(void)unused;
	s.storage_class = "GLACIER";
	s.sse = "AES256";
	assert_int_equal(s3_start(&s, "x", &id, &error), 0);
	for (long i = 1; i <= 2; i++) {
		const char *part = i == 1 ? "abc" : "d";

		assert_int_equal(s3_part(&s, "x", id, i, part, strlen(part), &etag, digest, &error), 0);
		strs_add(&etags, etag);
		free(etag);
	}
	assert_int_equal(s3_finish(&s, "x", id, &etags, &error), 0);
	assert_string_equal(
		memory_lines(),
		"POST x?uploads=\nPUT x?partNumber=1&uploadId=u1\nPUT x?partNumber=2&uploadId=u1\n"
		"POST x?uploadId=u1\n");
	/* Class and encryption are those of the whole. */
	assert_string_equal(memory_header(0, "x-amz-storage-class"), "GLACIER");
	assert_string_equal(memory_header(0, "x-amz-server-side-encryption"), "AES256");
	assert_null(memory_header(1, "x-amz-storage-class"));
	assert_null(memory_header(1, "x-amz-server-side-encryption"));
	assert_string_equal(memory_header(1, "Content-MD5"), "kAFQmDzST7DWlj99KOF/cg==");
	assert_string_equal(memory.asked[3].body.data,
	                    "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
	                    PART("1", "900150983cd24fb0d6963f7d28e17f72")
	                    PART("2", "8277e0910d750195b448797616e091ad")
	                    "</CompleteMultipartUpload>");
	assert_string_equal(memory_text("x"), "abcd");
	assert_int_equal(memory_uploads(), 0);
	strs_free(&etags);
	free(id);
}

static void an_id_is_encoded(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "DELETE", .code = 204));
	assert_int_equal(s3_abort(&s, "x", "a/b+c&d=", &error), 0);
	assert_string_equal(memory_lines(), "DELETE x?uploadId=a%2Fb%2Bc%26d%3D\n");
}

static void a_begin_without_an_id_is_none(void **unused)
{
	static const char *const bodies[] = {
		"", "<html></html>", "<InitiateMultipartUploadResult></InitiateMultipartUploadResult>",
		"<InitiateMultipartUploadResult><UploadId></UploadId></InitiateMultipartUploadResult>",
		"<InitiateMultipartUploadResult><UploadId>u1</UploadId>",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		char *id;

		memory_plan(PLAN(.to = "POST", .code = 200, .body = bodies[i]));
		buf_cut(&error, 0);
		assert_int_equal(s3_start(&s, "x", &id, &error), UNAVAILABLE);
		assert_null(id);
		assert_string_equal(error.data,
		                    "s3://box/x: cannot begin an upload: what the server answered is not S3");
	}
}

static void a_part_without_an_etag_is_not_there(void **unused)
{
	unsigned char digest[HASH_MD5_BYTES];
	char *etag;

	(void)unused;
	memory_plan(PLAN(.to = "PUT", .code = 200));
	assert_int_equal(s3_part(&s, "x", "u1", 1, "abc", 3, &etag, digest, &error), UNAVAILABLE);
	assert_null(etag);
	assert_holds(error.data, "the server gave it no ETag");
}

static void a_part_that_arrived_otherwise_is_sent_once_more(void **unused)
{
	unsigned char digest[HASH_MD5_BYTES];
	char *etag;

	(void)unused;
	memory_begin("x", "");
	memory_plan(PLAN(.to = "PUT x?partNumber=1", .code = 200, .headers = OTHER_ETAG));
	assert_int_equal(s3_part(&s, "x", "u1", 1, "abc", 3, &etag, digest, &error), 0);
	assert_int_equal(memory.n, 2);
	assert_string_equal(etag, "\"900150983cd24fb0d6963f7d28e17f72\"");
	assert_int_equal(digest[0], 0x90);
	assert_false(s.doubtful);
	free(etag);
}

/* Expects what becomes of the end of an upload that is answered so at first. */
static void expect_finish(struct memory_plan *plan, int wanted, size_t tries, const char *part)
{
	struct strs etags = { 0 };
	int rc;

	memory_empty(NULL);
	memory_begin("x", "");
	plan->to = "POST";
	memory_plan(plan);
	buf_cut(&error, 0);
	rc = s3_finish(&s, "x", "u1", &etags, &error);
	if (rc != wanted || memory.n != tries)
		fail_msg("%d after %zu tries, not %d after %zu: %s", rc, memory.n, wanted, tries, error.data);
	if (part)
		assert_holds(error.data, part);
	else
		assert_string_equal(error.data, "");
}

static void an_end_that_was_not_heard_is_tried_again(void **unused)
{
	(void)unused;
	expect_finish(PLAN(.cut = true), 0, 2, NULL);
	expect_finish(PLAN(.code = 503, .times = 5), 0, 6, NULL);
	expect_finish(PLAN(.code = 200, .body = "<CompleteMultipartUploadResult>"), 0, 2, NULL);
	expect_finish(PLAN(.code = 200, .body = "  \n"), 0, 2, NULL);
	expect_finish(PLAN(.code = 200, .body = S3_ERROR("InternalError")), 0, 2, NULL);
	expect_finish(PLAN(.code = 200, .times = 9), UNAVAILABLE, 6, "the server's answer is cut off");
}

/* Its answer may have been lost: whether it is there, s3_head tells. */
static void an_upload_that_is_gone_has_ended(void **unused)
{
	(void)unused;
	expect_finish(PLAN(.code = 404, .body = S3_ERROR("NoSuchUpload")), 0, 1, NULL);
	expect_finish(PLAN(.code = 404), 0, 1, NULL);
	expect_finish(PLAN(.code = 502, .works = true), 0, 2, NULL);
}

static void an_end_that_is_refused_is_not_one(void **unused)
{
	(void)unused;
	expect_finish(PLAN(.code = 404, .body = S3_ERROR("NoSuchBucket")), UNAVAILABLE, 1,
	              "cannot finish the upload: NoSuchBucket");
	expect_finish(PLAN(.code = 400, .body = S3_ERROR("InvalidPart")), NO, 1,
	              "cannot finish the upload: InvalidPart");
	expect_finish(PLAN(.code = 200, .body = S3_ERROR("InvalidPart")), NO, 1,
	              "cannot finish the upload: InvalidPart");
	expect_finish(PLAN(.code = 403), DENIED, 1, "it refuses");
}

/* --- what goes away --- */

static void what_is_not_there_is_deleted(void **unused)
{
	(void)unused;
	memory_store("x", "abc", 3);
	assert_int_equal(s3_delete(&s, "x", &error), 0);
	assert_int_equal(memory_objects(), 0);
	memory_plan(PLAN(.to = "DELETE", .code = 404, .body = S3_ERROR("NoSuchKey")));
	assert_int_equal(s3_delete(&s, "x", &error), 0);
	assert_string_equal(error.data, "");
	memory_begin("x", "");
	assert_int_equal(s3_abort(&s, "x", "u1", &error), 0);
	assert_int_equal(memory_uploads(), 0);
	assert_int_equal(s3_abort(&s, "x", "u1", &error), 0);
	assert_string_equal(error.data, "");
}

static void what_must_not_go_is_told(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "DELETE x?", .code = 403));
	memory_plan(PLAN(.to = "DELETE x", .code = 403));
	assert_int_equal(s3_abort(&s, "x", "u1", &error), DENIED);
	assert_holds(error.data, "s3://box/x: cannot end an upload: ");
	buf_cut(&error, 0);
	assert_int_equal(s3_delete(&s, "x", &error), DENIED);
	assert_holds(error.data, "s3://box/x: cannot delete it: ");
}

static void no_key_with_dot_segments_is_stored_or_deleted(void **unused)
{
	unsigned char digest[HASH_MD5_BYTES];
	struct strs etags = { 0 };
	char *text;

	(void)unused;
	assert_int_equal(s3_put(&s, "a/../x", "abc", 3, &error), BAD_USAGE);
	assert_int_equal(s3_put_small(&s, "a/../x", "abc", 3, &error), BAD_USAGE);
	assert_int_equal(s3_start(&s, "a/../x", &text, &error), BAD_USAGE);
	assert_null(text);
	assert_int_equal(s3_part(&s, "a/../x", "u1", 1, "abc", 3, &text, digest, &error), BAD_USAGE);
	assert_null(text);
	assert_int_equal(s3_finish(&s, "a/../x", "u1", &etags, &error), BAD_USAGE);
	assert_int_equal(s3_abort(&s, "a/../x", "u1", &error), BAD_USAGE);
	assert_int_equal(s3_delete(&s, "a/../x", &error), BAD_USAGE);
	assert_int_equal(memory.n, 0);
}

#define test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_is_stored_goes_with_its_md5),
		test(what_lists_go_by_is_in_the_standard_class),
		test(what_arrived_otherwise_is_sent_once_more),
		test(a_server_that_keeps_to_it_is_doubted),
		test(an_etag_that_is_no_md5_says_nothing),
		test(an_upload_has_a_begin_parts_and_an_end),
		test(an_id_is_encoded),
		test(a_begin_without_an_id_is_none),
		test(a_part_without_an_etag_is_not_there),
		test(a_part_that_arrived_otherwise_is_sent_once_more),
		test(an_end_that_was_not_heard_is_tried_again),
		test(an_upload_that_is_gone_has_ended),
		test(an_end_that_is_refused_is_not_one),
		test(what_is_not_there_is_deleted),
		test(what_must_not_go_is_told),
		test(no_key_with_dot_segments_is_stored_or_deleted),
	};

	return unit_run("write", tests, NULL, NULL);
}
