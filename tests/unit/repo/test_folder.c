/* Unit tests of repo/folder: names, publishing, deleting, and what a dead run left at each step of both. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/status.h"
#include "repo/dir_lock.h"
#include "repo/folder.h"

#define MOMENT INT64_C(1795257009654) /* 2026-11-21T10:30:09.654Z */
#define NAME "app-20261121-103009.dump"

/* ---- names ------------------------------------------------------------------------------- */

static void assert_escaped(const char *name, const char *wanted)
{
	char *text = folder_escape(name);

	assert_string_equal(text, wanted);
	free(text);
}

static void names_that_are_safe_stay_and_others_are_percent_signs(void **state)
{
	(void)state;
	assert_escaped("app", "app");
	assert_escaped("My_App-2.old", "My_App-2.old");
	assert_escaped("a b/c", "a%20b%2Fc");
	assert_escaped(".globals", "%2Eglobals");
	assert_escaped("..", "%2E.");
	assert_escaped("-rf", "%2Drf");
	assert_escaped("100%", "100%25");
	assert_escaped("caf\xc3\xa9", "caf%C3%A9");
	assert_escaped("\x01\x7f\xff", "%01%7F%FF");
	assert_escaped("a\nb", "a%0Ab");
}

/* The name that an escaped one stands for. */
static char *unescape(const char *text)
{
	struct buf b = BUF_INIT;

	for (; *text; text++) {
		char hex[3] = { 0 };

		if (*text != '%') {
			buf_putc(&b, *text);
			continue;
		}
		assert_true(text[1] && text[2]);
		memcpy(hex, text + 1, 2);
		buf_putc(&b, (char)strtol(hex, NULL, 16));
		text += 2;
	}
	return buf_detach(&b);
}

static void paths_of_backups_are_told_from_others(void **state)
{
	static const char *const good[] = {
		"app/app-20260101-000000.dump", "job/app/app-20260101-000000.sql.zst",
		".globals/globals-20260101-000000.sql.zst", "job/.globals/globals-20260101-000000.sql.zst",
		"a%2Fb/a%2Fb-20260101-000000.dir", "..a/..a-20260101-000000.dump",
	};
	static const char *const bad[] = {
		"", "app", "app-20260101-000000.dump", "app/notes", "app/other-20260101-000000.dump",
		"../app/app-20260101-000000.dump", "app/../app/app-20260101-000000.dump",
		"/app/app-20260101-000000.dump", "app//app-20260101-000000.dump", "./app/app-20260101-000000.dump",
		"../../app-20260101-000000.dump", "a/b/app/app-20260101-000000.dump",
		"app/app-20260101-000000.dump.json", "app/app-20260101-000000.dump.sha256",
		"app/app-20260101-000000.dump.part", ".pgbox/.pgbox-20260101-000000.dump",
		".pgbox/app/app-20260101-000000.dump", "app/app-20260101-000000.dump/../../../x",
		"../..-20260101-000000.dump", "./.-20260101-000000.dump",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(folder_is_path(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(folder_is_path(bad[i]));
	assert_true(folder_lies_in("app/anything", "app"));
	assert_false(folder_lies_in("app/anything", "ap"));
	assert_false(folder_lies_in("app/a/b", "app"));
	assert_false(folder_lies_in("../x/y", "../x"));
	assert_false(folder_lies_in(".pgbox/lock", ".pgbox"));
}

static void check_name(const char *name)
{
	char *text = folder_escape(name), *back = unescape(text);

	assert_string_equal(back, name);
	if (strchr(text, '/') || *text == '.' || *text == '-' || strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789._-%") != strlen(text))
		fail_msg("'%s' becomes '%s'", name, text);
	free(back);
	free(text);
}

/* What can be turned back never collides. */
static void no_two_names_become_one_and_none_leaves_its_folder(void **state)
{
	static const char letters[] = { '.', '-', '%', '/', '2', 'E', 'e', '\\', '\xff', '\n', '\0' };
	enum { LETTERS = sizeof(letters) };
	char name[5] = "";

	(void)state;
	for (int a = 0; a < LETTERS - 1; a++)
		for (int b = 0; b < LETTERS; b++)
			for (int c = 0; c < LETTERS; c++)
				for (int d = 0; d < LETTERS; d++) {
					name[0] = letters[a], name[1] = letters[b];
					name[2] = letters[c], name[3] = letters[d];
					check_name(name);
				}
}

static void the_longest_name_of_a_database_fits(void **state)
{
	struct buf error = BUF_INIT, name = BUF_INIT;
	struct folder_backup a;
	char *base;

	(void)state;
	while (name.len < 63)
		buf_putc(&name, '\xe9');
	base = folder_escape(name.data);
	assert_int_equal(folder_start(&a, "long", base, base, MOMENT, ".sql.zst", &error), 0);
	buf_puts(&name, a.path);
	buf_puts(&name, ".sha256.part");
	assert_true(strlen(path_base(name.data)) <= 255);
	folder_free(&a);
	free(base);
	buf_free(&name);
	buf_free(&error);
}

/* ---- making one -------------------------------------------------------------------------- */

static struct manifest a_manifest(void)
{
	struct manifest m = { .started = MOMENT, .finished = MOMENT + 1, .verified = MOMENT + 1 };

	manifest_set(&m.database, "app");
	manifest_set(&m.kind, "custom");
	return m;
}

static void start(struct folder_backup *a, const char *dir, int64_t moment)
{
	struct buf error = BUF_INIT;

	if (folder_start(a, dir, "app", "app", moment, ".dump", &error) != 0)
		fail_msg("%s", error.data);
}

/* A backup of these bytes, or of two files in a folder. */
static void make(const char *dir, int64_t moment, const char *bytes, bool folder)
{
	struct buf error = BUF_INIT;
	struct manifest m = a_manifest();
	struct strs warnings = { 0 };
	struct folder_backup a;

	start(&a, dir, moment);
	if (folder) {
		char *toc = xasprintf("%s/toc.dat", a.part), *data = xasprintf("%s/1.dat", a.part);

		mkdir(a.part, 0700);
		put_text(toc, bytes);
		put_text(data, "data");
		free(toc);
		free(data);
	} else {
		put_text(a.part, bytes);
	}
	if (folder_sum(&a, &m, NULL, NULL, &error) || folder_publish(&a, &m, &warnings, &error))
		fail_msg("%s", error.data);
	assert_int_equal(warnings.n, 0);
	folder_free(&a);
	manifest_free(&m);
}

static void assert_there(const char *path, bool there)
{
	struct stat st;

	if ((lstat(path, &st) == 0) != there)
		fail_msg("'%s' is%s there", path, there ? " not" : "");
}

static char *joined(const char *dir, const char *name)
{
	return xasprintf("%s/app/%s", dir, name);
}

/* Which of a backup's six names are there: data, .json, .sha256, and their .part. */
static void assert_names(const char *dir, const char *name, const char *wanted)
{
	static const char *const suffixes[] = { "", ".json", ".sha256", ".part", ".json.part", ".sha256.part" };
	char found[7] = "";
	char *path = joined(dir, name);

	for (size_t i = 0; i < 6; i++) {
		char *one = xasprintf("%s%s", path, suffixes[i]);

		found[i] = file_exists(one) ? "djsDJS"[i] : '-';
		free(one);
	}
	if (strcmp(found, wanted) != 0)
		fail_msg("%s: %s, not %s", path, found, wanted);
	free(path);
}

static void assert_whole(const char *dir, const char *name)
{
	char *path = joined(dir, name), *json = xasprintf("%s.json", path), *found;
	struct buf error = BUF_INIT;
	struct manifest m;

	assert_names(dir, name, "djs---");
	if (folder_read(json, &m, &found, &error) || folder_compare(found, &m, NULL, NULL, &error))
		fail_msg("%s", error.data);
	assert_string_equal(found, path);
	manifest_free(&m);
	free(found);
	free(json);
	free(path);
}

static void assert_latest(const char *dir, const char *name)
{
	char *link = joined(dir, "latest"), text[256] = "";

	assert_true(readlink(link, text, sizeof(text) - 1) > 0);
	assert_string_equal(text, name);
	free(link);
}

static void a_backup_appears_with_its_manifest_its_sums_and_latest(void **state)
{
	struct buf sums = BUF_INIT;

	(void)state;
	make("made", MOMENT, "abc", false);
	assert_whole("made", NAME);
	assert_latest("made", NAME);
	assert_int_equal(file_read("made/app/" NAME ".sha256", &sums, 4096), 0);
	assert_string_equal(sums.data,
	                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  " NAME "\n");
	assert_int_equal(folder_size("made/app/" NAME), 3);
	buf_free(&sums);
}

static void nothing_has_a_final_name_before_it_is_published(void **state)
{
	struct buf error = BUF_INIT;
	struct manifest m = a_manifest();
	struct folder_backup a;

	(void)state;
	start(&a, "early", MOMENT);
	put_text(a.part, "abc");
	assert_int_equal(folder_sum(&a, &m, NULL, NULL, &error), 0);
	assert_names("early", NAME, "---D--");
	folder_free(&a);
	assert_names("early", NAME, "------");
	assert_there("early/app", true);
	manifest_free(&m);
}

static void names_are_never_given_twice(void **state)
{
	struct folder_backup a, b;

	(void)state;
	make("twice", MOMENT, "one", false);
	make("twice", MOMENT, "two", false);
	assert_whole("twice", NAME);
	assert_whole("twice", "app-20261121-103010.dump");
	assert_latest("twice", "app-20261121-103010.dump");
	/* Neither is that of one that is still being made. */
	start(&a, "twice", MOMENT);
	put_text(a.part, "three");
	start(&b, "twice", MOMENT);
	assert_string_not_equal(a.part, b.part);
	folder_free(&b);
	folder_free(&a);
}

static void a_final_name_that_was_taken_meanwhile_is_not_overwritten(void **state)
{
	struct buf error = BUF_INIT, theirs = BUF_INIT;
	struct manifest m = a_manifest();
	struct strs warnings = { 0 };
	struct folder_backup a;

	(void)state;
	start(&a, "taken", MOMENT);
	put_text(a.part, "abc");
	assert_int_equal(folder_sum(&a, &m, NULL, NULL, &error), 0);
	put_text("taken/app/" NAME, "theirs");
	assert_int_equal(folder_publish(&a, &m, &warnings, &error), CANNOT_WRITE);
	assert_holds(error.data, NAME);
	folder_free(&a);
	assert_names("taken", NAME, "d-----");
	assert_int_equal(file_read("taken/app/" NAME, &theirs, 100), 0);
	assert_string_equal(theirs.data, "theirs");
	manifest_free(&m);
	buf_free(&theirs);
	buf_free(&error);
}

/* ---- reading it -------------------------------------------------------------------------- */

/* What comparing it says, having changed a file. */
static int compared(const char *dir, const char *file, const char *bytes)
{
	char *path = joined(dir, file), *json = joined(dir, NAME ".json"), *found;
	struct buf error = BUF_INIT;
	struct manifest m;
	int rc;

	if (bytes)
		put_text(path, bytes);
	else
		assert_int_equal(file_remove(path), 0);
	assert_int_equal(folder_read(json, &m, &found, &error), 0);
	rc = folder_compare(found, &m, NULL, NULL, &error);
	assert_int_equal(!rc, !error.len);
	manifest_free(&m);
	buf_free(&error);
	free(found);
	free(json);
	free(path);
	return rc;
}

static void data_that_changed_is_damaged_and_data_that_went_is_missing(void **state)
{
	(void)state;
	make("changed", MOMENT, "abc", false);
	assert_int_equal(compared("changed", NAME, "abc"), 0);
	assert_int_equal(compared("changed", NAME, "abd"), BAD_DATA);
	assert_int_equal(compared("changed", NAME, "ab"), BAD_DATA);
	assert_int_equal(compared("changed", NAME, "abcc"), BAD_DATA);
	assert_int_equal(compared("changed", NAME, ""), BAD_DATA);
	assert_int_equal(compared("changed", NAME, NULL), NO_INPUT);
}

static void a_folder_of_data_is_compared_file_by_file(void **state)
{
	(void)state;
	make("files", MOMENT, "toc", true);
	assert_whole("files", NAME);
	assert_int_equal(folder_size("files/app/" NAME), 7);
	assert_int_equal(compared("files", NAME "/toc.dat", "toc"), 0);
	assert_int_equal(compared("files", NAME "/toc.dat", "tox"), BAD_DATA);
	assert_int_equal(compared("files", NAME "/toc.dat", "toc"), 0);
	assert_int_equal(compared("files", NAME "/2.dat", ""), BAD_DATA);
	assert_int_equal(compared("files", NAME "/2.dat", NULL), 0);
	assert_int_equal(compared("files", NAME "/1.dat", NULL), BAD_DATA);
}

static void a_manifest_that_speaks_of_another_file_is_refused(void **state)
{
	struct buf error = BUF_INIT;
	struct manifest m;
	char *path;

	(void)state;
	make("other", MOMENT, "abc", false);
	assert_int_equal(rename("other/app/" NAME ".json", "other/app/b.dump.json"), 0);
	assert_int_equal(folder_read("other/app/b.dump.json", &m, &path, &error), BAD_DATA);
	assert_holds(error.data, "speaks of another file");
	manifest_free(&m);
	buf_free(&error);
	free(path);
}

/* ---- what a dead run left ---------------------------------------------------------------- */

/* Moves a backup's names: "d>D" is from its data to its part, "s>" deletes the sums. */
static void disturb(const char *dir, const char *const *moves)
{
	static const char letters[] = "djsDJS";
	static const char *const suffixes[] = { "", ".json", ".sha256", ".part", ".json.part", ".sha256.part" };

	for (; *moves; moves++) {
		char *from = xasprintf("%s/app/" NAME "%s", dir, suffixes[strchr(letters, (*moves)[0]) - letters]);
		char *to = (*moves)[2] ? xasprintf("%s/app/" NAME "%s", dir,
		                                   suffixes[strchr(letters, (*moves)[2]) - letters])
		                       : NULL;

		assert_int_equal(to ? rename(from, to) : file_remove(from), 0);
		free(from);
		free(to);
	}
}

enum { GOES, STAYS };

/* Recovers, and it is whole then, or gone. */
static void assert_recovered(const char *dir, int how)
{
	struct strs finished = { 0 }, deleted = { 0 };

	folder_recover(dir, &finished, &deleted);
	if (how == STAYS)
		assert_whole(dir, NAME);
	else
		assert_names(dir, NAME, "------");
	assert_int_equal(finished.n, how == STAYS ? 1 : 0);
	if (finished.n)
		assert_string_equal(finished.v[0], "app/" NAME);
	strs_free(&finished);
	strs_free(&deleted);
	/* Once is enough. */
	folder_recover(dir, &finished, &deleted);
	assert_int_equal(finished.n + deleted.n, 0);
}

static void check_states(const char *kind, const char *const moves[][7], const int *hows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (int folder = 0; folder < 2; folder++) {
			char *dir = xasprintf("%s%zu%s", kind, i, folder ? "d" : "f");

			make(dir, MOMENT, "abc", folder);
			make(dir, MOMENT + 5000, "newer", folder);
			disturb(dir, moves[i]);
			assert_recovered(dir, hows[i]);
			assert_whole(dir, "app-20261121-103014.dump");
			free(dir);
		}
}

/* folder_publish: sums, manifest, then three renames. */
static void publishing_that_was_interrupted_is_finished_once_the_data_has_its_name(void **state)
{
	static const char *const moves[][7] = {
		{ "j>", "s>", "d>D", NULL },
		{ "j>", "s>S", "d>D", NULL },
		{ "j>J", "s>S", "d>D", NULL },
		{ "j>J", "s>S", NULL },
		{ "j>J", NULL },
	};
	static const int hows[] = { GOES, GOES, GOES, STAYS, STAYS };

	(void)state;
	check_states("publish", moves, hows, 5);
}

/* folder_remove: the manifest first and last. */
static void deleting_that_was_interrupted_is_finished_or_taken_back(void **state)
{
	static const char *const moves[][7] = {
		{ "j>J", NULL },
		{ "j>J", "d>D", NULL },
		{ "j>J", "d>", NULL },
		{ "j>J", "d>", "s>", NULL },
		{ "j>J", "s>", NULL },
		{ "j>J", "s>", "d>D", NULL },
	};
	static const int hows[] = { STAYS, GOES, GOES, GOES, STAYS, GOES };

	(void)state;
	check_states("remove", moves, hows, 6);
}

static void data_that_is_not_what_its_manifest_says_is_not_finished(void **state)
{
	struct strs finished = { 0 }, deleted = { 0 };
	static const char *const moves[] = { "j>J", "s>S", NULL };

	(void)state;
	make("unlike", MOMENT, "abc", false);
	disturb("unlike", moves);
	put_text("unlike/app/" NAME, "abd");
	folder_recover("unlike", &finished, &deleted);
	assert_int_equal(finished.n, 0);
	assert_there("unlike/app/" NAME ".json", false);
	assert_names("unlike", NAME, "------");
	strs_free(&deleted);
}

/* A folder that is half deleted, or half made, goes too; so does `latest` on its way. */
static void parts_go_in_every_folder_and_nothing_of_others_does(void **state)
{
	static const char *const ours[] = {
		"mixed/app/app-20261121-103009.dump.part", "mixed/app/app-20261121-103009.sql.zst.json.part",
		"mixed/job/app/app-20261121-103009.db.copy.part", "mixed/.globals/globals-20261121-103009.sql.zst.part",
	};
	static const char *const theirs[] = {
		"mixed/app/notes.part", "mixed/app/app.dump.part", "mixed/app/app-2026-10.part", "mixed/x.part",
		"mixed/app/app-20261121-103009.dump.partial", "mixed/a/b/c/c-20261121-103009.dump.part",
		"mixed/app/app-20261121-103010.txt", "mixed/.pgbox/x-20261121-103009.dump.part",
	};
	struct strs finished = { 0 }, deleted = { 0 };

	(void)state;
	file_make_folders("mixed/job/app", 0700);
	file_make_folders("mixed/a/b/c", 0700);
	file_make_folders("mixed/.globals", 0700);
	file_make_folders("mixed/.pgbox", 0700);
	file_make_folders("mixed/app/app-20261121-103011.dir.part", 0700);
	put_text("mixed/app/app-20261121-103011.dir.part/toc.dat", "x");
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		put_text(ours[i], "x");
	for (size_t i = 0; i < sizeof(theirs) / sizeof(*theirs); i++)
		put_text(theirs[i], "x");
	folder_recover("mixed", &finished, &deleted);
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		assert_there(ours[i], false);
	for (size_t i = 0; i < sizeof(theirs) / sizeof(*theirs); i++)
		assert_there(theirs[i], true);
	assert_there("mixed/app/app-20261121-103011.dir.part", false);
	assert_int_equal(finished.n, 0);
	strs_free(&deleted);
}

/* ---- deleting, and finding --------------------------------------------------------------- */

static void deleting_takes_all_three_names_and_no_others(void **state)
{
	(void)state;
	make("gone", MOMENT, "abc", false);
	make("gone", MOMENT + 5000, "abc", true);
	assert_int_equal(folder_remove("gone/app/app-20261121-103014.dump"), 0);
	assert_names("gone", "app-20261121-103014.dump", "------");
	assert_whole("gone", NAME);
	assert_int_equal(folder_remove("gone/app/" NAME), 0);
	assert_names("gone", NAME, "------");
	/* What is not there is deleted. */
	assert_int_equal(folder_remove("gone/app/" NAME), 0);
}

static void manifests_are_found_in_order_and_not_inside_of_backups(void **state)
{
	struct strs paths = { 0 };

	(void)state;
	make("found", MOMENT, "abc", false);
	make("found", MOMENT + 5000, "abc", true);
	put_text("found/app/app-20261121-103014.dump/x.json", "{}");
	file_make_folders("found/job/db", 0700);
	put_text("found/job/db/db-20261121-103009.dump.json", "{}");
	put_text("found/job/db/package.json", "{}");
	put_text("found/job/db/db-20261121-103010.dump.json.part", "{}");
	file_make_folders("found/.pgbox/x", 0700);
	put_text("found/.pgbox/x/x.json", "{}");
	folder_manifests("found", &paths, NULL);
	assert_int_equal(paths.n, 3);
	assert_string_equal(paths.v[0], "found/app/" NAME ".json");
	assert_string_equal(paths.v[1], "found/app/app-20261121-103014.dump.json");
	assert_string_equal(paths.v[2], "found/job/db/db-20261121-103009.dump.json");
	strs_free(&paths);
}

/* Its backup is found, and no recovery takes it for something else. */
static void check_database(const char *dir, const char *folder, const char *base)
{
	struct strs paths = { 0 }, finished = { 0 }, deleted = { 0 };
	struct buf error = BUF_INIT;
	struct manifest m = a_manifest();
	struct folder_backup a;

	assert_int_equal(folder_start(&a, dir, folder, base, MOMENT, ".dump", &error), 0);
	put_text(a.part, "abc");
	assert_int_equal(folder_sum(&a, &m, NULL, NULL, &error), 0);
	assert_int_equal(folder_publish(&a, &m, &paths, &error), 0);
	folder_recover(dir, &finished, &deleted);
	folder_manifests(dir, &paths, NULL);
	if (paths.n != 1 || finished.n || deleted.n || !file_exists(a.path))
		fail_msg("%s: %zu manifests, %zu finished, %zu deleted", folder, paths.n, finished.n,
		         deleted.n);
	strs_free(&paths);
	folder_free(&a);
	manifest_free(&m);
}

/* Nothing keeps people from naming a database like a file of ours. */
static void a_database_may_have_any_name(void **state)
{
	static const char *const names[] = { "app.dir", "app.part", "latest.part", "latest", "a.json",
		                             "x-20261121-103009.dump.part", ".pgbox", ".globals" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *base = folder_escape(names[i]), *dir = xasprintf("names%zu", i);
		char *in_job = xasprintf("job/%s", base);

		check_database(dir, base, base);
		dir[0] = 'N';
		check_database(dir, in_job, base);
		free(in_job);
		free(base);
		free(dir);
	}
}

/* ---- the lock ---------------------------------------------------------------------------- */

static void note_holder(const char *holder, void *arg)
{
	buf_printf(arg, "[%s]", holder);
}

/* Holds the lock in a child for so long; -1: until it is killed. */
static pid_t hold(const char *dir, int64_t ms)
{
	int ends[2];
	char ready;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		struct buf error = BUF_INIT;
		struct dir_lock l;

		if (dir_lock_take(&l, dir, clock_ms(), note_holder, &error, &error) != 0)
			_exit(1);
		if (write(ends[1], "x", 1) != 1)
			_exit(1);
		clock_sleep(ms < 0 ? 60000 : ms, CLOCK_NEVER);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &ready, 1), 1);
	close(ends[0]);
	return pid;
}

static void a_lock_that_is_held_is_waited_for_and_its_holder_named_once(void **state)
{
	struct buf holders = BUF_INIT, error = BUF_INIT;
	struct dir_lock l;
	char *pid;
	pid_t holder;

	(void)state;
	holder = hold("locked", 350);
	pid = xasprintf("[pid %ld on ", (long)holder);
	assert_int_equal(dir_lock_take(&l, "locked", clock_after(20000), note_holder, &holders, &error), 0);
	assert_holds(holders.data, pid);
	assert_int_equal(strchr(holders.data + 1, '[') == NULL, 1);
	assert_true(l.fd >= 0);
	dir_lock_release(&l);
	waitpid(holder, NULL, 0);
	free(pid);
	buf_free(&holders);
}

static void a_lock_that_is_held_too_long_is_given_up_at_the_deadline(void **state)
{
	struct buf holders = BUF_INIT, error = BUF_INIT;
	struct dir_lock l;
	int64_t began;
	pid_t holder;

	(void)state;
	holder = hold("busy", -1);
	began = clock_ms();
	assert_int_equal(dir_lock_take(&l, "busy", clock_after(300), note_holder, &holders, &error), LOCKED);
	assert_true(clock_ms() - began >= 300);
	assert_true(clock_ms() - began < 3000);
	assert_holds(error.data, "'busy' is locked by another run");
	assert_int_equal(l.fd, -1);
	buf_cut(&error, 0);
	began = clock_ms();
	assert_int_equal(dir_lock_take(&l, "busy", clock_ms(), note_holder, &holders, &error), LOCKED);
	assert_true(clock_ms() - began < 250);
	/* Who is killed holds it no longer. */
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	assert_int_equal(dir_lock_take(&l, "busy", clock_ms(), note_holder, &holders, &error), 0);
	dir_lock_release(&l);
	buf_free(&holders);
	buf_free(&error);
}

static void a_folder_that_cannot_be_made_is_said(void **state)
{
	struct buf error = BUF_INIT;
	struct dir_lock l;
	struct folder_backup a;

	(void)state;
	put_text("file", "");
	assert_int_equal(dir_lock_take(&l, "file/backups", clock_ms(), note_holder, &error, &error), CANNOT_WRITE);
	assert_holds(error.data, "'file/backups'");
	buf_cut(&error, 0);
	assert_int_equal(folder_start(&a, "file", "app", "app", MOMENT, ".dump", &error), CANNOT_WRITE);
	assert_holds(error.data, "file/app");
	folder_free(&a);
	buf_free(&error);
}

static void space_is_told_where_there_is_a_folder(void **state)
{
	(void)state;
	assert_true(folder_space(".") > 0);
	assert_int_equal(folder_space("nowhere"), -1);
	assert_int_equal(folder_size("nowhere"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_of_backups_are_told_from_others),
		cmocka_unit_test(names_that_are_safe_stay_and_others_are_percent_signs),
		cmocka_unit_test(no_two_names_become_one_and_none_leaves_its_folder),
		cmocka_unit_test(the_longest_name_of_a_database_fits),
		cmocka_unit_test(a_backup_appears_with_its_manifest_its_sums_and_latest),
		cmocka_unit_test(nothing_has_a_final_name_before_it_is_published),
		cmocka_unit_test(names_are_never_given_twice),
		cmocka_unit_test(a_final_name_that_was_taken_meanwhile_is_not_overwritten),
		cmocka_unit_test(data_that_changed_is_damaged_and_data_that_went_is_missing),
		cmocka_unit_test(a_folder_of_data_is_compared_file_by_file),
		cmocka_unit_test(a_manifest_that_speaks_of_another_file_is_refused),
		cmocka_unit_test(publishing_that_was_interrupted_is_finished_once_the_data_has_its_name),
		cmocka_unit_test(deleting_that_was_interrupted_is_finished_or_taken_back),
		cmocka_unit_test(data_that_is_not_what_its_manifest_says_is_not_finished),
		cmocka_unit_test(parts_go_in_every_folder_and_nothing_of_others_does),
		cmocka_unit_test(deleting_takes_all_three_names_and_no_others),
		cmocka_unit_test(manifests_are_found_in_order_and_not_inside_of_backups),
		cmocka_unit_test(a_database_may_have_any_name),
		cmocka_unit_test(a_lock_that_is_held_is_waited_for_and_its_holder_named_once),
		cmocka_unit_test(a_lock_that_is_held_too_long_is_given_up_at_the_deadline),
		cmocka_unit_test(a_folder_that_cannot_be_made_is_said),
		cmocka_unit_test(space_is_told_where_there_is_a_folder),
	};

	return unit_run("folder", tests, scratch_make, scratch_remove);
}
