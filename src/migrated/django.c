/* django - Django's migrations, by the `migrations` packages of its apps. */
#include "migrated/django.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/path.h"
#include "base/status.h"
#include "migrated/django_label.h"
#include "migrated/python_values.h"

#define PACKAGE "migrations" /* MIGRATIONS_MODULE_NAME of django.db.migrations.loader */
#define INIT "__init__.py"
#define NESTING 64 /* squashed of squashed of squashed ... */

/* --- a migration --- */

static bool take_replaces(const struct python_value *v, struct strs *replaces)
{
	if (v->kind != VALUE_LIST && v->kind != VALUE_NONE && v->kind != VALUE_ABSENT)
		return false;
	for (size_t i = 0; i < v->n; i++) {
		const struct python_value *pair = &v->v[i];

		if (pair->kind != VALUE_LIST || pair->n != 2 || pair->v[0].kind != VALUE_TEXT ||
		    pair->v[1].kind != VALUE_TEXT)
			return false;
		strs_printf(replaces, "%s.%s", pair->v[0].text, pair->v[1].text);
	}
	return true;
}

static size_t count_classes(const struct python_classes *classes, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < classes->n; i++)
		n += strcmp(classes->v[i].name, name) == 0;
	return n;
}

int django_read(struct django *d, const char *text, size_t len, struct buf *error)
{
	struct python_assigned replaces = { .name = "replaces" };
	struct python_classes classes;
	int rc = python_classes_read(text, len, &classes, error);
	bool touched = false;

	*d = (struct django){ 0 };
	if (!rc && count_classes(&classes, "Migration") != 1) {
		buf_puts(error, "it has no class Migration, or several");
		rc = BAD_DATA;
	}
	if (!rc)
		rc = python_values_read(text, len, "Migration", &replaces, 1, error);
	if (!rc)
		rc = python_values_touched(text, len, "Migration", "replaces", &touched, error);
	if (!rc && touched) {
		buf_puts(error, "what it replaces may be changed elsewhere in the file");
		rc = BAD_DATA;
	}
	if (!rc && !take_replaces(&replaces.value, &d->replaces)) {
		buf_puts(error, "what it replaces is not written out");
		rc = BAD_DATA;
	}
	python_values_free(&replaces, 1);
	python_classes_free(&classes);
	return rc;
}

static void django_free(struct django *d)
{
	free(d->name);
	free(d->file);
	strs_free(&d->replaces);
	*d = (struct django){ 0 };
}

void djangos_free(struct djangos *all)
{
	for (size_t i = 0; i < all->n; i++)
		django_free(&all->v[i]);
	free(all->v);
	*all = (struct djangos){ 0 };
}

/* --- files --- */

/* Whether a file is a migration by its name (pkgutil.iter_modules, and the loader's own
 * rule): a.b.py is no module. */
static bool is_module(const char *path)
{
	const char *name = path_base(path);

	return *name != '_' && *name != '~' && strchr(name, '.') == strrchr(name, '.');
}

/* The name without .py. The caller frees it. */
static char *module_of(const char *path)
{
	const char *name = path_base(path);

	return xstrndup(name, strcspn(name, "."));
}

static int add_file(struct djangos *all, const char *label, const char *path, int64_t deadline,
                    struct buf *error)
{
	struct buf text = BUF_INIT, why = BUF_INIT;
	char *module = module_of(path);
	struct django d = { 0 };
	int rc = migration_text(path, deadline, &text, error);

	if (!rc && django_read(&d, text.data, text.len, &why)) {
		buf_printf(error, "'%s': %s", path, why.data);
		rc = BAD_DATA;
	}
	if (!rc) {
		d.name = xasprintf("%s.%s", label, module);
		d.file = xstrdup(path);
		all->v = xrealloc(all->v, (all->n + 1) * sizeof(*all->v));
		all->v[all->n++] = d;
	} else {
		django_free(&d);
	}
	buf_free(&text);
	buf_free(&why);
	free(module);
	return rc;
}

static bool is_in(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && path + len + 1 == path_base(path);
}

static int read_package(struct djangos *all, const char *package, const struct strs *paths,
                        int64_t deadline, struct buf *error)
{
	char *app = path_folder(package), *label;
	int rc = django_label_find(app, deadline, &label, error);

	for (size_t i = 0; i < paths->n && !rc; i++)
		if (is_in(paths->v[i], package) && is_module(paths->v[i]))
			rc = add_file(all, label, paths->v[i], deadline, error);
	free(app);
	free(label);
	return rc;
}

/* A migration in a folder that Django does not read, unless MIGRATION_MODULES says so:
 * nobody can tell here whose it is. */
static int refuse_stray(const char *path, int64_t deadline, struct buf *error)
{
	struct buf text = BUF_INIT, ignored = BUF_INIT;
	struct python_classes classes = { 0 };
	int rc = migration_text(path, deadline, &text, error);

	if (!rc && python_classes_read(text.data, text.len, &classes, &ignored) == 0)
		for (size_t i = 0; i < classes.n && !rc; i++)
			if (strcmp(classes.v[i].name, "Migration") == 0 &&
			    strs_has(&classes.v[i].bases, "Migration")) {
				buf_printf(error, "'%s' is a migration outside of a folder named " PACKAGE
				           " with an " INIT, path);
				rc = BAD_DATA;
			}
	python_classes_free(&classes);
	buf_free(&text);
	buf_free(&ignored);
	return rc;
}

/* As makemigrations names them: 0001_initial.py. */
static bool is_numbered(const char *path)
{
	const char *name = path_base(path);

	return strspn(name, "0123456789") == 4 && name[4] == '_';
}

static int read_all(struct djangos *all, const struct strs *paths, int64_t deadline, struct buf *error)
{
	struct strs packages = { 0 };
	int rc = 0;

	for (size_t i = 0; i < paths->n; i++) {
		char *folder = path_folder(paths->v[i]);

		if (strcmp(path_base(paths->v[i]), INIT) == 0 && strcmp(path_base(folder), PACKAGE) == 0)
			strs_add(&packages, folder);
		free(folder);
	}
	migration_sort(&packages);
	for (size_t i = 0; i < packages.n && !rc; i++)
		rc = read_package(all, packages.v[i], paths, deadline, error);
	for (size_t i = 0; i < paths->n && !rc; i++) {
		char *folder = path_folder(paths->v[i]);

		if (is_numbered(paths->v[i]) && !migration_has(&packages, folder))
			rc = refuse_stray(paths->v[i], deadline, error);
		free(folder);
	}
	strs_free(&packages);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct django *)a)->name, ((const struct django *)b)->name);
}

static int sort(struct djangos *all, struct buf *error)
{
	if (all->n)
		qsort(all->v, all->n, sizeof(*all->v), by_name);
	for (size_t i = 1; i < all->n; i++)
		if (by_name(&all->v[i - 1], &all->v[i]) == 0) {
			buf_printf(error, "two apps have the same label: '%s' and '%s'", all->v[i - 1].file,
			           all->v[i].file);
			return BAD_DATA;
		}
	return 0;
}

int djangos_read(struct djangos *all, const char *dir, int64_t deadline, struct buf *error)
{
	char *real = realpath(dir, NULL);
	struct strs paths = { 0 };
	int rc;

	*all = (struct djangos){ 0 };
	rc = migration_files(real ? real : dir, ".py", deadline, &paths, error);
	if (!rc)
		rc = read_all(all, &paths, deadline, error);
	if (!rc)
		rc = sort(all, error);
	if (!rc && !all->n) {
		buf_printf(error, "'%s' has no migrations of Django: folders named " PACKAGE " with an " INIT,
		           dir);
		rc = BAD_DATA;
	}
	strs_free(&paths);
	free(real);
	return rc;
}

/* --- what is missing --- */

/* What is known of a migration: of those that it replaces in the end, going through
 * squashed ones that were squashed again, how many there are and how many are applied. */
struct replacement {
	size_t replaced, applied;
	bool counted;
	bool dropped; /* another stands in its place */
};

static struct django *find(const struct djangos *all, const char *name)
{
	struct django key = { .name = (char *)name };

	return all->n ? bsearch(&key, all->v, all->n, sizeof(*all->v), by_name) : NULL;
}

static bool count(const struct djangos *all, struct replacement *states, size_t i,
                  const struct strs *applied, unsigned depth)
{
	struct replacement *s = &states[i];

	if (s->counted || depth > NESTING)
		return s->counted;
	for (size_t k = 0; k < all->v[i].replaces.n; k++) {
		const char *name = all->v[i].replaces.v[k];
		const struct django *d = find(all, name);
		size_t at = d ? (size_t)(d - all->v) : 0;

		if (d && d->replaces.n) {
			if (!count(all, states, at, applied, depth + 1))
				return false;
			s->replaced += states[at].replaced;
			s->applied += states[at].applied;
		} else {
			s->replaced++;
			s->applied += migration_has(applied, name);
		}
	}
	s->counted = true;
	return true;
}

static void drop(const struct djangos *all, struct replacement *states, size_t i)
{
	for (size_t k = 0; k < all->v[i].replaces.n; k++) {
		const struct django *d = find(all, all->v[i].replaces.v[k]);
		size_t at = d ? (size_t)(d - all->v) : 0;

		if (d && !states[at].dropped) {
			states[at].dropped = true;
			drop(all, states, at);
		}
	}
}

/* Of a squashed migration that is applied in part Django wants the rest, by itself; what
 * has no file any more cannot be found among the files. */
static size_t add_rest(const struct djangos *all, size_t i, const struct strs *applied,
                       struct strs *missing)
{
	size_t before = missing->n;

	for (size_t k = 0; k < all->v[i].replaces.n; k++) {
		const char *name = all->v[i].replaces.v[k];

		if (!find(all, name) && !migration_has(applied, name) && !strs_has(missing, name))
			strs_add(missing, name);
	}
	return missing->n - before;
}

int djangos_missing(const struct djangos *all, const struct strs *applied, struct strs *missing,
                    size_t *total, struct buf *error)
{
	struct replacement *states = xcalloc(all->n + 1, sizeof(*states));
	size_t rest = 0;
	bool ok = true;

	*total = 0;
	for (size_t i = 0; i < all->n && ok; i++)
		ok = count(all, states, i, applied, 0);
	for (size_t i = 0; i < all->n && ok; i++)
		if (states[i].applied == states[i].replaced || !states[i].applied)
			drop(all, states, i);
	for (size_t i = 0; i < all->n && ok; i++) {
		const struct replacement *s = &states[i];
		bool squashed = s->replaced, part = s->applied && s->applied < s->replaced;

		if (s->dropped)
			continue;
		if (part)
			rest += add_rest(all, i, applied, missing);
		else if (squashed ? !s->applied : !migration_has(applied, all->v[i].name))
			strs_add(missing, all->v[i].name);
		*total += !part;
	}
	*total += rest;
	if (!ok)
		buf_puts(error, "squashed migrations replace each other in a circle");
	migration_sort(missing);
	free(states);
	return ok ? 0 : BAD_DATA;
}

/* --- the check --- */

static void take_applied(const struct rows *rows, struct strs *applied)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows_get(rows, i, 0) && rows_get(rows, i, 1))
			strs_printf(applied, "%s.%s", rows_get(rows, i, 0), rows_get(rows, i, 1));
}

/* shop.0003_add, or shop.0003. */
static bool is_revision(const char *applied, const char *revision)
{
	const char *number = strchr(revision, '.'), *rest = skip_prefix(applied, revision);

	if (!rest || !number)
		return false;
	number++;
	return !*rest || (*number && strspn(number, "0123456789") == strlen(number) && *rest == '_');
}

/* The newest applied migration of the revision's app, or NULL. */
static const char *newest_of_app(const struct strs *applied, const char *revision)
{
	size_t len = strcspn(revision, ".") + 1;

	for (size_t i = applied->n; i-- > 0;)
		if (strncmp(applied->v[i], revision, len) == 0)
			return applied->v[i];
	return NULL;
}

static void judge_revisions(const struct migration *m, const struct rows *rows, struct finding *f)
{
	struct strs applied = { 0 };
	const char *at;

	take_applied(rows, &applied);
	finding_pass(f);
	for (size_t i = 0; i < m->revisions.n && f->verdict == PASS; i++) {
		size_t k = 0;

		while (k < applied.n && !is_revision(applied.v[k], m->revisions.v[i]))
			k++;
		at = newest_of_app(&applied, m->revisions.v[i]);
		if (k == applied.n)
			finding_set(f, FAIL, "django at %.100s, want %.100s", at ? at : "nothing",
			            m->revisions.v[i]);
	}
	strs_free(&applied);
}

static void judge_files(const struct migration *m, const struct rows *rows, int64_t deadline,
                        struct finding *f)
{
	struct strs applied = { 0 }, missing = { 0 };
	struct buf error = BUF_INIT;
	struct djangos all;
	size_t total;

	take_applied(rows, &applied);
	migration_sort(&applied);
	if (djangos_read(&all, m->dir, deadline, &error) ||
	    djangos_missing(&all, &applied, &missing, &total, &error))
		finding_set(f, UNKNOWN, "%s", error.data);
	else
		migration_missing(m, &missing, total, f);
	djangos_free(&all);
	strs_free(&applied);
	strs_free(&missing);
	buf_free(&error);
}

const struct migration_tool migration_django = {
	.name = "django",
	.table = "django_migrations",
	.columns = { "t.app, t.name", "t.app, t.name" },
	.order = "t.id",
	.judge_revisions = judge_revisions,
	.judge_files = judge_files,
};
