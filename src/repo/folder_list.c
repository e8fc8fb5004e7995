/* folder_list - the backups that are in a folder. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/path.h"
#include "base/status.h"
#include "base/text.h"
#include "repo/folder_parts.h"

void folder_each(const char *dir, int depth, void (*visit)(const char *folder, void *arg),
                 void *arg)
{
	struct strs folders = { 0 };

	file_folders(dir, &folders);
	for (size_t i = 0; i < folders.n; i++) {
		const char *name = path_base(folders.v[i]);

		/* A backup may be a folder itself. */
		if (strcmp(name, OWN) == 0 || folder_is_named(dir, name))
			continue;
		visit(folders.v[i], arg);
		if (depth > 1)
			folder_each(folders.v[i], depth - 1, visit, arg);
	}
	strs_free(&folders);
}

struct folder_search {
	struct strs *paths, *unreadable;
};

/* One that has gone meanwhile is no matter. */
static void note_unreadable(struct folder_search *s, const char *folder)
{
	struct buf error = BUF_INIT;

	if (!s->unreadable || errno == ENOENT)
		return;
	file_cannot(&error, "read the folder", folder);
	strs_add(s->unreadable, error.data);
	buf_free(&error);
}

static void add_manifests(const char *folder, void *arg)
{
	static const char *const manifests[] = { ".json", NULL };
	struct folder_search *s = arg;
	struct strs found = { 0 };

	if (file_list(folder, manifests, &found) != 0)
		note_unreadable(s, folder);
	for (size_t i = 0; i < found.n; i++)
		if (folder_is_named(folder, path_base(found.v[i])))
			strs_add(s->paths, found.v[i]);
	strs_free(&found);
}

void folder_manifests(const char *dir, struct strs *paths, struct strs *unreadable)
{
	struct folder_search s = { .paths = paths, .unreadable = unreadable };
	struct strs folders = { 0 };

	if (file_folders(dir, &folders) != 0)
		note_unreadable(&s, dir);
	strs_free(&folders);
	folder_each(dir, FOLDER_DEPTH, add_manifests, &s);
}

int folder_read(const char *manifest, struct manifest *m, char **path, struct buf *error)
{
	int rc = manifest_read(m, manifest, error);

	*path = text_without_suffix(manifest, ".json");
	if (!rc && strcmp(m->file, path_base(*path)) != 0) {
		buf_printf(error, "'%s' speaks of another file, '%s'", manifest, m->file);
		rc = BAD_DATA;
	}
	return rc;
}
