/* folder_data - the data of backups in a folder: sizes and sums. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/path.h"
#include "base/size.h"
#include "base/status.h"
#include "ext/hash.h"
#include "repo/folder_parts.h"

static void count(void *arg, size_t bytes)
{
	struct folder_sum *s = arg;

	s->bytes += (int64_t)bytes;
	if (s->seen)
		s->seen(s->arg, bytes);
}

static int sum_file(const char *path, char text[HASH_TEXT], struct folder_sum *s)
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

int folder_sum_all(const char *path, const char *name, struct buf *lines, char hex[HASH_TEXT],
                   struct folder_sum *s)
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
		buf_printf(lines, "%s  %s/%s\n", hex, name, path_base(files.v[i]));
	}
	sum_text(lines, hex);
	strs_free(&files);
	return rc;
}

int folder_sum(struct folder_backup *a, struct manifest *m, void (*seen)(void *arg, size_t bytes),
                void *arg, struct buf *error)
{
	struct folder_sum s = { .seen = seen, .arg = arg };
	char hex[HASH_TEXT];

	buf_cut(&a->sums, 0);
	if (folder_sum_all(a->part, path_base(a->path), &a->sums, hex, &s) != 0) {
		buf_printf(error, "cannot read '%s': %s", a->part, file_reason(errno));
		return NO_INPUT;
	}
	m->bytes = s.bytes;
	manifest_set(&m->sha256, hex);
	manifest_set(&m->file, path_base(a->path));
	return 0;
}

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

int folder_compare(const char *path, const struct manifest *m,
                    void (*seen)(void *arg, size_t bytes), void *arg, struct buf *error)
{
	struct folder_sum s = { .seen = seen, .arg = arg };
	struct buf lines = BUF_INIT;
	char hex[HASH_TEXT];
	int rc = 0;

	if (folder_sum_all(path, path_base(path), &lines, hex, &s) != 0) {
		buf_printf(error, "cannot read '%s': %s", path, file_reason(errno));
		rc = NO_INPUT;
	} else if (s.bytes != m->bytes) {
		buf_printf(error, "'%s' has %lld byte%s in place of %lld", path, (long long)s.bytes,
		           plural(s.bytes), (long long)m->bytes);
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
