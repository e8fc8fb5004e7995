/* Unit tests of db/target. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "base/msg.h"
#include "base/status.h"
#include "db/target.h"

extern char **environ;

/* Sets these variables (NAME=value, ends in NULL) and no other. */
static void environment(const char *const *entries)
{
	clearenv();
	for (; entries && *entries; entries++)
		putenv((char *)(uintptr_t)*entries);
}

#define ENVIRONMENT(...) environment((const char *const[]){ __VA_ARGS__, NULL })

static void find(struct target *t, const char *text)
{
	struct buf error = BUF_INIT;
	int rc = target_find(t, text, &error);

	if (rc)
		fail_msg("%s: %d, %s", text ? text : "(environment)", rc, error.data);
	buf_free(&error);
}

static void assert_shown(const char *text, const char *shown)
{
	struct target t;

	find(&t, text);
	assert_string_equal(t.shown, shown);
	target_free(&t);
}

static void assert_error(const char *text, int status, const char *words)
{
	struct buf error = BUF_INIT;
	struct target t;

	if (target_find(&t, text, &error) != status || !strstr(error.data, words) ||
	    strstr(error.data, "s3cret"))
		fail_msg("%s: '%s', not '%s'", text ? text : "(environment)", error.data, words);
	target_free(&t);
	buf_free(&error);
}

static void assert_key(const struct target *t, const char *key, const char *wanted)
{
	const char *value = conninfo_get(&t->conninfo, key);

	if (wanted)
		assert_string_equal(value ? value : "(null)", wanted);
	else
		assert_null(value);
}

static void assert_warnings(const char *text, size_t n, const char *words)
{
	struct target t;

	find(&t, text);
	if (t.warnings.n != n || (n && !strstr(t.warnings.v[0], words)))
		fail_msg("%s: %zu warnings, the first: %s", text, t.warnings.n,
		         t.warnings.n ? t.warnings.v[0] : "");
	target_free(&t);
}

/* --- URLs --- */

static void every_scheme_of_a_server_is_known(void **state)
{
	static const char *const schemes[] = {
		"postgres", "postgresql", "postgis", "postgresql+asyncpg", "postgresql+psycopg2",
		"postgres+psycopg_async", "POSTGRES", "PostgreSQL",
	};

	(void)state;
	environment(NULL);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		char text[128];

		snprintf(text, sizeof(text), "%s://u:s3cret@h:1/db", schemes[i]);
		assert_shown(text, "u@h:1/db");
	}
	assert_shown("user=u host=h dbname=db", "u@h:5432/db");
	assert_shown("user=u dbname='a b' password='x\\'y' port=7", "u@local:7/a b");
}

static void what_is_left_out_has_libpqs_defaults_but_the_user(void **state)
{
	(void)state;
	environment(NULL);
	assert_shown("postgres://u@h", "u@h:5432/u");
	assert_shown("postgres://u@/db", "u@local:5432/db");
	assert_shown("postgres://u@", "u@local:5432/u");
	assert_error("postgres://h/db", BAD_USAGE, "names no user");
	assert_error("postgres://:s3cret@h/db", BAD_USAGE, "names no user");
	assert_error("host=h dbname=db password=s3cret", BAD_USAGE, "user=NAME");
	ENVIRONMENT("USER=root", "LOGNAME=root", "PGUSER=other");
	assert_error("postgres://h/db", BAD_USAGE, "names no user");
}

static void parameters_of_orms_are_dropped_with_one_warning(void **state)
{
	struct target t;

	(void)state;
	environment(NULL);
	find(&t, "postgres://u@h/db?schema=public&pgbouncer=true&sslmode=disable&"
	         "connection_limit=1&s3cret=s3cret&connect_timeout=3");
	assert_int_equal(t.warnings.n, 1);
	assert_holds(t.warnings.v[0], "schema, pgbouncer, connection_limit");
	assert_lacks(t.warnings.v[0], "s3cret");
	assert_lacks(t.warnings.v[0], "sslmode");
	assert_key(&t, "sslmode", "disable");
	assert_key(&t, "connect_timeout", "3");
	assert_key(&t, "schema", NULL);
	target_free(&t);
	assert_warnings("postgres://u@h/db?sslmode=disable", 0, "");
}

static void ssl_true_means_sslmode_require(void **state)
{
	struct target t;

	(void)state;
	environment(NULL);
	find(&t, "postgres://u@h/db?ssl=true");
	assert_key(&t, "sslmode", "require");
	assert_int_equal(t.warnings.n, 0);
	target_free(&t);
}

static void other_drivers_words_for_tls_become_sslmode(void **state)
{
	static const char *const words[][2] = {
		{ "ssl=require", "require" },        { "ssl=verify_ca&ssl-ca=mine.pem", "verify-ca" },
		{ "tls=true", "require" },           { "sslmode=no-verify", "require" },
		{ "SSLMode=VerifyFull", "verify-full" }, { "ssl=prefer", "prefer" },
		{ "ssl=true&sslmode=allow", "require" }, { "sslmode=allow&ssl=1", "require" },
		{ "ssl=disable", "disable" },        { "sslaccept=strict&sslmode=prefer", "verify-full" },
		{ "sslaccept=accept_invalid_certs", NULL }, { "sslmode=", NULL },
		{ "secure=true", "require" },        { "secure=false", "disable" },
	};

	(void)state;
	environment(NULL);
	put_text("mine.pem", "");
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		char *url = xasprintf("postgres://u@h/db?%s", words[i][0]);
		struct target t;

		find(&t, url);
		assert_key(&t, "sslmode", words[i][1]);
		assert_int_equal(t.warnings.n, 0);
		target_free(&t);
		free(url);
	}
}

static void what_is_not_known_about_tls_is_refused(void **state)
{
	(void)state;
	environment(NULL);
	assert_error("postgres://u:s3cret@h/db?ssl=s3cret", BAD_USAGE, "TLS");
	assert_error("postgres://u:s3cret@h/db?tls_ca_file=s3cret", BAD_USAGE, "TLS");
	assert_error("postgres://u:s3cret@h/db?secure-connection=s3cret", BAD_USAGE, "TLS");
	assert_error("postgres://u:s3cret@h/db?sslmode=disable&ssl=true", BAD_USAGE, "encrypted");
	assert_error("host=h user=u sslmode=s3cret", BAD_USAGE, "TLS");
	ENVIRONMENT("DATABASE_URL=postgres://u@h/db?sslmode=s3cret");
	assert_error(NULL, BAD_CONFIG, "TLS");
}

static void verify_full_finds_its_cas_by_itself(void **state)
{
	struct target t;

	(void)state;
	environment(NULL);
	find(&t, "postgres://u@h/db?sslmode=verify-full");
	assert_key(&t, "sslrootcert", "system");
	target_free(&t);
	find(&t, "postgres://u@h/db?sslmode=require");
	assert_key(&t, "sslrootcert", NULL);
	target_free(&t);
	put_text("mine.pem", "");
	find(&t, "postgres://u@h/db?sslmode=verify-full&sslrootcert=mine.pem");
	assert_key(&t, "sslrootcert", "mine.pem");
	target_free(&t);
	ENVIRONMENT("PGSSLROOTCERT=mine.pem");
	find(&t, "postgres://u@h/db?sslmode=verify-full");
	assert_key(&t, "sslrootcert", NULL);
	target_free(&t);
}

static void a_lenient_password_is_read_with_one_warning(void **state)
{
	struct target t;

	(void)state;
	environment(NULL);
	find(&t, "postgres://u:p@ss:w/o#rd%1@h:1/db");
	assert_key(&t, "password", "p@ss:w/o#rd%1");
	assert_string_equal(t.shown, "u@h:1/db");
	assert_int_equal(t.warnings.n, 1);
	assert_holds(t.warnings.v[0], "percent-encoded");
	assert_lacks(t.warnings.v[0], "rd%1");
	target_free(&t);
	assert_warnings("postgres://u:p%40ss%3Aw%2Fo%23rd%251@h:1/db", 0, "");
}

static void the_applet_is_the_application(void **state)
{
	struct target t;

	(void)state;
	environment(NULL);
	find(&t, "postgres://u@h/db");
	assert_key(&t, "application_name", "pgbox");
	target_free(&t);
	find(&t, "postgres://u@h/db?application_name=mine");
	assert_key(&t, "application_name", "mine");
	target_free(&t);
}

static void wrong_texts_are_refused_without_a_word_of_them(void **state)
{
	(void)state;
	environment(NULL);
	assert_error("", BAD_USAGE, "empty");
	assert_error("mysql://u:s3cret@h/db", BAD_USAGE, "not a database URL");
	assert_error("u:s3cret@h/db", BAD_USAGE, "not a database URL");
	assert_error("s3cret", BAD_USAGE, "not a database URL");
	assert_error("postgres:u:s3cret@h/db", BAD_USAGE, "not a database URL");
	assert_error("postgres://u:s3cret@h:x/db", BAD_USAGE, "cannot read the URL");
	assert_error("postgres://u:s3cret@h:99999/db", BAD_USAGE, "cannot read the URL");
	assert_error("user=u password=s3cret frobnicate=s3cret", BAD_USAGE, "conninfo");
	assert_error("password='s3cret", BAD_USAGE, "conninfo");
	assert_error("sqlite://u:s3cret@h/db", BAD_USAGE, "no place in an SQLite URL");
}

static void a_database_name_that_is_a_conninfo_is_refused(void **state)
{
	(void)state;
	environment(NULL);
	assert_error("user=u dbname=postgres://v:s3cret@h/db", BAD_USAGE, "");
	assert_error("user=u dbname='host=h password=s3cret'", BAD_USAGE, "");
}

/* --- SQLite --- */

static void sqlite_paths_are_read_as_frameworks_write_them(void **state)
{
	static const char *const pairs[][2] = {
		{ "sqlite:///rel.db", "sqlite:rel.db" },
		{ "sqlite:///sub/rel.db", "sqlite:sub/rel.db" },
		{ "sqlite:////abs/x.db", "sqlite:/abs/x.db" },
		{ "sqlite:x.db", "sqlite:x.db" },
		{ "sqlite:/abs/x.db", "sqlite:/abs/x.db" },
		{ "sqlite3:///rel.db", "sqlite:rel.db" },
		{ "sqlite+aiosqlite:///rel.db", "sqlite:rel.db" },
		{ "file:x.db", "sqlite:x.db" },
		{ "file:/abs/x.db", "sqlite:/abs/x.db" },
		{ "file:///abs/x.db", "sqlite:/abs/x.db" },
		{ "sqlite:///a%20b.db?mode=rwc", "sqlite:a b.db" },
		{ "sqlite:///100%.db", "sqlite:100%.db" },
	};

	(void)state;
	environment(NULL);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct target t;

		find(&t, pairs[i][0]);
		assert_int_equal(t.kind, TARGET_SQLITE);
		assert_string_equal(t.shown, pairs[i][1]);
		assert_string_equal(t.path, pairs[i][1] + strlen("sqlite:"));
		target_free(&t);
	}
	assert_error("sqlite:", BAD_USAGE, "names no file");
	assert_error("sqlite://", BAD_USAGE, "");
	assert_error("sqlite:///", BAD_USAGE, "names no file");
	assert_error("sqlite:///:memory:", BAD_USAGE, "names no file");
}

/* --- the environment --- */

static void the_families_come_in_their_order_and_do_not_mix(void **state)
{
	(void)state;
	ENVIRONMENT("DATABASE_URL=postgres://u@url/db", "PGHOST=pg", "PGUSER=p", "PGPORT=9",
	            "POSTGRES_HOST=image");
	assert_shown(NULL, "u@url:5432/db");
	ENVIRONMENT("PGHOST=pg", "PGUSER=p", "POSTGRES_HOST=image", "POSTGRES_DB=x",
	            "POSTGRES_PORT=7");
	assert_shown(NULL, "p@pg:5432/p");
	ENVIRONMENT("POSTGRES_HOST=image", "POSTGRES_DB=x", "PGPORT=9", "PGPASSWORD=s3cret");
	assert_shown(NULL, "postgres@image:5432/x");
	environment(NULL);
	assert_error(NULL, BAD_CONFIG, "DATABASE_URL");
	ENVIRONMENT("PGPASSWORD=s3cret", "PGPORT=9");
	assert_error(NULL, BAD_CONFIG, "no database given");
	ENVIRONMENT("PGHOST=", "POSTGRES_HOST=h");
	assert_shown(NULL, "postgres@h:5432/postgres");
}

static void a_given_text_has_the_environment_forgotten(void **state)
{
	struct target t;

	(void)state;
	ENVIRONMENT("DATABASE_URL=postgres://u@url/db", "PGPASSWORD=s3cret", "PGPORT=9");
	find(&t, "postgres://x@h/y");
	assert_string_equal(t.shown, "x@h:5432/y");
	assert_key(&t, "password", NULL);
	assert_key(&t, "port", NULL);
	target_free(&t);
}

static void libpqs_variables_need_a_user_that_is_not_the_systems(void **state)
{
	struct target t;

	(void)state;
	ENVIRONMENT("PGHOST=h", "PGDATABASE=d", "USER=root");
	assert_error(NULL, BAD_CONFIG, "set PGUSER");
	ENVIRONMENT("PGHOST=h", "PGUSER=u", "PGPASSWORD=s3cret", "PGPORT=7", "PGDATABASE=d");
	find(&t, NULL);
	assert_string_equal(t.shown, "u@h:7/d");
	assert_key(&t, "password", "s3cret");
	target_free(&t);
	put_text("services", "[svc]\nhost=h\nuser=u\n[whole]\nhost=h\nuser=u\ndbname=d\n");
	ENVIRONMENT("PGSERVICE=svc", "PGSERVICEFILE=services");
	assert_shown(NULL, "service=svc/u");
	ENVIRONMENT("PGSERVICE=whole", "PGSERVICEFILE=services");
	assert_shown(NULL, "service=whole");
	ENVIRONMENT("PGSERVICE=other", "PGSERVICEFILE=services");
	assert_error(NULL, BAD_CONFIG, "other");
	ENVIRONMENT("PGHOST=h", "PGUSER=u", "PGPORT=abc");
	assert_error(NULL, BAD_CONFIG, "PGPORT");
	ENVIRONMENT("PGHOST=h", "PGUSER=u", "PGDATABASE=postgres://v:s3cret@h/db");
	assert_error(NULL, BAD_CONFIG, "");
}

static void the_images_variables_have_the_images_defaults(void **state)
{
	struct target t;

	(void)state;
	ENVIRONMENT("POSTGRES_HOST=db");
	assert_shown(NULL, "postgres@db:5432/postgres");
	ENVIRONMENT("POSTGRES_USER=app");
	assert_shown(NULL, "app@local:5432/app");
	ENVIRONMENT("POSTGRES_USER=app", "POSTGRES_DB=data", "POSTGRES_PORT=9", "POSTGRES_HOST=db",
	            "POSTGRES_PASSWORD=s3cret");
	find(&t, NULL);
	assert_string_equal(t.shown, "app@db:9/data");
	assert_key(&t, "password", "s3cret");
	target_free(&t);
	ENVIRONMENT("POSTGRES_PASSWORD=s3cret");
	assert_shown(NULL, "postgres@local:5432/postgres");
}

static void every_variable_may_come_from_a_file(void **state)
{
	struct target t;

	(void)state;
	put_text("url", "postgres://u:s3cret@h/db\n");
	ENVIRONMENT("DATABASE_URL_FILE=url");
	assert_shown(NULL, "u@h:5432/db");
	put_text("pw", "s3cret two\n");
	ENVIRONMENT("PGHOST=h", "PGUSER=u", "PGPASSWORD_FILE=pw");
	find(&t, NULL);
	assert_key(&t, "password", "s3cret two");
	target_free(&t);
	ENVIRONMENT("POSTGRES_PASSWORD_FILE=pw", "POSTGRES_HOST=h");
	find(&t, NULL);
	assert_key(&t, "password", "s3cret two");
	target_free(&t);

	ENVIRONMENT("DATABASE_URL=x", "DATABASE_URL_FILE=url");
	assert_error(NULL, BAD_CONFIG, "both DATABASE_URL and DATABASE_URL_FILE");
	ENVIRONMENT("POSTGRES_PASSWORD_FILE=./nowhere", "POSTGRES_HOST=h");
	assert_error(NULL, BAD_CONFIG, "POSTGRES_PASSWORD_FILE: cannot read './nowhere'");
}

static void an_empty_database_url_is_an_error(void **state)
{
	(void)state;
	ENVIRONMENT("DATABASE_URL=", "PGHOST=h", "PGUSER=u");
	assert_error(NULL, BAD_CONFIG, "DATABASE_URL is empty");
	put_text("nothing", "\n");
	ENVIRONMENT("DATABASE_URL_FILE=nothing");
	assert_error(NULL, BAD_CONFIG, "DATABASE_URL is empty");
}

static void env_names_a_variable(void **state)
{
	(void)state;
	put_text("url", "postgres://u:s3cret@h/db\n");
	ENVIRONMENT("USERS_URL=postgres://u:s3cret@h/users", "LOGS_URL_FILE=url", "EMPTY=",
	            "BAD=mysql://s3cret", "BOTH=x", "BOTH_FILE=url");
	assert_shown("env:USERS_URL", "u@h:5432/users");
	assert_shown("env:LOGS_URL", "u@h:5432/db");
	assert_error("env:MISSING", BAD_CONFIG, "neither MISSING nor MISSING_FILE is set");
	assert_error("env:EMPTY", BAD_CONFIG, "EMPTY is empty");
	assert_error("env:BAD", BAD_CONFIG, "BAD: not a database URL");
	assert_error("env:BOTH", BAD_CONFIG, "both BOTH and BOTH_FILE");
	assert_error("env:postgres://u:s3cret@h", BAD_CONFIG, "");
	assert_error("env:", BAD_CONFIG, "");
}

static void a_wrong_variable_is_named_and_is_78(void **state)
{
	(void)state;
	ENVIRONMENT("DATABASE_URL=postgres://u:s3cret@h:x/db");
	assert_error(NULL, BAD_CONFIG, "DATABASE_URL: cannot read the URL");
	ENVIRONMENT("DATABASE_URL=postgres://h/db");
	assert_error(NULL, BAD_CONFIG, "DATABASE_URL names no user");
}

static void isolation_takes_libpqs_variables_away(void **state)
{
	(void)state;
	ENVIRONMENT("PGHOST=h", "PGUSER=u", "PGPASSWORD=s3cret", "PGDATABASE=d", "PGPORT=1",
	            "PGSERVICE=s", "PGHOSTADDR=1.1.1.1", "PGSSLMODE=require", "OTHER=x");
	target_isolate();
	assert_null(getenv("PGHOST"));
	assert_null(getenv("PGUSER"));
	assert_null(getenv("PGPASSWORD"));
	assert_null(getenv("PGDATABASE"));
	assert_null(getenv("PGPORT"));
	assert_null(getenv("PGSERVICE"));
	assert_null(getenv("PGHOSTADDR"));
	assert_string_equal(getenv("PGSSLMODE"), "require");
	assert_string_equal(getenv("OTHER"), "x");
}

/* --- which database --- */

static void the_server_alone_may_be_named(void **state)
{
	struct buf error = BUF_INIT;
	struct target t;

	(void)state;
	ENVIRONMENT("PGHOST=h", "PGUSER=u", "PGDATABASE=d");
	assert_int_equal(target_find_server(&t, &error), 0);
	assert_key(&t, "host", "h");
	target_free(&t);
	ENVIRONMENT("DATABASE_URL=x");
	assert_int_equal(target_find_server(&t, &error), BAD_CONFIG);
	target_free(&t);
	buf_free(&error);
}

static void the_database_is_the_named_one_or_that_of_the_backup(void **state)
{
	static const struct {
		const char *url, *into, *backup;
		bool meant;
		int rc;
		const char *database;
	} table[] = {
		{ "postgres://u@h/app", NULL, "app", false, 0, "app" },
		{ "postgres://u@h/app", NULL, "apo", false, BAD_USAGE, "app" },
		{ "postgres://u@h/app", NULL, "apq", false, BAD_USAGE, "app" },
		{ "postgres://u@h/app", NULL, "other", true, 0, "app" },
		{ "postgres://u@h/app", NULL, NULL, false, 0, "app" },
		{ "postgres://u@h/app", "into", "other", false, 0, "into" },
		{ "postgres://u@h", NULL, "other", false, 0, "other" },
		{ "postgres://u@h", NULL, NULL, false, 0, "u" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct buf error = BUF_INIT;
		struct target t;

		find(&t, table[i].url);
		if (target_choose(&t, table[i].into, table[i].backup, table[i].meant, &error) != table[i].rc)
			fail_msg("%zu: %s", i, error.data);
		assert_key(&t, "dbname", table[i].database);
		target_free(&t);
		buf_free(&error);
	}
}

static void what_is_dropped_is_for_an_allowed_database_or_ones_own(void **state)
{
	static const struct {
		const char *url, *backup;
		int rc;
		const char *database;
	} table[] = {
		{ "postgres://u@h/app", "allowed", 0, "allowed" }, { "postgres://u@h/app", "app", 0, "app" },
		{ "postgres://u@h/app", "other", 0, "app" },       { "postgres://u@h", "u", 0, "u" },
		{ "postgres://u@h", "v", BAD_USAGE, "u" },         { "postgres://u@h", "t", BAD_USAGE, "u" },
	};
	struct strs allowed = { 0 };

	(void)state;
	strs_add(&allowed, "allowed");
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct buf error = BUF_INIT;
		struct target t;

		find(&t, table[i].url);
		if (target_admit(&t, &allowed, table[i].backup, &error) != table[i].rc)
			fail_msg("%zu: %s", i, error.data);
		assert_key(&t, "dbname", table[i].database);
		target_free(&t);
		buf_free(&error);
	}
	strs_free(&allowed);
}

/* --- secrets --- */

static int say_password(void *url)
{
	struct target t;

	find(&t, url);
	msg(MSG_ERROR, "it is %s, or %s", "p@ss:w/o", "p%40ss%3Aw%2Fo");
	msg(MSG_ERROR, "it is user");
	return 0;
}

static void a_password_is_masked_in_messages_unless_it_is_a_name(void **state)
{
	char hidden[] = "postgres://user:p%40ss%3Aw%2Fo@h/db", shown[] = "postgres://user:user@h/db";
	struct outcome o = call(say_password, hidden);

	(void)state;
	assert_int_equal(o.status, 0);
	assert_lacks(o.err, "ss:w");
	assert_lacks(o.err, "ss%3Aw");
	outcome_free(&o);
	o = call(say_password, shown);
	assert_holds(o.err, "it is user");
	outcome_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_scheme_of_a_server_is_known),
		cmocka_unit_test(what_is_left_out_has_libpqs_defaults_but_the_user),
		cmocka_unit_test(parameters_of_orms_are_dropped_with_one_warning),
		cmocka_unit_test(ssl_true_means_sslmode_require),
		cmocka_unit_test(other_drivers_words_for_tls_become_sslmode),
		cmocka_unit_test(what_is_not_known_about_tls_is_refused),
		cmocka_unit_test(verify_full_finds_its_cas_by_itself),
		cmocka_unit_test(a_lenient_password_is_read_with_one_warning),
		cmocka_unit_test(the_applet_is_the_application),
		cmocka_unit_test(wrong_texts_are_refused_without_a_word_of_them),
		cmocka_unit_test(a_database_name_that_is_a_conninfo_is_refused),
		cmocka_unit_test(sqlite_paths_are_read_as_frameworks_write_them),
		cmocka_unit_test(the_families_come_in_their_order_and_do_not_mix),
		cmocka_unit_test(a_given_text_has_the_environment_forgotten),
		cmocka_unit_test(libpqs_variables_need_a_user_that_is_not_the_systems),
		cmocka_unit_test(the_images_variables_have_the_images_defaults),
		cmocka_unit_test(every_variable_may_come_from_a_file),
		cmocka_unit_test(an_empty_database_url_is_an_error),
		cmocka_unit_test(env_names_a_variable),
		cmocka_unit_test(a_wrong_variable_is_named_and_is_78),
		cmocka_unit_test(isolation_takes_libpqs_variables_away),
		cmocka_unit_test(the_server_alone_may_be_named),
		cmocka_unit_test(the_database_is_the_named_one_or_that_of_the_backup),
		cmocka_unit_test(what_is_dropped_is_for_an_allowed_database_or_ones_own),
		cmocka_unit_test(a_password_is_masked_in_messages_unless_it_is_a_name),
	};

	return unit_run("target", tests, scratch_make, scratch_remove);
}
