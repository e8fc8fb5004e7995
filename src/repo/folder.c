/* folder - the files of backups, and how they come and go. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/size.h"
#include "base/status.h"
#include "ext/hash.h"
#include "repo/folder_parts.h"

#define NAMES_MAX 3600 /* seconds that a name may be moved on by */
#define STAMP 16       /* YYYYMMDD-HHMMSS and NUL */

static char *with(const char *path, const char *suffix)
{
	return xasprintf("%s%s", path, suffix);
}

static char *without(const char *path, const char *suffix)
{
	return xstrndup(path, strlen(path) - strlen(suffix));
}

/* --- one that is being made --- */

/* The last of the stamps (YYYYMMDD-HHMMSS) in a folder that is not behind limit. */
static void newest_stamp(const char *folder, const char *base, const char *limit, char stamp[STAMP])
{
	static const char *const all[] = { "", NULL };
	struct strs names = { 0 };

	*stamp = '\0';
	file_list(folder, all, &names);
	file_folders(folder, &names);
	for (size_t i = 0; i < names.n; i++) {
		const char *rest = skip_prefix(file_base(names.v[i]), base);
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
		a->part = with(a->path, PART);
	}
	free(full);
	return rc;
}

struct sum {
	int64_t bytes;
	void (*seen)(void *arg, size_t bytes);
	void *arg;
};

static void count(void *arg, size_t bytes)
{
	struct sum *s = arg;

	s->bytes += (int64_t)bytes;
	if (s->seen)
		s->seen(s->arg, bytes);
}

static int sum_file(const char *path, char text[HASH_TEXT], struct sum *s)
{
	unsigned char digest[HASH_BYTES];
	struct hash h;
	int rc;

	hash_start(&h);
	rc = hash_add_file(&h, path, count, s);
	hash_end(&h, digest);
	hash_text(digest, text);
	return rc;
}

static void sum_text(const struct buf *text, char hex[HASH_TEXT])
{
	unsigned char digest[HASH_BYTES];
	struct hash h;

	hash_start(&h);
	hash_add(&h, text->data, text->len);
	hash_end(&h, digest);
	hash_text(digest, hex);
}

/* Of a file the line that sha256sum(1) writes; of a directory one for each of its files,
 * in byte order. hex is the backup's sha256. */
static int sum_all(const char *path, const char *name, struct buf *lines, char hex[HASH_TEXT],
                   struct sum *s)
{
	static const char *const all[] = { "", NULL };
	struct strs files = { 0 };
	int rc = 0;

	if (!file_is_dir(path)) {
		rc = sum_file(path, hex, s);
		buf_printf(lines, "%s  %s\n", hex, name);
		return rc;
	}
	rc = file_list(path, all, &files);
	for (size_t i = 0; i < files.n && !rc; i++) {
		rc = sum_file(files.v[i], hex, s);
		buf_printf(lines, "%s  %s/%s\n", hex, name, file_base(files.v[i]));
	}
	sum_text(lines, hex);
	strs_free(&files);
	return rc;
}

int folder_sum(struct folder_backup *a, struct manifest *m, void (*seen)(void *arg, size_t bytes),
                void *arg, struct buf *error)
{
	struct sum s = { .seen = seen, .arg = arg };
	char hex[HASH_TEXT];

	buf_cut(&a->sums, 0);
	if (sum_all(a->part, file_base(a->path), &a->sums, hex, &s) != 0) {
		buf_printf(error, "cannot read '%s': %s", a->part, file_reason(errno));
		return NO_INPUT;
	}
	m->bytes = s.bytes;
	manifest_set(&m->sha256, hex);
	manifest_set(&m->file, file_base(a->path));
	return 0;
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

/* The folder that a path is in, without its slash. The caller frees it. */
static char *folder_of(const char *path)
{
	const char *base = file_base(path);

	return base == path ? xstrdup(".") : xstrndup(path, (size_t)(base - path) - (base - path > 1));
}

/* The folder that a path is in, and for a new folder's sake the one above. */
static int sync_folders(const char *path)
{
	char *folder = folder_of(path), *above = folder_of(folder);
	int rc = file_sync(folder) || file_sync(above) ? -1 : 0;

	free(above);
	free(folder);
	return rc;
}

/* A symlink appears by rename, too. File systems without them keep their backups. */
static void point_latest(const char *path, struct strs *warnings)
{
	char *folder = without(path, file_base(path)), *words;
	char *link = with(folder, "latest"), *part = with(link, PART);

	beneath_unlink(part);
	if (beneath_symlink(file_base(path), part) != 0 || beneath_rename(part, link) != 0) {
		words = xasprintf("cannot point '%s' at the new backup: %s", link, file_reason(errno));
		if (warnings)
			strs_add(warnings, words);
		free(words);
		beneath_unlink(part);
	}
	free(part);
	free(link);
	free(folder);
}

/* The three names of a backup, each with and without .part. */
struct names {
	char *json, *json_part, *sums, *sums_part, *part;
};

static struct names names_of(const char *path)
{
	struct names n = { .json = with(path, ".json"), .sums = with(path, ".sha256"),
		           .part = with(path, PART) };

	n.json_part = with(n.json, PART);
	n.sums_part = with(n.sums, PART);
	return n;
}

static void names_free(struct names *n)
{
	free(n->json);
	free(n->json_part);
	free(n->sums);
	free(n->sums_part);
	free(n->part);
}

int folder_publish(struct folder_backup *a, const struct manifest *m, struct strs *warnings,
                    struct buf *error)
{
	struct names n = names_of(a->path);
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
		point_latest(a->path, warnings);
	}
	free(text);
	names_free(&n);
	return rc;
}

void folder_free(struct folder_backup *a)
{
	struct names n;

	if (a->path) {
		n = names_of(a->path);
		file_remove(n.part);
		beneath_unlink(n.sums_part);
		beneath_unlink(n.json_part);
		names_free(&n);
	}
	free(a->path);
	free(a->part);
	free(a->folder);
	buf_free(&a->sums);
	*a = (struct folder_backup){ .sums = BUF_INIT };
}

/* Gives a file its name for the time until it is deleted, which a directory on a full disk may have no room for:
 * then it is deleted at once. 0, also where it is not there, or -1 with errno. */
static int step_aside(const char *from, const char *to)
{
	if (beneath_rename(from, to) == 0 || errno == ENOENT)
		return 0;
	return errno == ENOSPC || errno == EDQUOT ? file_remove(from) : -1;
}

/* The manifest's .part is what folder_recover goes on by, so it goes last. */
int folder_remove(const char *path)
{
	struct names n = names_of(path);
	int rc;

	rc = step_aside(n.json, n.json_part);
	if (!rc)
		rc = file_remove(n.sums);
	if (!rc)
		rc = step_aside(path, n.part);
	if (!rc)
		rc = file_remove(n.part) || file_remove(n.json_part) ? -1 : 0;
	names_free(&n);
	return rc;
}

/* --- what a dead run left --- */

/* Nobody else's names look so. */
static bool is_part_of_ours(const char *folder, const char *name)
{
	return folder_ends_in(name, PART) && folder_is_named(folder, name);
}

/* Calls visit for each folder that may hold backups: DATABASE, JOB/DATABASE. */
static void each_folder(const char *dir, int depth, void (*visit)(const char *folder, void *arg),
                        void *arg)
{
	struct strs folders = { 0 };

	file_folders(dir, &folders);
	for (size_t i = 0; i < folders.n; i++) {
		const char *name = file_base(folders.v[i]);

		/* A backup may be a folder itself. */
		if (strcmp(name, OWN) == 0 || folder_is_named(dir, name))
			continue;
		visit(folders.v[i], arg);
		if (depth > 1)
			each_folder(folders.v[i], depth - 1, visit, arg);
	}
	strs_free(&folders);
}

#define DEPTH 2

int64_t folder_size(const char *path)
{
	static const char *const all[] = { "", NULL };
	struct strs files = { 0 };
	int64_t bytes = 0;
	struct stat st;

	if (!file_is_dir(path))
		return beneath_stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
	file_list(path, all, &files);
	for (size_t i = 0; i < files.n; i++)
		bytes += beneath_stat(files.v[i], &st) == 0 ? (int64_t)st.st_size : 0;
	strs_free(&files);
	return bytes;
}

/* The data got its name only when it was whole, so its manifest may have its own.
 * DONE, BAD_DATA when it is not what the manifest says, CANNOT_WRITE when that has
 * to wait. */
static int finish(const char *path)
{
	struct names n = names_of(path);
	struct buf error = BUF_INIT, lines = BUF_INIT;
	struct manifest m;
	struct sum s = { 0 };
	char hex[HASH_TEXT];
	int rc = manifest_read(&m, n.json_part, &error);

	if (!rc && (folder_size(path) != m.bytes || sum_all(path, file_base(path), &lines, hex, &s) != 0 ||
	            strcmp(hex, m.sha256) != 0))
		rc = BAD_DATA;
	if (!rc && (file_write_new(n.sums, lines.data, lines.len) != 0 || beneath_rename(n.json_part, n.json) != 0))
		rc = CANNOT_WRITE;
	if (!rc) {
		beneath_unlink(n.sums_part);
		point_latest(path, NULL);
	}
	manifest_free(&m);
	buf_free(&error);
	buf_free(&lines);
	names_free(&n);
	return rc;
}

struct recovery {
	size_t prefix; /* the length of DIR/ */
	struct strs *finished, *deleted;
};

static void recover_manifest(struct recovery *r, const char *json_part)
{
	char *json = without(json_part, PART), *path = without(json, ".json");
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
	char *json = without(part, PART), *path = folder_ends_in(json, ".json") ? without(json, ".json") : NULL;
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
		if (is_part_of_ours(folder, file_base(found.v[i])))
			recover_manifest(r, found.v[i]);
	strs_free(&found);
	file_list(folder, parts, &found);
	file_folders(folder, &found);
	for (size_t i = 0; i < found.n; i++)
		if (is_part_of_ours(folder, file_base(found.v[i])) && !waits(found.v[i]) &&
		    file_remove(found.v[i]) == 0)
			strs_add(r->deleted, found.v[i] + r->prefix);
	strs_free(&found);
}

void folder_recover(const char *dir, struct strs *finished, struct strs *deleted)
{
	struct recovery r = { .prefix = strlen(dir) + 1, .finished = finished, .deleted = deleted };

	each_folder(dir, DEPTH, recover_folder, &r);
}

/* --- those that are there --- */

struct search {
	struct strs *paths, *unreadable;
};

/* One that has gone meanwhile is no matter. */
static void note_unreadable(struct search *s, const char *folder)
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
	struct search *s = arg;
	struct strs found = { 0 };

	if (file_list(folder, manifests, &found) != 0)
		note_unreadable(s, folder);
	for (size_t i = 0; i < found.n; i++)
		if (folder_is_named(folder, file_base(found.v[i])))
			strs_add(s->paths, found.v[i]);
	strs_free(&found);
}

void folder_manifests(const char *dir, struct strs *paths, struct strs *unreadable)
{
	struct search s = { .paths = paths, .unreadable = unreadable };
	struct strs folders = { 0 };

	if (file_folders(dir, &folders) != 0)
		note_unreadable(&s, dir);
	strs_free(&folders);
	each_folder(dir, DEPTH, add_manifests, &s);
}

int folder_read(const char *manifest, struct manifest *m, char **path, struct buf *error)
{
	int rc = manifest_read(m, manifest, error);

	*path = without(manifest, ".json");
	if (!rc && strcmp(m->file, file_base(*path)) != 0) {
		buf_printf(error, "'%s' speaks of another file, '%s'", manifest, m->file);
		rc = BAD_DATA;
	}
	return rc;
}

int folder_compare(const char *path, const struct manifest *m,
                    void (*seen)(void *arg, size_t bytes), void *arg, struct buf *error)
{
	struct sum s = { .seen = seen, .arg = arg };
	struct buf lines = BUF_INIT;
	char hex[HASH_TEXT];
	int rc = 0;

	if (sum_all(path, file_base(path), &lines, hex, &s) != 0) {
		buf_printf(error, "cannot read '%s': %s", path, file_reason(errno));
		rc = NO_INPUT;
	} else if (s.bytes != m->bytes) {
		buf_printf(error, "'%s' has %lld byte%s in place of %lld", path, (long long)s.bytes, plural(s.bytes),
		           (long long)m->bytes);
		rc = BAD_DATA;
	} else if (strcmp(hex, m->sha256) != 0) {
		buf_printf(error, "'%s' is damaged: its sha256 is not the one of its manifest", path);
		rc = BAD_DATA;
	}
	buf_free(&lines);
	return rc;
}

int64_t folder_space(const char *path)
{
	struct statvfs fs;

	if (statvfs(path, &fs) != 0)
		return -1;
	return (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
}
