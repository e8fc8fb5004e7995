/* Unit tests of repo/journal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#include "base/banned.h"
#include "repo/journal.h"

static struct run a_run(const char *status)
{
	return (struct run){ .applet = "seedonce", .name = "base", .target = "u@h:1/db",
		             .status = status, .attempt = 1 };
}

static void open_or_fail(struct journal *j, const char *path)
{

	if (journal_open(j, path, true))
		fail_msg("%s: %s", path, j->error.data);
}

/* The one value that a statement on the journal's file gives. */
static char *value(const char *path, const char *sql)
{
	struct lite lite = LITE_INIT;
	struct rows rows = { 0 };
	char *text;

	if (lite_open(&lite, path, LITE_CREATE, 1000) || lite_query(&lite, sql, NULL, 0, &rows))
		fail_msg("%s: %s", sql, lite.error.data);
	text = xstrdup(rows_get(&rows, 0, 0) ? rows_get(&rows, 0, 0) : "(null)");
	rows_free(&rows);
	lite_free(&lite);
	return text;
}

static void assert_value(const char *path, const char *sql, const char *wanted)
{
	char *text = value(path, sql);

	assert_string_equal(text, wanted);
	free(text);
}

static void assert_no_open(const char *fallback, const char *words)
{
	struct journal j;
	struct run r = a_run("running");
	int64_t id = 7;

	assert_int_equal(journal_open(&j, fallback, true), -1);
	assert_holds(j.error.data, words);
	/* A closed journal takes everything and says nothing more. */
	buf_cut(&j.error, 0);
	assert_int_equal(journal_start(&j, &r, &id), 0);
	assert_int_equal(journal_finish(&j, id, "done", NULL), 0);
	assert_int_equal(journal_interrupted(&j, &r), 0);
	assert_string_equal(j.error.data, "");
	journal_free(&j);
}

static void a_run_is_recorded_from_start_to_end(void **state)
{
	struct run r = a_run("running");
	struct rows rows = { 0 };
	struct journal j;
	int64_t id;

	(void)state;
	open_or_fail(&j, "journal.db");
	assert_int_equal(journal_start(&j, &r, &id), 0);
	assert_true(id > 0);
	assert_int_equal(journal_last(&j, 10, false, &rows), 0);
	assert_int_equal(rows.n, 1);
	assert_string_equal(rows_get(&rows, 0, 1), "seedonce");
	assert_string_equal(rows_get(&rows, 0, 3), "u@h:1/db");
	assert_string_equal(rows_get(&rows, 0, 4), "running");
	assert_int_equal(journal_finish(&j, id, "failed", "it's \"broken\""), 0);
	assert_int_equal(journal_last(&j, 10, true, &rows), 0);
	assert_int_equal(rows.columns, 1);
	assert_holds(rows_get(&rows, 0, 0), "\"status\":\"failed\"");
	assert_holds(rows_get(&rows, 0, 0), "it's \\\"broken\\\"");
	rows_free(&rows);
	journal_free(&j);
	assert_value("journal.db", "SELECT count(*) FROM runs WHERE finished >= started AND pid > 0", "1");
	assert_value("journal.db", "SELECT started GLOB '2*-*-*T*:*:*.*Z' FROM runs", "1");
}

static void what_is_recorded_at_once_is_finished(void **state)
{
	struct run r = a_run("adopted");
	struct journal j;
	int64_t id;

	(void)state;
	open_or_fail(&j, "adopted.db");
	assert_int_equal(journal_start(&j, &r, &id), 0);
	journal_free(&j);
	assert_value("adopted.db", "SELECT finished = started FROM runs", "1");
}

static void the_last_runs_come_oldest_first(void **state)
{
	struct rows rows = { 0 };
	struct journal j;

	(void)state;
	open_or_fail(&j, "order.db");
	for (int i = 1; i <= 5; i++) {
		struct run r = a_run("running");
		int64_t id;

		r.attempt = i;
		assert_int_equal(journal_start(&j, &r, &id), 0);
	}
	assert_int_equal(journal_last(&j, 2, false, &rows), 0);
	assert_int_equal(rows.n, 2);
	assert_string_equal(rows_get(&rows, 0, 5), "4");
	assert_string_equal(rows_get(&rows, 1, 5), "5");
	assert_int_equal(journal_last(&j, 0, false, &rows), 0);
	assert_int_equal(rows.n, 0);
	rows_free(&rows);
	journal_free(&j);
}

static void runs_that_never_ended_are_marked_interrupted_for_that_seed_alone(void **state)
{
	struct run ours = a_run("running"), other = a_run("running"), done = a_run("done");
	struct run nameless = a_run("running");
	struct journal j;
	int64_t id;

	(void)state;
	other.target = "u@elsewhere:1/db";
	nameless.name = NULL;
	open_or_fail(&j, "interrupted.db");
	assert_int_equal(journal_start(&j, &ours, &id), 0);
	assert_int_equal(journal_start(&j, &other, &id), 0);
	assert_int_equal(journal_start(&j, &done, &id), 0);
	assert_int_equal(journal_start(&j, &nameless, &id), 0);
	assert_int_equal(journal_interrupted(&j, &ours), 0);
	assert_int_equal(journal_interrupted(&j, &nameless), 0);
	journal_free(&j);
	assert_value("interrupted.db", "SELECT group_concat(status) FROM (SELECT status FROM runs "
	             "ORDER BY id)", "interrupted,running,done,interrupted");
}

static void an_old_or_empty_file_is_migrated_forward_once(void **state)
{
	struct journal j;
	char *version;

	(void)state;
	put_text("old.db", "");
	open_or_fail(&j, "old.db");
	assert_int_equal(j.lite.code, 0);
	journal_free(&j);
	version = value("old.db", "PRAGMA user_version");
	assert_true(atol(version) >= 1);
	/* What somebody keeps in the file besides is left alone by the next opening. */
	free(value("old.db", "CREATE TABLE theirs (x)"));
	open_or_fail(&j, "old.db");
	journal_free(&j);
	assert_value("old.db", "PRAGMA user_version", version);
	assert_value("old.db", "SELECT count(*) FROM sqlite_schema WHERE name IN ('runs', 'files', "
	             "'theirs')", "3");
	free(version);
}

static void a_newer_journal_is_left_alone(void **state)
{
	struct journal j;

	(void)state;
	open_or_fail(&j, "newer.db");
	journal_free(&j);
	free(value("newer.db", "PRAGMA user_version = 1000"));
	assert_no_open("newer.db", "newer pgbox");
	assert_value("newer.db", "PRAGMA user_version", "1000");
	assert_value("newer.db", "SELECT count(*) FROM runs", "0");
}

static void a_file_that_is_no_journal_is_said_and_left_alone(void **state)
{
	static const char garbage[] = "this is not a database at all, and it is long enough to be one,"
	                              " if only its first sixteen bytes were others than they are.";
	struct buf after = BUF_INIT;
	FILE *file;

	(void)state;
	put_text("garbage.db", garbage);
	assert_no_open("garbage.db", "journal 'garbage.db': ");
	file = fopen("garbage.db", "r");
	after.len = fread(buf_room(&after, 4096), 1, 4096, file);
	after.data[after.len] = '\0';
	fclose(file);
	assert_string_equal(after.data, garbage);
	buf_free(&after);
	mkdir("folder.db", 0700);
	assert_no_open("folder.db", "journal 'folder.db': ");
}

static void a_journal_cut_short_is_said(void **state)
{
	struct journal j;

	(void)state;
	open_or_fail(&j, "cut.db");
	journal_free(&j);
	assert_int_equal(truncate("cut.db", 5000), 0);
	assert_no_open("cut.db", "journal 'cut.db': ");
}

static void a_missing_default_folder_is_silent_and_one_that_was_asked_for_is_not(void **state)
{
	struct journal j;

	(void)state;
	assert_int_equal(journal_open(&j, "nowhere/journal.db", true), 1);
	assert_string_equal(j.error.data, "");
	journal_free(&j);
	setenv("PGBOX_JOURNAL", "nowhere/journal.db", 1);
	assert_no_open("journal.db", "nowhere/journal.db");
	setenv("PGBOX_JOURNAL", "", 1);
	open_or_fail(&j, "journal.db");
	journal_free(&j);
	setenv("PGBOX_JOURNAL", "mine.db", 1);
	open_or_fail(&j, "nowhere/journal.db");
	assert_string_equal(j.path, "mine.db");
	journal_free(&j);
	unsetenv("PGBOX_JOURNAL");
	put_text("name", "mine.db\n");
	setenv("PGBOX_JOURNAL_FILE", "name", 1);
	open_or_fail(&j, "nowhere/journal.db");
	assert_string_equal(j.path, "mine.db");
	journal_free(&j);
	unsetenv("PGBOX_JOURNAL_FILE");
}

static void looking_makes_no_journal(void **state)
{
	struct journal j;

	(void)state;
	assert_int_equal(journal_open(&j, "unmade.db", false), -1);
	assert_int_equal(access("unmade.db", F_OK), -1);
	journal_free(&j);
}

static void writers_at_once_lose_nothing(void **state)
{
	enum { WRITERS = 12, RUNS = 5 };

	(void)state;
	fflush(NULL);
	for (int i = 0; i < WRITERS; i++) {
		if (fork() == 0) {
					struct run r = a_run("running");
			struct journal j;
			int64_t id;
			int bad = journal_open(&j, "many.db", true);

			for (int n = 0; n < RUNS && !bad; n++)
				bad = journal_start(&j, &r, &id) ||
				      journal_finish(&j, id, "done", NULL);
			_exit(bad ? 1 : 0);
		}
	}
	for (int i = 0; i < WRITERS; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_value("many.db", "SELECT count(*) FROM runs WHERE status = 'done'", "60");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_is_recorded_from_start_to_end),
		cmocka_unit_test(what_is_recorded_at_once_is_finished),
		cmocka_unit_test(the_last_runs_come_oldest_first),
		cmocka_unit_test(runs_that_never_ended_are_marked_interrupted_for_that_seed_alone),
		cmocka_unit_test(an_old_or_empty_file_is_migrated_forward_once),
		cmocka_unit_test(a_newer_journal_is_left_alone),
		cmocka_unit_test(a_file_that_is_no_journal_is_said_and_left_alone),
		cmocka_unit_test(a_journal_cut_short_is_said),
		cmocka_unit_test(a_missing_default_folder_is_silent_and_one_that_was_asked_for_is_not),
		cmocka_unit_test(looking_makes_no_journal),
		cmocka_unit_test(writers_at_once_lose_nothing),
	};

	unsetenv("PGBOX_JOURNAL");
	return unit_run("journal", tests, scratch_make, scratch_remove);
}
