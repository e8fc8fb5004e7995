/* folder - the files of backups, and how they come and go. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/status.h"
#include "repo/folder_parts.h"

#define NAMES_MAX 3600 /* seconds that a name may be moved on by */
#define STAMP 16       /* YYYYMMDD-HHMMSS and NUL */

/* The last of the stamps (YYYYMMDD-HHMMSS) in a folder that is not behind limit. */
static void newest_stamp(const char *folder, const char *base, const char *limit, char stamp[STAMP])
{
	static const char *const all[] = { "", NULL };
	struct strs names = { 0 };

	*stamp = '\0';
	file_list(folder, all, &names);
	file_folders(folder, &names);
	for (size_t i = 0; i < names.n; i++) {
		const char *rest = skip_prefix(path_base(names.v[i]), base);
		char found[STAMP];

		if (!rest || *rest != '-' || strlen(rest) < STAMP)
			continue;
		snprintf(found, sizeof(found), "%s", rest + 1);
		if (strcmp(found, stamp) > 0 && strcmp(found, limit) <= 0)
			snprintf(stamp, STAMP, "%s", found);
	}
	strs_free(&names);
}

static void write_stamp(time_t seconds, char stamp[STAMP])
{
	struct tm at;

	gmtime_r(&seconds, &at);
	strftime(stamp, STAMP, "%Y%m%d-%H%M%S", &at);
}

/* Backups of one database sort by their names: a second one of a moment gets the next,
 * also where the first has been deleted meanwhile. From the future of a clock that was
 * set back are those that are an hour ahead. */
int folder_start(struct folder_backup *a, const char *dir, const char *folder, const char *base,
                  int64_t moment, const char *suffix, struct buf *error)
{
	char *full = xasprintf("%s/%s", dir, folder), stamp[STAMP], limit[STAMP], newest[STAMP];
	time_t seconds = moment / 1000;
	int rc = DONE;

	*a = (struct folder_backup){ .folder = xstrdup(folder), .sums = BUF_INIT };
	if (file_make_folders(full, 0700) != 0) {
		rc = file_cannot(error, "make the folder", full);
	} else {
		write_stamp(seconds + NAMES_MAX, limit);
		newest_stamp(full, base, limit, newest);
		do
			write_stamp(seconds++, stamp);
		while (strcmp(stamp, newest) <= 0);
		a->path = xasprintf("%s/%s-%s%s", full, base, stamp, suffix);
		a->part = xasprintf("%s" PART, a->path);
	}
	free(full);
	return rc;
}

static int sync_data(const char *path)
{
	static const char *const all[] = { "", NULL };
	struct strs files = { 0 };
	int rc = 0;

	if (file_is_dir(path))
		rc = file_list(path, all, &files);
	for (size_t i = 0; i < files.n && !rc; i++)
		rc = file_sync(files.v[i]);
	strs_free(&files);
	return rc ? rc : file_sync(path);
}

/* The folder that a path is in, and for a new folder's sake the one above. */
static int sync_folders(const char *path)
{
	char *folder = path_folder(path), *above = path_folder(folder);
	int rc = file_sync(folder) || file_sync(above) ? -1 : 0;

	free(above);
	free(folder);
	return rc;
}

int folder_publish(struct folder_backup *a, const struct manifest *m, struct strs *warnings,
                    struct buf *error)
{
	struct folder_names n = folder_names_of(a->path);
	char *text = manifest_text(m);
	int rc = 0;

	if (file_exists(a->path) || file_exists(n.json)) {
		errno = EEXIST;
		rc = file_cannot(error, "make", a->path);
	} else if (sync_data(a->part) != 0) {
		rc = file_cannot(error, "write", a->part);
	} else if (file_write_new(n.sums_part, a->sums.data, a->sums.len) != 0) {
		rc = file_cannot(error, "write", n.sums_part);
	} else if (file_write_new(n.json_part, text, strlen(text)) != 0) {
		rc = file_cannot(error, "write", n.json_part);
	} else if (beneath_rename(a->part, a->path) != 0 || beneath_rename(n.sums_part, n.sums) != 0 ||
	           beneath_rename(n.json_part, n.json) != 0 || sync_folders(a->path) != 0) {
		rc = file_cannot(error, "finish", a->path);
	} else {
		folder_point_latest(a->path, warnings);
	}
	free(text);
	folder_names_free(&n);
	return rc;
}

void folder_free(struct folder_backup *a)
{
	struct folder_names n;

	if (a->path) {
		n = folder_names_of(a->path);
		file_remove(n.part);
		beneath_unlink(n.sums_part);
		beneath_unlink(n.json_part);
		folder_names_free(&n);
	}
	free(a->path);
	free(a->part);
	free(a->folder);
	buf_free(&a->sums);
	*a = (struct folder_backup){ .sums = BUF_INIT };
}

/* Gives a file its name for the time until it is deleted, which a directory on a full disk may have no
 * room for: then it is deleted at once. 0, also where it is not there, or -1 with errno. */
static int step_aside(const char *from, const char *to)
{
	if (beneath_rename(from, to) == 0 || errno == ENOENT)
		return 0;
	return errno == ENOSPC || errno == EDQUOT ? file_remove(from) : -1;
}

/* The manifest's .part is what folder_recover goes on by, so it goes last. */
int folder_remove(const char *path)
{
	struct folder_names n = folder_names_of(path);
	int rc;

	rc = step_aside(n.json, n.json_part);
	if (!rc)
		rc = file_remove(n.sums);
	if (!rc)
		rc = step_aside(path, n.part);
	if (!rc)
		rc = file_remove(n.part) || file_remove(n.json_part) ? -1 : 0;
	folder_names_free(&n);
	return rc;
}
