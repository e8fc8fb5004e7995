/* select - finds the backup that a word means. */
#include "repo/select.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/path.h"
#include "base/status.h"
#include "base/text.h"
#include "repo/catalog.h"
#include "repo/choose.h"
#include "repo/folder.h"
#include "schedule/zone.h"

/* One selection. */
struct selection {
	struct repo *r;
	const char *word, *database;
	const char *of;        /* what `latest:` is followed by */
	bool latest, moment;   /* `latest`, `latest:DATABASE`; `@...` */
	struct repo_list list; /* those that count */
	char **path;
	struct buf *error;
};

/* --- files --- */

/* `latest` is the one symlink below a guard that leads anywhere: to a name in its own folder. NULL: it is no
 * such link. The caller frees it. */
static char *follow_latest(const char *path)
{
	char *target = beneath_is_guarded(path) ? beneath_readlink(path) : NULL, *data = NULL;

	if (target && !strchr(target, '/') && beneath_is_confined(target))
		data = xasprintf("%.*s%s", (int)(path_base(path) - path), path, target);
	free(target);
	return data;
}

/* The data that a file stands for. */
static char *data_of(const char *path)
{
	char *data = text_without_suffix(path, ".json");
	struct stat st;

	data = data ? data : text_without_suffix(path, ".sha256");
	data = data ? data : follow_latest(path);
	/* Of a symlink it is said that it is one. */
	if (data && beneath_lstat(data, &st) == 0)
		return data;
	free(data);
	return xstrdup(path);
}

static int is_readable(const char *path, struct buf *error)
{
	struct stat st;

	if (beneath_stat(path, &st) == 0)
		return DONE;
	buf_printf(error, "cannot read '%s': %s", path, file_reason(errno));
	return NO_INPUT;
}

static bool is_latest(const char *word)
{
	return strcmp(word, "latest") == 0 || skip_prefix(word, "latest:");
}

int select_file(const char *word, char **path, struct buf *error)
{
	struct stat st;

	*path = NULL;
	if (is_latest(word) || *word == '@' || beneath_lstat(word, &st) != 0)
		return -1;
	*path = data_of(word);
	return is_readable(*path, error);
}

/* --- which database --- */

static bool is_set_aside(const char *folder)
{
	const char *base = path_base(folder);

	return strcmp(base, FOLDER_GLOBALS) == 0 || strcmp(base, SELECT_SAFETY) == 0 ||
	       skip_prefix(folder, FOLDER_GLOBALS "/") || skip_prefix(folder, SELECT_SAFETY "/");
}

/* As folders are walked through: one before those in it. */
static int compare_folders(const void *a, const void *b)
{
	const char *one = *(char *const *)a, *other = *(char *const *)b;

	while (*one && *one == *other)
		one++, other++;
	return (*one == '/' ? 1 : (unsigned char)*one) - (*other == '/' ? 1 : (unsigned char)*other);
}

/* The databases that have a backup there. */
static void list_folders(const struct repo_list *list, struct strs *folders)
{
	for (size_t i = 0; i < list->n; i++) {
		char *folder = xstrndup(list->v[i].path, repo_folder_length(list->v[i].path));

		if (!is_set_aside(folder) && !strs_has(folders, folder))
			strs_add(folders, folder);
		free(folder);
	}
	if (folders->n)
		qsort(folders->v, folders->n, sizeof(*folders->v), compare_folders);
}

static bool has_folder(const struct strs *folders, const char *database)
{
	char *escaped = folder_escape(database);
	bool has = strs_has(folders, escaped) || strs_has(folders, database);

	free(escaped);
	return has;
}

#define NAMES_MOST 10

/* Too much to choose from. */
static void name_databases(const struct selection *s, const struct strs *folders)
{
	if (s->database)
		buf_printf(s->error,
		           "'%s' has no backup of '%s': to restore another database's into it, say "
		           "latest:DATABASE, of",
		           s->r->name, s->database);
	else
		buf_printf(s->error, "'%s' has backups of %zu databases: say latest:DATABASE, or give a "
		                     "URL, of", s->r->name,
		           folders->n);
	for (size_t i = 0; i < folders->n && i < NAMES_MOST; i++)
		buf_printf(s->error, "%s %s", i ? "," : "", folders->v[i]);
	if (folders->n > NAMES_MOST)
		buf_puts(s->error, ", ...");
}

/* database, if it has backups, or the only one that has. The caller frees it; NULL with a message in
 * error, and NO_INPUT or BAD_USAGE in *rc. */
static char *which_database(const struct selection *s, int *rc)
{
	struct strs folders = { 0 };
	char *only = NULL;

	list_folders(&s->list, &folders);
	if (s->database && has_folder(&folders, s->database))
		only = xstrdup(s->database);
	else if (s->list.unreadable.n)
		buf_puts(s->error, s->list.unreadable.v[0]);
	else if (folders.n == 1)
		only = xstrdup(folders.v[0]);
	else if (!folders.n)
		buf_printf(s->error, "there is no backup in '%s'", s->r->name);
	else
		name_databases(s, &folders);
	*rc = only ? DONE : folders.n && !s->list.unreadable.n ? BAD_USAGE : NO_INPUT;
	strs_free(&folders);
	return only;
}

/* --- which of its backups --- */

static int choose(const struct selection *s, char *word, bool all, struct chosen *chosen)
{
	return choose_backups(s->r, &s->list, &(struct choice){ .n = 1, .words = &word, .all = all }, chosen,
	                      s->error);
}

/* Its path; that of its manifest where there is no more than that. */
static void take(const struct selection *s, const struct repo_backup *b)
{
	char *full = xasprintf("%s/%s", s->r->name, b->path);
	struct stat st;
	bool there = s->r->shared || beneath_lstat(full, &st) == 0;

	*s->path = xasprintf("%s%s", b->path, there ? "" : ".json");
	free(full);
}

/* The newest of those that the word names; the last where it names several. */
static int select_newest(const struct selection *s, char *word)
{
	struct chosen chosen = { 0 };
	int rc = choose(s, word, false, &chosen);

	if (!rc)
		take(s, &s->list.v[chosen.v[chosen.n - 1]]);
	free(chosen.v);
	return rc;
}

/* of: of that database and no other. */
static int select_latest(const struct selection *s)
{
	int rc = DONE;
	char *word = s->of ? xstrdup(s->of) : which_database(s, &rc);

	rc = word ? select_newest(s, word) : rc;
	free(word);
	return rc;
}

/* YYYY-MM-DD[THH:MM[:SS]][Z]; a date alone is its end. */
bool select_moment_of(const char *text, int64_t *moment)
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
	*moment = ((utc ? (int64_t)timegm(&at)
	            : zone_moment(year, month, day, hour, minute)) + second) * 1000;
	return true;
}

/* One that was given another name by hand has a manifest all the same. */
static bool is_of_another_file(const struct repo_backup *b)
{
	return b->what == REPO_BAD && b->m.file && b->m.sha256 && strcmp(b->m.file, path_base(b->path)) != 0;
}

/* Whether it was begun by then, as its manifest says. */
static bool is_made_by(const struct selection *s, size_t i, int64_t moment)
{
	struct repo_backup *b = &s->list.v[i];
	bool *one = xcalloc(s->list.n + 1, sizeof(*one));
	struct buf ignored = BUF_INIT;
	struct repo_list list = s->list;

	one[i] = true;
	if (b->what == REPO_UNREAD)
		s->r->ops->read(s->r, &list, one, &ignored);
	free(one);
	buf_free(&ignored);
	return (b->what == REPO_WHOLE || is_of_another_file(b)) && b->m.started <= moment;
}

static int select_moment(const struct selection *s)
{
	int64_t moment = 0;
	int rc = BAD_USAGE;
	char *word = select_moment_of(s->word + 1, &moment) ? which_database(s, &rc) : NULL;
	struct chosen chosen = { 0 };

	if (!moment)
		buf_printf(s->error, "'@...' is no moment: write it as @2026-11-21 or @2026-11-21T02:00");
	else if (word)
		rc = choose(s, word, true, &chosen);
	for (size_t i = chosen.n; i-- > 0 && !rc && !*s->path;)
		if (is_made_by(s, chosen.v[i], moment + 999))
			take(s, &s->list.v[chosen.v[i]]);
	if (!rc && !*s->path) {
		buf_printf(s->error, "there is no backup of '%s' that is so old", word);
		rc = NO_INPUT;
	}
	free(chosen.v);
	free(word);
	return rc;
}

static int select_run(const struct selection *s)
{
	*s->path = s->r->catalog ? catalog_made_by(s->r->catalog, s->word) : NULL;
	if (*s->path)
		return DONE;
	buf_printf(s->error, "the journal has no backup of run %s", s->word);
	return NO_INPUT;
}

static int select_name(const struct selection *s)
{
	char *word = xstrdup(s->word);
	int rc = select_newest(s, word);

	if (rc == NO_INPUT && strchr(word, '/')) {
		buf_cut(s->error, 0);
		buf_printf(s->error, "there is no file or backup '%s'", word);
	}
	free(word);
	return rc;
}

/* --- where only manifests tell --- */

/* The folder of that database, by its name or as it is written; NULL: it has no backup. The caller
 * frees it. */
static char *find_folder(const struct repo_list *list, const char *database)
{
	char *escaped = folder_escape(database), *folder = NULL;

	for (size_t i = 0; i < list->n && !folder; i++)
		if (repo_is_in(list->v[i].path, escaped) || repo_is_in(list->v[i].path, database))
			folder = xstrndup(list->v[i].path, repo_folder_length(list->v[i].path));
	free(escaped);
	return folder;
}

/* Those that the word names, by their names. */
static int read_named(struct selection *s)
{
	bool *named = xcalloc(s->list.n + 1, sizeof(*named));
	int rc;

	for (size_t i = 0; i < s->list.n; i++) {
		char *json = xasprintf("%s.json", s->list.v[i].path);

		named[i] = strcmp(s->word, s->list.v[i].path) == 0 ||
		           strcmp(s->word, path_base(s->list.v[i].path)) == 0 ||
		           strcmp(s->word, json) == 0 || strcmp(s->word, path_base(json)) == 0;
		free(json);
	}
	rc = s->r->ops->read(s->r, &s->list, named, s->error);
	free(named);
	return rc;
}

/* Leaves those that are verified. */
static void keep_verified(struct selection *s, struct strs *warnings)
{
	size_t n = 0;

	for (size_t i = 0; i < s->list.n; i++) {
		struct repo_backup b = s->list.v[i];

		if (b.what == REPO_BAD && warnings)
			strs_add(warnings, b.words.data);
		if (repo_is_verified(s->r, &b)) {
			s->list.v[i] = s->list.v[n];
			s->list.v[n++] = b;
		}
	}
	for (size_t i = n; i < s->list.n; i++)
		repo_backup_free(&s->list.v[i]);
	s->list.n = n;
}

/* Reads what the word may mean, and no more: of `latest` and `@...` the newest of each folder, or
 * of the one that is wanted; of a folder's name that one's; else the one of that name. */
static int narrow(struct selection *s, struct strs *warnings)
{
	struct repo_look look = { .before = INT64_MAX };
	bool newest = s->latest || s->moment;
	const char *database = s->of ? s->of : s->database;
	char *folder = NULL;
	int rc;

	if (!newest)
		folder = find_folder(&s->list, s->word);
	else if (database)
		folder = find_folder(&s->list, database);
	look.skip = s->moment && select_moment_of(s->word + 1, &look.before);
	look.before += look.skip ? 999 : 0; /* of that second */
	look.folder = folder;
	rc = newest || folder ? repo_glance(s->r, &look, &s->list, s->error) : read_named(s);
	keep_verified(s, warnings);
	free(folder);
	return rc;
}

/* What is a file here is not in the repository. */
static int refuse_file(const struct selection *s)
{
	char *path;
	int rc = select_file(s->word, &path, s->error);

	if (!rc) {
		buf_printf(s->error, "'%s' is a file here, and none in %s", path, s->r->name);
		rc = BAD_USAGE;
	}
	free(path);
	return rc < 0 ? 0 : rc;
}

int select_backup(struct repo *r, const struct wanted *w, char **path, struct buf *error)
{
	struct selection s = { .r = r, .word = w->word, .database = w->database, .path = path, .error = error,
		            .latest = is_latest(w->word), .of = skip_prefix(w->word, "latest:"),
		            .moment = *w->word == '@' };
	int rc = r->ops->list(r, NULL, &s.list, error);

	*path = NULL;
	if (!rc && r->shared)
		rc = narrow(&s, w->warnings);
	if (!rc && r->shared)
		rc = refuse_file(&s);
	if (!rc && s.latest)
		rc = select_latest(&s);
	else if (!rc && s.moment)
		rc = select_moment(&s);
	else if (!rc)
		rc = !s.word[strspn(s.word, "0123456789")] ? select_run(&s) : select_name(&s);
	repo_list_free(&s.list);
	return rc;
}
