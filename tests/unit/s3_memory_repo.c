/* s3_memory_repo - a repository in the bucket in memory. */
#include "s3_memory_repo.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

int memory_repo_begin(void **state, struct bucket *r, struct buf *error)
{
	memory_empty(state);
	*error = (struct buf)BUF_INIT;
	setenv("S3_ENDPOINT", "http://h", 1);
	setenv("AWS_ACCESS_KEY_ID", "id", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-test", 1);
	setenv("S3_BUCKET", "box", 1);
	setenv("S3_PREFIX", "pre", 1);
	return bucket_open(r, error);
}

int memory_repo_end(void **state, struct bucket *r, struct buf *error)
{
	bucket_free(r);
	buf_free(error);
	return memory_empty(state);
}

struct manifest memory_manifest(const char *file, const char *job, const char *kind, int64_t bytes)
{
	struct manifest m = { .bytes = bytes, .started = 1795608000000, .verified = 1795608000000 };

	manifest_set(&m.file, file);
	manifest_set(&m.job, job);
	manifest_set(&m.kind, kind);
	manifest_set(&m.sha256, MEMORY_DATA_SHA256);
	return m;
}

void memory_store_manifest(const char *path, const char *file, const char *job, int64_t bytes)
{
	struct manifest m = memory_manifest(file, job, "custom", bytes);
	char *text = manifest_text(&m), *key = xasprintf("pre/%s.json", path);

	memory_store(key, text, strlen(text));
	free(key);
	free(text);
	manifest_free(&m);
}
