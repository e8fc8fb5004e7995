/*
 * Unit tests of what is written over repo/repo: an imaginary repository in memory is listed, read, chosen from,
 * pruned and verified.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "repo/catalog.h"
#include "repo/choose.h"
#include "repo/prune.h"
#include "repo/select.h"
#include "repo/verify.h"

#define DAY INT64_C(86400000)
#define NOON INT64_C(1795608000000) /* 2026-11-25T12:00Z */

/* One backup of the imaginary repository. */
struct given {
	const char *path;
	int64_t made;
	const char *system_id;
	const char *state; /* verified, damaged, missing; foreign; bad */
	bool suspect, deleted;
};

struct imaginary {
	struct repo repo; /* the first */
	struct given *v;
	size_t reads;     /* manifests that were read */
	int fails;        /* what each call gives; 0 */
};

static bool is(const struct given *g, const char *state)
{
	return strcmp(g->state, state) == 0;
}

static const struct given *find(const struct imaginary *r, const char *path)
{
	for (const struct given *g = r->v; g->path; g++)
		if (strcmp(g->path, path) == 0)
			return g;
	return NULL;
}

static int list(struct repo *repo, const char *folder, struct repo_list *l, struct buf *error)
{
	struct imaginary *r = (struct imaginary *)repo;

	*l = (struct repo_list){ .v = xcalloc(50, sizeof(*l->v)) };
	if (r->fails)
		buf_puts(error, "no answer");
	for (const struct given *g = r->v; g->path && !r->fails; g++)
		if (!g->deleted && (!folder || repo_is_in(g->path, folder)))
			l->v[l->n++] = (struct repo_backup){ .path = xstrdup(g->path), .words = BUF_INIT, .bytes = 5 };
	return r->fails;
}

static void read_one(struct imaginary *r, struct repo_backup *b)
{
	const struct given *g = find(r, b->path);

	r->reads++;
	b->bytes = is(g, "missing") ? -1 : 5;
	b->what = is(g, "foreign") ? REPO_FOREIGN : is(g, "bad") ? REPO_BAD : REPO_WHOLE;
	if (b->what == REPO_BAD) {
		b->rc = BAD_DATA;
		buf_printf(&b->words, "bad %s", b->path);
	}
	if (b->what != REPO_WHOLE)
		return;
	b->m = (struct manifest){ .started = g->made, .bytes = 5, .suspect = g->suspect, .verified = is(g, "verified") };
	manifest_set(&b->m.kind, "custom");
	manifest_set(&b->m.system_id, g->system_id);
}

static int read_chosen(struct repo *repo, struct repo_list *l, const bool *chosen, struct buf *error)
{
	(void)error;
	for (size_t i = 0; i < l->n; i++)
		if (!chosen || chosen[i])
			read_one((struct imaginary *)repo, &l->v[i]);
	return 0;
}

static const char *state(struct repo *repo, const struct repo_backup *b)
{
	return find((struct imaginary *)repo, b->path)->state;
}

static int check(struct repo *repo, const struct repo_backup *b, void (*seen)(void *arg, size_t bytes), void *arg,
                 struct buf *error)
{
	seen(arg, 5);
	if (strcmp(state(repo, b), "verified") == 0)
		return 0;
	buf_printf(error, "damaged %s", b->path);
	return BAD_DATA;
}

static int delete(struct repo *repo, const char *path, struct buf *error)
{
	(void)error;
	((struct given *)find((struct imaginary *)repo, path))->deleted = true;
	return 0;
}

static const struct repo_ops ops = {
	.list = list, .read = read_chosen, .state = state, .check = check, .remove = delete,
};

static struct imaginary imagine(struct given *v)
{
	return (struct imaginary){ .v = v, .repo = { .ops = &ops, .name = "s3://box/all", .before = "s3://box/all/",
		                                     .shared = true } };
}

static struct buf told = BUF_INIT;

static void tell(enum msg_level level, const char *words, void *arg)
{
	(void)arg;
	buf_printf(&told, "%s%s\n", level == MSG_ERROR ? "ERROR " : level == MSG_WARNING ? "WARNING " : "", words);
}

static const struct teller teller = { .say = tell };

static int forget_told(void **unused)
{
	(void)unused;
	buf_cut(&told, 0);
	return 0;
}

#define AT(folder, base, stamp) folder "/" base "-" stamp ".dump"
#define ONE AT("app", "app", "20261123-120000")
#define TWO AT("app", "app", "20261124-120000")
#define THREE AT("app", "app", "20261125-120000")
#define SHOP AT("shop", "shop", "20261124-120000")
#define ROLES AT(".globals", "globals", "20261125-120000")

#define GIVEN(p, m, id, s) { .path = (p), .made = (m), .system_id = (id), .state = (s) }
#define SUSPECT(p, m, id, s) { .path = (p), .made = (m), .system_id = (id), .state = (s), .suspect = true }

/* --- select --- */

/* Expects the path, or where it is NULL the status and a part of the message. */
static void expect_selected(struct imaginary *r, const char *word, const char *database, const char *path, int rc,
                            const char *part)
{
	struct buf error = BUF_INIT;
	char *found;

	assert_int_equal(select_backup(&r->repo, &(struct wanted){ .word = word, .database = database }, &found, &error), rc);
	if (path)
		assert_string_equal(found, path);
	else
		assert_holds(error.data, part);
	free(found);
	buf_free(&error);
}

static void latest_is_the_newest_verified_one_of_the_only_database(void **unused)
{
	struct given v[] = { GIVEN(ROLES, NOON, NULL, "verified"), GIVEN(ONE, NOON - 2 * DAY, "1", "verified"),
		             GIVEN(TWO, NOON - DAY, "1", "verified"), GIVEN(THREE, NOON, "1", "damaged"), { 0 } };
	struct imaginary r = imagine(v);

	(void)unused;
	expect_selected(&r, "latest", NULL, TWO, DONE, NULL);
	expect_selected(&r, "latest:app", NULL, TWO, DONE, NULL);
	expect_selected(&r, "app", NULL, TWO, DONE, NULL);
	expect_selected(&r, "latest:nothing", NULL, NULL, NO_INPUT, "no backup 'nothing'");
	r.repo.shared = false;
	expect_selected(&r, "latest:app", NULL, THREE ".json", DONE, NULL);
}

static void of_two_databases_one_must_be_named(void **unused)
{
	struct given v[] = { GIVEN(ONE, NOON - 2 * DAY, "1", "verified"), GIVEN(SHOP, NOON - DAY, "1", "verified"), { 0 } };
	struct imaginary r = imagine(v);

	(void)unused;
	expect_selected(&r, "latest", NULL, NULL, BAD_USAGE, "backups of 2 databases: say latest:DATABASE, or give a URL, "
	                "of app, shop");
	expect_selected(&r, "latest", "shop", SHOP, DONE, NULL);
	expect_selected(&r, "latest", "other", NULL, BAD_USAGE, "has no backup of 'other'");
}

static void databases_are_named_a_folder_before_those_in_it(void **unused)
{
	struct given v[] = { GIVEN(AT("b", "b", "20261123-120000"), NOON, "1", "verified"),
		             GIVEN(AT("a-c", "a-c", "20261123-120000"), NOON, "1", "verified"),
		             GIVEN(AT("a/b", "b", "20261123-120000"), NOON, "1", "verified"),
		             GIVEN(AT("a", "a", "20261123-120000"), NOON, "1", "verified"),
		             GIVEN(AT("\xc3\xa4", "x", "20261123-120000"), NOON, "1", "verified"), { 0 } };
	struct imaginary r = imagine(v);

	(void)unused;
	expect_selected(&r, "latest", NULL, NULL, BAD_USAGE, "of a, a/b, a-c, b, \xc3\xa4");
}

static void a_moment_means_the_newest_before_it(void **unused)
{
	struct given v[] = { GIVEN(ONE, NOON - 2 * DAY, "1", "verified"), GIVEN(TWO, NOON - DAY, "1", "verified"),
		             GIVEN(THREE, NOON, "1", "verified"), { 0 } };
	struct imaginary r = imagine(v);

	(void)unused;
	expect_selected(&r, "@2026-11-24T12:00:00Z", NULL, TWO, DONE, NULL);
	expect_selected(&r, "@2026-11-24T11:59:59Z", NULL, ONE, DONE, NULL);
	expect_selected(&r, "@2026-11-24", NULL, TWO, DONE, NULL);
	expect_selected(&r, "@2026-11-01", NULL, NULL, NO_INPUT, "that is so old");
	expect_selected(&r, "@2026-02-31", NULL, NULL, BAD_USAGE, "is no moment");
	expect_selected(&r, "17", NULL, NULL, NO_INPUT, "no backup of run 17");
}

static void a_moment_is_a_day_or_a_time_of_one(void **unused)
{
	static const struct {
		const char *text;
		int64_t moment;
	} good[] = {
		{ "2026-11-25T12:00Z", NOON },           { "2026-11-25T12:00:00Z", NOON },
		{ "2026-11-25T12:00:07Z", NOON + 7000 }, { "2026-11-25Z", NOON + DAY / 2 - 1000 },
		{ "2026-11-25T23:59:60Z", NOON + DAY / 2 }, { "2024-02-29T00:00Z", INT64_C(1709164800000) },
		{ "1970-01-01T00:00Z", 0 },              { "2026-12-31T00:00Z", NOON + 35 * DAY + DAY / 2 },
		{ "2026-01-01T00:00Z", INT64_C(1767225600000) },
	};
	static const char *const bad[] = {
		"", "2026", "2026-11", "2026-11-", "2026-11-31", "2026-11-00", "2026-11-32", "2026-00-01", "2026-13-01",
		"2025-02-29", "2026-11-25T", "2026-11-25T12", "2026-11-25T24:00", "2026-11-25T12:60", "2026-11-25T12:00:61",
		"2026-11-25T12:00x", "2026-11-25T12:00Zx", "2026-11-25z", "1969-12-31T23:59Z", "x2026-11-25",
	};
	int64_t moment;

	(void)unused;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!select_moment_of(good[i].text, &moment) || moment != good[i].moment)
			fail_msg("%s: %lld", good[i].text, (long long)moment);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (select_moment_of(bad[i], &moment))
			fail_msg("%s", bad[i]);
}

static void what_cannot_be_listed_is_not_searched(void **unused)
{
	struct given v[] = { GIVEN(ONE, NOON, "1", "verified"), { 0 } };
	struct imaginary r = imagine(v);

	(void)unused;
	r.fails = UNAVAILABLE;
	expect_selected(&r, "latest", NULL, NULL, UNAVAILABLE, "no answer");
}

/* --- the newest --- */

static void a_glance_reads_no_more_than_the_newest_that_counts(void **unused)
{
	struct given v[] = { GIVEN(ONE, NOON - 2 * DAY, "1", "verified"), GIVEN(TWO, NOON - DAY, "1", "verified"),
		             GIVEN(THREE, NOON, "1", "bad"), GIVEN(SHOP, NOON - DAY, "1", "verified"), { 0 } };
	struct imaginary r = imagine(v);
	struct repo_look look = { .before = INT64_MAX };
	struct buf error = BUF_INIT;
	struct repo_list l;

	(void)unused;
	assert_int_equal(list(&r.repo, NULL, &l, &error), 0);
	assert_int_equal(repo_glance(&r.repo, &look, &l, &error), 0);
	assert_int_equal(r.reads, 3);
	assert_int_equal(l.v[0].what, REPO_UNREAD);
	assert_int_equal(l.v[1].what, REPO_WHOLE);
	repo_list_free(&l);
}

static void the_newest_counts_of_its_system(void **unused)
{
	struct given v[] = { GIVEN(ONE, NOON - 2 * DAY, "1", "verified"), GIVEN(TWO, NOON - DAY, "2", "verified"),
		             GIVEN(THREE, NOON, "1", "damaged"), { 0 } };
	struct imaginary r = imagine(v);
	struct buf error = BUF_INIT;
	struct newest newest;

	(void)unused;
	assert_int_equal(repo_newest(&r.repo, "app", NULL, &newest, &error), 0);
	assert_true(newest.made == NOON - DAY);
	assert_int_equal(repo_newest(&r.repo, "app", "1", &newest, &error), 0);
	assert_true(newest.made == NOON - 2 * DAY);
	assert_int_equal(repo_newest(&r.repo, "shop", "1", &newest, &error), 0);
	assert_true(newest.made == 0);
}

/* --- prune --- */

static void prune_all_of(struct imaginary *r, bool dry)
{
	const struct retention keep = { .last = 1 };
	struct buf error = BUF_INIT;

	assert_int_equal(prune_all(&(struct prune){ .repo = &r->repo, .keep = &keep, .dry = dry, .tell = &teller }, &error), 0);
	buf_free(&error);
}

static void each_folder_and_system_is_pruned_by_itself(void **unused)
{
	struct given v[] = { GIVEN(ONE, NOON - 2 * DAY, "1", "verified"), GIVEN(TWO, NOON - DAY, "2", "verified"),
		             GIVEN(THREE, NOON, "1", "verified"), GIVEN(SHOP, NOON - 9 * DAY, "1", "verified"),
		             GIVEN(AT("shop", "shop", "20261125-120000"), NOON, "1", "damaged"), { 0 } };
	struct imaginary r = imagine(v);

	(void)unused;
	prune_all_of(&r, true);
	assert_false(v[0].deleted);
	prune_all_of(&r, false);
	assert_true(v[0].deleted);
	assert_false(v[1].deleted || v[2].deleted || v[3].deleted || v[4].deleted);
	assert_holds(told.data, "deleted s3://box/all/" ONE ": ");
}

static void nothing_goes_for_a_suspect_one_nor_of_another_repository(void **unused)
{
	struct given v[] = { GIVEN(ONE, NOON - 2 * DAY, "1", "verified"), SUSPECT(TWO, NOON - DAY, "1", "verified"),
		             GIVEN(SHOP, NOON - 9 * DAY, "1", "foreign"),
		             GIVEN(AT("shop", "shop", "20261125-120000"), NOON, "1", "foreign"), { 0 } };
	struct imaginary r = imagine(v);

	(void)unused;
	prune_all_of(&r, false);
	assert_false(v[0].deleted || v[1].deleted || v[2].deleted || v[3].deleted);
}

/* --- verify --- */

static int verify_words(struct imaginary *r, bool all, int n, char **words)
{
	struct verify v = { .tell = &teller };

	return verify_backups(&v, &r->repo, &(struct choice){ .n = n, .words = words, .all = all });
}

static void what_is_bad_is_told_first_and_the_rest_is_read(void **unused)
{
	struct given v[] = { GIVEN(ONE, NOON - 2 * DAY, "1", "verified"), GIVEN(TWO, NOON - DAY, "1", "damaged"),
		             GIVEN(THREE, NOON, "1", "bad"), { 0 } };
	struct imaginary r = imagine(v);

	(void)unused;
	assert_int_equal(verify_words(&r, true, 0, NULL), BAD_DATA);
	assert_string_equal(told.data, "WARNING bad " THREE "\ns3://box/all/" ONE ": 5 bytes, verified\nERROR damaged " TWO "\n");
}

static void a_word_may_name_the_bucket_that_it_is_in(void **unused)
{
	struct given v[] = { GIVEN(ONE, NOON - 2 * DAY, "1", "verified"), GIVEN(TWO, NOON - DAY, "1", "damaged"), { 0 } };
	struct imaginary r = imagine(v);
	char ours[] = "s3://box/all/" ONE, other[] = "s3://box/other/" ONE;

	(void)unused;
	assert_int_equal(verify_words(&r, false, 1, (char *[]){ ours }), DONE);
	assert_string_equal(ours, "s3://box/all/" ONE);
	assert_int_equal(verify_words(&r, false, 1, (char *[]){ other }), BAD_USAGE);
	assert_holds(told.data, "that is not in s3://box/all");
}

/* --- choose --- */

static void words_choose_in_their_order_and_databases_their_newest(void **unused)
{
	struct given v[] = { GIVEN(ONE, NOON - 2 * DAY, "1", "verified"), GIVEN(TWO, NOON - DAY, "1", "verified"),
		             GIVEN(SHOP, NOON, "1", "verified"), { 0 } };
	struct imaginary r = imagine(v);
	char shop[] = "shop", app[] = "app/latest", one[] = ONE, none[] = "none";
	char *words[] = { shop, app, one };
	struct choice c = { .n = 3, .words = words };
	struct chosen chosen = { 0 };
	struct buf error = BUF_INIT;
	struct repo_list l;

	(void)unused;
	list(&r.repo, NULL, &l, &error);
	assert_int_equal(choose_backups(&r.repo, &l, &c, &chosen, &error), DONE);
	assert_int_equal(chosen.n, 3);
	assert_int_equal(chosen.v[0], 2);
	assert_int_equal(chosen.v[1], 1);
	assert_int_equal(chosen.v[2], 0);
	/* A folder that cannot be read may have one. */
	strs_add(&l.unreadable, "cannot read the folder");
	c = (struct choice){ .n = 1, .words = (char *[]){ none } };
	assert_int_equal(choose_backups(&r.repo, &l, &c, &chosen, &error), NO_INPUT);
	assert_string_equal(error.data, "cannot read the folder");
	free(chosen.v);
	repo_list_free(&l);
	buf_free(&error);
}

#define test(f) cmocka_unit_test_setup(f, forget_told)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(latest_is_the_newest_verified_one_of_the_only_database),
		test(of_two_databases_one_must_be_named),
		test(databases_are_named_a_folder_before_those_in_it),
		test(a_moment_means_the_newest_before_it),
		test(a_moment_is_a_day_or_a_time_of_one),
		test(what_cannot_be_listed_is_not_searched),
		test(a_glance_reads_no_more_than_the_newest_that_counts),
		test(the_newest_counts_of_its_system),
		test(each_folder_and_system_is_pruned_by_itself),
		test(nothing_goes_for_a_suspect_one_nor_of_another_repository),
		test(what_is_bad_is_told_first_and_the_rest_is_read),
		test(a_word_may_name_the_bucket_that_it_is_in),
		test(words_choose_in_their_order_and_databases_their_newest),
	};
	int rc = unit_run("repo", tests, NULL, NULL);

	buf_free(&told);
	return rc;
}
