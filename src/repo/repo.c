/* repo - a repository: where backups live. */
#include "repo/repo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/teller.h"
#include "repo/catalog.h"

int repo_find(struct repo *r, const char *folder, struct repo_list *list,
              const struct teller *tell, struct buf *error)
{
	int rc = r->ops->list(r, folder, list, error);

	rc = rc ? rc : r->ops->read(r, list, NULL, error);
	for (size_t i = 0; i < list->n && !rc; i++)
		if (list->v[i].what == REPO_BAD)
			teller_say(tell, MSG_WARNING, list->v[i].words.data);
	return rc;
}

void repo_backup_free(struct repo_backup *b)
{
	free(b->path);
	buf_free(&b->words);
	manifest_free(&b->m);
}

void repo_list_free(struct repo_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		repo_backup_free(&list->v[i]);
	free(list->v);
	strs_free(&list->unreadable);
	*list = (struct repo_list){ 0 };
}

size_t repo_folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) : 0;
}

bool repo_is_in(const char *path, const char *folder)
{
	size_t len = repo_folder_length(path);

	return strlen(folder) == len && strncmp(folder, path, len) == 0;
}

bool repo_is_verified(struct repo *r, const struct repo_backup *b)
{
	return b->what == REPO_WHOLE && strcmp(r->ops->state(r, b), "verified") == 0;
}

bool repo_is_of(const struct repo_backup *b, const char *system_id)
{
	return !system_id || !*system_id || !b->m.system_id || strcmp(b->m.system_id, system_id) == 0;
}

static void fill_newest(struct newest *newest, const struct manifest *m)
{
	*newest = (struct newest){ .made = m->started, .bytes = m->bytes, .tables = m->tables,
		                   .suspect = m->suspect };
	snprintf(newest->kind, sizeof(newest->kind), "%s", m->kind);
	snprintf(newest->compression, sizeof(newest->compression), "%s", m->compression ? m->compression
	         : "");
}

int repo_newest(struct repo *r, const char *folder, const char *system_id, struct newest *newest,
                struct buf *error)
{
	struct repo_list list;
	int rc = r->ops->list(r, folder, &list, error);
	bool *chosen = xcalloc(list.n + 1, sizeof(*chosen));

	*newest = (struct newest){ 0 };
	for (size_t i = list.n; i-- > 0 && !rc && !newest->made;) {
		chosen[i] = true;
		rc = r->ops->read(r, &list, chosen, error);
		chosen[i] = false;
		if (!rc && repo_is_verified(r, &list.v[i]) && repo_is_of(&list.v[i], system_id))
			fill_newest(newest, &list.v[i].m);
	}
	free(chosen);
	repo_list_free(&list);
	return rc;
}
