/* alembic - the revisions of Alembic, by its versions/ folder. */
#include "migrated/alembic.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/path.h"
#include "base/status.h"
#include "migrated/python_values.h"

/* --- a file --- */

/* None, a text, or a list of texts. An empty text is as good as None to Alembic. */
static bool take_texts(const struct python_value *v, struct strs *texts)
{
	bool ok = v->kind == VALUE_LIST || v->kind == VALUE_TEXT || v->kind == VALUE_NONE ||
	          v->kind == VALUE_ABSENT;

	if (v->kind == VALUE_TEXT && *v->text)
		strs_add(texts, v->text);
	for (size_t i = 0; i < v->n && ok; i++) {
		ok = v->v[i].kind == VALUE_TEXT;
		if (ok)
			strs_add(texts, v->v[i].text);
	}
	return ok;
}

static int unclear(const char *name, struct buf *error)
{
	buf_printf(error, "its %s is not written out", name);
	return BAD_DATA;
}

enum { REVISION, DOWN, DEPENDS, LABELS, NAMES };

static int take_names(struct revision *r, const struct python_assigned *a, struct buf *error)
{
	if (a[DOWN].value.kind == VALUE_ABSENT)
		return 0;
	if (a[REVISION].value.kind != VALUE_TEXT || !*a[REVISION].value.text)
		return unclear(a[REVISION].name, error);
	if (!take_texts(&a[DOWN].value, &r->down))
		return unclear(a[DOWN].name, error);
	if (!take_texts(&a[DEPENDS].value, &r->depends))
		return unclear(a[DEPENDS].name, error);
	/* Where somebody uses such a label, it will be missed. */
	take_texts(&a[LABELS].value, &r->labels);
	r->id = xstrdup(a[REVISION].value.text);
	return 0;
}

int revision_read(struct revision *r, const char *text, size_t len, struct buf *error)
{
	struct python_assigned names[NAMES] = { [REVISION] = { .name = "revision" },
		                         [DOWN] = { .name = "down_revision" },
		                         [DEPENDS] = { .name = "depends_on" },
		                         [LABELS] = { .name = "branch_labels" } };
	int rc = python_values_read(text, len, NULL, names, NAMES, error);

	*r = (struct revision){ 0 };
	if (!rc)
		rc = take_names(r, names, error);
	python_values_free(names, NAMES);
	return rc;
}

void revision_free(struct revision *r)
{
	free(r->id);
	free(r->file);
	free(r->parents);
	strs_free(&r->down);
	strs_free(&r->depends);
	strs_free(&r->labels);
	*r = (struct revision){ 0 };
}

/* --- links --- */

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct revision *)a)->id, ((const struct revision *)b)->id);
}

static size_t find(const struct revisions *all, const char *id)
{
	struct revision key = { .id = (char *)id };
	struct revision *found = all->n ? bsearch(&key, all->v, all->n, sizeof(*all->v), by_id) : NULL;

	return found ? (size_t)(found - all->v) : all->n;
}

/* By id, else by label; labels are few. */
static size_t resolve(const struct revisions *all, const char *name)
{
	size_t i = find(all, name);

	if (i < all->n)
		return i;
	for (i = 0; i < all->n && !strs_has(&all->v[i].labels, name); i++)
		;
	return i;
}

static int add_parents(struct revisions *all, struct revision *r, const struct strs *names,
                       struct buf *error)
{
	r->parents = xrealloc(r->parents, (r->parents_n + names->n + 1) * sizeof(*r->parents));
	for (size_t i = 0; i < names->n; i++) {
		size_t parent = resolve(all, names->v[i]);

		if (parent == all->n) {
			buf_printf(error, "no file has the revision '%.100s', which '%s' needs",
			           names->v[i], r->file ? r->file : r->id);
			return BAD_DATA;
		}
		r->parents[r->parents_n++] = parent;
		all->v[parent].followed = true;
	}
	return 0;
}

/* Takes away heads until none is left: what remains then goes round in circles (Kahn). */
static bool has_cycle(const struct revisions *all)
{
	size_t *followers = xcalloc(all->n, sizeof(*followers)), *open = xcalloc(all->n, sizeof(*open));
	size_t open_n = 0, taken = 0;

	for (size_t i = 0; i < all->n; i++)
		for (size_t p = 0; p < all->v[i].parents_n; p++)
			followers[all->v[i].parents[p]]++;
	for (size_t i = 0; i < all->n; i++)
		if (!followers[i])
			open[open_n++] = i;
	for (; taken < open_n; taken++) {
		const struct revision *r = &all->v[open[taken]];

		for (size_t p = 0; p < r->parents_n; p++)
			if (!--followers[r->parents[p]])
				open[open_n++] = r->parents[p];
	}
	free(followers);
	free(open);
	return taken < all->n;
}

int revisions_link(struct revisions *all, struct buf *error)
{
	int rc = 0;

	if (all->n)
		qsort(all->v, all->n, sizeof(*all->v), by_id);
	for (size_t i = 1; i < all->n && !rc; i++)
		if (strcmp(all->v[i - 1].id, all->v[i].id) == 0) {
			buf_printf(error, "the revision '%.100s' is in two files, '%s' and '%s'",
			           all->v[i].id, all->v[i - 1].file ? all->v[i - 1].file : "",
			           all->v[i].file ? all->v[i].file : "");
			rc = BAD_DATA;
		}
	for (size_t i = 0; i < all->n && !rc; i++) {
		rc = add_parents(all, &all->v[i], &all->v[i].down, error);
		if (!rc)
			rc = add_parents(all, &all->v[i], &all->v[i].depends, error);
	}
	if (!rc && has_cycle(all)) {
		buf_puts(error, "the revisions follow each other in a circle");
		rc = BAD_DATA;
	}
	return rc;
}

void revisions_heads(const struct revisions *all, struct strs *heads)
{
	for (size_t i = 0; i < all->n; i++)
		if (!all->v[i].followed)
			strs_add(heads, all->v[i].id);
}

bool revisions_reached(const struct revisions *all, const struct strs *at, struct strs *unknown)
{
	size_t *open = xcalloc(all->n + 1, sizeof(*open)), open_n = 0, applied = 0;
	bool *seen = xcalloc(all->n + 1, sizeof(*seen));

	for (size_t i = 0; i < at->n; i++) {
		size_t found = find(all, at->v[i]);

		if (found == all->n)
			strs_add(unknown, at->v[i]);
		else if (!seen[found])
			seen[open[open_n++] = found] = true;
	}
	for (; applied < open_n; applied++) {
		const struct revision *r = &all->v[open[applied]];

		for (size_t p = 0; p < r->parents_n; p++)
			if (!seen[r->parents[p]])
				seen[open[open_n++] = r->parents[p]] = true;
	}
	free(open);
	free(seen);
	return applied == all->n;
}

void revisions_free(struct revisions *all)
{
	for (size_t i = 0; i < all->n; i++)
		revision_free(&all->v[i]);
	free(all->v);
	*all = (struct revisions){ 0 };
}

/* --- files --- */

/* Alembic's own rule for what it does not load. */
static bool is_skipped(const char *path)
{
	return skip_prefix(path_base(path), ".#") || skip_prefix(path_base(path), "__init__");
}

/* What is no revision is left out, but *others names it. */
static int add_file(struct revisions *all, const char *path, int64_t deadline, struct strs *others,
                    struct buf *error)
{
	struct buf text = BUF_INIT, why = BUF_INIT;
	struct revision r = { 0 };
	int rc = migration_text(path, deadline, &text, error);

	if (!rc && revision_read(&r, text.data, text.len, &why)) {
		buf_printf(error, "'%s': %s", path, why.data);
		rc = BAD_DATA;
	}
	if (!rc && r.id) {
		r.file = xstrdup(path);
		all->v = xrealloc(all->v, (all->n + 1) * sizeof(*all->v));
		all->v[all->n++] = r;
	} else {
		revision_free(&r);
	}
	if (!rc && !r.id)
		strs_add(others, path);
	buf_free(&text);
	buf_free(&why);
	return rc;
}

static bool is_right_in(const char *dir, const char *path)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && path[len] == '/' && !strchr(path + len + 1, '/');
}

/* DIR/env.py is Alembic's own program. */
static bool is_environment(const char *dir, const char *path)
{
	return is_right_in(dir, path) && strcmp(path_base(path), "env.py") == 0;
}

/* Where revisions are right in a folder, it is one that Alembic reads: it refuses to go on
 * at any other file there. Deeper down, or where none is, files may be anything. */
static int refuse_others(const struct revisions *all, const char *dir, const struct strs *others,
                         struct buf *error)
{
	size_t i = 0, k = 0;

	while (i < all->n && !is_right_in(dir, all->v[i].file))
		i++;
	while (k < others->n && !is_right_in(dir, others->v[k]))
		k++;
	if (i == all->n || k == others->n)
		return 0;
	buf_printf(error, "'%s': its revision and down_revision are not written out", others->v[k]);
	return BAD_DATA;
}

int revisions_read(struct revisions *all, const char *dir, int64_t deadline, struct buf *error)
{
	char *versions = xasprintf("%s/versions", dir);
	struct strs paths = { 0 }, others = { 0 };
	int rc;

	*all = (struct revisions){ 0 };
	/* version_locations may name folders beside versions/, too. */
	rc = migration_files(dir, ".py", deadline, &paths, error);
	for (size_t i = 0; i < paths.n && !rc; i++)
		if (!is_skipped(paths.v[i]) && !is_environment(dir, paths.v[i]))
			rc = add_file(all, paths.v[i], deadline, &others, error);
	if (!rc)
		rc = refuse_others(all, file_is_dir(versions) ? versions : dir, &others, error);
	if (!rc && !all->n) {
		buf_printf(error, "'%s' has no revisions: name the folder that versions/ is in", dir);
		rc = BAD_DATA;
	}
	if (!rc)
		rc = revisions_link(all, error);
	strs_free(&paths);
	strs_free(&others);
	free(versions);
	return rc;
}

/* --- the check --- */

static void take_versions(const struct rows *rows, struct strs *at)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows_get(rows, i, 0))
			strs_add(at, rows_text(rows, i, 0));
}

static void set_behind(const struct strs *at, const struct strs *want, const char *also,
                       struct finding *f)
{
	struct buf list = BUF_INIT, wanted = BUF_INIT;

	migration_list(&list, at);
	migration_list(&wanted, want);
	finding_set(f, FAIL, "alembic at %s%s, want %s", at->n ? list.data : "nothing", also, wanted.data);
	buf_free(&list);
	buf_free(&wanted);
}

/* Ids that Alembic made up may be shortened to four digits, as on its command line; names
 * that people gave may not: 1 is not 10. */
static bool is_at(const char *version, const char *revision)
{
	static const char hex[] = "0123456789abcdef";
	size_t len = strlen(revision);

	if (strcmp(version, revision) == 0)
		return true;
	return len >= 4 && strlen(version) >= 10 && strspn(version, hex) == strlen(version) &&
	       strncmp(version, revision, len) == 0;
}

static void judge_revisions(const struct migration *m, const struct rows *rows, struct finding *f)
{
	struct strs at = { 0 };
	bool reached = true;

	take_versions(rows, &at);
	for (size_t i = 0; i < m->revisions.n; i++) {
		size_t k = 0;

		while (k < at.n && !is_at(at.v[k], m->revisions.v[i]))
			k++;
		reached = reached && k < at.n;
	}
	if (reached)
		finding_pass(f);
	else
		set_behind(&at, &m->revisions, "", f);
	strs_free(&at);
}

static void judge_files(const struct migration *m, const struct rows *rows, int64_t deadline,
                        struct finding *f)
{
	struct strs at = { 0 }, heads = { 0 }, unknown = { 0 };
	struct buf error = BUF_INIT;
	struct revisions all;
	bool reached;

	take_versions(rows, &at);
	if (revisions_read(&all, m->dir, deadline, &error)) {
		finding_set(f, UNKNOWN, "%s", error.data);
	} else {
		revisions_heads(&all, &heads);
		reached = revisions_reached(&all, &at, &unknown);
		if (unknown.n)
			set_behind(&unknown, &heads, ", which no file here knows", f);
		else if (reached)
			finding_pass(f);
		else
			set_behind(&at, &heads, "", f);
	}
	revisions_free(&all);
	strs_free(&at);
	strs_free(&heads);
	strs_free(&unknown);
	buf_free(&error);
}

const struct migration_tool migration_alembic = {
	.name = "alembic",
	.table = "alembic_version",
	.columns = { "t.version_num", "t.version_num" },
	.order = "1",
	.judge_revisions = judge_revisions,
	.judge_files = judge_files,
};
