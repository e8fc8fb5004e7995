/* drizzle - the migrations of Drizzle, by the folder that drizzle-kit writes. */
#include "migrated/drizzle.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/status.h"
#include "ext/lite.h"

#define SQL "migration.sql"
#define STAMP 14 /* digits of YYYYMMDDHHMMSS */

enum { HASH, CREATED, NAME };

/* --- the journal --- */

static struct drizzle *add(struct drizzles *all, const char *tag, int64_t when)
{
	all->v = xrealloc(all->v, (all->n + 1) * sizeof(*all->v));
	all->v[all->n] = (struct drizzle){ .tag = xstrdup(tag), .when = when };
	return &all->v[all->n++];
}

/* A tag is the name of a file. */
static bool is_tag(const char *tag)
{
	return tag && *tag && *tag != '.' && !strchr(tag, '/');
}

int drizzle_journal(struct drizzles *all, const char *text, size_t len, struct buf *error)
{
	static const char entries[] =
		"SELECT value ->> 'tag', value ->> 'when', json_type(value, '$.when')"
		" FROM json_each(?1, '$.entries') WHERE json_type(?1, '$.entries') = 'array'";
	struct lite lite = LITE_INIT;
	struct rows rows = { 0 };
	int rc = 0;

	*all = (struct drizzles){ 0 };
	if (strlen(text) != len) {
		buf_puts(error, "a NUL byte");
		return BAD_DATA;
	}
	if (lite_open(&lite, ":memory:", LITE_CREATE, 0) || lite_query(&lite, entries, &text, 1, &rows)) {
		buf_puts(error, lite.error.data);
		rc = BAD_DATA;
	}
	for (size_t i = 0; i < rows.n && !rc; i++) {
		const char *tag = rows_get(&rows, i, 0), *type = rows_get(&rows, i, 2);

		if (is_tag(tag) && type && strcmp(type, "integer") == 0) {
			add(all, tag, atoll(rows_text(&rows, i, 1)));
		} else {
			buf_printf(error, "entry %zu has no tag or no time", i);
			rc = BAD_DATA;
		}
	}
	rows_free(&rows);
	lite_free(&lite);
	return rc;
}

void drizzles_free(struct drizzles *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->v[i].tag);
	free(all->v);
	*all = (struct drizzles){ 0 };
}

/* --- files --- */

static int hash_file(struct drizzle *d, const char *path, int64_t deadline, struct buf *error)
{
	unsigned char digest[HASH_BYTES];
	struct buf text = BUF_INIT;
	struct hash h;
	int rc = migration_text(path, deadline, &text, error);

	hash_start(&h);
	hash_add(&h, text.data, text.len);
	hash_end(&h, digest);
	hash_text(digest, d->hash);
	buf_free(&text);
	return rc;
}

static int read_journal(struct drizzles *all, const char *dir, const char *journal, int64_t deadline,
                        struct buf *error)
{
	struct buf text = BUF_INIT, why = BUF_INIT;
	int rc = migration_text(journal, deadline, &text, error);

	if (!rc && drizzle_journal(all, text.data, text.len, &why)) {
		buf_printf(error, "'%s': %s", journal, why.data);
		rc = BAD_DATA;
	}
	for (size_t i = 0; i < all->n && !rc; i++) {
		char *path = xasprintf("%s/%s.sql", dir, all->v[i].tag);

		rc = hash_file(&all->v[i], path, deadline, error);
		free(path);
	}
	buf_free(&text);
	buf_free(&why);
	return rc;
}

/* The moment that a folder's name begins with, as ms; -1: it begins with none. */
static int64_t stamp_of(const char *tag)
{
	struct tm tm = { 0 };
	char digits[STAMP + 1];

	if (strspn(tag, "0123456789") != STAMP)
		return -1;
	memcpy(digits, tag, STAMP);
	digits[STAMP] = '\0';
	return strptime(digits, "%Y%m%d%H%M%S", &tm) ? (int64_t)timegm(&tm) * 1000 : -1;
}

static int read_folders(struct drizzles *all, const char *dir, int64_t deadline, struct buf *error)
{
	struct strs paths = { 0 };
	int rc = migration_files(dir, SQL, deadline, &paths, error);

	all->folders = true;
	for (size_t i = 0; i < paths.n && !rc; i++) {
		const char *tag = paths.v[i] + strlen(dir) + 1;
		char *name = xstrndup(tag, strcspn(tag, "/"));

		/* Drizzle does not look into the folders of a folder. */
		if (strcmp(tag + strlen(name), "/" SQL) == 0)
			rc = hash_file(add(all, name, stamp_of(name)), paths.v[i], deadline, error);
		free(name);
	}
	strs_free(&paths);
	return rc;
}

int drizzles_read(struct drizzles *all, const char *dir, int64_t deadline, struct buf *error)
{
	char *journal = xasprintf("%s/meta/_journal.json", dir);
	int rc;

	*all = (struct drizzles){ 0 };
	if (file_exists(journal))
		rc = read_journal(all, dir, journal, deadline, error);
	else
		rc = read_folders(all, dir, deadline, error);
	if (!rc && !all->n) {
		buf_printf(error, "'%s' has no migrations of drizzle: name the `out` folder of drizzle-kit",
		           dir);
		rc = BAD_DATA;
	}
	free(journal);
	return rc;
}

/* --- what is missing --- */

enum match { BY_NAME, BY_MOMENT_AND_HASH, BY_MOMENT, BY_HASH, MATCHES };

static bool is_moment(const struct drizzles *all, const struct drizzle *d, const char *created)
{
	int64_t unit = all->folders ? 1000 : 1;

	return created && d->when >= 0 && atoll(created) / unit == d->when / unit;
}

static bool matches(const struct drizzles *all, const struct drizzle *d, const struct rows *rows,
                    size_t row, enum match how)
{
	const char *name = rows_get(rows, row, NAME), *hash = rows_get(rows, row, HASH);

	if (how == BY_NAME)
		return name && strcmp(name, d->tag) == 0;
	/* Since 1.0 the name decides alone. */
	if (name && all->folders)
		return false;
	if (how != BY_MOMENT && !(hash && strcmp(hash, d->hash) == 0))
		return false;
	return how == BY_HASH || is_moment(all, d, rows_get(rows, row, CREATED));
}

/* Whether a row that stands for no other migration stands for this one; takes it. */
static bool claim(const struct drizzles *all, const struct drizzle *d, const struct rows *rows,
                  bool *taken, enum match how)
{
	size_t row = 0;

	while (row < rows->n && (taken[row] || !matches(all, d, rows, row, how)))
		row++;
	if (row < rows->n)
		taken[row] = true;
	return row < rows->n;
}

void drizzles_missing(const struct drizzles *all, const struct rows *rows, struct strs *missing)
{
	bool *taken = xcalloc(rows->n + 1, sizeof(*taken)), *found = xcalloc(all->n + 1, sizeof(*found));

	for (enum match how = BY_NAME; how < MATCHES; how++)
		for (size_t i = 0; i < all->n; i++)
			found[i] = found[i] || claim(all, &all->v[i], rows, taken, how);
	for (size_t i = 0; i < all->n; i++)
		if (!found[i])
			strs_add(missing, all->v[i].tag);
	free(taken);
	free(found);
}

/* --- the check --- */

/* A tag, where the table has them (since 1.0), a hash or the first eight digits or more
 * of it, or the moment in ms. */
static bool is_row(const struct rows *rows, size_t row, const char *revision)
{
	const char *name = rows_get(rows, row, NAME), *hash = rows_get(rows, row, HASH),
	           *created = rows_get(rows, row, CREATED);
	size_t len = strlen(revision);

	return (name && strcmp(name, revision) == 0) || (created && strcmp(created, revision) == 0) ||
	       (len >= 8 && hash && strlen(hash) == HASH_TEXT - 1 && strncmp(hash, revision, len) == 0);
}

static bool is_number(const char *text, const char *digits)
{
	return strspn(text, digits) == strlen(text);
}

static bool has_names(const struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows_get(rows, i, NAME))
			return true;
	return false;
}

static void judge_revisions(const struct migration *m, const struct rows *rows, struct finding *f)
{
	finding_pass(f);
	for (size_t i = 0; i < m->revisions.n && f->verdict == PASS; i++) {
		const char *revision = m->revisions.v[i];
		size_t row = 0;

		while (row < rows->n && !is_row(rows, row, revision))
			row++;
		if (row < rows->n)
			continue;
		if (rows->n && !has_names(rows) && !is_number(revision, "0123456789abcdef"))
			finding_set(f, UNKNOWN, "drizzle's table has no names here: give the SHA-256 of "
			            "%.100s.sql, or @DIR", revision);
		else
			finding_set(f, FAIL, "drizzle: %.100s is not applied", revision);
	}
}

/* Before 1.0 drizzle runs what is newer than the newest that was run, and nothing else. */
static bool is_passed_over(const struct drizzles *all, const struct rows *rows, const char *tag)
{
	for (size_t i = 0; i < all->n && !all->folders; i++)
		for (size_t row = 0; row < rows->n && strcmp(all->v[i].tag, tag) == 0; row++)
			if (rows_get(rows, row, CREATED) &&
			    all->v[i].when <= atoll(rows_text(rows, row, CREATED)))
				return true;
	return false;
}

static void judge_files(const struct migration *m, const struct rows *rows, int64_t deadline,
                        struct finding *f)
{
	struct strs missing = { 0 };
	struct buf error = BUF_INIT;
	struct drizzles all;

	if (drizzles_read(&all, m->dir, deadline, &error)) {
		finding_set(f, UNKNOWN, "%s", error.data);
	} else {
		drizzles_missing(&all, rows, &missing);
		migration_missing(m, &missing, all.n, f);
		if (missing.n && is_passed_over(&all, rows, missing.v[0]))
			buf_puts(&f->why, " (older than what was run last: drizzle passes over it)");
	}
	drizzles_free(&all);
	strs_free(&missing);
	buf_free(&error);
}

const struct migration_tool migration_drizzle = {
	.name = "drizzle",
	.schema = "drizzle",
	.table = "__drizzle_migrations",
	/* A table without the column `name` gives NULL. */
	.columns = { "t.hash, t.created_at::bigint, to_jsonb(t) ->> 'name'",
	             "t.hash, CAST(t.created_at AS INTEGER), t.name" },
	.older = "t.hash, CAST(t.created_at AS INTEGER), NULL",
	.order = "t.id",
	.judge_revisions = judge_revisions,
	.judge_files = judge_files,
};
