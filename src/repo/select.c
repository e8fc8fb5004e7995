/* select - finds the backup that a word means. */
#include "repo/select.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/status.h"
#include "repo/folder.h"
#include "repo/report.h"
#include "schedule/zone.h"

static char *without_suffix(const char *path, const char *suffix)
{
	size_t len = strlen(path), end = strlen(suffix);

	return len > end && strcmp(path + len - end, suffix) == 0 ? xstrndup(path, len - end) : NULL;
}

/* `latest` is the one symlink below a guard that leads anywhere: to a name in its own folder. NULL: it is no
 * such link. The caller frees it. */
static char *follow_latest(const char *path)
{
	char *target = beneath_is_guarded(path) ? beneath_readlink(path) : NULL, *data = NULL;

	if (target && !strchr(target, '/') && beneath_is_confined(target))
		data = xasprintf("%.*s%s", (int)(file_base(path) - path), path, target);
	free(target);
	return data;
}

/* The data that a file stands for. */
static char *data_of(const char *path)
{
	char *data = without_suffix(path, ".json");
	struct stat st;

	data = data ? data : without_suffix(path, ".sha256");
	data = data ? data : follow_latest(path);
	/* Of a symlink it is said that it is one. */
	if (data && beneath_lstat(data, &st) == 0)
		return data;
	free(data);
	return xstrdup(path);
}

static bool is_set_aside(const char *manifest)
{
	return strstr(manifest, "/" ARCHIVE_GLOBALS "/") || strstr(manifest, "/" PICK_SAFETY "/");
}

/* The databases that have a backup there, as words for report_choose. */
static void list_folders(const struct strs *manifests, size_t prefix, struct strs *folders)
{
	for (size_t i = 0; i < manifests->n; i++) {
		const char *name = manifests->v[i] + prefix;
		char *folder = xstrndup(name, strlen(name) - strlen(file_base(name)) - 1);

		if (!is_set_aside(manifests->v[i]) && (!folders->n || strcmp(folders->v[folders->n - 1], folder) != 0))
			strs_add(folders, folder);
		free(folder);
	}
}

static bool has_folder(const struct strs *folders, const char *database)
{
	char *escaped = archive_escape(database);
	bool has = false;

	for (size_t i = 0; i < folders->n; i++)
		has = has || strcmp(folders->v[i], escaped) == 0 || strcmp(folders->v[i], database) == 0;
	free(escaped);
	return has;
}

#define NAMES_MOST 10

/* Too much to choose from. */
static void name_databases(const struct catalog *c, const char *database, const struct strs *folders,
                           struct buf *error)
{
	if (database)
		buf_printf(error, "'%s' has no backup of '%s': to restore another database's into it, say latest:DATABASE, of",
		           c->root, database);
	else
		buf_printf(error, "'%s' has backups of %zu databases: say latest:DATABASE, or give a URL, of", c->root,
		           folders->n);
	for (size_t i = 0; i < folders->n && i < NAMES_MOST; i++)
		buf_printf(error, "%s %s", i ? "," : "", folders->v[i]);
	if (folders->n > NAMES_MOST)
		buf_puts(error, ", ...");
}

/* database, if it has backups, or the only one that has. The caller frees it; NULL with a message in error, and NO_INPUT
 * or BAD_USAGE in *rc. */
static char *which_database(struct catalog *c, const char *database, int *rc, struct buf *error)
{
	struct strs manifests = { 0 }, folders = { 0 }, unreadable = { 0 };
	char *only = NULL;

	archive_manifests(c->root, &manifests, &unreadable);
	list_folders(&manifests, strlen(c->root) + 1, &folders);
	if (database && has_folder(&folders, database))
		only = xstrdup(database);
	else if (unreadable.n)
		buf_puts(error, unreadable.v[0]);
	else if (folders.n == 1)
		only = xstrdup(folders.v[0]);
	else if (!folders.n)
		buf_printf(error, "there is no backup in '%s'", c->root);
	else
		name_databases(c, database, &folders, error);
	*rc = only ? DONE : folders.n && !unreadable.n ? BAD_USAGE : NO_INPUT;
	strs_free(&manifests);
	strs_free(&folders);
	strs_free(&unreadable);
	return only;
}

static int choose(struct catalog *c, char *word, bool every, struct strs *manifests, struct buf *error)
{
	return report_choose(c, 1, &word, every, manifests, error);
}

/* exactly: of that database and no other. */
static int pick_latest(struct catalog *c, const char *database, bool exactly, char **path,
                       struct buf *error)
{
	int rc = DONE;
	char *word = exactly ? xstrdup(database) : which_database(c, database, &rc, error);
	struct strs manifests = { 0 };

	rc = word ? choose(c, word, false, &manifests, error) : rc;
	if (!rc && manifests.n)
		*path = data_of(manifests.v[manifests.n - 1]);
	strs_free(&manifests);
	free(word);
	return rc;
}

/* YYYY-MM-DD[THH:MM[:SS]][Z]; a date alone is its end. */
bool pick_moment_of(const char *text, int64_t *moment)
{
	int year, month, day, hour = 23, minute = 59, second = 59, used = 0, n;
	bool utc;
	struct tm at;

	if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) < 3 || month < 1 || month > 12 ||
	    day < 1 || day > 31)
		return false;
	text += used;
	if (sscanf(text, "T%2d:%2d%n", &hour, &minute, &n) == 2) {
		text += n;
		second = 0;
		if (sscanf(text, ":%2d%n", &second, &n) == 1)
			text += n;
	}
	utc = *text == 'Z';
	if (text[utc] || hour > 23 || minute > 59 || second > 60)
		return false;
	at = (struct tm){ .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour,
		          .tm_min = minute };
	/* 31 February would be some day in March. */
	if (timegm(&at) < 0 || at.tm_mday != day)
		return false;
	*moment = ((utc ? (int64_t)timegm(&at) : zone_moment(year, month, day, hour, minute)) + second) * 1000;
	return true;
}

static int pick_moment(struct catalog *c, const char *text, const char *database, char **path,
                       struct buf *error)
{
	int64_t moment = 0;
	int rc = BAD_USAGE;
	char *word = pick_moment_of(text, &moment) ? which_database(c, database, &rc, error) : NULL;
	struct strs manifests = { 0 };

	if (!moment)
		buf_printf(error, "'@...' is no moment: write it as @2026-11-21 or @2026-11-21T02:00");
	else if (word)
		rc = choose(c, word, true, &manifests, error);
	for (size_t i = manifests.n; i-- > 0 && !rc && !*path;) {
		struct buf ignored = BUF_INIT;
		struct manifest m;

		if (manifest_read(&m, manifests.v[i], &ignored) == 0 && m.started <= moment + 999)
			*path = data_of(manifests.v[i]);
		manifest_free(&m);
		buf_free(&ignored);
	}
	if (!rc && !*path) {
		buf_printf(error, "there is no backup of '%s' that is so old", word);
		rc = NO_INPUT;
	}
	strs_free(&manifests);
	free(word);
	return rc;
}

static int pick_run(struct catalog *c, const char *id, char **path, struct buf *error)
{
	const char *params[] = { c->dir, id };
	struct rows rows = { 0 };
	int rc = NO_INPUT;

	if (catalog_is_open(c) &&
	    journal_query(&c->journal,
	                  "SELECT path FROM files WHERE dir = ?1 AND run = ?2 AND gone IS NULL", params, 2,
	                  &rows) == 0 && rows.n && archive_is_path(rows_text(&rows, 0, 0))) {
		*path = xasprintf("%s/%s", c->root, rows_text(&rows, 0, 0));
		rc = DONE;
	} else {
		buf_printf(error, "the journal has no backup of run %s", id);
	}
	rows_free(&rows);
	return rc;
}

static int pick_name(struct catalog *c, const char *name, char **path, struct buf *error)
{
	char *word = xstrdup(name);
	struct strs manifests = { 0 };
	int rc = choose(c, word, false, &manifests, error);

	if (!rc)
		*path = data_of(manifests.v[manifests.n - 1]);
	strs_free(&manifests);
	free(word);
	return rc;
}

static int is_readable(const char *path, struct buf *error)
{
	struct stat st;

	if (beneath_stat(path, &st) == 0)
		return DONE;
	buf_printf(error, "cannot read '%s': %s", path, file_reason(errno));
	return NO_INPUT;
}

int pick_backup(struct catalog *c, const char *word, const char *database, char **path,
                struct buf *error)
{
	const char *of = skip_prefix(word, "latest:");
	struct stat st;
	int rc;

	*path = NULL;
	if (strcmp(word, "latest") == 0 || of)
		return pick_latest(c, of ? of : database, of, path, error);
	if (*word == '@')
		return pick_moment(c, word + 1, database, path, error);
	if (beneath_lstat(word, &st) == 0) {
		*path = data_of(word);
		return is_readable(*path, error);
	}
	if (!word[strspn(word, "0123456789")])
		return pick_run(c, word, path, error);
	rc = pick_name(c, word, path, error);
	if (rc == NO_INPUT && strchr(word, '/')) {
		buf_cut(error, 0);
		buf_printf(error, "there is no file or backup '%s'", word);
	}
	return rc;
}
