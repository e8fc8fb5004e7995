/* Unit tests of envcheck/vartype. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "base/banned.h"
#include "base/status.h"
#include "envcheck/vartype.h"

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

static void read_type(struct vartype *t, const char *text)
{
	struct buf error = BUF_INIT;

	if (vartype_read(t, text, &error) != 0)
		fail_msg("%s: %s", text, error.data);
	assert_string_equal(error.data, "");
	buf_free(&error);
}

/* What is wrong with the value, "" for nothing. The caller frees it. */
static char *judge(const char *type, const char *value)
{
	struct buf why = BUF_INIT;
	struct vartype t;
	int rc;

	read_type(&t, type);
	rc = vartype_judge(&t, value, &why);
	if ((rc == 0) != (why.len == 0) || rc > 0)
		fail_msg("%s: %d with the words '%s'", type, rc, why.data);
	vartype_free(&t);
	return buf_detach(&why);
}

static void assert_fits(const char *type, const char *value)
{
	char *why = judge(type, value);

	if (*why)
		fail_msg("%s: '%s' %s", type, value, why);
	free(why);
}

static void assert_misfits(const char *type, const char *value, const char *part)
{
	char *why = judge(type, value);

	if (!*why || !strstr(why, part))
		fail_msg("%s: '%s': '%s', not '%s'", type, value, why, part);
	free(why);
}

/* Good and bad values of a type, each list with NULL behind the last. */
static void values_of(const char *type, const char *const *good, const char *const *bad)
{
	for (; *good; good++)
		assert_fits(type, *good);
	for (; *bad; bad++)
		assert_misfits(type, *bad, "is ");
}

#define LIST(...) (const char *const[]){ __VA_ARGS__, NULL }

static void numbers(void **state)
{
	(void)state;
	values_of("int", LIST("0", "-1", "+5", "9223372036854775807", "007"),
	          LIST("1.0", "1e3", "0x10", " 1", "1 ", "one", "-", "1_000"));
	assert_misfits("int", "9223372036854775808", "64 bits");
	values_of("float", LIST("0", "-1.5", "1e3", ".5", "2.", "+1"),
	          LIST("nan", "inf", "0x1p3", " 1", "1,5", "e3", "1e", "-"));
	values_of("number", LIST("1.5"), LIST("x"));
	values_of("number(isInt=true)", LIST("1"), LIST("1.5"));
	values_of("port", LIST("1", "80", "65535", "08080"), LIST("0", "65536", "-1", "80.5", "http", "5432/tcp",
	          "tcp://10.0.0.1:5432", "123456"));
	assert_fits("port(min=0)", "0");
	assert_misfits("port(min=1024)", "80", "is less than 1024");
	assert_misfits("int(min=1,max=9)", "0", "is less than 1");
	assert_misfits("int(min=1,max=9)", "10", "is more than 9");
	assert_fits("int(min=1,max=9)", "9");
	assert_misfits("float(max=0.5)", "0.51", "is more than 0.5");
}

static void flags_and_words(void **state)
{
	(void)state;
	values_of("bool", LIST("true", "FALSE", "True", "yes", "no", "on", "off", "t", "f", "1", "0"),
	          LIST("2", "ja", "enabled", " true", "y"));
	values_of("boolean", LIST("true"), LIST("maybe"));
	values_of("enum(dev, prod)", LIST("dev", "prod"), LIST("Dev", "staging", "dev,prod", "dev "));
	assert_misfits("enum(dev, prod)", "staging", "is none of dev, prod");
	assert_misfits("enum(dev, prod)", "PROD", "capital");
	assert_fits("enum(\"a, b\", c)", "a, b");
}

static void strings(void **state)
{
	(void)state;
	assert_fits("string", "anything at all");
	assert_fits("string(minLength=3,maxLength=5)", "\xc3\xa4\xc3\xb6\xc3\xbc");
	assert_misfits("string(minLength=4)", "\xc3\xa4\xc3\xb6\xc3\xbc", "less than 4");
	assert_misfits("string(maxLength=2)", "abc", "more than 2");
	assert_misfits("string(isLength=2)", "abc", "does not have 2");
	assert_fits("string(startsWith=sk_, endsWith=\"x\")", "sk_abcx");
	assert_misfits("string(startsWith=sk_)", "pk_1", "begin with sk_");
	assert_misfits("string(endsWith=.git)", "git", "end in .git");
	assert_fits("string(matches=^[a-z]{2,3}$)", "abc");
	assert_misfits("string(matches=^[a-z]{2,3}$)", "abcd", "does not match ^[a-z]{2,3}$");
	assert_fits("string(minLength=2, matches=/^A,(b|c)$/i, maxLength=9)", "a,B");
	assert_misfits("string(minLength=2, matches=/^A,(b|c)$/i, maxLength=9)", "a,d", "does not match");
	assert_fits("string(matches='^(x|y)$')", "y");
}

static void sizes_and_times(void **state)
{
	(void)state;
	values_of("duration", LIST("500ms", "30s", "2m", "1h", "7d", "90", "1h30m", "1.5h", "2days", "2 days",
	          "10 min", "1w", "100us", "1y", "0"), LIST("", "s", "1x", "-1s", "1h 30", "1,5h", "soon", "1h30"));
	assert_misfits("duration(min=1s,max=1h)", "500ms", "is less than 1s");
	assert_misfits("duration(min=1s,max=1h)", "61m", "is more than 1h");
	assert_fits("duration(min=1s,max=1h)", "60m");
	values_of("bytes", LIST("0", "512", "64k", "10MB", "10 MB", "1GiB", "1.5G", "8Ki", "9b"),
	          LIST("", "MB", "10X", "-1", "1GiBs", "1,5G", "10 "));
	assert_misfits("bytes(max=1MiB)", "2MB", "is more than 1MiB");
	assert_fits("bytes(min=1000)", "1k");
}

static void encodings(void **state)
{
	(void)state;
	values_of("base64", LIST("aGk=", "aGk", "YQ==", "-_-_", "+/+/", "abcd"),
	          LIST("", "a", "a===", "ab=c", "a+b_", "ab cd", "YQ=", "=", "abcde"));
	assert_fits("base64(bytes=2)", "aGk=");
	assert_misfits("base64(bytes=32)", "aGk=", "is not 32 bytes in base64");
	values_of("hex", LIST("00", "deadBEEF", "abc"), LIST("", "0x00", "xyz", "de ad"));
	assert_fits("hex(bytes=4)", "deadbeef");
	assert_misfits("hex(bytes=4)", "deadbe", "is not 4 bytes");
	values_of("uuid", LIST("123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000"),
	          LIST("123e4567e89b12d3a456426614174000", "123e4567-e89b-12d3-a456-42661417400g", "x", ""));
	values_of("md5", LIST("d41d8cd98f00b204e9800998ecf8427e"), LIST("d41d8cd98f00b204e9800998ecf8427"));
	values_of("json", LIST("{}", "[1]", "null", "\"x\"", " {\"a\": [1.5e3]} "),
	          LIST("", "{", "{a:1}", "{'a':1}", "{} x", "undefined"));
	assert_fits("json(object)", "{\"a\":1}");
	assert_misfits("json(object)", "[1]", "no object");
	assert_fits("simple-object", "{}");
	assert_misfits("simple-object", "[]", "no object");
}

static void calendars(void **state)
{
	(void)state;
	values_of("cron", LIST("0 3 * * *", "*/5 * * * 1-5", "@daily", "@every 6h"),
	          LIST("", "0 3 * *", "61 * * * *", "0 0 30 2 *", "@often"));
	values_of("tz", LIST("Europe/Berlin", "UTC", "America/New_York", "CET-1CEST,M3.5.0,M10.5.0/3"),
	          LIST("", "Europe/Atlantis", "Berlin", "+02:00"));
	values_of("semver", LIST("1.2.3", "1.2.3-beta.1", "1.2.3+build.5"), LIST("1.2", "v1.2.3", "1.2.x", "1.2.3-", "1.2-3", "1-2.3"));
	values_of("isoDate", LIST("2026-11-21", "2026-11-21T03:00Z", "2026-11-21T03:00:00.123Z",
	          "2026-11-21T03:00:00+01:00", "2026-11-21 03:00"),
	          LIST("21.11.2026", "2026-13-01", "2026-11-21T", "2026-11-21x", "soon"));
}

static void a_zone_that_was_judged_is_not_used(void **state)
{
	(void)state;
	setenv("TZ", "America/New_York", 1);
	assert_fits("tz", "Europe/Berlin");
	assert_string_equal(getenv("TZ"), "America/New_York");
	unsetenv("TZ");
	assert_fits("tz", "Europe/Berlin");
	assert_null(getenv("TZ"));
}

#define LABEL_60 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LABEL LABEL_60 "aaa"

static void hosts(void **state)
{
	(void)state;
	values_of("host", LIST("db", "my_db", "a.b-c.example", "10.0.0.1", "::1", "fe80::1", "localhost"),
	          LIST("db:5432", "http://db", "a..b", "-a", "a-", "a b", "", ".a", "[::1]", "a/b", "user@db"));
	/* 63 bytes a label, 253 a name (RFC 1035, 2.3.4) */
	values_of("host", LIST(LABEL "." LABEL "." LABEL "." LABEL_60 "b", LABEL),
	          LIST(LABEL "." LABEL "." LABEL "." LABEL_60 "bc", LABEL "b"));
	values_of("domain(allowWildcard=true)", LIST("*.example.com", "example.com"), LIST("*", "*.", "a.*"));
	values_of("ip", LIST("10.0.0.1", "::ffff:1.2.3.4"), LIST("10.0.0", "10.0.0.256", "db", "10.0.0.1/8"));
	values_of("ip(version=6)", LIST("::1"), LIST("127.0.0.1"));
	values_of("email", LIST("a@b.example", "a.b+c@d-e.example", "root@localhost", "o'x@b.example"),
	          LIST("a", "@b", "a@", "a b@c", "a@b@c", "<a@b.c>", "A <a@b.c>", "a@b..c", "a@b,c@d"));
}

static void urls(void **state)
{
	(void)state;
	values_of("url", LIST("http://h", "https://u:p%40@h:80/x?y=z#w", "https://[::1]:8080/", "file:///x",
	          "mongodb://a:1,b:2/db", "s3+http://b", "https://h?x", "https://h/a@b", "HTTP://H"),
	          LIST("h", "//h", "http:/h", "http://", "http://h:99999", "http://h:x/", "http://a b", "://h",
	               "http://u:%zz@h", "http:///", "1http://h", "http://h\n", "https://h /"));
	values_of("url(https)", LIST("https://h", "HTTPS://h"), LIST("http://h", "ftp://h"));
	values_of("url(schemes=[http, https])", LIST("http://h"), LIST("ftp://h"));
	values_of("url(allowedProtocols=[https])", LIST("https://h"), LIST("http://h"));
	values_of("url(allowedDomains=[a.example, b.example:81])",
	          LIST("http://a.example/x", "http://u@A.example:99", "http://b.example:81/"),
	          LIST("http://c.example", "http://b.example:82", "http://xa.example"));
	assert_misfits("url(noTrailingSlash=true)", "http://h/", "slash");
	assert_misfits("url(matches=/v1$/)", "http://h/v2", "does not match");
	values_of("postgres-url", LIST("postgres://u:p@h:5432/d", "postgresql+asyncpg://u@h/d", "postgis://u@h/d",
	          "postgres://u:p@ss/w#rd%@h/d", "postgresql:///d?host=/run/postgresql", "POSTGRES://u@h/d"),
	          LIST("mysql://u@h/d", "postgres:/u@h", "postgres://", "postgres://u@h:x/d", "sqlite:///x",
	               "host=h dbname=d", "postgresx://h/d", ""));
	values_of("redis-url", LIST("redis://h", "rediss://:p@h:6379/0", "valkey://h"), LIST("http://h", "h:6379", ""));
}

static void places(void **state)
{
	(void)state;
	put_text("a file", "x");
	mkdir("folder", 0755);
	values_of("path", LIST("a file", "folder", "/", "/dev/null"), LIST("nowhere", "/nowhere/x", ""));
	assert_fits("path(exists=false)", "/nowhere/x");
	assert_fits("file", "a file");
	assert_misfits("file", "nowhere", "no file is");
	assert_misfits("file", "folder", "directory");
	assert_fits("dir", "folder");
	assert_misfits("dir", "a file", "not of a directory");
	assert_misfits("dir", "nowhere", "no directory is");
}

static void no_sentence_repeats_the_value(void **state)
{
	static const char *const types[] = {
		"int(min=1)", "float(max=2)", "bool", "enum(a,b)", "port", "host", "url(https)", "postgres-url",
		"redis-url", "email", "path", "file", "dir", "duration(max=1s)", "bytes(max=1)", "json(object)",
		"base64(bytes=3)", "hex(bytes=3)", "uuid", "cron", "tz", "ip", "md5", "semver", "isoDate",
		"string(maxLength=3)", "string(matches=^$)", "string(startsWith=a)", "simple-object",
		"url(allowedDomains=[x])",
	};
	static const char *const values[] = { "S3CR3T", "http://S3CR3T:S3CR3T@S3CR3T", "[\"S3CR3T\"]",
		                              "S3CR3T * * * *", "77 S3CR3T" };

	(void)state;
	for (size_t i = 0; i < LENGTH(types); i++)
		for (size_t k = 0; k < LENGTH(values); k++) {
			char *why = judge(types[i], values[k]);

			assert_lacks(why, "S3");
			assert_lacks(why, "CR3T");
			free(why);
		}
}

static void types_that_are_wrong_are_told_how_they_are_written(void **state)
{
	static const struct {
		const char *text, *part;
	} table[] = {
		{ "", "the types are string, int, float" }, { "hunter2", "the types are" },
		{ "strin", "did you mean string?" }, { "urls", "did you mean url?" }, { "postgres_url", "postgres-url?" },
		{ "int(min=1", "do not end in )" }, { "int(min=1) x", "do not end in )" },
		{ "int(least=1)", "it has min max" }, { "int(5)", "it has min max" }, { "int(min=x)", "min of int" },
		{ "bool(x=1)", "bool has no options" }, { "enum", "enum(one,two,...)" }, { "enum()", "enum(one,two,...)" },
		{ "string(minLength=-1)", "minLength" }, { "string(matches=[)", "regular expression" },
		{ "duration(min=soon)", "min of duration" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		struct buf error = BUF_INIT;
		struct vartype t;

		if (vartype_read(&t, table[i].text, &error) != BAD_USAGE || !strstr(error.data, table[i].part))
			fail_msg("%s: '%s', not '%s'", table[i].text, error.data, table[i].part);
		assert_lacks(error.data, "hunter2");
		assert_null(t.kind);
		buf_free(&error);
	}
}

static void what_env_spec_adds_to_change_a_value_is_passed_over(void **state)
{
	struct vartype t;

	(void)state;
	read_type(&t, "string(toUpperCase=true, minLength=5, allowEmpty=false)");
	assert_int_equal(t.names.n, 1);
	assert_string_equal(t.names.v[0], "minLength");
	vartype_free(&t);
}

static void a_type_is_written_as_it_is_read(void **state)
{
	static const char *const texts[] = {
		"port", "int(min=1,max=9)", "enum(dev,prod)", "url(https)", "string(matches=/^a,b$/i)",
		"enum(\"a, b\",c)", "string(minLength=8,matches=^[a-z]+$)",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		struct vartype t;
		char *text;

		read_type(&t, texts[i]);
		text = vartype_text(&t);
		assert_string_equal(text, texts[i]);
		free(text);
		vartype_free(&t);
	}
}

static void types_are_guessed_from_name_and_example(void **state)
{
	static const struct {
		const char *name, *example, *type;
	} table[] = {
		{ "PORT", "8000", "port" }, { "PORT", NULL, "port" }, { "DB_PORT", "", "port" },
		{ "REPORT", "8000", "int" }, { "PORT", "many", NULL },
		{ "DATABASE_URL", "postgres://u@h/d", "postgres-url" }, { "REDIS_URL", "redis://h", "redis-url" },
		{ "SITE_URL", "https://h", "url" }, { "SITE_URL", NULL, "url" }, { "SITE_URL", "/x", NULL },
		{ "ADMIN_EMAIL", "a@b.example", "email" }, { "DEBUG", "False", "bool" }, { "WORKERS", "4", "int" },
		{ "WORKERS", "10", "int" }, { "PHONE", "0123", NULL }, { "PHONE", "+123", NULL }, { "PHONE", "00", NULL }, { "DB_HOST", "db", "host" }, { "TZ", "Europe/Berlin", "tz" },
		{ "BACKUP_CRON", "0 3 * * *", "cron" }, { "HTTP_TIMEOUT", "30s", "duration" },
		{ "APP_NAME", "shop", NULL }, { "APP_NAME", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		const char *type = vartype_guess(table[i].name, table[i].example);

		if (table[i].type ? !type || strcmp(type, table[i].type) != 0 : type != NULL)
			fail_msg("%s=%s: %s, not %s", table[i].name, table[i].example, type, table[i].type);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(flags_and_words),
		cmocka_unit_test(strings),
		cmocka_unit_test(sizes_and_times),
		cmocka_unit_test(encodings),
		cmocka_unit_test(calendars),
		cmocka_unit_test(a_zone_that_was_judged_is_not_used),
		cmocka_unit_test(hosts),
		cmocka_unit_test(urls),
		cmocka_unit_test(places),
		cmocka_unit_test(no_sentence_repeats_the_value),
		cmocka_unit_test(types_that_are_wrong_are_told_how_they_are_written),
		cmocka_unit_test(what_env_spec_adds_to_change_a_value_is_passed_over),
		cmocka_unit_test(a_type_is_written_as_it_is_read),
		cmocka_unit_test(types_are_guessed_from_name_and_example),
	};

	return unit_run("vartype", tests, scratch_make, scratch_remove);
}
