/* Unit tests of what the tables of the migration tools say, against revisions and files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "migrated/drizzle.h"
#include "migrated/migrated.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* as a SHA-256 has */

/* Rows from lines of cells, with blanks between; - is NULL. */
static struct rows rows_of(size_t columns, const char *const *lines)
{
	struct rows rows = { .columns = columns };
	size_t cell = 0;

	for (; lines && *lines; lines++) {
		struct strs words = { 0 };

		strs_split(&words, *lines, " ");
		assert_int_equal(words.n, columns);
		for (size_t i = 0; i < words.n; i++)
			rows_add(&rows, cell++, strcmp(words.v[i], "-") == 0 ? NULL : words.v[i]);
		strs_free(&words);
		rows.n++;
	}
	return rows;
}

/* Fails unless the tool judges the rows so, with that in its reason. */
static void assert_judged(const char *tool, const struct rows *rows, const char *revisions, const char *dir,
                          enum verdict verdict, const char *why)
{
	struct migration m = { .tool = migrated_tool(tool, strlen(tool)), .dir = dir ? xstrdup(dir) : NULL };
	struct finding f = FINDING_INIT;

	assert_non_null(m.tool);
	strs_split(&m.revisions, revisions ? revisions : "", ",");
	if (dir)
		m.tool->judge_files(&m, rows, CLOCK_NEVER, &f);
	else
		m.tool->judge_revisions(&m, rows, &f);
	if (f.verdict != verdict || strcmp(f.why.data, why) != 0)
		fail_msg("%s %s: %d, %s", tool, dir ? dir : revisions, f.verdict, f.why.data);
	finding_free(&f);
	migration_free(&m);
}

static void a_tool_is_known_by_its_whole_name(void **state)
{
	(void)state;
	assert_string_equal(migrated_tool("djangoes", 6)->name, "django");
	assert_null(migrated_tool("djangoes", 8));
	assert_null(migrated_tool("djang", 5));
	assert_null(migrated_tool("Django", 6));
	assert_null(migrated_tool("", 0));
}

/* --- alembic --- */

static void made_up_revisions_may_be_shortened_and_given_names_not(void **state)
{
	static const char *const lines[] = { "- 0", "4f2a9c0177 0", "0 0", "abcd_users 0", "123456789 0", NULL };
	static const struct {
		const char *revisions;
		enum verdict verdict;
		const char *why;
	} table[] = {
		{ "4f2a9c0177", PASS, "" }, { "4f2a", PASS, "" }, { "4f2a9c0177,abcd_users", PASS, "" },
		{ "4f2", FAIL, "alembic at 4f2a9c0177, 0, abcd_users, ..., want 4f2" },
		{ "abcd", FAIL, "alembic at 4f2a9c0177, 0, abcd_users, ..., want abcd" },
		{ "1234", FAIL, "alembic at 4f2a9c0177, 0, abcd_users, ..., want 1234" },
		{ "4f2a,b", FAIL, "alembic at 4f2a9c0177, 0, abcd_users, ..., want 4f2a, b" },
		{ "4f2a9c01770", FAIL, "alembic at 4f2a9c0177, 0, abcd_users, ..., want 4f2a9c01770" },
	};
	struct rows rows = rows_of(2, lines), none = rows_of(2, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_judged("alembic", &rows, table[i].revisions, NULL, table[i].verdict, table[i].why);
	assert_judged("alembic", &none, "a", NULL, FAIL, "alembic at nothing, want a");
	rows_free(&rows);
}

static void alembic_is_at_the_heads_of_its_files(void **state)
{
	static const char *const at_b[] = { "b", NULL }, *const at_a[] = { "a", NULL }, *const at_x[] = { "x", NULL };
	struct rows b = rows_of(1, at_b), a = rows_of(1, at_a), x = rows_of(1, at_x);

	(void)state;
	assert_int_equal(0, file_make_folders("alembic", 0755));
	put_text("alembic/a.py", "revision = 'a'\ndown_revision = None\n");
	put_text("alembic/b.py", "revision = 'b'\ndown_revision = 'a'\n");
	assert_judged("alembic", &b, NULL, "alembic", PASS, "");
	assert_judged("alembic", &a, NULL, "alembic", FAIL, "alembic at a, want b");
	assert_judged("alembic", &x, NULL, "alembic", FAIL, "alembic at x, which no file here knows, want b");
	rows_free(&a);
	rows_free(&b);
	rows_free(&x);
}

/* --- django --- */

static void a_migration_is_named_with_its_app_and_number(void **state)
{
	static const char *const lines[] = { "shop 0001_a", "shop 0003_add", "- 0009_x", "auth 0002_b", NULL };
	static const struct {
		const char *revisions;
		enum verdict verdict;
		const char *why;
	} table[] = {
		{ "shop.0003_add", PASS, "" }, { "shop.0003", PASS, "" }, { "shop.0001,auth.0002", PASS, "" },
		{ "shop.000", FAIL, "django at shop.0003_add, want shop.000" },
		{ "shop.", FAIL, "django at shop.0003_add, want shop." },
		{ "shop.0003_a", FAIL, "django at shop.0003_add, want shop.0003_a" },
		{ "shop", FAIL, "django at nothing, want shop" },
		{ "sho.0001", FAIL, "django at nothing, want sho.0001" },
		{ "shop.0003,auth.0003", FAIL, "django at auth.0002_b, want auth.0003" },
	};
	struct rows rows = rows_of(2, lines);

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_judged("django", &rows, table[i].revisions, NULL, table[i].verdict, table[i].why);
	rows_free(&rows);
}

static void what_is_missing_is_counted_and_named(void **state)
{
	static const char *const one[] = { "shop 0001_a", NULL }, *const two[] = { "shop 0002_b", "shop 0001_a", NULL };
	struct rows first = rows_of(2, one), both = rows_of(2, two), none = rows_of(2, NULL);

	(void)state;
	assert_int_equal(0, file_make_folders("django/shop/migrations", 0755));
	put_text("django/shop/migrations/__init__.py", "");
	put_text("django/shop/migrations/0001_a.py", "class Migration(migrations.Migration):\n  pass\n");
	put_text("django/shop/migrations/0002_b.py", "class Migration(migrations.Migration):\n  pass\n");
	assert_judged("django", &both, NULL, "django", PASS, "");
	assert_judged("django", &first, NULL, "django", FAIL,
	              "django: 1 of 2 migrations is missing: shop.0002_b");
	assert_judged("django", &none, NULL, "django", FAIL,
	              "django: 2 of 2 migrations are missing: shop.0001_a, shop.0002_b");
	rows_free(&first);
	rows_free(&both);
}

/* --- drizzle --- */

/* Which of `tag when hash` lines no row stands for, with blanks between. */
static void assert_missing(bool folders, const char *const *files, const char *const *lines, const char *wanted)
{
	struct rows rows = rows_of(3, lines);
	struct drizzles all = { .folders = folders };
	struct strs missing = { 0 };
	struct buf found = BUF_INIT;

	for (; *files; files++) {
		struct strs words = { 0 };

		strs_split(&words, *files, " ");
		all.v = xrealloc(all.v, (all.n + 1) * sizeof(*all.v));
		all.v[all.n] = (struct drizzle){ .tag = xstrdup(words.v[0]), .when = atoll(words.v[1]) };
		memcpy(all.v[all.n++].hash, words.v[2], strlen(words.v[2]) + 1);
		strs_free(&words);
	}
	drizzles_missing(&all, &rows, &missing);
	for (size_t i = 0; i < missing.n; i++)
		buf_printf(&found, "%s%s", i ? " " : "", missing.v[i]);
	assert_string_equal(found.data, wanted);
	strs_free(&missing);
	drizzles_free(&all);
	rows_free(&rows);
	buf_free(&found);
}

#define LINES(...) (const char *const[]){ __VA_ARGS__, NULL }

static void a_row_stands_for_one_migration(void **state)
{
	static const char *const two[] = { "a 1500 h", "b 2500 h", NULL };

	(void)state;
	assert_missing(false, two, NULL, "a b");
	assert_missing(false, two, LINES("x 9 a"), "b");
	assert_missing(false, two, LINES("x 2500 -"), "a");
	assert_missing(false, two, LINES("h 2500 -"), "a");
	assert_missing(false, two, LINES("h 9 -"), "b");
	assert_missing(false, two, LINES("h 9 -", "h 9 -"), "");
	assert_missing(false, two, LINES("h 1500 -", "x 1500 -"), "b");
	assert_missing(false, two, LINES("x 1999 -"), "a b");
	assert_missing(false, two, LINES("h - z"), "b");
	assert_missing(false, two, LINES("- - -"), "a b");
	/* In files made since 1.0 a name decides alone, and times are in seconds. */
	assert_missing(true, two, LINES("x 1999 -"), "b");
	assert_missing(true, two, LINES("h 1500 z"), "a b");
	assert_missing(true, two, LINES("x 1 b"), "a");
	assert_missing(true, LINES("a -1 h"), LINES("x -1 -"), "a");
}

static void a_revision_of_drizzle_is_a_name_a_time_or_a_hash(void **state)
{
	struct rows named = rows_of(3, LINES(A64 " 1795269044016 0000_first", "bbbbbbbbbbbb 7 -"));
	struct rows plain = rows_of(3, LINES(A64 " 1795269044016 -")), none = rows_of(3, NULL);

	(void)state;
	assert_judged("drizzle", &named, "0000_first", NULL, PASS, "");
	assert_judged("drizzle", &named, "1795269044016,7", NULL, PASS, "");
	assert_judged("drizzle", &named, "aaaaaaaa", NULL, PASS, "");
	assert_judged("drizzle", &named, A64, NULL, PASS, "");
	assert_judged("drizzle", &named, "aaaaaaa", NULL, FAIL, "drizzle: aaaaaaa is not applied");
	assert_judged("drizzle", &named, "bbbbbbbb", NULL, FAIL, "drizzle: bbbbbbbb is not applied");
	assert_judged("drizzle", &named, "7,0001_x", NULL, FAIL, "drizzle: 0001_x is not applied");
	assert_judged("drizzle", &plain, "0000_first", NULL, UNKNOWN,
	              "drizzle's table has no names here: give the SHA-256 of 0000_first.sql, or @DIR");
	assert_judged("drizzle", &plain, "00000000", NULL, FAIL, "drizzle: 00000000 is not applied");
	assert_judged("drizzle", &none, "0000_first", NULL, FAIL, "drizzle: 0000_first is not applied");
	rows_free(&named);
	rows_free(&plain);
}

static void what_drizzle_passes_over_is_said(void **state)
{
	struct rows older = rows_of(3, LINES("x 5 -")), newer = rows_of(3, LINES("x 15 -"));
	struct rows both = rows_of(3, LINES("x 10 -", "x 20 -"));

	(void)state;
	assert_int_equal(0, file_make_folders("drizzle/meta", 0755));
	put_text("drizzle/meta/_journal.json",
	         "{\"entries\": [{\"tag\": \"0_a\", \"when\": 10}, {\"tag\": \"1_b\", \"when\": 20}]}");
	put_text("drizzle/0_a.sql", "SELECT 1");
	put_text("drizzle/1_b.sql", "SELECT 2");
	assert_judged("drizzle", &both, NULL, "drizzle", PASS, "");
	assert_judged("drizzle", &older, NULL, "drizzle", FAIL, "drizzle: 2 of 2 migrations are missing: 0_a, 1_b");
	assert_judged("drizzle", &newer, NULL, "drizzle", FAIL,
	              "drizzle: 2 of 2 migrations are missing: 0_a, 1_b (older than what was run last: drizzle "
	              "passes over it)");
	rows_free(&older);
	rows_free(&newer);
	rows_free(&both);
}

static void a_folder_of_drizzle_begins_with_its_time(void **state)
{
	struct buf error = BUF_INIT;
	struct drizzles all;

	(void)state;
	assert_int_equal(0, file_make_folders("since/20260102030405_a", 0755));
	assert_int_equal(0, file_make_folders("since/b/deeper", 0755));
	put_text("since/20260102030405_a/migration.sql", "");
	put_text("since/b/migration.sql", "SELECT 1");
	put_text("since/b/deeper/migration.sql", "");
	assert_int_equal(0, drizzles_read(&all, "since", CLOCK_NEVER, &error));
	assert_true(all.folders);
	assert_int_equal(all.n, 2);
	assert_string_equal(all.v[0].tag, "20260102030405_a");
	assert_true(all.v[0].when == 1767323045000);
	assert_string_equal(all.v[0].hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_string_equal(all.v[1].tag, "b");
	assert_true(all.v[1].when == -1);
	drizzles_free(&all);
	buf_free(&error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tool_is_known_by_its_whole_name),
		cmocka_unit_test(made_up_revisions_may_be_shortened_and_given_names_not),
		cmocka_unit_test(alembic_is_at_the_heads_of_its_files),
		cmocka_unit_test(a_migration_is_named_with_its_app_and_number),
		cmocka_unit_test(what_is_missing_is_counted_and_named),
		cmocka_unit_test(a_row_stands_for_one_migration),
		cmocka_unit_test(a_revision_of_drizzle_is_a_name_a_time_or_a_hash),
		cmocka_unit_test(what_drizzle_passes_over_is_said),
		cmocka_unit_test(a_folder_of_drizzle_begins_with_its_time),
	};

	return unit_run("migrated", tests, scratch_make, scratch_remove);
}
