/* migration - what the migration tools have in common: their files, and names of migrations. */
#include "migrated/migration.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "base/text.h"

#define NAMES 200000          /* below DIR, of all kinds */
#define FOLDERS 20000
#define DEPTH 32
#define SIZE_LIMIT (4 << 20)
#define SHOWN 3

void migration_free(struct migration *m)
{
	free(m->schema);
	free(m->table);
	free(m->dir);
	strs_free(&m->revisions);
	*m = (struct migration){ 0 };
}

/* --- names --- */

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void migration_sort(struct strs *names)
{
	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), by_bytes);
}

bool migration_has(const struct strs *sorted, const char *name)
{
	return sorted->n && bsearch(&name, sorted->v, sorted->n, sizeof(*sorted->v), by_bytes);
}

void migration_list(struct buf *b, const struct strs *names)
{
	for (size_t i = 0; i < names->n && i < SHOWN; i++)
		buf_printf(b, "%s%.100s", i ? ", " : "", names->v[i]);
	if (names->n > SHOWN)
		buf_puts(b, ", ...");
}

void migration_missing(const struct migration *m, const struct strs *names, size_t total,
                       struct finding *f)
{
	struct buf list = BUF_INIT;

	if (!names->n) {
		finding_pass(f);
		return;
	}
	migration_list(&list, names);
	finding_set(f, FAIL, "%s: %zu of %zu migrations %s missing: %s", m->tool->name, names->n, total,
	            names->n == 1 ? "is" : "are", list.data);
	buf_free(&list);
}

/* --- files --- */

struct file_search {
	const char *suffix;
	int64_t deadline;
	struct strs *paths;
	struct buf *error;
	size_t names;       /* seen so far */
	struct folder {
		dev_t dev;
		ino_t ino;
	} *folders;         /* likewise */
	size_t folders_n;
};

static bool is_left_out(const char *name)
{
	static const char *const names[] = { "__pycache__", "node_modules", "site-packages",
		                             "dist-packages", NULL };

	return *name == '.' || text_is_one_of(name, names);
}

/* Whether the folder was read before, by another name. */
static bool is_seen(struct file_search *w, const struct stat *st)
{
	for (size_t i = 0; i < w->folders_n; i++)
		if (w->folders[i].dev == st->st_dev && w->folders[i].ino == st->st_ino)
			return true;
	w->folders = xrealloc(w->folders, (w->folders_n + 1) * sizeof(*w->folders));
	w->folders[w->folders_n++] = (struct folder){ st->st_dev, st->st_ino };
	return false;
}

static bool may_go_on(struct file_search *w, const char *dir, unsigned depth)
{
	if (!clock_left(w->deadline))
		buf_printf(w->error, "'%s': the files could not be read in time", dir);
	else if (++w->names > NAMES || w->folders_n > FOLDERS)
		buf_printf(w->error, "'%s': too many files to look through: name a folder further down",
		           dir);
	else if (depth > DEPTH)
		buf_printf(w->error, "'%s': folders too deep to follow", dir);
	return !w->error->len;
}

static int walk(struct file_search *w, const char *dir, unsigned depth);

static int walk_one(struct file_search *w, const char *path, const char *name, unsigned depth)
{
	struct stat st;

	if (stat(path, &st) != 0)
		/* A symlink that leads nowhere is no file. */
		return errno == ENOENT || errno == ELOOP ? 0 : file_cannot(w->error, "look at", path);
	if (S_ISDIR(st.st_mode))
		return is_left_out(name) || is_seen(w, &st) ? 0 : walk(w, path, depth + 1);
	if (S_ISREG(st.st_mode) && text_ends_with(name, w->suffix))
		strs_add(w->paths, path);
	return 0;
}

static int walk(struct file_search *w, const char *dir, unsigned depth)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int rc = 0;

	if (!d)
		return file_cannot(w->error, "read the folder", dir);
	while (!rc && (entry = readdir(d))) {
		char *path;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    (entry->d_type == DT_REG && !text_ends_with(entry->d_name, w->suffix)))
			continue;
		path = xasprintf("%s/%s", dir, entry->d_name);
		rc = may_go_on(w, dir, depth) ? walk_one(w, path, entry->d_name, depth) : BAD_DATA;
		free(path);
	}
	closedir(d);
	return rc;
}

int migration_files(const char *dir, const char *suffix, int64_t deadline, struct strs *paths,
                    struct buf *error)
{
	struct file_search w = { .suffix = suffix, .deadline = deadline, .paths = paths, .error = error };
	struct stat st;
	int rc = 0;

	if (stat(dir, &st) != 0)
		rc = file_cannot(error, "read the folder", dir);
	else if (!is_seen(&w, &st))
		rc = walk(&w, dir, 0);
	free(w.folders);
	migration_sort(paths);
	return rc ? BAD_DATA : 0;
}

int migration_text(const char *path, int64_t deadline, struct buf *text, struct buf *error)
{
	if (!clock_left(deadline))
		buf_printf(error, "'%s': the files could not be read in time", path);
	else if (file_read(path, text, SIZE_LIMIT) != 0)
		file_cannot(error, "read", path);
	return error->len ? BAD_DATA : 0;
}
