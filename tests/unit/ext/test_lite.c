/* Unit tests of ext/lite, and of db/db on SQLite. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#include "base/banned.h"
#include "base/clock.h"
#include "db/db.h"
#include "ext/script.h"

static void open_or_fail(struct lite *lite, const char *path, enum lite_mode mode)
{
	if (lite_open(lite, path, mode, 0))
		fail_msg("%s: %s", path, lite->error.data);
}

static char *value(struct lite *lite, const char *sql)
{
	struct rows rows = { 0 };
	char *text;

	if (lite_query(lite, sql, NULL, 0, &rows))
		fail_msg("%s: %s", sql, lite->error.data);
	text = xstrdup(rows_get(&rows, 0, 0) ? rows_get(&rows, 0, 0) : "(null)");
	rows_free(&rows);
	return text;
}

static void assert_value(struct lite *lite, const char *sql, const char *wanted)
{
	char *text = value(lite, sql);

	assert_string_equal(text, wanted);
	free(text);
}

static void a_missing_file_is_made_only_when_asked(void **state)
{
	struct lite lite = LITE_INIT;

	(void)state;
	assert_int_equal(lite_open(&lite, "none", LITE_READ, 0), -1);
	assert_int_equal(lite_open(&lite, "none", LITE_WRITE, 0), -1);
	assert_true(lite.error.len > 0);
	assert_int_equal(access("none", F_OK), -1);
	open_or_fail(&lite, "made", LITE_CREATE);
	assert_int_equal(lite_script(&lite, "CREATE TABLE t (x)", false), 0);
	open_or_fail(&lite, "made", LITE_READ);
	assert_int_equal(lite_query(&lite, "INSERT INTO t VALUES (1)", NULL, 0, NULL), -1);
	assert_holds(lite.error.data, "readonly");
	lite_free(&lite);
	lite_free(&lite);
}

static void parameters_are_texts_and_null_is_null(void **state)
{
	static const char *const params[] = { "a'b", NULL, "" };
	struct lite lite = LITE_INIT;
	struct rows rows = { 0 };

	(void)state;
	open_or_fail(&lite, ":memory:", LITE_CREATE);
	assert_int_equal(lite_query(&lite, "SELECT ?1, ?2, ?3 UNION ALL SELECT 1, 2, 3", params, 3,
	                            &rows), 0);
	assert_int_equal(rows.n, 2);
	assert_int_equal(rows.columns, 3);
	assert_string_equal(rows_get(&rows, 0, 0), "a'b");
	assert_null(rows_get(&rows, 0, 1));
	assert_string_equal(rows_get(&rows, 0, 2), "");
	assert_string_equal(rows_get(&rows, 1, 2), "3");
	/* The same rows again: what they held is freed. */
	assert_int_equal(lite_query(&lite, "SELECT 1 WHERE 0", NULL, 0, &rows), 0);
	assert_int_equal(rows.n, 0);
	rows_free(&rows);
	lite_free(&lite);
}

static void errors_are_words_in_the_handle(void **state)
{
	struct lite lite = LITE_INIT;
	struct rows rows = { 0 };

	(void)state;
	assert_int_equal(lite_query(&lite, "SELECT 1", NULL, 0, NULL), -1);
	open_or_fail(&lite, ":memory:", LITE_CREATE);
	assert_int_equal(lite_query(&lite, "SELEKT", NULL, 0, &rows), -1);
	assert_holds(lite.error.data, "SELEKT");
	assert_int_equal(lite_query(&lite, "SELECT abs(-9223372036854775808)", NULL, 0, &rows), -1);
	assert_holds(lite.error.data, "overflow");
	rows_free(&rows);
	lite_free(&lite);
}

static void changes_are_counted(void **state)
{
	struct lite lite = LITE_INIT;
	struct rows rows = { 0 };

	(void)state;
	open_or_fail(&lite, ":memory:", LITE_CREATE);
	assert_int_equal(lite_script(&lite, "CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3);",
	                             false), 0);
	assert_int_equal(lite_query(&lite, "DELETE FROM t WHERE x > 1", NULL, 0, &rows), 0);
	assert_int_equal(rows.changed, 2);
	rows_free(&rows);
	lite_free(&lite);
}

static void a_script_runs_to_its_first_error_and_names_the_line(void **state)
{
	struct lite lite = LITE_INIT;

	(void)state;
	open_or_fail(&lite, ":memory:", LITE_CREATE);
	assert_int_equal(lite_script(&lite, "", false), 0);
	assert_int_equal(lite_script(&lite, " \n -- nothing\n/* at all */\n", false), 0);
	assert_int_equal(lite_script(&lite, "CREATE TABLE t (x);;\nINSERT INTO t VALUES ('a;b');\n"
	                                    "INSERT INTO nope VALUES (1);\n"
	                                    "INSERT INTO t VALUES (2);", false), -1);
	assert_holds(lite.error.data, "nope");
	assert_holds(lite.error.data, "(line 3)");
	assert_value(&lite, "SELECT group_concat(x) FROM t", "a;b");
	lite_free(&lite);
}

static void a_script_that_ends_its_transaction_is_stopped_there(void **state)
{
	static const char *const enders[] = { "COMMIT", "ROLLBACK", "END", "COMMIT; BEGIN",
		                              "SAVEPOINT a; ROLLBACK; BEGIN" };
	struct lite lite = LITE_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(enders) / sizeof(*enders); i++) {
		char *script = xasprintf("CREATE TABLE t (x);\n%s;\nCREATE TABLE after (x);", enders[i]);

		open_or_fail(&lite, ":memory:", LITE_CREATE);
		assert_int_equal(lite_query(&lite, "BEGIN", NULL, 0, NULL), 0);
		assert_int_equal(lite_script(&lite, script, true), -1);
		assert_holds(lite.error.data, "(line 2)");
		assert_value(&lite, "SELECT count(*) FROM sqlite_schema WHERE name = 'after'", "0");
		free(script);
	}
	open_or_fail(&lite, ":memory:", LITE_CREATE);
	assert_int_equal(lite_query(&lite, "BEGIN", NULL, 0, NULL), 0);
	assert_int_equal(lite_script(&lite, "CREATE TABLE t (x); SAVEPOINT a; RELEASE a;", true), 0);
	assert_false(lite_autocommit(&lite));
	/* Brackets are left out. */
	assert_int_equal(lite_script(&lite, "BEGIN IMMEDIATE; CREATE TABLE u (x); END;", true), 0);
	assert_false(lite_autocommit(&lite));
	lite_free(&lite);
}

static void statements_end_where_sqlite_has_it(void **state)
{
	static const char *const statements[] = {
		"SELECT ';';", " -- a; b\n/* ; */ SELECT \"a;\", `b;`, [c;], 'it''s;';", "COMMIT",
		"CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE 1 WHEN 2 THEN 3 END; SELECT ';'; END;",
		"CREATE TABLE trigger_log (x);", "/* unclosed ; ", "'unclosed ; ", ";",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(statements) / sizeof(*statements); i++) {
		bool whole = statements[i][strlen(statements[i]) - 1] == ';';
		char *text = xasprintf("%s%s", statements[i], whole ? " SELECT 1;" : "");

		assert_int_equal(script_lite_end(text) - text, strlen(statements[i]));
		free(text);
	}
}

static void identifiers_are_quoted(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	lite_identifier(&b, "a \"b\"; DROP");
	assert_string_equal(b.data, "\"a \"\"b\"\"; DROP\"");
	buf_free(&b);
}

static void a_query_past_its_deadline_is_interrupted(void **state)
{
	struct lite lite = LITE_INIT;
	int64_t before = clock_ms(), deadline = clock_after(50);

	(void)state;
	open_or_fail(&lite, ":memory:", LITE_CREATE);
	lite_deadline(&lite, &deadline);
	assert_int_equal(lite_query(&lite, "WITH RECURSIVE r (i) AS (SELECT 1 UNION ALL SELECT i + 1 "
	                                   "FROM r) SELECT max(i) FROM r", NULL, 0, NULL), -1);
	assert_holds(lite.error.data, "interrupted");
	assert_true(clock_ms() - before < 2000);
	lite_deadline(&lite, NULL);
	assert_value(&lite, "SELECT 1", "1");
	lite_free(&lite);
}

static void busy_and_corrupt_are_told_apart(void **state)
{
	struct lite one = LITE_INIT, two = LITE_INIT;

	(void)state;
	open_or_fail(&one, "shared", LITE_CREATE);
	assert_int_equal(lite_script(&one, "CREATE TABLE t (x); BEGIN EXCLUSIVE", false), 0);
	open_or_fail(&two, "shared", LITE_WRITE);
	assert_int_equal(lite_query(&two, "SELECT * FROM t", NULL, 0, NULL), -1);
	assert_true(lite_is_busy(&two));
	assert_false(lite_is_corrupt(&two));
	put_text("garbage", "SQLite format 4, perhaps, but in any case not the format that it knows");
	open_or_fail(&two, "garbage", LITE_WRITE);
	assert_int_equal(lite_query(&two, "SELECT * FROM sqlite_schema", NULL, 0, NULL), -1);
	assert_true(lite_is_corrupt(&two));
	assert_false(lite_is_busy(&two));
	lite_free(&one);
	lite_free(&two);
}

/* --- db/db on SQLite --- */

static struct target target = { .kind = TARGET_SQLITE, .shown = (char[]){ "sqlite:db" },
	                        .path = (char[]){ "db" } };

static int run(struct db *db, const char *sql)
{
	return db_query(db, (struct sql){ .lite = sql }, NULL, 0, NULL);
}

static void assert_names(struct db *db, const char *wanted)
{
	char *names = value(&db->lite, "SELECT group_concat(name) FROM sqlite_schema");

	assert_string_equal(names, wanted);
	free(names);
}

static void a_missing_database_is_no_database_until_it_is_created(void **state)
{
	struct db db = DB_INIT;
	bool created;

	(void)state;
	assert_int_equal(db_open(&db, &target, DB_WRITE, CLOCK_NEVER), CONNECT_NO_DATABASE);
	assert_holds(db_error(&db), "db");
	assert_int_equal(access("db", F_OK), -1);
	assert_int_equal(db_create(&db, &target, CLOCK_NEVER, &created), CONNECTED);
	assert_true(created);
	db_close(&db);
	assert_int_equal(db_create(&db, &target, CLOCK_NEVER, &created), CONNECTED);
	assert_false(created);
	assert_true(db_is_open(&db));
	db_free(&db);
	assert_false(db_is_open(&db));
	remove("db");
}

static void a_transaction_within_another_is_a_savepoint(void **state)
{
	struct db db = DB_INIT;
	bool created;

	(void)state;
	assert_int_equal(db_create(&db, &target, CLOCK_NEVER, &created), CONNECTED);
	assert_int_equal(db_begin(&db, DB_WRITE, CLOCK_NEVER), 0);
	assert_int_equal(run(&db, "CREATE TABLE a (x)"), 0);
	assert_int_equal(db_begin(&db, DB_WRITE, CLOCK_NEVER), 0);
	assert_int_equal(run(&db, "CREATE TABLE b (x)"), 0);
	db_rollback(&db);
	assert_int_equal(db_begin(&db, DB_WRITE, CLOCK_NEVER), 0);
	assert_int_equal(run(&db, "CREATE TABLE c (x)"), 0);
	assert_int_equal(db_commit(&db), 0);
	assert_names(&db, "a,c");
	assert_int_equal(db_commit(&db), 0);
	assert_true(lite_autocommit(&db.lite));
	assert_int_equal(db_begin(&db, DB_WRITE, CLOCK_NEVER), 0);
	assert_int_equal(run(&db, "DROP TABLE a"), 0);
	db_rollback(&db);
	assert_names(&db, "a,c");
	db_free(&db);
	remove("db");
}

static void the_words_of_an_error_outlive_the_rollback(void **state)
{
	struct db db = DB_INIT;
	bool created;

	(void)state;
	assert_int_equal(db_create(&db, &target, CLOCK_NEVER, &created), CONNECTED);
	assert_int_equal(db_read(&db, (struct sql){ .lite = "SELECT nope" }, NULL, 0, CLOCK_NEVER,
	                         NULL), -1);
	assert_holds(db_error(&db), "nope");
	assert_string_equal(db_sqlstate(&db), "");
	assert_true(lite_autocommit(&db.lite));
	db_rollback(&db);
	db_free(&db);
	remove("db");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_missing_file_is_made_only_when_asked),
		cmocka_unit_test(parameters_are_texts_and_null_is_null),
		cmocka_unit_test(errors_are_words_in_the_handle),
		cmocka_unit_test(changes_are_counted),
		cmocka_unit_test(a_script_runs_to_its_first_error_and_names_the_line),
		cmocka_unit_test(a_script_that_ends_its_transaction_is_stopped_there),
		cmocka_unit_test(statements_end_where_sqlite_has_it),
		cmocka_unit_test(identifiers_are_quoted),
		cmocka_unit_test(a_query_past_its_deadline_is_interrupted),
		cmocka_unit_test(busy_and_corrupt_are_told_apart),
		cmocka_unit_test(a_missing_database_is_no_database_until_it_is_created),
		cmocka_unit_test(a_transaction_within_another_is_a_savepoint),
		cmocka_unit_test(the_words_of_an_error_outlive_the_rollback),
	};

	return unit_run("lite", tests, scratch_make, scratch_remove);
}
