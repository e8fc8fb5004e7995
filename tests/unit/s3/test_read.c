/* Unit tests of s3/read: an object over broken connections, and lists over many pages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "base/status.h"
#include "s3_memory.h"

#define MEBIBYTE (1 << 20)

/* --- its size and ETag --- */

/* Expects what HEAD gives for these headers; etag NULL: it fails. */
static void expect_head(const char *headers, int64_t bytes, const char *etag)
{
	struct s3 s = memory_s3();
	struct buf error = BUF_INIT;
	int64_t got;
	char *found;

	memory_plan(PLAN(.to = "HEAD x", .code = 200, .headers = headers));
	assert_int_equal(s3_head(&s, "x", &got, &found, &error), etag ? 0 : UNAVAILABLE);
	assert_int_equal(got, bytes);
	if (etag)
		assert_string_equal(found, etag);
	else
		assert_null(found);
	if (etag)
		assert_string_equal(error.data, "");
	else
		assert_holds(error.data,
		             "s3://box/x: cannot find it: the server does not say how large it is");
	free(found);
	buf_free(&error);
	s3_free(&s);
}

static void size_and_etag_are_those_of_the_answer(void **unused)
{
	(void)unused;
	expect_head("Content-Length: 12\nETag: \"abc-2\"", 12, "abc-2");
	expect_head("content-length: 0\netag: abc", 0, "abc");
	expect_head("Content-Length: 12", 12, "");
	expect_head("Content-Length: 999999999999999999\nETag: \"a\"", INT64_C(999999999999999999), "a");
}

static void the_etag_of_a_key_service_says_nothing(void **unused)
{
	(void)unused;
	expect_head("Content-Length: 1\nETag: \"abc\"\nx-amz-server-side-encryption: aws:kms", 1, "");
	expect_head("Content-Length: 1\nETag: \"abc\"\nx-amz-server-side-encryption: AES256", 1, "abc");
}

static void an_answer_without_a_size_is_none(void **unused)
{
	(void)unused;
	expect_head("ETag: \"a\"", -1, NULL);
	expect_head("Content-Length: -1\nETag: \"a\"", -1, NULL);
	expect_head("Content-Length: 12x\nETag: \"a\"", -1, NULL);
	expect_head("Content-Length: 9999999999999999999\nETag: \"a\"", -1, NULL);
}

/* --- its bytes --- */

static int add(void *arg, const char *bytes, size_t len)
{
	buf_add(arg, bytes, len);
	return 0;
}

static int refuse(void *arg, const char *bytes, size_t len)
{
	add(arg, bytes, len);
	return 1;
}

/* Reads `x`; expects a status, the bytes that came and a part of the message. */
static void expect_get(int64_t most, int wanted, const char *bytes, const char *part)
{
	struct s3 s = memory_s3();
	struct buf error = BUF_INIT, got = BUF_INIT;
	int rc = s3_get(&s, "x", most, add, &got, &error);

	if (rc != wanted)
		fail_msg("%d, not %d: %s", rc, wanted, error.data);
	assert_string_equal(got.data, bytes);
	if (part)
		assert_holds(error.data, part);
	else
		assert_string_equal(error.data, "");
	buf_free(&got);
	buf_free(&error);
	s3_free(&s);
}

static void an_object_comes_whole(void **unused)
{
	(void)unused;
	memory_store("x", "0123456789", 10);
	expect_get(10, 0, "0123456789", NULL);
	assert_string_equal(memory_lines(), "GET x\n");
	assert_null(memory_header(0, "Range"));
}

static void after_a_broken_connection_the_rest_is_read(void **unused)
{
	(void)unused;
	memory_store("x", "0123456789", 10);
	memory_plan(PLAN(.to = "GET x", .cut = true, .bytes = 4));
	memory_plan(PLAN(.to = "GET x", .cut = true, .bytes = 3));
	expect_get(10, 0, "0123456789", NULL);
	assert_int_equal(memory.n, 3);
	assert_string_equal(memory_header(1, "Range"), "bytes=4-");
	assert_string_equal(memory_header(1, "If-Match"), "\"781e5e245d69b566979b86e28d23f2c7\"");
	assert_string_equal(memory_header(2, "Range"), "bytes=7-");
	assert_string_equal(memory_header(2, "If-Match"), "\"781e5e245d69b566979b86e28d23f2c7\"");
}

static void one_that_broke_before_the_first_byte_is_read_from_there(void **unused)
{
	(void)unused;
	memory_store("x", "0123456789", 10);
	memory_plan(PLAN(.to = "GET x", .cut = true, .bytes = 0));
	memory_plan(PLAN(.to = "GET x", .code = 503, .body = S3_ERROR("SlowDown")));
	expect_get(10, 0, "0123456789", NULL);
	assert_null(memory_header(2, "Range"));
}

static void a_server_that_begins_again_does_not_give_it_twice(void **unused)
{
	(void)unused;
	memory_store("x", "0123456789", 10);
	memory_plan(PLAN(.to = "GET x", .cut = true, .bytes = 4));
	memory_plan(PLAN(.to = "GET x", .code = 200, .body = "0123456789"));
	expect_get(10, NO, "0123", "the server answered 200");
}

static void an_object_that_was_replaced_meanwhile_is_not_mixed(void **unused)
{
	(void)unused;
	memory_store("x", "0123456789", 10);
	memory_plan(PLAN(.to = "GET x", .cut = true, .bytes = 4));
	memory_plan(PLAN(.to = "GET x", .code = 412, .body = S3_ERROR("PreconditionFailed")));
	expect_get(10, NO, "0123", "PreconditionFailed");
	assert_int_equal(memory.n, 2);
}

static void more_than_it_should_have_is_not_taken(void **unused)
{
	(void)unused;
	memory_store("x", "0123456789", 10);
	/* It comes in two pieces. */
	expect_get(9, BAD_DATA, "01234",
	           "s3://box/x is damaged: it has more than the 9 bytes that it should have");
	assert_int_equal(memory.n, 1);
}

static void who_wants_no_more_ends_it(void **unused)
{
	struct s3 s = memory_s3();
	struct buf error = BUF_INIT, got = BUF_INIT;

	(void)unused;
	memory_store("x", "0123456789", 10);
	assert_int_equal(s3_get(&s, "x", 10, refuse, &got, &error), -1);
	assert_string_equal(got.data, "01234");
	assert_int_equal(memory.n, 1);
	buf_free(&got);
	buf_free(&error);
	s3_free(&s);
}

static void a_server_that_drips_is_given_up(void **unused)
{
	(void)unused;
	memory_store("x", "0123456789", 10);
	memory_plan(PLAN(.to = "GET x", .cut = true, .bytes = 1, .times = 100));
	expect_get(10, UNAVAILABLE, "012345", "the connection broke");
	assert_int_equal(memory.n, 6);
}

static void one_that_moves_on_is_not(void **unused)
{
	struct s3 s = memory_s3();
	struct buf error = BUF_INIT, got = BUF_INIT;
	char *bytes = xcalloc(10, MEBIBYTE);

	(void)unused;
	memory_store("x", bytes, (size_t)10 * MEBIBYTE);
	memory_plan(PLAN(.to = "GET x", .cut = true, .bytes = MEBIBYTE, .times = 9));
	assert_int_equal(s3_get(&s, "x", 10LL * MEBIBYTE, add, &got, &error), 0);
	assert_int_equal(got.len, (size_t)10 * MEBIBYTE);
	assert_int_equal(memory.n, 10);
	free(bytes);
	buf_free(&got);
	buf_free(&error);
	s3_free(&s);
}

/* --- lists --- */

/* The keys that are listed below the prefix, as KEY=BYTES; the caller frees it. Expects a status. */
static char *listed(const char *prefix, int wanted, struct buf *error)
{
	struct s3 s = memory_s3();
	struct s3_objects o = { 0 };
	struct buf text = BUF_INIT;
	int rc = s3_list(&s, prefix, &o, error);

	if (rc != wanted)
		fail_msg("%d, not %d: %s", rc, wanted, error->data);
	for (size_t i = 0; i < o.n; i++)
		buf_printf(&text, "%s=%lld\n", o.v[i].key, (long long)o.v[i].bytes);
	s3_objects_free(&o);
	s3_free(&s);
	return buf_detach(&text);
}

static void expect_list(const char *prefix, const char *wanted)
{
	struct buf error = BUF_INIT;
	char *text = listed(prefix, 0, &error);

	assert_string_equal(text, wanted);
	assert_string_equal(error.data, "");
	free(text);
	buf_free(&error);
}

static void expect_no_list(const char *part)
{
	struct buf error = BUF_INIT;

	free(listed("p/", UNAVAILABLE, &error));
	assert_holds(error.data, "s3://box: cannot list the bucket: ");
	assert_holds(error.data, part);
	buf_free(&error);
}

static void a_list_goes_over_its_pages(void **unused)
{
	(void)unused;
	memory.page = 2;
	memory_store("p/a", "1", 1);
	memory_store("p/b", "22", 2);
	memory_store("p/c", "", 0);
	memory_store("p/d", "4444", 4);
	memory_store("p/e", "55555", 5);
	memory_store("q/a", "1", 1);
	expect_list("p/", "p/a=1\np/b=2\np/c=0\np/d=4\np/e=5\n");
	assert_string_equal(memory_lines(),
	                    "GET ?encoding-type=url&list-type=2&prefix=p%2F\n"
	                    "GET ?continuation-token=2&encoding-type=url&list-type=2&prefix=p%2F\n"
	                    "GET ?continuation-token=4&encoding-type=url&list-type=2&prefix=p%2F\n");
}

static void a_page_that_failed_is_asked_for_again(void **unused)
{
	(void)unused;
	memory.page = 1;
	memory_store("p/a", "1", 1);
	memory_store("p/b", "1", 1);
	memory_plan(PLAN(.to = "GET ?continuation-token=1", .code = 503));
	memory_plan(PLAN(.to = "GET ?continuation-token=1", .cut = true, .bytes = 90));
	expect_list("p/", "p/a=1\np/b=1\n");
	assert_int_equal(memory.n, 4);
}

static void names_come_percent_encoded(void **unused)
{
	(void)unused;
	memory_store("p/a b+c%41&<\x01\xc3\xbc", "1", 1);
	expect_list("p/", "p/a b+c%41&<\x01\xc3\xbc=1\n");
}

static void page_of(const char *body)
{
	memory_plan(PLAN(.to = "GET ?", .code = 200, .body = body));
}

#define KEY(name) "<Contents><Key>" name "</Key><Size>1</Size></Contents>"
#define LIST(inner) "<ListBucketResult>" inner "</ListBucketResult>"

static void a_server_that_does_not_encode_is_taken_at_its_word(void **unused)
{
	(void)unused;
	page_of(LIST(KEY("p/a%20b+c")));
	expect_list("p/", "p/a%20b+c=1\n");
	/* The word may come after the names. */
	page_of(LIST(KEY("p/a%20b+c") "<EncodingType>url</EncodingType>"));
	expect_list("p/", "p/a b c=1\n");
}

static void what_is_encoded_wrong_is_no_name(void **unused)
{
	(void)unused;
	page_of(LIST("<EncodingType>url</EncodingType>"
	             KEY("p/a%2") KEY("p/b%zz") KEY("p/c%00d") KEY("p/e")));
	expect_list("p/", "p/e=1\n");
}

static void what_was_not_asked_for_is_left_out(void **unused)
{
	(void)unused;
	page_of(LIST(KEY("q/a") KEY("p") KEY("p/../q/a") KEY("p/./a") KEY("p/..")
	             "<Contents><Size>1</Size></Contents>" KEY("p/a")));
	expect_list("p/", "p/a=1\n");
	page_of(LIST("<EncodingType>url</EncodingType>" KEY("p/%2E%2E/q/a") KEY("p/%2e/a") KEY("p/b")));
	expect_list("p/", "p/b=1\n");
}

static void what_has_no_size_has_not_that_of_the_one_before(void **unused)
{
	(void)unused;
	page_of(LIST(KEY("p/a") "<Contents><Key>p/b</Key></Contents>"));
	expect_list("p/", "p/a=1\np/b=0\n");
}

static bool is_b(const char *key, const void *arg)
{
	return strcmp(key, arg) == 0;
}

static void only_what_is_wanted_is_kept(void **unused)
{
	struct s3 s = memory_s3();
	struct s3_objects o = { .wants = is_b, .arg = "p/b" };
	struct buf error = BUF_INIT;

	(void)unused;
	memory_store("p/a", "1", 1);
	memory_store("p/b", "22", 2);
	memory_store("p/c", "1", 1);
	assert_int_equal(s3_list(&s, "p/", &o, &error), 0);
	assert_int_equal(o.n, 1);
	assert_string_equal(o.v[0].key, "p/b");
	assert_int_equal(o.v[0].bytes, 2);
	s3_objects_free(&o);
	s3_free(&s);
}

static void what_is_no_list_is_not_an_empty_one(void **unused)
{
	static const char *const bodies[] = {
		"",
		"<html><body>Welcome</body></html>",
		"<ListBucketResult>",
		"<ListAllMyBucketsResult></ListAllMyBucketsResult>",
		LIST(KEY("p/a") "<IsTruncated>true</IsTruncated>"),
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		page_of(bodies[i]);
		expect_no_list("what the server answered is not S3");
	}
}

#define MORE(token) "<IsTruncated>true</IsTruncated><NextContinuationToken>" token "</NextContinuationToken>"

static void the_same_page_again_is_the_end(void **unused)
{
	(void)unused;
	page_of(LIST(KEY("p/a") MORE("1")));
	page_of(LIST(KEY("p/b") MORE("2")));
	page_of(LIST(KEY("p/a") MORE("1")));
	expect_no_list("the same page again and again");
	assert_int_equal(memory.n, 3);
}

static char empty_page[200];

/* Each has a token of its own. */
static void number_the_page(void)
{
	snprintf(empty_page, sizeof(empty_page), "<ListBucketResult>" MORE("%zu") "</ListBucketResult>",
	         memory.n);
}

static void many_empty_pages_are_the_end(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "GET ?", .times = 5000, .code = 200, .body = empty_page,
	                 .before = number_the_page));
	expect_no_list("empty pages without end");
	assert_int_equal(memory.n, 1001);
}

static void ten_minutes_are_the_end(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "GET ?", .takes = 599000, .code = 200, .body = LIST(MORE("1"))));
	memory_plan(PLAN(.to = "GET ?", .takes = 2000, .code = 200, .body = LIST(MORE("2"))));
	expect_no_list("the server takes too long");
	assert_int_equal(memory.n, 2);
}

static void a_page_with_something_gives_time(void **unused)
{
	(void)unused;
	memory_plan(PLAN(.to = "GET ?", .takes = 599000, .code = 200, .body = LIST(KEY("p/a") MORE("1"))));
	memory_plan(PLAN(.to = "GET ?", .takes = 2000, .code = 200, .body = LIST(KEY("p/b") MORE("2"))));
	page_of(LIST(KEY("p/c")));
	expect_list("p/", "p/a=1\np/b=1\np/c=1\n");
}

/* --- unfinished uploads --- */

#define UPLOAD(key, id) \
	"<Upload><Key>" key "</Key>" id "<Initiated>2026-11-25T12:00:00.000Z</Initiated></Upload>"
#define ID(id) "<UploadId>" id "</UploadId>"
#define UPLOADS(inner) \
	"<ListMultipartUploadsResult><EncodingType>url</EncodingType>" inner "</ListMultipartUploadsResult>"

static void uploads_are_listed_over_pages(void **unused)
{
	struct s3 s = memory_s3();
	struct s3_uploads u = { 0 };
	struct buf error = BUF_INIT;

	(void)unused;
	page_of(UPLOADS(UPLOAD("p/a+b", ID("i+1")) UPLOAD("q/a", ID("i2"))
	                UPLOAD("p/../q", ID("i3")) UPLOAD("p/c", "")
	                "<IsTruncated>true</IsTruncated><NextKeyMarker>p/a+b</NextKeyMarker>"
	                "<NextUploadIdMarker>i+1</NextUploadIdMarker>"));
	page_of(UPLOADS(UPLOAD("p/d", ID("i4"))));
	assert_int_equal(s3_uploads(&s, "p/", &u, &error), 0);
	assert_string_equal(
		memory_lines(),
		"GET ?encoding-type=url&prefix=p%2F&uploads=\n"
		"GET ?encoding-type=url&key-marker=p%2Fa%20b&prefix=p%2F&upload-id-marker=i%2B1&uploads=\n");
	assert_int_equal(u.keys.n, 2);
	assert_string_equal(u.keys.v[0], "p/a b");
	assert_string_equal(u.ids.v[0], "i+1");
	assert_string_equal(u.begun.v[0], "2026-11-25T12:00:00.000Z");
	assert_string_equal(u.keys.v[1], "p/d");
	assert_string_equal(u.ids.v[1], "i4");
	s3_uploads_free(&u);
	s3_free(&s);
}

static void a_list_of_objects_is_none_of_uploads(void **unused)
{
	struct s3 s = memory_s3();
	struct s3_uploads u = { 0 };
	struct buf error = BUF_INIT;

	(void)unused;
	page_of(LIST(KEY("p/a")));
	assert_int_equal(s3_uploads(&s, "p/", &u, &error), UNAVAILABLE);
	assert_holds(error.data, "is not S3");
	s3_uploads_free(&u);
	buf_free(&error);
	s3_free(&s);
}

#define test(f) cmocka_unit_test_setup_teardown(f, memory_empty, memory_empty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(size_and_etag_are_those_of_the_answer),
		test(the_etag_of_a_key_service_says_nothing),
		test(an_answer_without_a_size_is_none),
		test(an_object_comes_whole),
		test(after_a_broken_connection_the_rest_is_read),
		test(one_that_broke_before_the_first_byte_is_read_from_there),
		test(a_server_that_begins_again_does_not_give_it_twice),
		test(an_object_that_was_replaced_meanwhile_is_not_mixed),
		test(more_than_it_should_have_is_not_taken),
		test(who_wants_no_more_ends_it),
		test(a_server_that_drips_is_given_up),
		test(one_that_moves_on_is_not),
		test(a_list_goes_over_its_pages),
		test(a_page_that_failed_is_asked_for_again),
		test(names_come_percent_encoded),
		test(a_server_that_does_not_encode_is_taken_at_its_word),
		test(what_is_encoded_wrong_is_no_name),
		test(what_was_not_asked_for_is_left_out),
		test(what_has_no_size_has_not_that_of_the_one_before),
		test(only_what_is_wanted_is_kept),
		test(what_is_no_list_is_not_an_empty_one),
		test(the_same_page_again_is_the_end),
		test(many_empty_pages_are_the_end),
		test(ten_minutes_are_the_end),
		test(a_page_with_something_gives_time),
		test(uploads_are_listed_over_pages),
		test(a_list_of_objects_is_none_of_uploads),
	};

	return unit_run("read", tests, NULL, NULL);
}
