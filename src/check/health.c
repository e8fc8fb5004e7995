/* health - what is said of the answers of a probe. */
#include "check/health.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/msg.h"
#include "base/status.h"
#include "base/utf8.h"

/* So long may words be: as they are, then ever shorter until all failures have room. */
static const size_t limits[] = { HEALTH_MAX, 512, 256, 128, 64, 32 };

#define LIMITS (sizeof(limits) / sizeof(*limits))
#define REST_ROOM 96     /* for the line about what is left out */
#define FRAME_ROOM 320   /* for what is around the checks in JSON */

#define CUT "..."

/* How many of them passed, failed, are unknown. */
struct tally {
	size_t of[3];
};

static enum verdict verdict_of(const struct probe *p, size_t i)
{
	return p->answers[i].finding.verdict;
}

static struct tally count(const struct probe *p)
{
	struct tally t = { 0 };

	for (size_t i = 0; i < p->checks->n; i++)
		t.of[verdict_of(p, i)]++;
	return t;
}

int health_status(const struct probe *p)
{
	return count(p).of[PASS] == p->checks->n ? DONE : NO;
}

/* `1 failed, 2 unknown` */
static void add_bad(struct buf *out, const struct tally *t)
{
	if (t->of[FAIL])
		buf_printf(out, "%zu failed", t->of[FAIL]);
	if (t->of[UNKNOWN])
		buf_printf(out, "%s%zu unknown", t->of[FAIL] ? ", " : "", t->of[UNKNOWN]);
}

/* Appends words without secrets, control bytes and what is no UTF-8: of at most limit
 * bytes, the end of longer ones being `...`. */
static void add_words(struct buf *out, const char *text, size_t limit)
{
	struct buf words = BUF_INIT;
	size_t len, most;
	const char *at;

	buf_puts(&words, text);
	msg_mask(&words);
	buf_trim(&words);
	most = words.len > limit ? limit - strlen(CUT) : words.len;
	for (at = words.data; *at; at += len ? len : 1) {
		bool hidden = utf8_hidden(at);

		len = utf8_sequence(at);
		if ((size_t)(at - words.data) + (len ? len : 1) > most)
			break;
		buf_add(out, hidden ? " " : len ? at : "?", hidden || !len ? 1 : len);
	}
	if (*at)
		buf_puts(out, CUT);
	buf_free(&words);
}

/* --- text --- */

static void add_line(const struct probe *p, size_t i, size_t limit, struct buf *out)
{
	static const char marks[] = { [PASS] = '+', [FAIL] = '-', [UNKNOWN] = '?' };
	const struct answer *a = &p->answers[i];
	const char *place = p->checks->targets_n > 1 ? checks_target(p->checks, i) : "";

	buf_printf(out, "[%c]", marks[a->finding.verdict]);
	add_words(out, p->checks->v[i].shown, limit);
	if (*place) {
		buf_puts(out, " on ");
		add_words(out, place, limit);
	}
	if (a->finding.verdict == PASS)
		buf_printf(out, " ok %lldms", (long long)a->ms);
	else
		buf_puts(out, a->finding.verdict == FAIL ? " failed" : " unknown");
	if (a->finding.why.len) {
		buf_puts(out, ": ");
		add_words(out, a->finding.why.data, limit);
	}
	buf_putc(out, '\n');
}

static void add_verdict(const struct probe *p, struct buf *out)
{
	struct tally t = count(p);

	if (t.of[PASS] == p->checks->n) {
		buf_puts(out, "healthz check passed\n");
		return;
	}
	buf_puts(out, "healthz check failed: ");
	add_bad(out, &t);
	buf_printf(out, " of %zu\n", p->checks->n);
}

/* Whether all that did not pass has room, with words of that length. */
static bool bad_fits(const struct probe *p, size_t limit, size_t room)
{
	struct buf lines = BUF_INIT;
	bool fits;

	for (size_t i = 0; i < p->checks->n && lines.len <= room; i++)
		if (verdict_of(p, i) != PASS)
			add_line(p, i, limit, &lines);
	fits = lines.len <= room;
	buf_free(&lines);
	return fits;
}

/* Appends those lines that have room, of what passed or of what did not. */
static void add_some(const struct probe *p, bool passed, size_t limit, size_t end, struct tally *left,
                     struct buf *out)
{
	for (size_t i = 0; i < p->checks->n; i++) {
		size_t before = out->len;

		if ((verdict_of(p, i) == PASS) != passed)
			continue;
		add_line(p, i, limit, out);
		if (out->len > end)
			buf_cut(out, before);
		else
			left->of[verdict_of(p, i)]--;
	}
}

static void add_cut(const struct probe *p, size_t end, struct buf *out)
{
	struct tally left = count(p);
	size_t which = 0, n;

	while (which + 1 < LIMITS && !bad_fits(p, limits[which], end - REST_ROOM - out->len))
		which++;
	add_some(p, false, limits[which], end - REST_ROOM, &left, out);
	add_some(p, true, limits[which], end - REST_ROOM, &left, out);
	n = left.of[PASS] + left.of[FAIL] + left.of[UNKNOWN];
	if (!n)
		return;
	buf_printf(out, "and %zu more: ", n);
	add_bad(out, &left);
	if (left.of[PASS])
		buf_printf(out, "%s%zu ok", n > left.of[PASS] ? ", " : "", left.of[PASS]);
	buf_putc(out, '\n');
}

void health_text(const struct probe *p, struct buf *out)
{
	size_t start = out->len, lines;

	add_verdict(p, out);
	lines = out->len;
	for (size_t i = 0; i < p->checks->n && out->len <= start + HEALTH_MAX; i++)
		add_line(p, i, limits[0], out);
	if (out->len <= start + HEALTH_MAX)
		return;
	buf_cut(out, lines);
	add_cut(p, start + HEALTH_MAX, out);
}

/* --- JSON --- */

static const char *type_of(const struct check_kind *kind)
{
	if (kind->of_db || strcmp(kind->name, "redis") == 0)
		return "datastore";
	return kind->on_disk ? "system" : "component";
}

/* component:measurement */
static char *key_of(const struct check_kind *kind)
{
	return xasprintf("%s:%s", kind->of_db ? "database" : kind->name,
	                 kind->measure ? kind->measure : kind->of_db ? kind->name : "responseTime");
}

static char *clean(const char *text, size_t limit)
{
	struct buf b = BUF_INIT;

	add_words(&b, text, limit);
	return buf_detach(&b);
}

static char *output_of(const struct finding *f, size_t limit)
{
	char *why = clean(f->why.data, limit), *output;

	if (f->verdict == PASS) /* the draft wants none then */
		output = NULL;
	else
		output = xasprintf("%s%s", f->verdict == UNKNOWN ? "unknown: " : "", why);
	free(why);
	return output;
}

/* The server, or what stands behind the = but for a limit. */
static const char *component_of(const struct probe *p, size_t i)
{
	const struct check *check = &p->checks->v[i];
	const char *place = checks_target(p->checks, i), *argument = strchr(check->shown, '=');

	if (*place)
		return place;
	return check->below ? check->name : argument ? argument + 1 : "";
}

/* What the draft leaves out is left out: a patch removes what is null. */
static const char add_check[] =
	"INSERT INTO checks VALUES (CAST(?1 AS INTEGER), ?2 <> 'pass', ?3,"
	" json_patch('{}', json_object('componentId', ?4, 'componentType', ?5, 'check', ?6,"
	"  'observedValue', CAST(?7 AS INTEGER), 'observedUnit', ?8, 'status', ?2, 'time', ?9,"
	"  'output', ?10)))";

static void insert(struct lite *lite, const struct probe *p, size_t i, size_t limit)
{
	const struct answer *a = &p->answers[i];
	const struct check *check = &p->checks->v[i];
	bool measured = a->finding.value >= 0;
	char *n = xasprintf("%zu", i), *key = key_of(check->kind), *time = clock_iso(a->at);
	char *value = xasprintf("%lld", (long long)(measured ? a->finding.value : a->ms));
	char *id = clean(component_of(p, i), limit);
	char *shown = clean(check->shown, limit), *output = output_of(&a->finding, limit);
	const char *params[] = { n, a->finding.verdict == PASS ? "pass" : "fail", key, id,
		                 type_of(check->kind), shown, a->given ? value : NULL,
		                 !a->given  ? NULL
		                 : measured ? check->kind->unit
		                            : "ms",
		                 time, output };

	lite_query(lite, add_check, params, 10, NULL);
	free(n);
	free(key);
	free(time);
	free(value);
	free(id);
	free(shown);
	free(output);
}

static void insert_all(struct lite *lite, const struct probe *p, size_t limit)
{
	lite_query(lite, "DELETE FROM checks", NULL, 0, NULL);
	for (size_t i = 0; i < p->checks->n; i++)
		insert(lite, p, i, limit);
}

/* ?1: the verdict; ?2: of failures, how many; ?3: bytes that there are for checks. How
 * many of them have room, what failed first, and the whole. */
static const char compose[] =
	"WITH sized AS (SELECT *, sum(length(CAST(object AS BLOB)) + length(CAST(key AS BLOB)) + 8)"
	"   OVER (ORDER BY bad DESC, n) AS size FROM checks),"
	" chosen AS (SELECT * FROM sized WHERE size <= CAST(?3 AS INTEGER)),"
	" lists AS (SELECT key, json_group_array(json(object)) AS list, min(n) AS n"
	"  FROM (SELECT * FROM chosen ORDER BY n) GROUP BY key),"
	" rest AS (SELECT count(*) AS n FROM checks WHERE n NOT IN (SELECT n FROM chosen)),"
	" bad AS (SELECT count(*) AS n FROM checks WHERE bad AND n NOT IN (SELECT n FROM chosen))"
	" SELECT bad.n, rest.n, json_patch('{}', json_object('status', ?1, 'output', ?2,"
	"  'notes', iif(rest.n, json_array(rest.n || ' more checks have no room here, of which '"
	"   || bad.n || ' failed'), NULL),"
	"  'checks', (SELECT json_group_object(key, json(list)) FROM (SELECT * FROM lists ORDER BY n))))"
	" FROM rest, bad";

/* Whether the failures, or with all everything, had room; *json, which the caller frees, is
 * what there was room for. */
static bool fits(struct lite *lite, const struct probe *p, size_t room, bool all, char **json)
{
	struct tally t = count(p);
	struct buf bad = BUF_INIT;
	char *bytes = xasprintf("%zu", room);
	const char *params[] = { health_status(p) == DONE ? "pass" : "fail", NULL, bytes };
	struct rows rows = { 0 };
	bool fit = false;

	add_bad(&bad, &t);
	if (bad.len) {
		buf_printf(&bad, " of %zu", p->checks->n);
		params[1] = bad.data;
	}
	free(*json);
	*json = NULL;
	if (lite_query(lite, compose, params, 3, &rows) == 0 && rows_get(&rows, 0, 2)) {
		*json = xstrdup(rows_text(&rows, 0, 2));
		fit = strlen(*json) < HEALTH_MAX && strcmp(rows_text(&rows, 0, all ? 1 : 0), "0") == 0;
	}
	rows_free(&rows);
	buf_free(&bad);
	free(bytes);
	return fit;
}

static char *compose_json(struct lite *lite, const struct probe *p)
{
	char *json = NULL;
	size_t which = 0;

	insert_all(lite, p, limits[0]);
	if (fits(lite, p, SIZE_MAX / 2, true, &json))
		return json;
	while (!fits(lite, p, HEALTH_MAX - FRAME_ROOM, false, &json) && ++which < LIMITS)
		insert_all(lite, p, limits[which]);
	return json;
}

void health_json(const struct probe *p, struct buf *out)
{
	struct lite lite = LITE_INIT;
	char *json = NULL;

	if (lite_open(&lite, ":memory:", LITE_CREATE, 0) == 0 &&
	    lite_query(&lite, "CREATE TABLE checks (n INTEGER, bad, key, object)", NULL, 0, NULL) == 0)
		json = compose_json(&lite, p);
	buf_printf(out, "%s\n", json ? json : health_status(p) == DONE ? "{\"status\":\"pass\"}"
	                                                               : "{\"status\":\"fail\"}");
	free(json);
	lite_free(&lite);
}

/* --- nothing asked --- */

void health_refused(bool json, const char *why, struct buf *out)
{
	static const char object[] = "SELECT json_object('status', 'fail', 'output', ?1)";
	struct lite lite = LITE_INIT;
	struct rows rows = { 0 };
	struct buf words = BUF_INIT;
	const char *params[1];

	if (!json) {
		buf_puts(out, "healthz check failed: nothing was asked\n");
		return;
	}
	buf_puts(&words, "nothing was asked: ");
	add_words(&words, why, limits[1]);
	*params = words.data;
	if (lite_open(&lite, ":memory:", LITE_CREATE, 0) == 0)
		lite_query(&lite, object, params, 1, &rows);
	buf_printf(out, "%s\n", rows_get(&rows, 0, 0) ? rows_get(&rows, 0, 0) : "{\"status\":\"fail\"}");
	rows_free(&rows);
	lite_free(&lite);
	buf_free(&words);
}
