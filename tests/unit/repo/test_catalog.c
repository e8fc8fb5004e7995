/* Unit tests of repo/catalog: what the journal's file remembers of backups and runs, and days of restarts through it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "repo/catalog.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define MOMENT INT64_C(1795257009654) /* 2026-11-21T10:30:09.654Z */

static void change(struct catalog *c, const char *sql)
{
	if (journal_query(&c->journal, sql, NULL, 0, NULL) != 0)
		fail_msg("%s: %s", sql, c->journal.error.data);
}

/* A power cut is no part of these tests. */
static void open_in(struct catalog *c, const char *dir)
{
	char *own = xasprintf("%s/.pgbox", dir);

	file_make_folders(own, 0700);
	if (catalog_open(c, dir, true) != 0)
		fail_msg("%s: %s", dir, c->journal.error.data);
	change(c, "PRAGMA synchronous = OFF");
	free(own);
}

static void assert_value(struct catalog *c, const char *sql, const char *wanted)
{
	struct rows rows = { 0 };

	if (journal_query(&c->journal, sql, NULL, 0, &rows) != 0)
		fail_msg("%s: %s", sql, c->journal.error.data);
	assert_string_equal(rows_get(&rows, 0, 0) ? rows_get(&rows, 0, 0) : "(null)", wanted);
	rows_free(&rows);
}

/* A run of that scope and moment, with one database in it; both end so, or go on (NULL). */
static void run(struct catalog *c, const char *scope, int64_t due, const char *folder, const char *status)
{
	int64_t id, part;

	assert_int_equal(catalog_run(c, scope, NULL, due, &id), 0);
	assert_int_equal(catalog_part(c, id, folder, "postgres@db:5432/app", &part), 0);
	if (!status)
		return;
	assert_int_equal(catalog_finish(c, part, status, strcmp(status, "done") == 0 ? NULL : "why"), 0);
	assert_int_equal(catalog_finish(c, id, status, NULL), 0);
}

static struct manifest a_manifest(int64_t started)
{
	struct manifest m = { .started = started, .verified = started, .bytes = 1000, .tables = 3 };

	manifest_set(&m.database, "app");
	manifest_set(&m.kind, "custom");
	manifest_set(&m.compression, "zstd:3");
	manifest_set(&m.sha256, "00");
	return m;
}

static void add(struct catalog *c, const char *path, int64_t started, bool verified)
{
	struct manifest m = a_manifest(started);
	char *data = xasprintf("%s/%s", c->root, path), *manifest = xasprintf("%s.json", data);
	char *folder = xasprintf("%s/app", c->root);

	file_make_folders(folder, 0700);
	put_text(data, "");
	assert_int_equal(truncate(data, 1000), 0);
	put_text(manifest, "");
	assert_int_equal(catalog_add(c, path, "app", &m, verified), 0);
	manifest_free(&m);
	free(data);
	free(manifest);
	free(folder);
}

/* The paths of app's backups, newest first, those that are not verified in brackets. */
static void assert_past(struct catalog *c, const char *wanted)
{
	struct strs paths = { 0 };
	struct buf text = BUF_INIT;
	struct past *past;
	size_t n;

	assert_int_equal(catalog_past(c, "app", NULL, &past, &n, &paths), 0);
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, past[i].verified ? "%s%s" : "%s(%s)", i ? " " : "", paths.v[past[i].id]);
	assert_string_equal(text.data, wanted);
	free(past);
	buf_free(&text);
	strs_free(&paths);
}

static void assert_history(struct catalog *c, int64_t success, long failures, int64_t failed_due)
{
	struct run_history h;

	assert_int_equal(catalog_history(c, NULL, MOMENT + 400 * DAY, &h), 0);
	assert_int_equal(h.success, success);
	assert_int_equal(h.failures, failures);
	assert_int_equal(h.failed_due, failed_due);
}

/* ---- backups ----------------------------------------------------------------------------- */

static void backups_come_newest_first_with_what_is_known_of_them(void **state)
{
	struct newest newest;
	struct catalog c;

	(void)state;
	open_in(&c, "past");
	assert_past(&c, "");
	assert_int_equal(catalog_newest(&c, "app", NULL, INT64_MAX, &newest), 0);
	assert_int_equal(newest.made, 0);
	add(&c, "app/b", MOMENT + 2, true);
	add(&c, "app/a", MOMENT + 1, true);
	add(&c, "app/c", MOMENT + 3, false);
	assert_past(&c, "(app/c) app/b app/a");
	assert_int_equal(catalog_newest(&c, "app", NULL, INT64_MAX, &newest), 0);
	assert_int_equal(newest.made, MOMENT + 2);
	assert_int_equal(newest.bytes, 1000);
	assert_int_equal(newest.tables, 3);
	assert_string_equal(newest.kind, "custom");
	/* What is added again is known anew. */
	add(&c, "app/a", MOMENT + 4, true);
	assert_past(&c, "app/a (app/c) app/b");
	catalog_free(&c);
}

static void what_is_not_there_or_comes_from_the_future_is_not_the_newest(void **state)
{
	struct newest newest;
	struct catalog c;

	(void)state;
	open_in(&c, "there");
	add(&c, "app/a", MOMENT, true);
	add(&c, "app/b", MOMENT + 1, true);
	add(&c, "app/c", MOMENT + 2, true);
	assert_int_equal(catalog_newest(&c, "app", NULL, MOMENT + 1, &newest), 0);
	assert_int_equal(newest.made, MOMENT + 1);
	assert_int_equal(unlink("there/app/b"), 0);
	assert_int_equal(catalog_newest(&c, "app", NULL, MOMENT + 1, &newest), 0);
	assert_int_equal(newest.made, MOMENT);
	assert_int_equal(unlink("there/app/a.json"), 0);
	assert_int_equal(catalog_newest(&c, "app", NULL, MOMENT + 1, &newest), 0);
	assert_int_equal(newest.made, 0);
	/* Nothing was written: what comes back counts again. */
	put_text("there/app/b", "cut");
	assert_int_equal(catalog_newest(&c, "app", NULL, MOMENT + 1, &newest), 0);
	assert_int_equal(newest.made, 0);
	assert_int_equal(truncate("there/app/b", 1000), 0);
	assert_int_equal(catalog_newest(&c, "app", NULL, MOMENT + 1, &newest), 0);
	assert_int_equal(newest.made, MOMENT + 1);
	catalog_free(&c);
}

static void what_was_found_damaged_or_went_counts_no_longer(void **state)
{
	struct newest newest;
	struct catalog c;
	bool known;

	(void)state;
	open_in(&c, "judged");
	add(&c, "app/a", MOMENT, true);
	add(&c, "app/b", MOMENT + 1, true);
	assert_true(catalog_is_verified(&c, "app/b", &known));
	assert_true(known);
	assert_int_equal(catalog_judge(&c, "app/b", false, "damaged"), 0);
	assert_false(catalog_is_verified(&c, "app/b", &known));
	assert_true(known);
	assert_past(&c, "(app/b) app/a");
	assert_int_equal(catalog_newest(&c, "app", NULL, INT64_MAX, &newest), 0);
	assert_int_equal(newest.made, MOMENT);
	assert_int_equal(catalog_judge(&c, "app/b", true, NULL), 0);
	assert_past(&c, "app/b app/a");
	assert_int_equal(catalog_gone(&c, "app/b", "pruned"), 0);
	assert_false(catalog_is_verified(&c, "app/b", &known));
	assert_false(known);
	assert_past(&c, "app/a");
	/* It may come back. */
	add(&c, "app/b", MOMENT + 1, true);
	assert_past(&c, "app/b app/a");
	catalog_free(&c);
}

static void put_backup(const char *dir, const char *name)
{
	char *data = xasprintf("%s/app/%s", dir, name), *json = xasprintf("%s.json", data);
	char *folder = xasprintf("%s/app", dir);

	file_make_folders(folder, 0700);
	put_text(data, "x");
	put_text(json, "{}");
	free(folder);
	free(json);
	free(data);
}

static void a_promise_counts_once_it_is_kept_and_is_forgotten_otherwise(void **state)
{
	struct manifest m = a_manifest(MOMENT);
	struct catalog c;
	int64_t id;
	bool known;

	(void)state;
	open_in(&c, "promises");
	add(&c, "app/old", MOMENT - DAY, true);
	assert_int_equal(catalog_run(&c, CATALOG_SCHEDULED, NULL, MOMENT, &id), 0);
	assert_int_equal(catalog_promise(&c, id, "app/kept", "app", &m), 0);
	assert_int_equal(catalog_promise(&c, id, "app/broken", "app", &m), 0);
	assert_past(&c, "app/old");
	assert_false(catalog_is_verified(&c, "app/kept", &known));
	assert_false(known);
	put_backup("promises", "kept");
	assert_int_equal(catalog_keep_promises(&c), 0);
	assert_past(&c, "app/kept app/old");
	assert_int_equal(catalog_keep_promises(&c), 0);
	assert_past(&c, "app/kept app/old");
	assert_value(&c, "SELECT count(*) FROM files", "2");
	manifest_free(&m);
	catalog_free(&c);
}

/* Killed behind its backup, and before the journal says that it is done. */
static void a_backup_that_was_promised_and_kept_is_done_for_its_moment(void **state)
{
	struct manifest m = a_manifest(MOMENT);
	struct catalog c;
	int64_t run, part;

	(void)state;
	open_in(&c, "killed");
	assert_int_equal(catalog_run(&c, CATALOG_SCHEDULED, "these", MOMENT, &run), 0);
	assert_int_equal(catalog_part(&c, run, "app", "app", &part), 0);
	assert_int_equal(catalog_promise(&c, part, "app/kept", "app", &m), 0);
	assert_false(catalog_is_done(&c, "these", MOMENT, "app"));
	put_backup("killed", "kept");
	assert_int_equal(catalog_interrupted(&c), 0);
	assert_int_equal(catalog_keep_promises(&c), 0);
	assert_true(catalog_is_done(&c, "these", MOMENT, "app"));
	assert_false(catalog_is_done(&c, "these", MOMENT + 1, "app"));
	assert_false(catalog_is_done(&c, "others", MOMENT, "app"));
	assert_false(catalog_is_done(&c, "these", MOMENT, "shop"));
	manifest_free(&m);
	catalog_free(&c);
}

static void the_folders_are_those_of_what_is_not_gone(void **state)
{
	struct strs texts = { 0 }, of = { 0 };
	struct manifest m = a_manifest(MOMENT);
	struct catalog c;

	(void)state;
	open_in(&c, "lists");
	add(&c, "app/b", MOMENT, true);
	add(&c, "app/a", MOMENT, false);
	assert_int_equal(catalog_add(&c, "job/x/x", "job/x", &m, true), 0);
	assert_int_equal(catalog_add(&c, "went/x", "went", &m, true), 0);
	assert_int_equal(catalog_gone(&c, "went/x", "not there"), 0);
	assert_int_equal(catalog_folders(&c, &texts, &of), 0);
	assert_int_equal(texts.n, 2);
	assert_string_equal(texts.v[0], "app");
	assert_string_equal(texts.v[1], "job/x");
	strs_free(&texts);
	strs_free(&of);
	manifest_free(&m);
	catalog_free(&c);
}

static void folders_that_share_a_journal_know_nothing_of_each_other(void **state)
{
	struct catalog a, b;

	(void)state;
	setenv("PGBOX_JOURNAL", "shared.db", 1);
	mkdir("one", 0700);
	mkdir("two", 0700);
	open_in(&a, "one");
	open_in(&b, "./two/../two");
	add(&a, "app/a", MOMENT, true);
	run(&a, CATALOG_SCHEDULED, MOMENT, "app", "done");
	run(&a, CATALOG_SCHEDULED, MOMENT + DAY, "app", NULL);
	assert_past(&b, "");
	assert_history(&b, 0, 0, 0);
	assert_int_equal(catalog_interrupted(&b), 0);
	assert_value(&b, "SELECT count(*) FROM runs WHERE status = 'running'", "2");
	assert_int_equal(catalog_gone(&b, "app/a", "not there"), 0);
	assert_past(&a, "app/a");
	add(&b, "app/a", MOMENT + 1, true);
	catalog_free(&b);
	/* However it is named. */
	open_in(&b, "two");
	assert_past(&b, "app/a");
	catalog_free(&a);
	catalog_free(&b);
	unsetenv("PGBOX_JOURNAL");
}

/* ---- runs -------------------------------------------------------------------------------- */

static void history_is_that_of_the_scheduled_runs_alone(void **state)
{
	struct catalog c;

	(void)state;
	open_in(&c, "history");
	assert_history(&c, 0, 0, 0);
	run(&c, CATALOG_CHOSEN, MOMENT, "app", "done");
	assert_history(&c, 0, 0, 0);
	run(&c, CATALOG_SCHEDULED, MOMENT, "app", "failed");
	assert_history(&c, 0, 1, MOMENT);
	run(&c, CATALOG_SCHEDULED, MOMENT, "app", "partly");
	assert_history(&c, 0, 2, MOMENT);
	run(&c, CATALOG_SCHEDULED, MOMENT, "app", "interrupted");
	run(&c, CATALOG_SCHEDULED, MOMENT, "app", NULL);
	assert_history(&c, 0, 2, MOMENT);
	run(&c, CATALOG_CHOSEN, MOMENT + 1, "app", "failed");
	assert_history(&c, 0, 2, MOMENT);
	run(&c, CATALOG_SCHEDULED, MOMENT, "app", "done");
	assert_history(&c, MOMENT, 0, 0);
	run(&c, CATALOG_SCHEDULED, MOMENT + HOUR, "app", "failed");
	assert_history(&c, MOMENT, 1, MOMENT + HOUR);
	run(&c, CATALOG_SCHEDULED, MOMENT + HOUR, "app", "done");
	assert_history(&c, MOMENT + HOUR, 0, 0);
	catalog_free(&c);
}

static void a_journal_that_is_not_there_is_not_made_for_a_look(void **state)
{
	struct catalog c;

	(void)state;
	mkdir("unmade", 0700);
	assert_int_not_equal(catalog_open(&c, "unmade", false), 0);
	assert_false(catalog_is_open(&c));
	catalog_free(&c);
	assert_false(file_exists("unmade/.pgbox"));
}

static void runs_that_never_ended_are_interrupted_with_their_parts(void **state)
{
	struct catalog c;

	(void)state;
	open_in(&c, "running");
	run(&c, CATALOG_SCHEDULED, MOMENT, "app", "done");
	run(&c, CATALOG_SCHEDULED, MOMENT + 1, "app", NULL);
	assert_int_equal(catalog_interrupted(&c), 0);
	assert_value(&c, "SELECT group_concat(status) FROM (SELECT status FROM runs ORDER BY id)",
	             "done,done,interrupted,interrupted");
	catalog_free(&c);
}

static void assert_last(struct catalog *c, const char *wanted)
{
	struct rows rows = { 0 };
	struct buf text = BUF_INIT;

	assert_int_equal(catalog_last(c, NULL, DAY, &rows), 0);
	for (size_t i = 0; i < rows.n; i++)
		buf_printf(&text, "%s%s %s", i ? ", " : "", rows_get(&rows, i, 0), rows_get(&rows, i, 1));
	assert_string_equal(text.data, wanted);
	buf_free(&text);
	rows_free(&rows);
}

static void the_last_run_is_the_last_scheduled_one_that_looked_at_databases(void **state)
{
	int64_t id, part;
	struct catalog c;

	(void)state;
	open_in(&c, "last");
	assert_last(&c, "");
	run(&c, CATALOG_CHOSEN, MOMENT, "chosen", "done");
	assert_last(&c, "chosen done");
	assert_int_equal(catalog_run(&c, CATALOG_SCHEDULED, NULL, MOMENT + 1, &id), 0);
	assert_int_equal(catalog_part(&c, id, "b", "b", &part), 0);
	assert_int_equal(catalog_finish(&c, part, "failed", "why"), 0);
	assert_int_equal(catalog_part(&c, id, "a", "a", &part), 0);
	assert_int_equal(catalog_finish(&c, part, "done", NULL), 0);
	assert_int_equal(catalog_part(&c, id, ".globals", "a", &part), 0);
	assert_int_equal(catalog_part(&c, id, "job/.globals", "a", &part), 0);
	assert_int_equal(catalog_finish(&c, id, "partly", NULL), 0);
	assert_last(&c, "a done, b failed");
	/* The same moment once more: what was missing. */
	run(&c, CATALOG_SCHEDULED, MOMENT + 1, "b", "done");
	assert_last(&c, "a done, b done");
	/* One that never got that far, and one that chose. */
	assert_int_equal(catalog_run(&c, CATALOG_SCHEDULED, NULL, MOMENT + 2, &id), 0);
	assert_int_equal(catalog_finish(&c, id, "failed", "no server"), 0);
	run(&c, CATALOG_CHOSEN, MOMENT + 3, "chosen", "done");
	assert_last(&c, "a done, b done");
	catalog_free(&c);
}

/* ---- days of simulated time -------------------------------------------------------------- */

static uint64_t stream;

static int64_t below(int64_t limit)
{
	uint64_t z = stream += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (int64_t)((z ^ z >> 31) % (uint64_t)limit);
}

/* A daemon that starts at now: it runs what is due until `end`, and now and then is killed in a run. */
static void live(const char *dir, const struct schedule *s, int64_t *now, int64_t end, int64_t *slots, size_t *n)
{
	int64_t began = *now;

	while (*now < end) {
		struct run_history h;
		struct catalog c;
		int64_t due, slot, id;

		open_in(&c, dir);
		assert_int_equal(catalog_interrupted(&c), 0);
		assert_int_equal(catalog_history(&c, NULL, *now, &h), 0);
		due = schedule_due(s, &h, began);
		if (due > end) {
			*now = end;
			catalog_free(&c);
			return;
		}
		if (due > *now)
			*now = due;
		slot = schedule_slot(s, due, *now);
		assert_true(slot <= *now);
		assert_int_equal(catalog_run(&c, CATALOG_SCHEDULED, NULL, slot, &id), 0);
		if (below(8) == 0) {
			catalog_free(&c);
			return;
		}
		*now += below(20000);
		assert_int_equal(catalog_finish(&c, id, "done", NULL), 0);
		slots[(*n)++] = slot;
		catalog_free(&c);
	}
}

/* A day with a hundred restarts, none of which leaves it dead for long. */
static size_t a_day(const char *dir, const struct schedule *s, int64_t from, int64_t *slots)
{
	int64_t now = from, end;
	size_t n = 0;

	for (int restarts = 0; restarts < 100 && now < from + DAY; restarts++) {
		end = now + below(2 * DAY / 100);
		live(dir, s, &now, end < from + DAY ? end : from + DAY, slots, &n);
		now += below(5000);
	}
	while (now < from + DAY)
		live(dir, s, &now, from + DAY, slots, &n);
	return n;
}

static void a_day_of_intervals_with_a_hundred_restarts_has_exactly_the_due_runs(void **state)
{
	struct schedule s = { .kind = SCHEDULE_EVERY, .every = 20 * MINUTE };
	int64_t slots[1000];
	size_t n;

	(void)state;
	for (int day = 0; day < 2; day++) {
		char *dir = xasprintf("interval%d", day);

		n = a_day(dir, &s, MOMENT, slots);
		if (n < 71 || n > 73)
			fail_msg("%zu runs in a day of 72", n);
		for (size_t i = 1; i < n; i++)
			if (slots[i] - slots[i - 1] != s.every)
				fail_msg("%zu: a step of %lld ms", i, (long long)(slots[i] - slots[i - 1]));
		free(dir);
	}
}

/* From midnight to midnight of that day in Berlin. */
static void check_cron_day(const char *dir, const char *text, int64_t from, size_t runs)
{
	struct buf error = BUF_INIT;
	struct schedule s;
	int64_t slots[1000], next = from - 1;
	struct catalog c;
	size_t n;

	assert_int_equal(schedule_read(&s, text, &error), 0);
	/* Before the first success nothing is made up for. */
	open_in(&c, dir);
	run(&c, CATALOG_SCHEDULED, next, "app", "done");
	catalog_free(&c);
	n = a_day(dir, &s, from - 1, slots);
	if (n != runs)
		fail_msg("%s: %zu runs, not %zu", text, n, runs);
	for (size_t i = 0; i < n; i++) {
		next = schedule_next(&s, next);
		assert_int_equal(slots[i], next);
	}
	schedule_free(&s);
	buf_free(&error);
}

static void a_day_of_cron_with_a_hundred_restarts_has_exactly_the_due_runs(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	/* 2026-11-20T23:00Z; then the days on which the clocks go forward and back, of which 24 hours are looked at. */
	check_cron_day("cron", "*/20 * * * *", INT64_C(1795215600000), 72);
	check_cron_day("daily", "0 3 * * *", INT64_C(1795215600000), 1);
	check_cron_day("hourly", "@hourly", INT64_C(1795215600000), 24);
	check_cron_day("spring", "30 2,3 * * *", INT64_C(1774738800000), 2);
	check_cron_day("autumn", "30 2 * * *", INT64_C(1792879200000), 1);
	unsetenv("TZ");
	tzset();
}

/* After a failure the journal's end is what counts: it is written by SQLite's clock, and set here. */
static void failures_are_tried_again_for_the_moment_they_were_due_at(void **state)
{
	struct schedule s = { .kind = SCHEDULE_EVERY, .every = 6 * HOUR };
	struct catalog c;
	struct run_history h;

	(void)state;
	open_in(&c, "failures");
	run(&c, CATALOG_SCHEDULED, MOMENT, "app", "done");
	for (int i = 0; i < 4; i++) {
		run(&c, CATALOG_SCHEDULED, MOMENT + 6 * HOUR, "app", "failed");
		change(&c, "UPDATE runs SET finished = '2026-11-21T16:31:00.000Z' WHERE status = 'failed'");
		assert_int_equal(catalog_history(&c, NULL, MOMENT + DAY, &h), 0);
		assert_int_equal(h.failed_due, MOMENT + 6 * HOUR);
		/* Before 3.42, SQLite does not know parts of a second. */
		if (h.failed)
			assert_int_equal(schedule_due(&s, &h, 0), INT64_C(1795278660000) + (MINUTE << i));
	}
	catalog_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(backups_come_newest_first_with_what_is_known_of_them),
		cmocka_unit_test(what_is_not_there_or_comes_from_the_future_is_not_the_newest),
		cmocka_unit_test(what_was_found_damaged_or_went_counts_no_longer),
		cmocka_unit_test(a_promise_counts_once_it_is_kept_and_is_forgotten_otherwise),
		cmocka_unit_test(a_backup_that_was_promised_and_kept_is_done_for_its_moment),
		cmocka_unit_test(the_folders_are_those_of_what_is_not_gone),
		cmocka_unit_test(folders_that_share_a_journal_know_nothing_of_each_other),
		cmocka_unit_test(history_is_that_of_the_scheduled_runs_alone),
		cmocka_unit_test(a_journal_that_is_not_there_is_not_made_for_a_look),
		cmocka_unit_test(runs_that_never_ended_are_interrupted_with_their_parts),
		cmocka_unit_test(the_last_run_is_the_last_scheduled_one_that_looked_at_databases),
		cmocka_unit_test(a_day_of_intervals_with_a_hundred_restarts_has_exactly_the_due_runs),
		cmocka_unit_test(a_day_of_cron_with_a_hundred_restarts_has_exactly_the_due_runs),
		cmocka_unit_test(failures_are_tried_again_for_the_moment_they_were_due_at),
	};
	const char *seed = getenv("SEED");

	stream = seed ? strtoull(seed, NULL, 10) : (uint64_t)clock_wall();
	print_message("# SEED=%llu repeats this\n", (unsigned long long)stream);
	unsetenv("PGBOX_JOURNAL");
	unsetenv("TZ");
	return unit_run("catalog", tests, scratch_make, scratch_remove);
}
