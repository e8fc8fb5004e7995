/* bucket_list - which backups are in a bucket, by the names of their keys. */
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/path.h"
#include "repo/bucket_parts.h"
#include "repo/folder.h"

#define SAFE "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%-/"

/* FOLDER/BASE-YYYYMMDD-HHMMSS.what, or a file below that. */
bool bucket_is_named(const char *path)
{
	char *folder = xstrdup(path), *slash;
	bool ours = false;

	while (!ours && (slash = strrchr(folder, '/'))) {
		*slash = '\0';
		ours = folder_is_named(folder, slash + 1);
	}
	free(folder);
	return ours;
}

/* FOLDER/BASE-YYYYMMDD-HHMMSS.what.json, of as many folders as folder_manifests looks into, gives
 * the length of the data's path; 0: not a manifest of ours. */
static size_t data_length(const char *path)
{
	size_t len = strlen(path), end = strlen(".json");
	const char *base = path_base(path), *slash = strchr(path, '/');
	char *folder, *data;
	bool ours;

	if (len <= end || strcmp(path + len - end, ".json") != 0 || base == path || slash == path ||
	    path[strspn(path, SAFE)] || !beneath_is_confined(path))
		return 0;
	if (slash + 1 != base && strchr(slash + 1, '/') != base - 1)
		return 0;
	folder = xstrndup(path, (size_t)(base - path) - 1);
	data = xstrndup(base, strlen(base) - end);
	ours = path_base(folder)[0] && folder_is_named(folder, data);
	free(data);
	free(folder);
	return ours ? len - end : 0;
}

/* The first object that is not before key. */
static size_t find_object(const struct s3_objects *o, const char *key)
{
	size_t from = 0, to = o->n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (strcmp(o->v[mid].key, key) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

/* Of the object, or of those below it. */
static int64_t data_bytes(const struct s3_objects *o, const char *key)
{
	size_t i = find_object(o, key);
	int64_t bytes = i < o->n && strcmp(o->v[i].key, key) == 0 ? o->v[i].bytes : -1;
	char *below = xasprintf("%s/", key);

	for (i = find_object(o, below); i < o->n && skip_prefix(o->v[i].key, below); i++)
		bytes = (bytes < 0 ? 0 : bytes) + o->v[i].bytes;
	free(below);
	return bytes;
}

static int compare_objects(const void *a, const void *b)
{
	const struct s3_object *one = a, *other = b;

	return strcmp(one->key, other->key);
}

static int compare_backups(const void *a, const void *b)
{
	const struct repo_backup *one = a, *other = b;

	return strcmp(one->path, other->path);
}

/* Not all servers list in byte order; and names of data are not in the order of their manifests'. */
static void take_names(const struct bucket *r, struct s3_objects *objects, struct repo_list *list)
{
	if (objects->n)
		qsort(objects->v, objects->n, sizeof(*objects->v), compare_objects);
	list->v = xcalloc(objects->n + 1, sizeof(*list->v));
	for (size_t i = 0; i < objects->n; i++) {
		const char *path = skip_prefix(objects->v[i].key, r->prefix);
		size_t len = path ? data_length(path) : 0;
		char *key = len ? xasprintf("%s%.*s", r->prefix, (int)len, path) : NULL;

		if (key && (!i || strcmp(objects->v[i].key, objects->v[i - 1].key) != 0))
			list->v[list->n++] = (struct repo_backup){ .path = xstrndup(path, len),
			                                           .words = BUF_INIT,
				                                   .bytes = data_bytes(objects, key) };
		free(key);
	}
	if (list->n)
		qsort(list->v, list->n, sizeof(*list->v), compare_backups);
}

/* Others' objects in the bucket take no memory here. */
static bool is_ours(const char *key, const void *arg)
{
	const struct bucket *r = arg;
	const char *path = skip_prefix(key, r->prefix);

	return path && bucket_is_named(path);
}

int bucket_list(struct repo *repo, const char *folder, struct repo_list *list, struct buf *error)
{
	struct bucket *r = (struct bucket *)repo;
	char *prefix = xasprintf("%s%s%s", r->prefix, folder ? folder : "", folder ? "/" : "");
	struct s3_objects objects = { .wants = is_ours, .arg = r };
	int rc = s3_list(&r->s3, prefix, &objects, error);

	*list = (struct repo_list){ 0 };
	if (!rc)
		take_names(r, &objects, list);
	s3_objects_free(&objects);
	free(prefix);
	return rc;
}
