/* Unit tests of check/check's reading, and of the asking that needs no server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "check/checks.h"
#include "check/kinds.h"

static void read_check(struct check *c, const char *text)
{
	struct buf error = BUF_INIT;

	if (check_read(c, text, &error))
		fail_msg("%s: %s", text, error.data);
	buf_free(&error);
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void arguments_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *arg, *schema, *name;
		enum sign sign;
		const char *bound;
	} table[] = {
		{ "table=users", "users", NULL, "users", SIGN_NONE, NULL },
		{ " table = users\r", "users", NULL, "users", SIGN_NONE, NULL },
		{ "table=Public.Users", "Public.Users", "Public", "Users", SIGN_NONE, NULL },
		{ "table=\"Us ers\"", "\"Us ers\"", NULL, "Us ers", SIGN_NONE, NULL },
		{ "table=a.\"b.c\"", "a.\"b.c\"", "a", "b.c", SIGN_NONE, NULL },
		{ "table=a-b_c$1:@#;", "a-b_c$1:@#;", NULL, "a-b_c$1:@#;", SIGN_NONE, NULL },
		{ "table=b\u00fccher.\u672c", "b\u00fccher.\u672c", "b\u00fccher", "\u672c", SIGN_NONE, NULL },
		{ "rows=users", "users", NULL, "users", SIGN_NONE, NULL },
		{ "rows=public.users>=10", "public.users>=10", "public", "users", SIGN_AT_LEAST, "10" },
		{ "rows=users>=0", "users>=0", NULL, "users", SIGN_AT_LEAST, "0" },
		{ "rows=users>0", "users>0", NULL, "users", SIGN_ABOVE, "0" },
		{ "rows=users > 5", "users > 5", NULL, "users", SIGN_ABOVE, "5" },
		{ "rows=users=5", "users=5", NULL, "users", SIGN_EQUAL, "5" },
		{ "rows=users\t<= 5 ", "users\t<= 5", NULL, "users", SIGN_AT_MOST, "5" },
		{ "rows=users<5", "users<5", NULL, "users", SIGN_BELOW, "5" },
		{ "rows=\"users>0\"", "\"users>0\"", NULL, "users>0", SIGN_NONE, NULL },
		{ "rows=\"a b\".\"say \"\"x\"\"\">=2", "\"a b\".\"say \"\"x\"\"\">=2", "a b", "say \"x\"",
		  SIGN_AT_LEAST, "2" },
		{ "extension=postgis>=3.4", "postgis>=3.4", NULL, "postgis", SIGN_AT_LEAST, "3.4" },
		{ "extension=uuid-ossp", "uuid-ossp", NULL, "uuid-ossp", SIGN_NONE, NULL },
		{ "extension=odd.name >= 2.5.0dev", "odd.name >= 2.5.0dev", NULL, "odd.name", SIGN_AT_LEAST,
		  "2.5.0dev" },
		{ "query=SELECT 1=1 ", "SELECT 1=1", NULL, NULL, SIGN_NONE, NULL },
		{ "seeded", NULL, NULL, NULL, SIGN_NONE, NULL },
		{ "seeded=base", "base", NULL, NULL, SIGN_NONE, NULL },
		{ "ready", NULL, NULL, NULL, SIGN_NONE, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct check c;

		read_check(&c, table[i].text);
		if (!same(c.arg, table[i].arg) || !same(c.schema, table[i].schema) ||
		    !same(c.name, table[i].name) || c.sign != table[i].sign || !same(c.bound, table[i].bound))
			fail_msg("%s: arg %s, schema %s, name %s, sign %s, bound %s", table[i].text, c.arg, c.schema,
			         c.name, sign_text(c.sign), c.bound);
		check_free(&c);
	}
}

static void limits_follow_the_sign(void **state)
{
	static const struct {
		const char *text, *name;
		int64_t below;
	} table[] = {
		{ "disk=/data", "/data", 90 },
		{ "disk=/data<85", "/data", 85 },
		{ "disk=/data<85%", "/data", 85 },
		{ "disk=\"/a.b<c\"<100%", "/a.b<c", 100 },
		{ "disk = \"/My \"\"Data\"\"\" < 85", "/My \"Data\"", 85 },
		{ "connections", "", 90 },
		{ "connections<1", "", 1 },
		{ "connections < 80% ", "", 80 },
		{ "lag <500ms", "", 500 },
		{ "lag", "", 30000 },
		{ "lag<500ms", "", 500 },
		{ "backup=/backups", "/backups", 93600000 },
		{ "backup=/b@c<2d", "/b@c", 172800000 },
		{ "backup=/b < 26h", "/b", 93600000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct check c;

		read_check(&c, table[i].text);
		assert_string_equal(c.name, table[i].name);
		if (c.below != table[i].below)
			fail_msg("%s: below %lld", table[i].text, (long long)c.below);
		check_free(&c);
	}
}

static void a_wrong_check_is_told_how_it_is_written(void **state)
{
	static const struct {
		const char *text, *words;
	} bad[] = {
		{ "", "unknown check" }, { "=", "unknown check" }, { "raedy", "unknown check 'raedy'" },
		{ "Ready", "unknown check 'Ready'" }, { "tables=x", "unknown check 'tables'" },
		{ "ready=x", "written ready" }, { "ready=", "written ready" },
		{ "standby=1", "written standby" }, { "table", "table=[schema.]name" },
		{ "table=", "table=[schema.]name" }, { "table=a.", "table=[schema.]name" },
		{ "rows=", "rows=" }, { "rows=>=3", "rows=" }, { "rows=t>=", "rows=" },
		{ "rows=t>=x", "rows=" }, { "rows=t>=-1", "rows=" }, { "rows=t>=1.5", "rows=" },
		{ "rows=t>=99999999999", "rows=" }, { "rows=t>", "rows=" }, { "rows=t>x", "rows=" },
		{ "rows=t==5", "rows=" }, { "rows=t=>5", "rows=" }, { "rows=t<>5", "rows=" }, { "rows=t!=0", "rows=" },
		{ "rows=t> =5", "rows=" }, { "rows=t>5>6", "rows=" }, { "rows=t>0x10", "rows=" }, { "rows=t 5", "rows=" },
		{ "rows=t gt 5", "rows=" }, { "rows=count(t)>5", "rows=" }, { "rows=t\u22655", "rows=" },
		{ "rows=t\u00a0>5", "rows=" }, { "rows=db.public.t", "rows=" }, { "rows=\"t", "rows=" },
		{ "rows=\"t\"x>5", "rows=" }, { "rows=\"\"", "rows=" }, { "rows=.t", "rows=" }, { "rows=a..t", "rows=" },
		{ "rows>5", "rows=" }, { "rows t", "rows=" }, { "rows", "rows=" }, { "table=t>=5", "table=" },
		{ "table=t > 0", "table=" }, { "table=Us ers", "in double quotes" }, { "table=t=", "table=" }, { "query", "query=SQL" }, { "query=", "query=SQL" },
		{ "extension=x>5", "extension=" }, { "extension=x=5", "extension=" }, { "extension=x>=new", "extension=" },
		{ "extension=x>==5", "extension=" }, { "extension=", "extension=" }, { "extension=x>=", "extension=" },
		{ "migrated", "migrated=alembic|django|drizzle" }, { "migrated=rails", "migrated=alembic|" },
		{ "migrated=alembic=", "[=REV or @DIR]" }, { "migrated=alembic==4f2a", "[=REV" },
		{ "migrated=alembic>=4f2a", "[=REV" }, { "migrated=django:a b", "[=REV" }, { "seeded=", "seeded[=NAME]" }, { "tcp=", "tcp=HOST:PORT" },
		{ "tcp=127.0.0.1", "tcp=HOST:PORT" }, { "tcp=a b:1", "tcp=HOST:PORT" },
		{ "redis=h:port", "redis=" }, { "http", "http=URL" },
		{ "redis", "redis=" }, { "file=", "file=PATH" },
		{ "disk", "disk=PATH[<PCT]" }, { "disk=", "disk=" }, { "disk=<5", "disk=" },
		{ "disk=/<", "disk=" }, { "disk=/<0", "disk=" }, { "disk=/<101", "disk=" },
		{ "disk=/<5%%", "disk=" }, { "disk=/<-5", "disk=" }, { "disk=/<1h", "disk=" },
		{ "disk</", "disk=" }, { "disk=/>5", "disk=" }, { "disk=/<=5", "disk=" }, { "disk=/=5", "disk=" },
		{ "disk=/ 90%", "disk=" }, { "disk=/a<b<5", "disk=" }, { "disk=/<5 %", "disk=" }, { "connections=", "connections[<PCT]" },
		{ "connections=<5", "connections[<PCT]" }, { "connections<", "connections[<PCT]" },
		{ "connections<x", "connections[<PCT]" }, { "connections>5", "connections[<PCT]" },
		{ "connections<=5", "connections[<PCT]" }, { "connections 5", "connections[<PCT]" },
		{ "lag>5s", "lag[<TIME]" }, { "lag<=5s", "lag[<TIME]" }, { "lag<5 s", "lag[<TIME]" },
		{ "backup=/b>26h", "backup=" }, { "backup=/b<=26h", "backup=" }, { "backup=/b=26h", "backup=" },
		{ "backup=/b 26h", "backup=" }, { "seeded>x", "seeded[=NAME]" }, { "lag=5s", "lag[<TIME]" }, { "lag<5%", "lag[<TIME]" },
		{ "lag<0", "lag[<TIME]" }, { "backup", "backup=DIR[<AGE]" }, { "backup=/b<", "backup=" },
		{ "backup=/b<-1h", "backup=" }, { "backup</b", "backup=" }, { "table<x", "table=" },
		{ "ready<5", "written ready" }, { "postgres://h/db", "give it with --url" },
		{ "env:URL", "give it with --url" }, { "host=h", "give it with --url" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct buf error = BUF_INIT;
		struct check c;

		if (check_read(&c, bad[i].text, &error) != BAD_USAGE || !strstr(error.data, bad[i].words))
			fail_msg("'%s': '%s', not '%s'", bad[i].text, error.data, bad[i].words);
		buf_free(&error);
	}
}

static void no_password_is_shown_or_quoted(void **state)
{
	static const char *const good[] = {
		"http=http://u:s3cret@h/x", "http=https://s3cret@h/x=200", "redis=redis://:s3cret@h:1",
		"redis=u:s3cret@h:1", "redis=redis://u:s3@cret@h", "tcp=u:s3cret@h:1",
		"redis=redis://h:1?password=s3cret", "redis=redis://u:s3cret@h:1/0?password=s3cret",
	};
	static const char *const bad[] = {
		"postgres://u:s3cret@h/db", "postgres://u:s3cret@h/db?a=b", "u:s3cret@h",
		"user=u password=s3cret",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct check c;

		read_check(&c, good[i]);
		assert_lacks(c.shown, "s3");
		assert_lacks(c.shown, "cret");
		check_free(&c);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct buf error = BUF_INIT;
		struct check c;

		assert_int_equal(check_read(&c, bad[i], &error), BAD_USAGE);
		assert_lacks(error.data, "s3cret");
		buf_free(&error);
	}
}

static void all_but_a_password_is_shown(void **state)
{
	static const char *const table[][2] = {
		{ "http=http://u:p@h/x?y=1", "http=http://***@h/x?y=1" }, { "http=http://h/x?y=1", "http=http://h/x?y=1" },
		{ "redis=redis://u:p@h:1/0?a=b", "redis=redis://***@h:1/0?***" }, { "tcp=h:1", "tcp=h:1" },
		{ "redis=redis://h:1?password=p", "redis=redis://h:1?***" }, { "redis=u:p@h:1", "redis=***@h:1" },
		{ "redis=redis://h:1", "redis=redis://h:1" }, { "table=a@b", "table=a@b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct check c;

		read_check(&c, table[i][0]);
		assert_string_equal(c.shown, table[i][1]);
		check_free(&c);
	}
}

static void checks_know_whether_they_are_about_a_database(void **state)
{
	static const char *const about[] = { "ready", "table=t", "query=x", "migrated=django" };
	static const char *const not[] = { "tcp=h:1", "http=http://h", "redis=h", "file=/x" };
	struct check c;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		read_check(&c, about[i]);
		assert_true(check_is_of_db(&c));
		check_free(&c);
		read_check(&c, not[i]);
		assert_false(check_is_of_db(&c));
		check_free(&c);
	}
}

/* --- several checks and targets --- */

/* "check@target ..." of what was read from lines and urls (both end in NULL). */
static char *plan(const char *const *lines, const char *const *urls, int *rc)
{
	struct strs l = { 0 }, u = { 0 };
	struct buf shown = BUF_INIT, error = BUF_INIT;
	struct checks c;

	while (*lines)
		strs_add(&l, *lines++);
	while (*urls)
		strs_add(&u, *urls++);
	*rc = checks_read(&c, &l, &u, "ready", &error);
	for (size_t i = 0; i < c.n && !*rc; i++)
		buf_printf(&shown, "%s%s@%s", i ? " " : "", c.v[i].shown, checks_target(&c, i));
	buf_puts(&shown, error.data);
	checks_free(&c);
	strs_free(&l);
	strs_free(&u);
	buf_free(&error);
	return buf_detach(&shown);
}

#define LIST(...) (const char *const[]){ __VA_ARGS__ }

static void assert_plan(const char *const *lines, const char *const *urls, int status,
                        const char *wanted)
{
	int rc;
	char *text = plan(lines, urls, &rc);

	assert_string_equal(text, wanted);
	assert_int_equal(rc, status);
	free(text);
}

static void a_target_without_a_check_gets_the_fallback(void **state)
{
	(void)state;
	clearenv();
	assert_plan(LIST(NULL), LIST("sqlite:a", "sqlite:b", NULL), 0,
	            "ready@sqlite:a ready@sqlite:b");
	setenv("DATABASE_URL", "sqlite:env", 1);
	assert_plan(LIST(NULL), LIST(NULL), 0, "ready@sqlite:env");
	assert_plan(LIST("table=t", NULL), LIST(NULL), 0, "table=t@sqlite:env");
	assert_plan(LIST("file=/x", "url=sqlite:b", NULL), LIST(NULL), 0, "file=/x@ ready@sqlite:b");
}

static void url_lines_apply_to_the_checks_after_them(void **state)
{
	(void)state;
	clearenv();
	assert_plan(LIST("url=sqlite:a", "table=x", "url=sqlite:b", "table=y", "ready", NULL),
	            LIST(NULL), 0, "table=x@sqlite:a table=y@sqlite:b ready@sqlite:b");
	assert_plan(LIST("table=x", "url=sqlite:c", "table=y", NULL),
	            LIST("sqlite:a", "sqlite:b", NULL), 0,
	            "table=x@sqlite:a table=x@sqlite:b table=y@sqlite:c");
	assert_plan(LIST("url=sqlite:a", "url=sqlite:b", "table=y", NULL), LIST(NULL), 0,
	            "table=y@sqlite:b ready@sqlite:a");
	setenv("DATABASE_URL", "sqlite:env", 1);
	assert_plan(LIST("table=x", "url=sqlite:c", NULL), LIST(NULL), 0,
	            "table=x@sqlite:env ready@sqlite:c");
}

static void a_check_that_needs_no_database_needs_no_target(void **state)
{
	int rc;
	char *text;

	(void)state;
	clearenv();
	assert_plan(LIST("file=/x", "tcp=h:1", NULL), LIST(NULL), 0, "file=/x@ tcp=h:1@");
	text = plan(LIST("file=/x", "table=t", NULL), LIST(NULL), &rc);
	assert_int_equal(rc, BAD_CONFIG);
	assert_holds(text, "no database given");
	free(text);
	text = plan(LIST("url=nothing", NULL), LIST(NULL), &rc);
	assert_int_equal(rc, BAD_USAGE);
	free(text);
	text = plan(LIST("url=env:NOPE", NULL), LIST(NULL), &rc);
	assert_int_equal(rc, BAD_CONFIG);
	free(text);
}

static void a_wrong_line_is_an_error_with_nothing_leaked(void **state)
{
	static const char *const wrong[] = { "raedy", "table=", "url=", "url=mysql://h", "" };

	(void)state;
	clearenv();
	setenv("DATABASE_URL", "sqlite:env", 1);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		int rc;
		char *text = plan(LIST("ready", "url=sqlite:a", "table=x", wrong[i], "ready", NULL),
		                  LIST("sqlite:b", NULL), &rc);

		assert_int_equal(rc, BAD_USAGE);
		free(text);
		text = plan(LIST(wrong[i], NULL), LIST("sqlite:b", NULL), &rc);
		assert_int_equal(rc, BAD_USAGE);
		free(text);
	}
}

/* --- asking --- */

/* PASS, FAIL or UNKNOWN for one check of database file `db`. */
static enum verdict ask(const char *text, const char *db)
{
	struct strs lines = { 0 }, urls = { 0 };
	struct finding f = FINDING_INIT;
	struct buf error = BUF_INIT;
	enum verdict verdict;
	struct checks c;

	strs_add(&lines, text);
	strs_add(&urls, db);
	assert_int_equal(checks_read(&c, &lines, &urls, "ready", &error), 0);
	checks_ask(&c, 0, clock_after(2000), &f);
	verdict = f.verdict;
	if (verdict != PASS && !f.why.len)
		fail_msg("%s: no reason given", text);
	finding_free(&f);
	checks_free(&c);
	strs_free(&lines);
	strs_free(&urls);
	return verdict;
}

static int make_database(void **state)
{
	struct lite lite = LITE_INIT;

	if (scratch_make(state) || lite_open(&lite, "db", LITE_CREATE, 0))
		return -1;
	if (lite_script(&lite, "CREATE TABLE Users (id); INSERT INTO Users VALUES (1), (2), (3);"
	                       "CREATE VIEW v AS SELECT 1; CREATE TABLE empty (x);"
	                       "CREATE TABLE \"odd \"\"name\" (x); INSERT INTO \"odd \"\"name\" VALUES (1);",
	                false))
		return -1;
	lite_free(&lite);
	put_text("garbage", "this is no database, however long it may be: SQLite looks at the head");
	return 0;
}

static void checks_of_sqlite_answer(void **state)
{
	static const struct {
		const char *text;
		enum verdict verdict;
	} table[] = {
		{ "ready", PASS }, { "writable", PASS }, { "standby", FAIL },
		{ "table=users", PASS }, { "table=main.Users", PASS }, { "table=v", PASS },
		{ "table=nope", FAIL }, { "table=other.users", FAIL },
		{ "rows=users", PASS }, { "rows=users>=3", PASS }, { "rows=users>=4", FAIL },
		{ "rows=empty", FAIL }, { "rows=empty>=0", PASS }, { "rows=nope", FAIL },
		{ "rows=\"odd \"\"name\"", PASS }, { "table=\"odd \"\"name\"", PASS },
		{ "rows=users>2", PASS }, { "rows=users>3", FAIL }, { "rows=users=3", PASS }, { "rows=users=2", FAIL },
		{ "rows=users=4", FAIL }, { "rows=users<4", PASS }, { "rows=users<3", FAIL }, { "rows=users<=3", PASS },
		{ "rows=users<=2", FAIL }, { "rows=empty=0", PASS }, { "rows=empty<1", PASS }, { "rows=nope=0", FAIL },
		{ "query=SELECT 1", PASS }, { "query=SELECT 0", FAIL }, { "query=SELECT ''", FAIL },
		{ "query=SELECT NULL", FAIL }, { "query=SELECT 'x'", PASS }, { "query=SELECT '0'", FAIL },
		{ "query=SELECT 0.0", FAIL }, { "query=SELECT 0.5", PASS }, { "query=SELECT -1", PASS },
		{ "query=SELECT 'f'", FAIL }, { "query=SELECT 'false'", FAIL }, { "query=SELECT 't'", PASS },
		{ "query=SELECT 1 WHERE 0", FAIL }, { "query=SELECT nope", UNKNOWN },
		{ "query=DELETE FROM users RETURNING 1", UNKNOWN },
		{ "query=SELECT count(*) = 3 FROM users", PASS },
		{ "extension=postgis", FAIL }, { "seeded", FAIL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		enum verdict verdict = ask(table[i].text, "sqlite:db");

		if (verdict != table[i].verdict)
			fail_msg("%s: verdict %d", table[i].text, verdict);
	}
}

static void a_query_writes_nothing_also_in_a_session_that_could(void **state)
{
	struct target target = { .kind = TARGET_SQLITE, .path = (char[]){ "db" } };
	struct finding f = FINDING_INIT;
	struct db db = DB_INIT;
	struct check c;

	(void)state;
	assert_int_equal(db_open(&db, &target, DB_WRITE, CLOCK_NEVER), CONNECTED);
	read_check(&c, "query=DELETE FROM users RETURNING 1");
	check_ask_db(&c, &db, CLOCK_NEVER, &f);
	assert_int_equal(f.verdict, UNKNOWN);
	check_free(&c);
	read_check(&c, "rows=users>=3");
	check_ask_db(&c, &db, CLOCK_NEVER, &f);
	assert_int_equal(f.verdict, PASS);
	check_free(&c);
	/* Afterwards the session writes again. */
	assert_int_equal(lite_query(&db.lite, "CREATE TABLE later (x)", NULL, 0, NULL), 0);
	finding_free(&f);
	db_free(&db);
}

static void what_cannot_be_told_is_unknown_and_never_a_pass(void **state)
{
	static const char *const checks[] = { "writable", "table=t", "rows=t>=0", "query=SELECT 1",
		                              "seeded" };

	(void)state;
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		assert_int_equal(ask(checks[i], "sqlite:missing"), UNKNOWN);
		assert_int_equal(ask(checks[i], "sqlite:garbage"), UNKNOWN);
		assert_int_equal(ask(checks[i], "sqlite:."), UNKNOWN);
	}
	assert_int_equal(ask("ready", "sqlite:missing"), FAIL);
	assert_int_equal(ask("ready", "sqlite:garbage"), FAIL);
}

static void assert_redis(const char *answer, const char *why)
{
	struct finding f = FINDING_INIT;

	redis_judge(answer, strlen(answer), &f);
	assert_int_equal(f.verdict, why ? FAIL : PASS);
	if (why)
		assert_string_equal(f.why.data, why);
	finding_free(&f);
}

static void redis_answers_are_lines(void **state)
{
	(void)state;
	assert_redis("+PONG\r\n", NULL);
	assert_redis("+OK\r\n+PONG\r\n", NULL);
	assert_redis("-ERR AUTH called without any password configured\r\n+PONG\r\n", NULL);
	assert_redis("-WRONGPASS invalid\r\n-NOAUTH needed\r\n", "answered: WRONGPASS invalid");
	assert_redis("-ERR unknown command '+PONG\r\n", "answered: ERR unknown command '+PONG");
	assert_redis("+not-a-pong +PONG\r\n", "did not answer PONG");
	assert_redis("HTTP/1.1 400 Bad-Request\r\n", "did not answer PONG");
	assert_redis("+PONG", "did not answer PONG");
}

static void places_are_looked_at(void **state)
{
	(void)state;
	assert_int_equal(ask("file=db", "sqlite:db"), PASS);
	assert_int_equal(ask("file=/dev/null", "sqlite:db"), PASS);
	assert_int_equal(ask("file=nowhere", "sqlite:db"), FAIL);
	assert_int_equal(ask("tcp=127.0.0.1:1", "sqlite:db"), FAIL);
	assert_int_equal(ask("redis=127.0.0.1:1", "sqlite:db"), FAIL);
	assert_int_equal(ask("http=http://127.0.0.1:1/x", "sqlite:db"), FAIL);
	assert_int_equal(ask("http=https://127.0.0.1:1/x", "sqlite:db"), FAIL);
	assert_int_equal(ask("redis=rediss://127.0.0.1:1", "sqlite:db"), FAIL);
	assert_int_equal(ask("redis=unix:///nowhere", "sqlite:db"), FAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_taken_apart),
			cmocka_unit_test(limits_follow_the_sign),
		cmocka_unit_test(a_wrong_check_is_told_how_it_is_written),
		cmocka_unit_test(no_password_is_shown_or_quoted),
		cmocka_unit_test(all_but_a_password_is_shown),
		cmocka_unit_test(checks_know_whether_they_are_about_a_database),
		cmocka_unit_test(a_target_without_a_check_gets_the_fallback),
		cmocka_unit_test(url_lines_apply_to_the_checks_after_them),
		cmocka_unit_test(a_check_that_needs_no_database_needs_no_target),
		cmocka_unit_test(a_wrong_line_is_an_error_with_nothing_leaked),
		cmocka_unit_test(checks_of_sqlite_answer),
		cmocka_unit_test(a_query_writes_nothing_also_in_a_session_that_could),
		cmocka_unit_test(what_cannot_be_told_is_unknown_and_never_a_pass),
		cmocka_unit_test(redis_answers_are_lines),
		cmocka_unit_test(places_are_looked_at),
	};

	return unit_run("check", tests, make_database, scratch_remove);
}
