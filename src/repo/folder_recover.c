/* folder_recover - what a run that died left in a folder of backups. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/path.h"
#include "base/status.h"
#include "base/text.h"
#include "ext/hash.h"
#include "repo/folder_parts.h"

/* Nobody else's names look so. */
static bool is_part_of_ours(const char *folder, const char *name)
{
	return text_ends_with(name, PART) && folder_is_named(folder, name);
}

/* The data got its name only when it was whole, so its manifest may have its own.
 * DONE, BAD_DATA when it is not what the manifest says, CANNOT_WRITE when that has
 * to wait. */
static int finish(const char *path)
{
	struct folder_names n = folder_names_of(path);
	struct buf error = BUF_INIT, lines = BUF_INIT;
	struct manifest m;
	struct folder_sum s = { 0 };
	char hex[HASH_TEXT];
	int rc = manifest_read(&m, n.json_part, &error);

	if (!rc && (folder_size(path) != m.bytes ||
	            folder_sum_all(path, path_base(path), &lines, hex, &s) != 0 ||
	            strcmp(hex, m.sha256) != 0))
		rc = BAD_DATA;
	if (!rc && (file_write_new(n.sums, lines.data, lines.len) != 0 ||
	            beneath_rename(n.json_part, n.json) != 0))
		rc = CANNOT_WRITE;
	if (!rc) {
		beneath_unlink(n.sums_part);
		folder_point_latest(path, NULL);
	}
	manifest_free(&m);
	buf_free(&error);
	buf_free(&lines);
	folder_names_free(&n);
	return rc;
}

struct recovery {
	size_t prefix; /* the length of DIR/ */
	struct strs *finished, *deleted;
};

static void recover_manifest(struct recovery *r, const char *json_part)
{
	char *json = text_without_suffix(json_part, PART), *path = text_without_suffix(json, ".json");
	int rc = file_exists(path) ? finish(path) : BAD_DATA;

	if (!rc)
		strs_add(r->finished, path + r->prefix);
	else if (rc == BAD_DATA)
		folder_remove(path);
	free(path);
	free(json);
}

/* latest.part, and nobody's database of that name. */
static void recover_latest(const char *folder)
{
	char *part = xasprintf("%s/latest" PART, folder);
	struct stat st;

	if (beneath_lstat(part, &st) == 0 && S_ISLNK(st.st_mode))
		beneath_unlink(part);
	free(part);
}

/* A manifest that could not be given its name yet, for want of space. */
static bool waits(const char *part)
{
	char *json = text_without_suffix(part, PART), *path = text_without_suffix(json, ".json");
	bool there = path && file_exists(path);

	free(json);
	free(path);
	return there;
}

static void recover_folder(const char *folder, void *arg)
{
	static const char *const manifests[] = { ".json" PART, NULL };
	static const char *const parts[] = { PART, NULL };
	struct recovery *r = arg;
	struct strs found = { 0 };

	recover_latest(folder);
	file_list(folder, manifests, &found);
	for (size_t i = 0; i < found.n; i++)
		if (is_part_of_ours(folder, path_base(found.v[i])))
			recover_manifest(r, found.v[i]);
	strs_free(&found);
	file_list(folder, parts, &found);
	file_folders(folder, &found);
	for (size_t i = 0; i < found.n; i++)
		if (is_part_of_ours(folder, path_base(found.v[i])) && !waits(found.v[i]) &&
		    file_remove(found.v[i]) == 0)
			strs_add(r->deleted, found.v[i] + r->prefix);
	strs_free(&found);
}

void folder_recover(const char *dir, struct strs *finished, struct strs *deleted)
{
	struct recovery r = { .prefix = strlen(dir) + 1, .finished = finished, .deleted = deleted };

	folder_each(dir, FOLDER_DEPTH, recover_folder, &r);
}
