/* Unit tests of backup/sources: what is to be backed up, and in which folders. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "backup/sources.h"
#include "base/banned.h"
#include "base/status.h"

extern char **environ;

/* Sets these variables (NAME=value, ends in NULL) and no other. */
static void environment(const char *const *entries)
{
	clearenv();
	for (; entries && *entries; entries++)
		putenv((char *)(uintptr_t)*entries);
}

#define ENVIRONMENT(...) environment((const char *const[]){ __VA_ARGS__, NULL })

#define URL "postgres://app:s3cret@db/app"

/* Words, URLs and database names, each list parted by blanks. */
static int read_all(struct sources *s, const char *words, const char *urls, const char *databases, struct buf *error)
{
	struct strs lists[3] = { 0 };
	int rc;

	strs_split(&lists[0], words, " ");
	strs_split(&lists[1], urls, " ");
	strs_split(&lists[2], databases, " ");
	rc = sources_read(s, &lists[0], &lists[1], &lists[2], error);
	for (size_t i = 0; i < 3; i++)
		strs_free(&lists[i]);
	return rc;
}

/* The folders that come of it without asking a server, in order; * for one whose databases are all wanted. */
static void assert_folders(const char *words, const char *urls, const char *databases, const char *wanted)
{
	struct buf error = BUF_INIT, text = BUF_INIT;
	struct sources s = { 0 };

	if (read_all(&s, words, urls, databases, &error) != 0)
		fail_msg("%s|%s|%s: %s", words, urls, databases, error.data);
	for (size_t i = 0; i < s.n; i++) {
		struct items items = { 0 };

		if (s.all && s.v[i].target.kind == TARGET_PG)
			buf_printf(&text, "%s%s%s*", text.len ? " " : "", s.v[i].name ? s.v[i].name : "",
			           s.v[i].name ? "/" : "");
		else
			assert_int_equal(source_items(&s, i, 1, &items, &error), 0);
		for (size_t k = 0; k < items.n; k++)
			buf_printf(&text, "%s%s", text.len ? " " : "", items.v[k].folder);
		items_free(&items);
	}
	assert_string_equal(text.data, wanted);
	buf_free(&text);
	buf_free(&error);
	sources_free(&s);
}

static void assert_refused(const char *words, const char *urls, const char *databases, int status,
                           const char *said)
{
	struct buf error = BUF_INIT;
	struct sources s = { 0 };
	int rc = read_all(&s, words, urls, databases, &error);

	if (rc != status || !strstr(error.data, said) || strstr(error.data, "s3cret"))
		fail_msg("%s|%s|%s: %d '%s', not %d '%s'", words, urls, databases, rc, error.data, status,
		         said);
	buf_free(&error);
	sources_free(&s);
}

static void without_words_it_is_the_urls_and_without_those_the_environment(void **state)
{
	(void)state;
	ENVIRONMENT("DATABASE_URL=" URL);
	assert_folders("", "", "", "app");
	assert_folders("", "postgres://u@db/other", "", "other");
	assert_folders("postgres://u@db/third", "postgres://u@db/other", "", "third");
	ENVIRONMENT("PGHOST=db", "PGUSER=u", "PGDATABASE=libpq");
	assert_folders("", "", "", "libpq");
	ENVIRONMENT(NULL);
	assert_refused("", "", "", BAD_CONFIG, "DATABASE_URL");
	assert_refused("app", "", "", BAD_CONFIG, "DATABASE_URL");
}

static void a_name_puts_the_databases_under_it(void **state)
{
	(void)state;
	ENVIRONMENT(NULL);
	assert_folders("users=" URL, "", "", "users/app");
	assert_folders("users=" URL " shop=" URL, "", "", "users/app shop/app");
	assert_folders("users=" URL, "", "a b", "users/a users/b");
	assert_folders("users=sqlite:/data/notes.db", "", "", "users/notes.db");
	assert_folders("-a.b_2=" URL, "", "", "%2Da.b_2/app");
}

static void a_conninfo_string_is_no_name(void **state)
{
	struct strs words = { 0 }, none = { 0 };
	struct buf error = BUF_INIT;
	struct sources s = { 0 };

	(void)state;
	ENVIRONMENT(NULL);
	strs_add(&words, "user=app dbname=x host=db");
	strs_add(&words, "jobs=dbname=y host=db user=app");
	assert_int_equal(sources_read(&s, &words, &none, &none, &error), 0);
	assert_int_equal(s.n, 2);
	assert_null(s.v[0].name);
	assert_string_equal(s.v[0].target.shown, "app@db:5432/x");
	assert_string_equal(s.v[1].name, "jobs");
	strs_free(&words);
	sources_free(&s);
	ENVIRONMENT("OTHER=" URL);
	assert_folders("env:OTHER", "", "", "app");
	assert_folders("users=env:OTHER", "", "", "users/app");
}

static void words_name_databases_or_configured_servers(void **state)
{
	(void)state;
	ENVIRONMENT("DATABASE_URL=" URL);
	assert_folders("a b", "", "", "a b");
	assert_folders("a", "", "c d", "a");
	assert_folders("", "", "c d", "c d");
	assert_folders("", "", "*", "*");
	assert_folders("a", "", "*", "a");
	assert_folders("shop", "users=" URL " shop=postgres://u@db/s", "", "shop/s");
	assert_folders("shop users", "users=" URL " shop=postgres://u@db/s", "", "users/app shop/s");
	assert_folders("shop", "users=" URL " shop=postgres://u@db/s", "*", "shop/*");
	/* A word that is no server's name makes all of them databases. */
	assert_folders("shop a", "users=" URL " shop=postgres://u@db/s", "", "users/shop users/a shop/shop shop/a");
	assert_folders(URL " a", "", "", "a");
}

static void names_are_escaped_in_folders_and_patterns_leave_out(void **state)
{
	struct buf error = BUF_INIT;
	struct items items = { 0 };
	struct sources s = { 0 };

	(void)state;
	ENVIRONMENT("DATABASE_URL=" URL);
	assert_folders("../../etc", "", "", "%2E.%2F..%2Fetc");
	assert_folders(".globals", "", "", "%2Eglobals");
	strs_add(&s.exclude, "test_*");
	strs_add(&s.exclude, "[xy]");
	assert_int_equal(read_all(&s, "a test_a x y z", "", "", &error), 0);
	assert_int_equal(source_items(&s, 0, 1, &items, &error), 0);
	assert_int_equal(items.n, 2);
	assert_string_equal(items.v[0].database, "a");
	assert_string_equal(items.v[1].database, "z");
	assert_string_equal(items.v[1].target.shown, "app@db:5432/z");
	items_free(&items);
	sources_free(&s);
}

static void two_that_would_share_a_folder_are_refused(void **state)
{
	(void)state;
	ENVIRONMENT("DATABASE_URL=" URL);
	assert_refused(URL " postgres://u@other/app", "", "", BAD_CONFIG, "'app'");
	assert_refused("a=" URL " a=postgres://u@other/x", "", "", BAD_CONFIG, "'a'");
	assert_refused("app=postgres://u@other/x " URL, "", "", BAD_CONFIG, "'app'");
	assert_refused("a a", "", "", BAD_CONFIG, "'a'");
	assert_refused("sqlite:/a/notes.db sqlite:/b/notes.db", "", "", BAD_CONFIG, "'notes.db'");
	assert_refused("", URL " postgres://u@other/x", "c", BAD_CONFIG, "'c'");
	assert_refused("", URL " postgres://u@other/x", "*", BAD_CONFIG, "share the folder");
	assert_folders("", "a=" URL " b=postgres://u@other/app", "*", "a/* b/*");
	assert_folders("", "a=" URL " " URL, "", "a/app app");
	/* Different files for different names, whatever they are made of. */
	assert_folders("a%2Fb a/b", "", "", "a%252Fb a%2Fb");
}

static void what_is_half_a_url_is_refused_without_quoting_it(void **state)
{
	(void)state;
	ENVIRONMENT("DATABASE_URL=" URL);
	assert_refused("postgres:app:s3cret@db/app", "", "", BAD_USAGE, "neither a database's name nor a URL");
	assert_refused("a,password=s3cret", "", "", BAD_USAGE, "neither a database's name nor a URL");
	assert_refused("", "app", "", BAD_CONFIG, "not a database URL");
	assert_refused("", "s3cret", "", BAD_CONFIG, "not a database URL");
	assert_refused("mysql://app:s3cret@db/app", "", "", BAD_USAGE, "");
	assert_refused("postgres://app:s3cret@db:x/app", "", "", BAD_USAGE, "");
	assert_refused("env:NOWHERE", "", "", BAD_CONFIG, "NOWHERE");
}

static void the_roles_have_a_folder_per_server(void **state)
{
	struct buf error = BUF_INIT;
	struct sources s = { 0 };
	char *folder;

	(void)state;
	ENVIRONMENT(NULL);
	assert_int_equal(read_all(&s, "users=" URL " postgres://u@other/x", "", "", &error), 0);
	folder = source_globals(&s.v[0]);
	assert_string_equal(folder, "users/.globals");
	free(folder);
	folder = source_globals(&s.v[1]);
	assert_string_equal(folder, ".globals");
	free(folder);
	sources_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_words_it_is_the_urls_and_without_those_the_environment),
		cmocka_unit_test(a_name_puts_the_databases_under_it),
		cmocka_unit_test(a_conninfo_string_is_no_name),
		cmocka_unit_test(words_name_databases_or_configured_servers),
		cmocka_unit_test(names_are_escaped_in_folders_and_patterns_leave_out),
		cmocka_unit_test(two_that_would_share_a_folder_are_refused),
		cmocka_unit_test(what_is_half_a_url_is_refused_without_quoting_it),
		cmocka_unit_test(the_roles_have_a_folder_per_server),
	};

	return unit_run("sources", tests, NULL, NULL);
}
