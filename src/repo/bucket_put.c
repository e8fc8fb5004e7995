/* bucket_put - what is put into a bucket, and deleted there. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/status.h"
#include "repo/bucket_parts.h"
#include "repo/folder.h"

#define MEBIBYTE (1 << 20)
#define SUMS_MAX (16 << 20)
#define STALE_MS 86400000
#define READ_SIZE 65536

/* Large enough that they suffice, and all of one size: some servers want that. */
static size_t part_size(const struct bucket *r, int64_t bytes)
{
	int64_t least = bytes / (S3_PARTS_MAX - 1) / MEBIBYTE * MEBIBYTE + MEBIBYTE;

	return bytes > (int64_t)r->part * (S3_PARTS_MAX - 1) ? (size_t)least : r->part;
}

void bucket_begin(struct bucket *r, struct upload *u, const char *path, int64_t bytes)
{
	char *key = xasprintf("%s%s", r->prefix, path);

	upload_start(u, &r->s3, key, part_size(r, bytes));
	u->begun = r->begun;
	u->arg = r->arg;
	free(key);
}

static int add_file(struct upload *u, const char *path, struct buf *error)
{
	char bytes[READ_SIZE];
	int fd = beneath_open_regular(path), rc = 0;
	ssize_t n = fd < 0 ? -1 : 0;

	while (!rc && fd >= 0 && ((n = read(fd, bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR)))
		rc = n > 0 ? upload_add(u, bytes, (size_t)n, error) : 0;
	if (!rc && n < 0) {
		buf_printf(error, "cannot read '%s': %s", path, file_reason(errno));
		rc = NO_INPUT;
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

int bucket_check_free(struct bucket *r, const char *path, const char *sha256, struct buf *error)
{
	char *key = xasprintf("%s%s", r->prefix, path);
	struct buf words = BUF_INIT;
	struct manifest m;
	int rc = bucket_manifest(r, key, &m, &words);

	if (rc && rc != NO_INPUT) {
		buf_puts(error, words.data);
	} else if (!rc && (!m.sha256 || strcmp(m.sha256, sha256) != 0)) {
		buf_printf(error, "%s/%s: there is another backup of that name, which is left as it is: "
		                  "give each server an "
		           "S3_PREFIX of its own", r->name, path);
		rc = BAD_DATA;
	} else {
		rc = 0;
	}
	manifest_free(&m);
	buf_free(&words);
	free(key);
	return rc;
}

/* Another one's upload under the same key may have ended between ours and its manifest. */
static int check_arrived(struct bucket *r, const char *path, const struct manifest *m, struct buf *error)
{
	char *key = xasprintf("%s%s", r->prefix, path), *etag = NULL;
	int64_t bytes = -1;
	int rc = s3_head(&r->s3, key, &bytes, &etag, error);

	if (!rc && bytes != m->bytes) {
		buf_printf(error, "%s/%s: it was replaced meanwhile: give each server an S3_PREFIX of its "
		                  "own", r->name,
		           path);
		rc = BAD_DATA;
	}
	free(etag);
	free(key);
	return rc;
}

/* sha256 NULL: whatever it has. */
static int put_file(struct bucket *r, const char *file, const char *path, const char *sha256,
                    struct buf *error)
{
	struct buf left = BUF_INIT;
	struct upload u;
	int rc;

	bucket_begin(r, &u, path, folder_size(file));
	rc = add_file(&u, file, error);
	rc = rc ? rc : upload_flush(&u, sha256, error);
	rc = rc || !sha256 ? rc : bucket_check_free(r, path, sha256, error);
	rc = rc ? rc : upload_end(&u, error);
	upload_free(&u, &left);
	buf_free(&left);
	return rc;
}

static int put_folder(struct bucket *r, const char *folder, const char *path, struct buf *error)
{
	static const char *const all[] = { "", NULL };
	struct strs files = { 0 };
	int rc = 0;

	if (file_list(folder, all, &files) != 0) {
		buf_printf(error, "cannot read '%s': %s", folder, strerror(errno));
		rc = NO_INPUT;
	}
	for (size_t i = 0; i < files.n && !rc; i++) {
		char *to = xasprintf("%s/%s", path, path_base(files.v[i]));

		rc = put_file(r, files.v[i], to, NULL, error);
		free(to);
	}
	strs_free(&files);
	return rc;
}

static int put_text(struct bucket *r, const char *path, const char *suffix, const char *text,
                    struct buf *error)
{
	char *key = xasprintf("%s%s%s", r->prefix, path, suffix);
	int rc = s3_put_small(&r->s3, key, text, strlen(text), error);

	free(key);
	return rc;
}

static int put_sums(struct bucket *r, const char *root, const char *path, struct buf *error)
{
	char *file = xasprintf("%s/%s.sha256", root, path);
	struct buf text = BUF_INIT;
	int rc;

	if (file_read(file, &text, SUMS_MAX) != 0) {
		buf_printf(error, "cannot read '%s': %s", file, strerror(errno));
		rc = NO_INPUT;
	} else {
		rc = put_text(r, path, ".sha256", text.data, error);
	}
	buf_free(&text);
	free(file);
	return rc;
}

static int put_json(struct bucket *r, const char *path, const struct manifest *m, struct buf *error)
{
	char *text = manifest_text(m);
	int rc = put_text(r, path, ".json", text, error);

	free(text);
	return rc;
}

int bucket_put(struct bucket *r, const char *root, const char *path, const struct manifest *m,
               struct buf *error)
{
	char *file = xasprintf("%s/%s", root, path);
	bool folder = file_is_dir(file);
	int rc = bucket_check_free(r, path, m->sha256, error);

	if (!rc)
		rc = folder ? put_folder(r, file, path, error) : put_file(r, file, path, m->sha256, error);
	rc = rc ? rc : put_sums(r, root, path, error);
	rc = rc ? rc : put_json(r, path, m, error);
	rc = rc || folder ? rc : check_arrived(r, path, m, error);
	free(file);
	return rc;
}

int bucket_put_manifest(struct bucket *r, const char *path, const struct manifest *m, struct buf *error)
{
	char *line = xasprintf("%s  %s\n", m->sha256, m->file);
	int rc = put_text(r, path, ".sha256", line, error);

	free(line);
	rc = rc ? rc : put_json(r, path, m, error);
	return rc ? rc : check_arrived(r, path, m, error);
}

/* --- deleting --- */

/* What lies below the data's name is a directory's; other names are other backups'. */
int bucket_remove(struct repo *repo, const char *path, struct buf *error)
{
	struct bucket *r = (struct bucket *)repo;
	static const char *const suffixes[] = { ".json", ".sha256", "" };
	struct s3_objects files = { 0 };
	char *below = xasprintf("%s%s/", r->prefix, path);
	int rc = s3_list(&r->s3, below, &files, error);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes) && !rc; i++) {
		char *key = xasprintf("%s%s%s", r->prefix, path, suffixes[i]);

		rc = s3_delete(&r->s3, key, error);
		free(key);
	}
	for (size_t i = 0; i < files.n && !rc; i++)
		rc = s3_delete(&r->s3, files.v[i].key, error);
	s3_objects_free(&files);
	free(below);
	return rc;
}

int bucket_take_back(struct bucket *r, const char *path, const char *sha256, struct buf *error)
{
	int rc = bucket_check_free(r, path, sha256, error);

	return rc ? rc : bucket_remove(&r->repo, path, error);
}

int bucket_sweep(struct bucket *r, size_t *n, struct buf *error)
{
	struct s3_uploads u = { 0 };
	int rc = s3_uploads(&r->s3, r->prefix, &u, error);

	*n = 0;
	for (size_t i = 0; i < u.keys.n && !rc; i++) {
		const char *path = skip_prefix(u.keys.v[i], r->prefix);
		int64_t begun = 0;

		if (!path || !bucket_is_named(path) || !clock_iso_parse(u.begun.v[i], &begun) ||
		    begun > clock_wall() - STALE_MS)
			continue;
		rc = s3_abort(&r->s3, u.keys.v[i], u.ids.v[i], error);
		*n += !rc;
	}
	s3_uploads_free(&u);
	return rc;
}
