/*
 * Fuzzes what check/health makes of answers: any words of any checks give no more than
 * Docker keeps, the verdict first, in UTF-8, valid JSON, and never a secret.
 *
 * Each line of the input is a check and its answer: one byte that says which kind, which
 * verdict and how long (so that a short input makes a long answer), then the words.
 */
#include "fuzz.h"

#include "base/banned.h"
#include "base/msg.h"
#include "base/status.h"
#include "base/utf8.h"
#include "check/health.h"

#define SECRET "hunter2-hunter2"

extern char **environ;

void __real_msg_secret(const char *secret);

/* More checks, and longer texts, only make an input slow. */
#define CHECKS_MAX 24
#define TEXT_MAX 5000

/* The words, as often as the byte says. The caller frees it. */
static char *repeat(const char *words, unsigned char how)
{
	struct buf b = BUF_INIT;

	for (unsigned i = 0; i < 1u + (how >> 4) * 2u && b.len < TEXT_MAX; i++)
		buf_puts(&b, words);
	return buf_detach(&b);
}

static void add_lines(struct strs *lines, const struct strs *input)
{
	static const char *const names[] = { "query=", "file=", "ready", "lag" };

	for (size_t i = 0; i < input->n && i < CHECKS_MAX; i++) {
		unsigned char how = (unsigned char)input->v[i][0];
		char *words = repeat(input->v[i] + 1, how);
		const char *name = names[how & 3];

		strs_printf(lines, "%s%s%s", name, strchr(name, '=') ? "x" : "", strchr(name, '=') ? words : "");
		free(words);
		if (i % 7 == 3)
			strs_add(lines, i % 2 ? "url=sqlite:b" : "url=sqlite:a\xc3");
	}
}

static void answer(struct probe *p, const struct strs *input)
{
	for (size_t i = 0; i < p->checks->n; i++) {
		const char *line = input->n ? input->v[i % input->n] : "\x01";
		char *words = repeat(line + 1, (unsigned char)*line);
		struct answer *a = &p->answers[i];

		a->finding = (struct finding)FINDING_INIT;
		a->finding.verdict = (enum verdict)((*line >> 2 & 3) % 3);
		a->finding.value = *line % 5 - 1;
		a->given = *line & 1;
		a->ms = *line;
		buf_puts(&a->finding.why, words);
		free(words);
	}
}

static void is_fit(const struct buf *out)
{
	size_t len;

	MUST(out->len && out->len <= HEALTH_MAX && out->data[out->len - 1] == '\n');
	MUST(strlen(out->data) == out->len && !strstr(out->data, SECRET));
	for (const char *at = out->data; *at; at += len) {
		len = utf8_sequence(at);
		MUST(len && (*at == '\n' || (unsigned char)*at >= 0x20 || len > 1) && *at != 0x7f);
	}
}

/* Every check has its line, or is counted in the last one. */
static void check_text(const struct probe *p)
{
	struct buf out = BUF_INIT;
	size_t lines = 0, more = 0;

	health_text(p, &out);
	is_fit(&out);
	if (health_status(p) == DONE)
		MUST(skip_prefix(out.data, "healthz check passed\n"));
	else
		MUST(skip_prefix(out.data, "healthz check failed: "));
	for (const char *at = strchr(out.data, '\n') + 1; *at; at = strchr(at, '\n') + 1) {
		bool last = skip_prefix(at, "and ");

		MUST(!more);
		MUST(last || skip_prefix(at, "[+]") || skip_prefix(at, "[-]") || skip_prefix(at, "[?]"));
		more = last ? strtoul(at + 4, NULL, 10) : 0;
		lines += !last;
	}
	MUST(lines + more == p->checks->n);
	buf_free(&out);
}

static void check_json(const struct probe *p)
{
	struct lite lite = LITE_INIT;
	struct buf out = BUF_INIT;
	struct rows rows = { 0 };
	const char *json;

	health_json(p, &out);
	is_fit(&out);
	MUST(strchr(out.data, '\n') == out.data + out.len - 1);
	json = out.data;
	MUST(lite_open(&lite, ":memory:", LITE_CREATE, 0) == 0);
	MUST(lite_query(&lite,
	                "SELECT json_valid(?1), json_extract(?1, '$.status'), json_type(?1, '$.checks'),"
	                " (SELECT ifnull(sum(json_array_length(value)), 0) FROM json_each(?1, '$.checks')),"
	                " ifnull(CAST(json_extract(?1, '$.notes[0]') AS INTEGER), 0)",
	                &json, 1, &rows) == 0);
	MUST(same(rows_get(&rows, 0, 0), "1") && same(rows_get(&rows, 0, 2), "object"));
	MUST(same(rows_get(&rows, 0, 1), health_status(p) == DONE ? "pass" : "fail"));
	MUST(strtoul(rows_get(&rows, 0, 3), NULL, 10) + strtoul(rows_get(&rows, 0, 4), NULL, 10) == p->checks->n);
	rows_free(&rows);
	lite_free(&lite);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char *no_variables[1];
	struct strs input = { 0 }, lines = { 0 }, urls = { 0 };
	char *text = input_text(data, len);
	struct buf error = BUF_INIT;
	struct checks c;
	struct probe p = { .checks = &c };

	environ = no_variables;
	__real_msg_secret(SECRET);
	strs_split(&input, text, NULL);
	strs_add(&urls, "sqlite:a");
	add_lines(&lines, &input);
	MUST(checks_read(&c, &lines, &urls, "ready", &error) == 0);
	p.answers = xcalloc(c.n + 1, sizeof(*p.answers));
	answer(&p, &input);
	check_text(&p);
	check_json(&p);
	probe_free(&p);
	checks_free(&c);
	strs_free(&input);
	strs_free(&lines);
	strs_free(&urls);
	buf_free(&error);
	free(text);
	return 0;
}
