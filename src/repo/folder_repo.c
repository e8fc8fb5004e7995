/* folder_repo - a folder as a repository. */
#include "repo/folder_repo.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/text.h"
#include "dump/readback.h"
#include "repo/folder.h"

static int list_folder(struct repo *r, const char *folder, struct repo_list *list, struct buf *error)
{
	size_t prefix = strlen(r->name) + 1;
	struct strs manifests = { 0 };

	(void)error;
	*list = (struct repo_list){ 0 };
	folder_manifests(r->name, &manifests, &list->unreadable);
	list->v = xcalloc(manifests.n + 1, sizeof(*list->v));
	for (size_t i = 0; i < manifests.n; i++) {
		const char *name = manifests.v[i] + prefix;

		if (!folder || repo_is_in(name, folder))
			list->v[list->n++] = (struct repo_backup){ .path = text_without_suffix(name, ".json"),
				                                   .bytes = -1, .words = BUF_INIT };
	}
	strs_free(&manifests);
	return 0;
}

static void read_one(const struct repo *r, struct repo_backup *b)
{
	char *manifest = xasprintf("%s/%s.json", r->name, b->path), *full;

	b->rc = folder_read(manifest, &b->m, &full, &b->words);
	b->bytes = folder_size(full);
	b->what = b->rc ? REPO_BAD : REPO_WHOLE;
	free(full);
	free(manifest);
}

static int read_folder(struct repo *r, struct repo_list *list, const bool *chosen, struct buf *error)
{
	(void)error;
	for (size_t i = 0; i < list->n; i++)
		if (!chosen || chosen[i])
			read_one(r, &list->v[i]);
	return 0;
}

static const char *state_of(struct repo *r, const struct repo_backup *b)
{
	bool known = true, verified;

	if (b->bytes < 0)
		return "missing";
	if (!r->catalog)
		verified = b->m.verified && b->bytes == b->m.bytes;
	else
		verified = catalog_is_verified(r->catalog, b->path, &known);
	return !known ? "unknown" : verified ? "verified" : "damaged";
}

static int remove_one(struct repo *r, const char *path, struct buf *error)
{
	char *full = xasprintf("%s/%s", r->name, path);
	int rc = folder_remove(full) == 0 ? 0 : file_cannot(error, "delete", full);

	free(full);
	return rc;
}

/* One that is compared with its manifest. */
struct against_manifest {
	const char *path;
	const struct repo_backup *backup;
	void (*seen)(void *arg, size_t bytes);
	void *arg;
};

static int compare(void *arg, struct buf *error)
{
	const struct against_manifest *c = arg;

	return folder_compare(c->path, &c->backup->m, c->seen, c->arg, error);
}

static int check_one(struct repo *r, const struct repo_backup *b, void (*seen)(void *arg, size_t bytes),
                     void *arg, struct buf *error)
{
	char *full = xasprintf("%s/%s", r->name, b->path), *scratch = xasprintf("%s/.pgbox", r->name);
	struct against_manifest c = { .path = full, .backup = b, .seen = seen, .arg = arg };
	int rc = readback(&(struct readback){ .path = full, .kind = b->m.kind, .scratch = scratch,
	                                      .keep_fd = -1, .meanwhile = compare, .arg = &c }, error);

	free(scratch);
	free(full);
	return rc;
}

static const struct repo_ops ops = {
	.list = list_folder, .read = read_folder, .state = state_of, .check = check_one, .remove = remove_one,
};

void folder_repo(struct repo *r, const char *dir, struct catalog *c)
{
	*r = (struct repo){ .ops = &ops, .name = dir, .before = "", .catalog = c };
}
