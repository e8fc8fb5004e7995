/* Unit tests of dump/manifest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "unit.h"

#include "base/banned.h"
#include "base/status.h"
#include "dump/manifest.h"

/* All that a manifest may hold, every text being that one and its field's number. */
static void fill(struct manifest *m, const char *text)
{
	char **texts[] = { &m->database, &m->job, &m->target, &m->file, &m->kind, &m->compression,
		           &m->archive_version, &m->engine, &m->server, &m->pgbox, &m->sha256,
		           &m->encoding, &m->collate, &m->ctype, &m->locale_provider, &m->locale,
		           &m->icu_rules, &m->owner };

	*m = (struct manifest){
		.server_version = 150018, .bytes = 1, .database_bytes = INT64_MAX, .tables = 2,
		.rows = 3, .large_objects = 4, .started = 1795257939837, .finished = 1795257939838,
		.verified = 1, .suspect = true,
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		char *own = xasprintf("%s%zu", text, i);

		manifest_set(texts[i], own);
		free(own);
	}
	for (int i = 0; i < 3; i++) {
		char *own = xasprintf("%s%d", text, i);

		strs_add(&m->extensions, own);
		strs_add(&m->extension_versions, i ? text : "1.0");
		strs_add(&m->warnings, own);
		free(own);
	}
	strs_add(&m->warnings, "");
}

static void assert_same_list(const struct strs *a, const struct strs *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++)
		assert_string_equal(a->v[i], b->v[i]);
}

static void assert_same_text(const char *a, const char *b)
{
	assert_int_equal(!a, !b);
	if (a)
		assert_string_equal(a, b);
}

static void assert_same(const struct manifest *a, const struct manifest *b)
{
	assert_same_text(a->database, b->database);
	assert_same_text(a->job, b->job);
	assert_same_text(a->target, b->target);
	assert_same_text(a->file, b->file);
	assert_same_text(a->kind, b->kind);
	assert_same_text(a->compression, b->compression);
	assert_same_text(a->archive_version, b->archive_version);
	assert_same_text(a->engine, b->engine);
	assert_same_text(a->server, b->server);
	assert_same_text(a->pgbox, b->pgbox);
	assert_same_text(a->sha256, b->sha256);
	assert_same_text(a->encoding, b->encoding);
	assert_same_text(a->collate, b->collate);
	assert_same_text(a->ctype, b->ctype);
	assert_same_text(a->locale_provider, b->locale_provider);
	assert_same_text(a->locale, b->locale);
	assert_same_text(a->icu_rules, b->icu_rules);
	assert_same_text(a->owner, b->owner);
	assert_int_equal(a->server_version, b->server_version);
	assert_int_equal(a->bytes, b->bytes);
	assert_int_equal(a->database_bytes, b->database_bytes);
	assert_int_equal(a->tables, b->tables);
	assert_int_equal(a->rows, b->rows);
	assert_int_equal(a->large_objects, b->large_objects);
	assert_int_equal(a->started, b->started);
	assert_int_equal(a->finished, b->finished);
	assert_int_equal(a->verified, b->verified);
	assert_int_equal(a->suspect, b->suspect);
	assert_int_equal(a->restored, b->restored);
	assert_same_list(&a->extensions, &b->extensions);
	assert_same_list(&a->extension_versions, &b->extension_versions);
	assert_same_list(&a->warnings, &b->warnings);
}

static void assert_round_trip(const struct manifest *m)
{
	struct buf error = BUF_INIT;
	struct manifest back;
	char *text = manifest_text(m);

	put_text("m.json", text);
	if (manifest_read(&back, "m.json", &error) != 0)
		fail_msg("%s in %s", error.data, text);
	assert_same(&back, m);
	manifest_free(&back);
	buf_free(&error);
	free(text);
}

static void every_field_comes_back(void **state)
{
	struct manifest m;

	(void)state;
	fill(&m, "text");
	assert_round_trip(&m);
	m.suspect = false;
	m.restored = true;
	assert_round_trip(&m);
	manifest_free(&m);
}

static void texts_that_mean_something_to_json_sql_or_a_terminal_come_back(void **state)
{
	static const char *const texts[] = {
		"\"", "'", "\\", "\\\"", "\\u0041", "a\nb\r\tc", "\x01\x1b[2J\x7f", "'); DROP TABLE runs; --",
		"%s%n", "{\"a\":1}", "[1]", "null", "true", "1", "1e9", "$.x", "$[#]", "a.b", "a-b\"c",
		"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x98", "\xe2\x80\xa8", " ", "--", "/*",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct manifest m;

		fill(&m, texts[i]);
		assert_round_trip(&m);
		manifest_free(&m);
	}
}

/* A database in SQL_ASCII may be named with any bytes. */
static void bytes_that_are_no_utf8_do_no_harm(void **state)
{
	static const char *const texts[] = { "\xff\xfe", "caf\xe9", "\xc3", "\xed\xa0\x80", "\xf8\x88\x80\x80\x80" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct manifest m = { .started = 1 };

		manifest_set(&m.database, texts[i]);
		manifest_set(&m.file, "f");
		manifest_set(&m.kind, "custom");
		manifest_set(&m.sha256, "0");
		assert_round_trip(&m);
		manifest_free(&m);
	}
}

static void what_is_not_known_stays_unknown(void **state)
{
	struct manifest m = { .started = 1 };

	(void)state;
	manifest_set(&m.file, "f");
	manifest_set(&m.kind, "roles");
	manifest_set(&m.sha256, "0");
	assert_round_trip(&m);
	manifest_free(&m);
}

static void the_line_says_path_and_state_too(void **state)
{
	struct manifest m;
	char *line;

	(void)state;
	fill(&m, "a\nb");
	line = manifest_line(&m, "app/\"x\".dump", "verified");
	assert_null(strchr(line, '\n'));
	assert_non_null(skip_prefix(line, "{\"path\":\"app/\\\"x\\\".dump\",\"state\":\"verified\","));
	assert_holds(line, "\"extensions\":{");
	free(line);
	manifest_free(&m);
}

static void assert_refused(const char *text, int status, const char *words)
{
	struct buf error = BUF_INIT;
	struct manifest m;

	put_text("bad.json", text);
	assert_int_equal(manifest_read(&m, "bad.json", &error), status);
	if (!strstr(error.data, words) || !strstr(error.data, "bad.json"))
		fail_msg("%s: '%s', not '%s'", text, error.data, words);
	manifest_free(&m);
	buf_free(&error);
}

#define WHOLE "\"file\":\"f\",\"kind\":\"custom\",\"sha256\":\"0\",\"started\":\"2026-11-21T10:30:09.654Z\""

static void what_a_newer_pgbox_wrote_is_refused(void **state)
{
	(void)state;
	assert_refused("{\"pgbox_backup\":2," WHOLE "}", BAD_DATA, "newer pgbox");
	assert_refused("{\"pgbox_backup\":99}", BAD_DATA, "newer pgbox");
}

static void fields_that_are_not_known_are_passed_over(void **state)
{
	struct buf error = BUF_INIT;
	struct manifest m;

	(void)state;
	put_text("more.json", "{\"pgbox_backup\":1," WHOLE ",\"colour\":{\"a\":[1,2]},\"tables\":7}");
	assert_int_equal(manifest_read(&m, "more.json", &error), 0);
	assert_int_equal(m.tables, 7);
	assert_int_equal(m.started, 1795257009654);
	manifest_free(&m);
}

static void what_is_no_manifest_is_refused(void **state)
{
	static const char *const texts[] = {
		"", "{}", "[]", "null", "\"text\"", "1", "{", "not json", "{\"pgbox_backup\":0," WHOLE "}",
		"{\"pgbox_backup\":-1," WHOLE "}", "{\"pgbox_backup\":\"x\"," WHOLE "}",
		"{\"pgbox_backup\":null," WHOLE "}", "{\"pgbox_backup\":{}," WHOLE "}",
		"{\"pgbox_backup\":1}", "{\"pgbox_backup\":1," WHOLE, "{\"pgbox_backup\":1," WHOLE "}}",
		"{\"pgbox_backup\":1,\"kind\":\"custom\",\"sha256\":\"0\",\"started\":\"2026-11-21T10:30:09.654Z\"}",
		"{\"pgbox_backup\":1,\"file\":\"f\",\"kind\":\"custom\",\"sha256\":\"0\",\"started\":\"yesterday\"}",
		"{\"pgbox_backup\":1,\"file\":null,\"kind\":\"custom\",\"sha256\":\"0\",\"started\":\"2026-11-21T10:30:09.654Z\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_refused(texts[i], BAD_DATA, "is no manifest of pgbackup");
}

/* A file that was cut off anywhere is no manifest, and neither is one with a NUL in it. */
static void a_manifest_cut_off_anywhere_is_refused(void **state)
{
	struct buf error = BUF_INIT;
	struct manifest m, back;
	char *text;
	size_t len;

	(void)state;
	fill(&m, "text");
	text = manifest_text(&m);
	len = (size_t)(strrchr(text, '}') - text);
	for (size_t n = 0; n <= len; n += n < 60 ? 1 : 37) {
		put("cut.json", text, n);
		assert_int_equal(manifest_read(&back, "cut.json", &error), BAD_DATA);
		manifest_free(&back);
		buf_cut(&error, 0);
	}
	buf_free(&error);
	manifest_free(&m);
	free(text);
}

static void what_cannot_be_read_says_why(void **state)
{
	struct buf error = BUF_INIT;
	struct manifest m;

	(void)state;
	assert_int_equal(manifest_read(&m, "nowhere.json", &error), NO_INPUT);
	assert_holds(error.data, "No such file");
	manifest_free(&m);
	buf_cut(&error, 0);
	mkdir("folder.json", 0700);
	assert_int_equal(manifest_read(&m, "folder.json", &error), NO_INPUT);
	assert_holds(error.data, "folder.json");
	manifest_free(&m);
	buf_free(&error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_comes_back),
		cmocka_unit_test(texts_that_mean_something_to_json_sql_or_a_terminal_come_back),
		cmocka_unit_test(bytes_that_are_no_utf8_do_no_harm),
		cmocka_unit_test(what_is_not_known_stays_unknown),
		cmocka_unit_test(the_line_says_path_and_state_too),
		cmocka_unit_test(what_a_newer_pgbox_wrote_is_refused),
		cmocka_unit_test(fields_that_are_not_known_are_passed_over),
		cmocka_unit_test(what_is_no_manifest_is_refused),
		cmocka_unit_test(a_manifest_cut_off_anywhere_is_refused),
		cmocka_unit_test(what_cannot_be_read_says_why),
	};

	return unit_run("manifest", tests, scratch_make, scratch_remove);
}
