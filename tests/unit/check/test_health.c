/* Unit tests of check/health, and of check/probe where that needs no server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/msg.h"
#include "base/status.h"
#include "check/health.h"

/* The checks of lines, with answers that a test gives. */
static struct checks checks;
static struct probe probe;

static void read_checks(const char *text)
{
	struct strs lines = { 0 }, urls = { 0 };
	struct buf error = BUF_INIT;

	strs_split(&lines, text, NULL);
	assert_int_equal(checks_read(&checks, &lines, &urls, "ready", &error), 0);
	strs_free(&lines);
	strs_free(&urls);
	buf_free(&error);
	probe = (struct probe){ .checks = &checks };
}

static void begin(const char *text)
{
	read_checks(text);
	probe.answers = xcalloc(checks.n, sizeof(*probe.answers));
	for (size_t i = 0; i < checks.n; i++) {
		probe.answers[i] = (struct answer){ .finding = FINDING_INIT, .given = true, .ms = 3,
			                            .at = INT64_C(1795257009654) };
		probe.answers[i].finding.verdict = PASS;
	}
}

static void answer(size_t i, enum verdict verdict, const char *why)
{
	probe.answers[i].finding.verdict = verdict;
	buf_cut(&probe.answers[i].finding.why, 0);
	buf_puts(&probe.answers[i].finding.why, why);
}

static void end(void)
{
	probe_free(&probe);
	checks_free(&checks);
}

static struct buf text_of(void)
{
	struct buf out = BUF_INIT;

	health_text(&probe, &out);
	return out;
}

static void assert_text(const char *wanted)
{
	struct buf out = text_of();

	assert_string_equal(out.data, wanted);
	buf_free(&out);
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

/* What an SQL expression makes of the JSON (?1). */
static void assert_json(const char *expression, const char *wanted)
{
	char *sql = xasprintf("SELECT %s", expression);
	struct lite lite = LITE_INIT;
	struct buf out = BUF_INIT;
	struct rows rows = { 0 };
	const char *json;

	health_json(&probe, &out);
	assert_true(out.len <= HEALTH_MAX);
	json = out.data;
	assert_int_equal(lite_open(&lite, ":memory:", LITE_CREATE, 0), 0);
	if (lite_query(&lite, sql, &json, 1, &rows) != 0)
		fail_msg("%s: %s\n%s", expression, lite.error.data, json);
	if (!rows_get(&rows, 0, 0) || strcmp(rows_get(&rows, 0, 0), wanted) != 0)
		fail_msg("%s is %s in %s", expression, rows_get(&rows, 0, 0), json);
	rows_free(&rows);
	lite_free(&lite);
	buf_free(&out);
	free(sql);
}

/* --- text --- */

static void the_verdict_comes_first_then_the_checks_in_their_order(void **state)
{
	(void)state;
	begin("url=sqlite:a\nready\ntable=users\nredis=cache:6379");
	assert_text("healthz check passed\n[+]ready ok 3ms\n[+]table=users ok 3ms\n[+]redis=cache:6379 ok 3ms\n");
	assert_int_equal(health_status(&probe), DONE);
	answer(1, FAIL, "there is no such table");
	answer(2, UNKNOWN, "deadline");
	assert_text("healthz check failed: 1 failed, 1 unknown of 3\n[+]ready ok 3ms\n"
	            "[-]table=users failed: there is no such table\n[?]redis=cache:6379 unknown: deadline\n");
	assert_int_equal(health_status(&probe), NO);
	answer(1, PASS, "");
	assert_text("healthz check failed: 1 unknown of 3\n[+]ready ok 3ms\n[+]table=users ok 3ms\n"
	            "[?]redis=cache:6379 unknown: deadline\n");
	assert_int_equal(health_status(&probe), NO);
	end();
}

static void what_was_measured_is_said_of_what_passed_too(void **state)
{
	(void)state;
	begin("disk=/data");
	answer(0, PASS, "61% of bytes used");
	assert_text("healthz check passed\n[+]disk=/data ok 3ms: 61% of bytes used\n");
	end();
}

static void several_targets_are_named(void **state)
{
	(void)state;
	begin("url=sqlite:a\nready\nfile=x\nurl=sqlite:b\nready");
	answer(2, FAIL, "no");
	assert_text("healthz check failed: 1 failed of 3\n[+]ready on sqlite:a ok 3ms\n[+]file=x ok 3ms\n"
	            "[-]ready on sqlite:b failed: no\n");
	end();
}

static void secrets_and_bytes_that_are_no_text_do_not_show(void **state)
{
	struct buf out;

	(void)state;
	msg_secret("s3cret-w0rd");
	begin("url=sqlite:a\nquery=select 's3cret-w0rd'");
	answer(0, FAIL, "he said s3cret-w0rd\n\x01\x7f and \xff\xc3. \xc3\xbc\n\n");
	assert_text("healthz check failed: 1 failed of 1\n"
	            "[-]query=select '***' failed: he said ***    and ??. \xc3\xbc\n");
	assert_json("instr(?1, 's3cret')", "0");
	out = text_of();
	assert_int_equal(count(out.data, "\n"), 2);
	buf_free(&out);
	end();
}

/* A check and a reason that make the whole exactly so long. */
static void begin_sized(size_t size)
{
	static const char around[] = "healthz check failed: 1 failed of 2\n[+]ready ok 3ms\n[-]table=x failed: \n";
	char *why = xmalloc(size);
	size_t len = size - strlen(around);

	memset(why, 'w', len);
	why[len] = '\0';
	begin("url=sqlite:a\nready\ntable=x");
	answer(1, FAIL, why);
	free(why);
}

static void what_fits_is_left_as_it_is_to_the_last_byte(void **state)
{
	struct buf out;

	(void)state;
	begin_sized(HEALTH_MAX);
	out = text_of();
	assert_int_equal(out.len, HEALTH_MAX);
	assert_lacks(out.data, "...");
	buf_free(&out);
	end();
	begin_sized(HEALTH_MAX + 1);
	out = text_of();
	assert_true(out.len <= HEALTH_MAX);
	assert_holds(out.data, "w...\n");
	assert_holds(out.data, "[+]ready ok"); /* there is room for it again */
	assert_lacks(out.data, " more");
	buf_free(&out);
	end();
}

/* n checks, of which every fourth failed for a reason of so many umlauts. */
static void begin_many(size_t n, size_t umlauts)
{
	struct buf lines = BUF_INIT, why = BUF_INIT;

	for (size_t i = 0; i < n; i++)
		buf_printf(&lines, "file=/srv/%zu\n", i);
	for (size_t i = 0; i < umlauts; i++)
		buf_puts(&why, "\xc3\xbc");
	begin(lines.data);
	for (size_t i = 3; i < n; i += 4)
		answer(i, i % 8 == 3 ? FAIL : UNKNOWN, why.data);
	buf_free(&lines);
	buf_free(&why);
}

static void failures_come_before_passes_when_it_is_too_much(void **state)
{
	static const size_t umlauts[] = { 0, 1, 15, 16, 30, 31, 60, 61, 200, 2000 };

	(void)state;
	for (size_t i = 0; i < sizeof(umlauts) / sizeof(*umlauts); i++) {
		struct buf out;
		const char *first_pass;

		begin_many(200, umlauts[i]);
		out = text_of();
		assert_true(out.len <= HEALTH_MAX);
		assert_true(out.len > HEALTH_MAX - 200);
		assert_int_equal(strncmp(out.data, "healthz check failed: 25 failed, 25 unknown of 200\n", 51), 0);
		assert_int_equal(count(out.data, "\n[-]"), 25);
		assert_int_equal(count(out.data, "\n[?]"), 25);
		first_pass = strstr(out.data, "\n[+]");
		assert_true(!first_pass || !strstr(first_pass, "\n[-]"));
		assert_holds(out.data, " more: ");
		assert_lacks(out.data, "\xc3..."); /* never half a character */
		buf_free(&out);
		end();
	}
}

static void what_has_no_room_at_all_is_counted(void **state)
{
	struct buf out;

	(void)state;
	begin_many(4000, 10);
	out = text_of();
	assert_true(out.len <= HEALTH_MAX);
	assert_holds(out.data, "healthz check failed: 500 failed, 500 unknown of 4000\n[-]file=/srv/3 failed");
	assert_lacks(out.data, "[+]");
	assert_holds(out.data, ", 3000 ok\n");
	buf_free(&out);
	end();
}

/* --- JSON --- */

static void json_is_what_the_draft_says(void **state)
{
	(void)state;
	begin("url=sqlite:a\nready\ntable=users\nconnections<80\ndisk=/data<85%\nredis=cache:6379\nhttp=http://web/=200");
	assert_json("json_extract(?1, '$.status')", "pass");
	assert_json("json_type(?1, '$.output') IS NULL AND json_type(?1, '$.notes') IS NULL", "1");
	answer(1, FAIL, "there is no \"such\" table");
	answer(4, UNKNOWN, "deadline");
	probe.answers[3].finding.value = 61;
	probe.answers[4].given = false;
	assert_json("json_extract(?1, '$.status')", "fail");
	assert_json("json_extract(?1, '$.output')", "1 failed, 1 unknown of 6");
	assert_json("(SELECT group_concat(key) FROM json_each(?1, '$.checks'))",
	            "database:ready,database:table,database:connections,disk:utilization,redis:responseTime,"
	            "http:responseTime");
	assert_json("json_extract(?1, '$.checks.\"database:ready\"[0]')",
	            "{\"componentId\":\"sqlite:a\",\"componentType\":\"datastore\",\"check\":\"ready\","
	            "\"observedValue\":3,\"observedUnit\":\"ms\",\"status\":\"pass\","
	            "\"time\":\"2026-11-21T10:30:09.654Z\"}");
	assert_json("json_extract(?1, '$.checks.\"database:table\"[0].output')", "there is no \"such\" table");
	assert_json("json_extract(?1, '$.checks.\"disk:utilization\"[0]')",
	            "{\"componentId\":\"/data\",\"componentType\":\"system\",\"check\":\"disk=/data<85%\","
	            "\"observedValue\":61,\"observedUnit\":\"percent\",\"status\":\"pass\","
	            "\"time\":\"2026-11-21T10:30:09.654Z\"}");
	assert_json("json_extract(?1, '$.checks.\"redis:responseTime\"[0]')",
	            "{\"componentId\":\"cache:6379\",\"componentType\":\"datastore\",\"check\":\"redis=cache:6379\","
	            "\"status\":\"fail\",\"time\":\"2026-11-21T10:30:09.654Z\",\"output\":\"unknown: deadline\"}");
	end();
}

static void json_is_cut_like_text(void **state)
{
	static const size_t umlauts[] = { 0, 15, 31, 200, 2000 };

	(void)state;
	for (size_t i = 0; i < sizeof(umlauts) / sizeof(*umlauts); i++) {
		begin_many(200, umlauts[i]);
		assert_json("json_valid(?1)", "1");
		assert_json("(SELECT count(*) >= 10 AND min(json_extract(value, '$.status')) = 'fail'"
		            " AND count(*) + json_extract(?1, '$.notes[0]') = 200"
		            " FROM json_each(?1, '$.checks.\"file:presence\"'))", "1");
		assert_json("json_extract(?1, '$.output')", "25 failed, 25 unknown of 200");
		end();
	}
	begin_many(8, 2000);
	assert_json("(SELECT count(*) FROM json_each(?1, '$.checks.\"file:presence\"'))", "8");
	end();
}

/* --- asking --- */

static void all_are_asked_each_in_its_place(void **state)
{
	(void)state;
	put_text("here", "");
	put_text("a", "");
	read_checks("url=sqlite:a\nready\nfile=here\nfile=nowhere\ntable=x\nurl=sqlite:missing\nready\ntable=y\ndisk=.<1");
	probe.deadline = clock_after(20000);
	probe_run(&probe);
	assert_int_equal(probe.answers[0].finding.verdict, PASS);
	assert_int_equal(probe.answers[1].finding.verdict, PASS);
	assert_int_equal(probe.answers[2].finding.verdict, FAIL);
	assert_string_equal(probe.answers[2].finding.why.data, "No such file or directory");
	assert_int_equal(probe.answers[3].finding.verdict, FAIL);
	assert_string_equal(probe.answers[3].finding.why.data, "there is no such table");
	assert_int_equal(probe.answers[4].finding.verdict, FAIL);
	assert_int_equal(probe.answers[4].finding.reach, CONNECT_NO_DATABASE);
	assert_int_equal(probe.answers[5].finding.verdict, UNKNOWN);
	assert_holds(probe.answers[5].finding.why.data, "No such file");
	assert_true(probe.answers[6].finding.value >= 0);
	for (size_t i = 0; i < checks.n; i++)
		assert_true(probe.answers[i].given && probe.answers[i].at > INT64_C(1700000000000));
	end();
	assert_true(unlink("a") == 0 && unlink("here") == 0);
}

static void after_the_deadline_nothing_is_asked(void **state)
{
	(void)state;
	read_checks("file=.\nfile=..");
	probe.deadline = clock_ms();
	probe_run(&probe);
	for (size_t i = 0; i < checks.n; i++) {
		assert_int_equal(probe.answers[i].finding.verdict, UNKNOWN);
		assert_holds(probe.answers[i].finding.why.data, "deadline");
	}
	end();
}

static void hang(const struct check *check, int64_t deadline, struct finding *f)
{
	(void)check, (void)deadline, (void)f;
	for (;;)
		pause();
}

static void who_says_nothing_is_said_not_to_resolve_only_where_it_has_a_name(void **state)
{
	static const char *const words[] = { "no answer in time", "the host name did not resolve in time",
		                             "no answer in time", "the host name did not resolve in time",
		                             "no answer in time", "the host name did not resolve in time",
		                             "no answer in time", "no answer in time",
		                             "the file system does not answer" };
	struct check_kind kinds[sizeof(words) / sizeof(*words)];

	(void)state;
	read_checks("tcp=127.0.0.1:1\ntcp=a.example:1\nhttp=http://[::1]/\nhttp=https://a.example/x=200\n"
	            "redis=redis://127.0.0.1\n"
	            "url=postgres://u@10.0.0.1,a.example/d\nready\nurl=postgres://u@127.0.0.1/d\nready\n"
	            "url=postgres:///d?host=/tmp&user=u\nready\nfile=x\n");
	assert_int_equal(checks.n, sizeof(words) / sizeof(*words));
	for (size_t i = 0; i < checks.n; i++) {
		kinds[i] = *checks.v[i].kind;
		kinds[i].of_service = hang; /* before of_db, where there is one */
		checks.v[i].kind = &kinds[i];
	}
	probe.deadline = clock_after(1000);
	probe_run(&probe);
	for (size_t i = 0; i < checks.n; i++) {
		assert_int_equal(probe.answers[i].finding.verdict, UNKNOWN);
		if (!strstr(probe.answers[i].finding.why.data, words[i]))
			fail_msg("%s: %s", checks.v[i].shown, probe.answers[i].finding.why.data);
	}
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_verdict_comes_first_then_the_checks_in_their_order),
		cmocka_unit_test(what_was_measured_is_said_of_what_passed_too),
		cmocka_unit_test(several_targets_are_named),
		cmocka_unit_test(secrets_and_bytes_that_are_no_text_do_not_show),
		cmocka_unit_test(what_fits_is_left_as_it_is_to_the_last_byte),
		cmocka_unit_test(failures_come_before_passes_when_it_is_too_much),
		cmocka_unit_test(what_has_no_room_at_all_is_counted),
		cmocka_unit_test(json_is_what_the_draft_says),
		cmocka_unit_test(json_is_cut_like_text),
		cmocka_unit_test(all_are_asked_each_in_its_place),
		cmocka_unit_test(after_the_deadline_nothing_is_asked),
		cmocka_unit_test(who_says_nothing_is_said_not_to_resolve_only_where_it_has_a_name),
	};

	return unit_run("health", tests, scratch_make, scratch_remove);
}
