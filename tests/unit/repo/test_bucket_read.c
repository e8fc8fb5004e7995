/* Unit tests of repo/bucket_list and repo/bucket_read: which backups are in a bucket, and their manifests. */
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "base/status.h"
#include "repo/bucket_parts.h"
#include "s3_memory_repo.h"

#define NAME "app-20261125-120000.dump"
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

/* --- which backups there are --- */

static void store_empty(const char *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		memory_store(keys[i], "", 0);
}

/* Expects the paths in a folder (NULL: all), each with the bytes of its data and a line end. */
static void expect_list(const char *folder, const char *wanted)
{
	struct buf text = BUF_INIT;
	struct repo_list l;

	assert_int_equal(bucket_list(&r.repo, folder, &l, &error), 0);
	for (size_t i = 0; i < l.n; i++) {
		buf_printf(&text, "%s %lld\n", l.v[i].path, (long long)l.v[i].bytes);
		assert_int_equal(l.v[i].what, REPO_UNREAD);
	}
	assert_string_equal(text.data, wanted);
	repo_list_free(&l);
	buf_free(&text);
}

static void a_backup_is_what_has_a_manifest(void **unused)
{
	static const char *const keys[] = {
		"pre/b/b-20261125-120000.dump.json",
		"pre/app/app-20261125-120000.dump.json",
		"pre/app/app-20261124-120000.dump",
		"pre/app/app-20261123-120000.dump.json",
		"pre/job/app/app-20261125-120000.sql.json",
		"pre/.globals/globals-20261125-120000.sql.zst.json",
		"pre/a%C3%A4/a%C3%A4-20261125-120000.dump.json",
	};

	(void)unused;
	store_empty(keys, sizeof(keys) / sizeof(*keys));
	memory_store("pre/app/app-20261125-120000.dump", DATA, 10);
	/* Of a directory it is the bytes of its files. */
	memory_store("pre/b/b-20261125-120000.dump/toc.dat", DATA, 10);
	memory_store("pre/b/b-20261125-120000.dump/1.dat", DATA, 5);
	expect_list(NULL,
	            ".globals/globals-20261125-120000.sql.zst -1\na%C3%A4/a%C3%A4-20261125-120000.dump -1\n"
	            "app/app-20261123-120000.dump -1\napp/app-20261125-120000.dump 10\n"
	            "b/b-20261125-120000.dump 15\njob/app/app-20261125-120000.sql -1\n");
}

static void what_is_not_named_as_ours_is_none(void **unused)
{
	static const char *const keys[] = {
		"pre/app-20261125-120000.dump.json",
		"pre/other/app-20261125-120000.dump.json",
		"pre/app/app.dump.json",
		"pre/app/app-20261125-1200.dump.json",
		"pre/app/app-20261125-120000.dump.JSON",
		"pre/a/b/app/app-20261125-120000.dump.json",
		"pre/app b/app b-20261125-120000.dump.json",
		"pre/app\n/app\n-20261125-120000.dump.json",
		"pre//app-20261125-120000.dump.json",
		"pre/../app/app-20261125-120000.dump.json",
		"pre/app//app-20261125-120000.dump.json",
		"pre/app/app-20261125-120000.dump/x.json",
		"prefix/app/app-20261125-120000.dump.json",
		"app/app-20261125-120000.dump.json",
	};

	(void)unused;
	store_empty(keys, sizeof(keys) / sizeof(*keys));
	expect_list(NULL, "");
}

static void one_folder_is_asked_for_alone(void **unused)
{
	static const char *const keys[] = {
		"pre/app/app-20261125-120000.dump.json", "pre/app2/app2-20261125-120000.dump.json",
		"pre/b/b-20261125-120000.dump.json",
	};

	(void)unused;
	store_empty(keys, sizeof(keys) / sizeof(*keys));
	expect_list("app", "app/app-20261125-120000.dump -1\n");
	assert_string_equal(memory_lines(), "GET ?encoding-type=url&list-type=2&prefix=pre%2Fapp%2F\n");
}

#define LISTED(path, bytes) "<Contents><Key>pre/" path "</Key><Size>" bytes "</Size></Contents>"

static void a_list_has_them_in_order_whatever_the_server(void **unused)
{
	static const char first[] = "<ListBucketResult>" LISTED("b/b-20261125-120000.dump.json", "1")
		LISTED("a/a-20261126-120000.dump.json", "1") LISTED("a/a-20261125-120000.dump.json", "1")
		"<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
		"</ListBucketResult>";
	static const char second[] = "<ListBucketResult>" LISTED("a/a-20261125-120000.dump.json", "1")
		LISTED("a/a-20261125-120000.dump", "7") LISTED("a/a-20261125-120000.dump.a.json", "1")
		"</ListBucketResult>";

	(void)unused;
	memory_plan(PLAN(.to = "GET ?", .code = 200, .body = first));
	memory_plan(PLAN(.to = "GET ?", .code = 200, .body = second));
	expect_list(NULL, "a/a-20261125-120000.dump 7\na/a-20261125-120000.dump.a -1\n"
	                  "a/a-20261126-120000.dump -1\nb/b-20261125-120000.dump -1\n");
}

static void a_list_that_fails_is_no_empty_one(void **unused)
{
	struct repo_list l;

	(void)unused;
	memory_plan(PLAN(.to = "GET ?", .code = 403));
	assert_int_equal(bucket_list(&r.repo, NULL, &l, &error), DENIED);
	assert_int_equal(l.n, 0);
	assert_holds(error.data, "s3://box: cannot list the bucket");
}

/* --- their manifests --- */

static struct buf told = BUF_INIT;

static void tell(enum msg_level level, const char *words, void *arg)
{
	(void)arg;
	assert_int_equal(level, MSG_WARNING);
	buf_printf(&told, "%s\n", words);
}

static struct repo_list find_all(void)
{
	const struct teller teller = { .say = tell };
	struct repo_list l;

	buf_free(&told);
	assert_int_equal(repo_find(&r.repo, NULL, &l, &teller, &error), 0);
	return l;
}

static void what_is_damaged_is_named_and_the_rest_is_read(void **unused)
{
	struct repo_list l;

	(void)unused;
	memory_store_manifest("a/a-20261125-120000.dump", "a-20261125-120000.dump", NULL, 5);
	memory_store("pre/b/b-20261125-120000.dump.json", "{\"pgbox_backup\":", 16);
	memory_store("pre/c/c-20261125-120000.dump.json", "{\"pgbox_backup\":2}", 18);
	memory_store_manifest("d/d-20261125-120000.dump", "a-20261125-120000.dump", NULL, 5);
	memory_store_manifest("e/e-20261125-120000.dump", "e-20261125-120000.dump", NULL, 5);
	l = find_all();
	assert_int_equal(l.n, 5);
	assert_int_equal(l.v[0].what, REPO_WHOLE);
	assert_string_equal(l.v[0].m.file, "a-20261125-120000.dump");
	for (size_t i = 1; i < 4; i++) {
		assert_int_equal(l.v[i].what, REPO_BAD);
		assert_int_equal(l.v[i].rc, BAD_DATA);
		assert_null(l.v[i].m.file);
	}
	assert_int_equal(l.v[4].what, REPO_WHOLE);
	assert_string_equal(told.data,
		"'s3://box/pre/b/b-20261125-120000.dump.json' is no manifest of pgbackup\n"
		"'s3://box/pre/c/c-20261125-120000.dump.json' was written by a newer pgbox\n"
		"s3://box/pre/d/d-20261125-120000.dump.json is the manifest of another file, "
		"'a-20261125-120000.dump'\n");
	repo_list_free(&l);
}

/* Another server's with the prefix pre/other has its backups in pre/other/app. */
static void what_is_another_prefixs_is_foreign(void **unused)
{
	struct repo_list l;

	(void)unused;
	memory_store_manifest("job/app/" NAME, NAME, "job", 5);
	memory_store_manifest("other/app/" NAME, NAME, NULL, 5);
	memory_store_manifest("others/app/" NAME, NAME, "other", 5);
	memory_store_manifest("%C3%A4/app/" NAME, NAME, "\xc3\xa4", 5);
	l = find_all();
	assert_int_equal(l.n, 4);
	for (size_t i = 0; i < l.n; i++) {
		bool foreign = skip_prefix(l.v[i].path, "other");

		assert_int_equal(l.v[i].what, foreign ? REPO_FOREIGN : REPO_WHOLE);
		assert_int_equal(!l.v[i].m.file, foreign);
	}
	assert_string_equal(told.data, "");
	repo_list_free(&l);
}

static void what_went_or_is_archived_says_nothing_of_others(void **unused)
{
	struct repo_list l;

	(void)unused;
	memory_store_manifest("a/a-20261125-120000.dump", "a-20261125-120000.dump", NULL, 5);
	memory_store_manifest("b/b-20261125-120000.dump", "b-20261125-120000.dump", NULL, 5);
	memory_store_manifest("c/c-20261125-120000.dump", "c-20261125-120000.dump", NULL, 5);
	memory_plan(PLAN(.to = "GET pre/a/", .code = 404));
	memory_plan(PLAN(.to = "GET pre/b/", .code = 403, .body = S3_ERROR("InvalidObjectState")));
	l = find_all();
	assert_int_equal(l.v[0].rc, NO_INPUT);
	assert_int_equal(l.v[1].rc, NO);
	assert_int_equal(l.v[0].what, REPO_BAD);
	assert_int_equal(l.v[1].what, REPO_BAD);
	assert_int_equal(l.v[2].what, REPO_WHOLE);
	assert_string_equal(
		told.data,
		"s3://box/pre/a/a-20261125-120000.dump.json: cannot read it: the server answered 404: "
		"there is none\n"
		"s3://box/pre/b/b-20261125-120000.dump.json: cannot read it: InvalidObjectState\n");
	repo_list_free(&l);
}

static void what_is_refused_ends_the_reading(void **unused)
{
	const struct teller teller = { .say = tell };
	struct repo_list l;

	(void)unused;
	memory_store_manifest("a/a-20261125-120000.dump", "a-20261125-120000.dump", NULL, 5);
	memory_store_manifest("b/b-20261125-120000.dump", "b-20261125-120000.dump", NULL, 5);
	memory_plan(PLAN(.to = "GET pre/b/", .code = 401));
	assert_int_equal(repo_find(&r.repo, NULL, &l, &teller, &error), DENIED);
	assert_string_equal(
		error.data,
		"s3://box/pre/b/b-20261125-120000.dump.json: cannot read it: the server answered 401");
	repo_list_free(&l);
}

static void a_manifest_of_more_than_a_mebibyte_is_damaged(void **unused)
{
	char *text = xcalloc(1, (1 << 20) + 1);
	struct repo_list l;

	(void)unused;
	memset(text, ' ', (1 << 20) + 1);
	memory_store("pre/a/a-20261125-120000.dump.json", text, (1 << 20) + 1);
	free(text);
	l = find_all();
	assert_int_equal(l.v[0].rc, BAD_DATA);
	assert_holds(told.data, "it has more than the 1048576 bytes");
	repo_list_free(&l);
}

/* Their texts are held by 96. */
static void many_are_read_each_once(void **unused)
{
	struct repo_list l;

	(void)unused;
	for (int i = 0; i < 200; i++) {
		char *file = xasprintf("a-20261125-%06d.dump", i), *path = xasprintf("a/%s", file);

		memory_store_manifest(path, file, NULL, i);
		free(path);
		free(file);
	}
	l = find_all();
	assert_int_equal(l.n, 200);
	for (size_t i = 0; i < l.n; i++) {
		assert_int_equal(l.v[i].what, REPO_WHOLE);
		assert_int_equal(l.v[i].m.bytes, i);
	}
	assert_int_equal(memory.n, 201);
	repo_list_free(&l);
}

static void only_what_is_chosen_is_read(void **unused)
{
	const bool chosen[] = { false, true, false };
	struct repo_list l;

	(void)unused;
	memory_store_manifest("a/a-20261125-120000.dump", "a-20261125-120000.dump", NULL, 5);
	memory_store_manifest("b/b-20261125-120000.dump", "b-20261125-120000.dump", NULL, 5);
	memory_store_manifest("c/c-20261125-120000.dump", "c-20261125-120000.dump", NULL, 5);
	assert_int_equal(bucket_list(&r.repo, NULL, &l, &error), 0);
	assert_int_equal(bucket_read(&r.repo, &l, chosen, &error), 0);
	assert_int_equal(memory.n, 2);
	assert_int_equal(l.v[0].what, REPO_UNREAD);
	assert_int_equal(l.v[1].what, REPO_WHOLE);
	assert_int_equal(l.v[2].what, REPO_UNREAD);
	repo_list_free(&l);
}

static void its_state_is_what_manifest_and_size_say(void **unused)
{
	struct repo_backup b = { .bytes = 5, .m = { .bytes = 5, .verified = 1 } };

	(void)unused;
	assert_string_equal(bucket_state(&r.repo, &b), "verified");
	b.m.verified = 0;
	assert_string_equal(bucket_state(&r.repo, &b), "damaged");
	b.m.verified = 1;
	b.bytes = 4;
	assert_string_equal(bucket_state(&r.repo, &b), "damaged");
	b.bytes = -1;
	assert_string_equal(bucket_state(&r.repo, &b), "missing");
}

#define test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_backup_is_what_has_a_manifest),
		test(what_is_not_named_as_ours_is_none),
		test(one_folder_is_asked_for_alone),
		test(a_list_has_them_in_order_whatever_the_server),
		test(a_list_that_fails_is_no_empty_one),
		test(what_is_damaged_is_named_and_the_rest_is_read),
		test(what_is_another_prefixs_is_foreign),
		test(what_went_or_is_archived_says_nothing_of_others),
		test(what_is_refused_ends_the_reading),
		test(a_manifest_of_more_than_a_mebibyte_is_damaged),
		test(many_are_read_each_once),
		test(only_what_is_chosen_is_read),
		test(its_state_is_what_manifest_and_size_say),
	};
	int rc = unit_run("bucket_read", tests, scratch_make, scratch_remove);

	buf_free(&told);
	return rc;
}
