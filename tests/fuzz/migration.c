/*
 * Fuzzes what reads migration files: Python's statements and assignments, the revisions of
 * Alembic, the migrations and labels of Django, the journal of drizzle. The first byte says
 * which.
 */
#include "fuzz.h"

#include "base/banned.h"
#include "base/status.h"
#include "migrated/alembic.h"
#include "migrated/django.h"
#include "migrated/django_label.h"
#include "migrated/drizzle.h"
#include "migrated/migration.h"
#include "migrated/python_lex.h"
#include "migrated/python_values.h"

/* Tokens are in the text, one behind the other, and each is as deep as brackets say. */
static void statements(const char *text, size_t len)
{
	const char *behind = text;
	struct python_lex s;

	python_lex_start(&s, text, len);
	while (python_lex_next(&s)) {
		MUST(s.n > 0 && s.n <= STATEMENT_TOKENS);
		for (size_t i = 0; i < s.n; i++) {
			MUST(s.v[i].at >= behind && s.v[i].at + s.v[i].len <= text + len);
			MUST(s.v[i].len || s.v[i].kind == TOKEN_TEXT);
			behind = s.v[i].at + s.v[i].len;
			MUST(i || !s.v[i].depth);
		}
	}
	MUST(s.error.len || s.at == s.end);
	python_lex_free(&s);
}

static void values_make_sense(const struct python_value *v)
{
	MUST(!v->text == (v->kind != VALUE_TEXT));
	MUST(!v->n || v->kind == VALUE_LIST);
	for (size_t i = 0; i < v->n; i++) {
		MUST(v->v[i].kind != VALUE_UNCLEAR && v->v[i].kind != VALUE_ABSENT);
		values_make_sense(&v->v[i]);
	}
}

/* A plain assignment at the end is what counts, whatever came before it, if that was
 * Python at all: even a line that is continued ends at an empty one. */
static void assignments(const char *text, size_t len)
{
	struct python_assigned names[] = { { .name = "a" }, { .name = "replaces" } };
	char *more = xasprintf("%.*s\n\na = 'z'\n", (int)len, text);
	struct buf error = BUF_INIT;

	if (python_values_read(text, len, "Migration", names, 2, &error) == 0)
		for (size_t i = 0; i < 2; i++)
			values_make_sense(&names[i].value);
	python_values_free(names, 2);
	buf_cut(&error, 0);
	if (python_values_read(text, len, NULL, names, 1, &error) == 0) {
		python_values_free(names, 1);
		MUST(python_values_read(more, strlen(more), NULL, names, 1, &error) == 0);
		MUST(names[0].value.kind == VALUE_TEXT && same(names[0].value.text, "z"));
	}
	python_values_free(names, 1);
	buf_free(&error);
	free(more);
}

static void one_revision(const char *text, size_t len)
{
	struct buf error = BUF_INIT;
	struct revision r;
	int rc = revision_read(&r, text, len, &error);

	MUST(rc ? rc == BAD_DATA && error.len && !r.id : !error.len);
	MUST(rc || !r.id || *r.id);
	revision_free(&r);
	buf_free(&error);
}

/* Lines `id down down` with at most a letter each: what is applied at all heads is all. */
static void one_history(const char *text, size_t len)
{
	struct strs heads = { 0 }, unknown = { 0 }, none = { 0 };
	struct buf error = BUF_INIT;
	struct revisions h = { 0 };

	for (size_t i = 0; i + 2 < len && h.n < 40; i += 3) {
		struct revision r = { .id = xasprintf("%c", text[i] & 0x7f) };

		if (text[i + 1] & 0x60)
			strs_printf(&r.down, "%c", text[i + 1] & 0x7f);
		if (text[i + 2] & 0x60)
			strs_printf(text[i + 2] & 1 ? &r.down : &r.depends, "%c", text[i + 2] & 0x7f);
		h.v = xrealloc(h.v, (h.n + 1) * sizeof(*h.v));
		h.v[h.n++] = r;
	}
	if (revisions_link(&h, &error) == 0) {
		revisions_heads(&h, &heads);
		MUST(!h.n == !heads.n);
		MUST(revisions_reached(&h, &heads, &unknown) && !unknown.n);
		MUST(revisions_reached(&h, &none, &unknown) == !h.n);
	} else {
		MUST(error.len);
	}
	revisions_free(&h);
	strs_free(&heads);
	buf_free(&error);
}

static void one_migration(const char *text, size_t len)
{
	struct buf error = BUF_INIT;
	struct django d;
	char *label;
	int rc = django_read(&d, text, len, &error);

	MUST(rc ? rc == BAD_DATA && error.len : !error.len);
	for (size_t i = 0; i < d.replaces.n; i++)
		MUST(strchr(d.replaces.v[i], '.'));
	strs_free(&d.replaces);
	buf_cut(&error, 0);
	rc = django_label_read(text, len, "folder", &label, &error);
	MUST(rc ? rc == BAD_DATA && error.len && !label : !error.len);
	free(label);
	buf_free(&error);
}

/* What is missing is never more than there is; and nothing, once all of it and all that it
 * replaces is applied. */
static void one_project(const char *text, size_t len)
{
	struct strs applied = { 0 }, missing = { 0 };
	struct buf error = BUF_INIT;
	struct djangos all = { 0 };
	size_t total;
	char last = 0;

	for (size_t i = 0; i + 2 < len && text[i] > last; i += 3) {
		struct django d = { .name = xasprintf("%c", last = text[i]) };

		strs_add(&applied, d.name);
		for (size_t k = 1; k < 3; k++)
			if (text[i + k] > ' ') {
				strs_printf(&d.replaces, "%c", text[i + k]);
				strs_add(&applied, d.replaces.v[d.replaces.n - 1]);
			}
		all.v = xrealloc(all.v, (all.n + 1) * sizeof(*all.v));
		all.v[all.n++] = d;
	}
	migration_sort(&applied);
	if (djangos_missing(&all, &applied, &missing, &total, &error) == 0) {
		MUST(!missing.n && total <= all.n);
		strs_free(&applied);
		MUST(djangos_missing(&all, &applied, &missing, &total, &error) == 0);
		MUST(missing.n == total && total <= all.n && !total == !all.n);
	}
	djangos_free(&all);
	strs_free(&applied);
	strs_free(&missing);
	buf_free(&error);
}

static void one_journal(const char *text, size_t len)
{
	struct buf error = BUF_INIT;
	struct drizzles all;
	int rc = drizzle_journal(&all, text, len, &error);

	MUST(rc ? rc == BAD_DATA && error.len : !error.len);
	for (size_t i = 0; i < all.n; i++)
		MUST(*all.v[i].tag && *all.v[i].tag != '.' && !strchr(all.v[i].tag, '/'));
	drizzles_free(&all);
	buf_free(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static void (*const readers[])(const char *, size_t) = {
		statements, assignments, one_revision, one_history, one_migration, one_project, one_journal,
	};
	size_t reader;
	char *text;

	if (!len)
		return 0;
	reader = data[0] % (sizeof(readers) / sizeof(*readers));
	/* A copy without a NUL behind it: what is read too far shows. */
	text = malloc(len);
	MUST(text);
	memcpy(text, data + 1, len - 1);
	if (readers[reader] == one_journal)
		text[len - 1] = '\0';
	else
		text = realloc(text, len > 1 ? len - 1 : 1);
	MUST(text);
	readers[reader](text, len - 1);
	free(text);
	return 0;
}
