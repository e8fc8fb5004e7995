/* bucket_fetch - what repo/bucket fetches from a bucket. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/path.h"
#include "base/size.h"
#include "base/status.h"
#include "base/text.h"
#include "repo/bucket.h"
#include "repo/folder.h"

static int take_bytes(void *arg, const char *bytes, size_t len)
{
	return file_write(*(int *)arg, bytes, len);
}

/* Not a byte more than was announced, which is what there is room for. */
static int fetch_object(struct bucket *r, const char *key, int64_t bytes, const char *to, struct buf *error)
{
	int fd = beneath_open(to, O_WRONLY | O_CREAT | O_EXCL, 0600), rc;

	if (fd < 0)
		return file_cannot(error, "make", to);
	rc = s3_get(&r->s3, key, bytes, take_bytes, &fd, error);
	if (rc == -1) {
		buf_cut(error, 0);
		rc = file_cannot(error, "write", to);
	} else if (!rc && folder_size(to) != bytes) {
		buf_printf(error, "s3://%s/%s is damaged: it ends after %lld of %lld bytes", r->s3.bucket,
		           key, (long long)folder_size(to), (long long)bytes);
		rc = BAD_DATA;
	}
	close(fd);
	return rc;
}

static int fetch_files(struct bucket *r, const char *key, const struct s3_objects *files, const char *to,
                        struct buf *error)
{
	int rc = file_make_folders(to, 0700) == 0 ? 0 : file_cannot(error, "make the folder", to);

	for (size_t i = 0; i < files->n && !rc; i++) {
		const char *name = files->v[i].key + strlen(key) + 1;
		char *file = xasprintf("%s/%s", to, name);

		if (*name && *name != '.' && !strchr(name, '/'))
			rc = fetch_object(r, files->v[i].key, files->v[i].bytes, file, error);
		free(file);
	}
	return rc;
}

static int check_space(const char *dir, int64_t bytes, struct buf *error)
{
	int64_t space = folder_space(dir);
	char *need, *left;

	if (space < 0 || space > bytes)
		return 0;
	need = size_text(bytes);
	left = size_text(space);
	buf_printf(error, "no space to fetch it: it has %s, '%s' has %s free: --stage names another folder",
	           need, dir, left);
	free(need);
	free(left);
	return CANNOT_WRITE;
}


/* What is there, its size, and the files when it is a directory. */
static int look(struct bucket *r, const char *key, struct s3_objects *files, int64_t *bytes,
                struct buf *error)
{
	char *below = xasprintf("%s/", key), *etag = NULL;
	struct buf words = BUF_INIT;
	int rc = s3_head(&r->s3, key, bytes, &etag, &words);

	if (rc == NO_INPUT && s3_list(&r->s3, below, files, error) == 0 && files->n) {
		rc = 0;
		*bytes = 0;
		for (size_t i = 0; i < files->n; i++)
			*bytes += files->v[i].bytes;
	} else if (rc && !error->len) {
		buf_puts(error, words.data);
	}
	buf_free(&words);
	free(below);
	free(etag);
	return rc;
}

/* Beside the data, where there is one. */
static int write_manifest(const struct manifest *m, const char *path, struct buf *error)
{
	char *to = xasprintf("%s.json", path), *text = manifest_text(m);
	int rc = file_write_new(to, text, strlen(text)) == 0 ? 0 : file_cannot(error, "write", to);

	free(text);
	free(to);
	return rc;
}

/* Writes the manifest, if there is one; what it says of the size must be what the server says. */
static int fetch_manifest(struct bucket *r, const char *key, int64_t bytes, const char *path,
                          struct buf *error)
{
	struct buf words = BUF_INIT;
	struct manifest m;
	int rc = bucket_manifest(r, key, &m, &words);

	if (rc && rc != NO_INPUT) {
		buf_puts(error, words.data);
	} else if (!rc && m.bytes != bytes) {
		buf_printf(error, "s3://%s/%s is damaged: it has %lld bytes, and its manifest says %lld",
		           r->s3.bucket, key, (long long)bytes, (long long)m.bytes);
		rc = BAD_DATA;
	} else {
		rc = rc ? 0 : write_manifest(&m, path, error);
	}
	manifest_free(&m);
	buf_free(&words);
	return rc;
}

int bucket_fetch(struct bucket *r, const char *key, const char *dir, char **path, struct buf *error)
{
	char *data = text_without_suffix(key, ".json"), *own = data ? data : xstrdup(key);
	struct s3_objects files = { 0 };
	int64_t bytes = 0;
	int rc = look(r, own, &files, &bytes, error);

	*path = xasprintf("%s/%s", dir, path_base(own));
	rc = rc ? rc : check_space(dir, bytes, error);
	rc = rc ? rc : fetch_manifest(r, own, bytes, *path, error);
	if (!rc)
		rc = files.n ? fetch_files(r, own, &files, *path, error)
		     : fetch_object(r, own, bytes, *path, error);
	s3_objects_free(&files);
	free(own);
	return rc;
}
