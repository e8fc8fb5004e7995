/* repo_glance - the newest backup of each folder, without reading all manifests. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/path.h"
#include "repo/folder.h"
#include "repo/repo.h"

#define NAMES_MOVE_MS 61000 /* a name may be a minute later than its backup: backup/stream */

/* The backups of one folder, from its newest back. */
struct walk {
	size_t from, at; /* the next to read is the one before at */
	bool once, done;
};

/* YYYYMMDD-HHMMSS of a name. */
static const char *stamp_of(const char *path)
{
	const char *base = path_base(path);
	char *folder = xstrndup(path, repo_folder_length(path));
	size_t len = strlen(path_base(folder)) - (strcmp(path_base(folder), FOLDER_GLOBALS) == 0);

	free(folder);
	return base + len + 1;
}

static void skip_later(const struct repo_list *list, struct walk *w, int64_t before)
{
	time_t seconds = (time_t)((before + NAMES_MOVE_MS) / 1000);
	char last[16];
	struct tm at;
	size_t i = w->at;

	if (!gmtime_r(&seconds, &at) || !strftime(last, sizeof(last), "%Y%m%d-%H%M%S", &at))
		return;
	while (i > w->from && strncmp(stamp_of(list->v[i - 1].path), last, strlen(last)) > 0)
		i--;
	/* Where all are later one of them stands for the folder. */
	w->once = i == w->from;
	w->at = w->once ? w->at : i;
}

static bool is_same_folder(const char *a, const char *b)
{
	size_t len = repo_folder_length(a);

	return repo_folder_length(b) == len && strncmp(a, b, len) == 0;
}

static bool is_roles(const char *path)
{
	char *folder = xstrndup(path, repo_folder_length(path));
	bool roles = strcmp(path_base(folder), FOLDER_GLOBALS) == 0;

	free(folder);
	return roles;
}

static bool is_wanted(const struct repo_look *look, const char *path)
{
	return !(look->folder && !repo_is_in(path, look->folder)) && !(look->databases && is_roles(path));
}

static size_t make_walks(const struct repo_list *list, const struct repo_look *look, struct walk *walks)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (!is_wanted(look, list->v[i].path))
			continue;
		if (n && walks[n - 1].at == i && is_same_folder(list->v[i - 1].path, list->v[i].path))
			walks[n - 1].at++;
		else
			walks[n++] = (struct walk){ .from = i, .at = i + 1 };
	}
	for (size_t i = 0; i < n && look->skip; i++)
		skip_later(list, &walks[i], look->before);
	return n;
}

/* Whether a walk ends with what was read. */
static bool is_done(struct repo *r, const struct repo_look *look, const struct walk *w,
                    const struct repo_backup *b)
{
	return w->once || b->what == REPO_FOREIGN ||
	       (repo_is_verified(r, b) && b->m.started <= look->before);
}

int repo_glance(struct repo *r, const struct repo_look *look, struct repo_list *list, struct buf *error)
{
	struct walk *walks = xcalloc(list->n + 1, sizeof(*walks));
	bool *chosen = xcalloc(list->n + 1, sizeof(*chosen)), any = true;
	size_t n = make_walks(list, look, walks);
	int rc = 0;

	while (any && !rc) {
		any = false;
		for (size_t i = 0; i < n; i++) {
			walks[i].done = walks[i].done || walks[i].at == walks[i].from;
			if (!walks[i].done)
				any = chosen[--walks[i].at] = true;
		}
		rc = any ? r->ops->read(r, list, chosen, error) : 0;
		for (size_t i = 0; i < n && any && !rc; i++)
			if (!walks[i].done) {
				chosen[walks[i].at] = false;
				walks[i].done = is_done(r, look, &walks[i], &list->v[walks[i].at]);
			}
	}
	free(chosen);
	free(walks);
	return rc;
}
