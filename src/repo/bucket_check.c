/* bucket_check - reads a backup in a bucket in full, as it comes. */
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/size.h"
#include "base/status.h"
#include "dump/readback_pipe.h"
#include "ext/hash.h"
#include "repo/bucket_parts.h"

/* What comes: its sum, and who reads it. */
struct coming {
	struct hash hash;
	struct readback_pipe reader;
	void (*seen)(void *arg, size_t bytes);
	void *arg;
};

static int take(void *arg, const char *bytes, size_t len)
{
	struct coming *c = arg;

	hash_add(&c->hash, bytes, len);
	readback_pipe_add(&c->reader, bytes, len);
	c->seen(c->arg, len);
	return 0;
}

/* Where an SQLite database may be unpacked. */
static const char *scratch_folder(void)
{
	const char *folder = getenv("TMPDIR");

	return folder && *folder ? folder : "/tmp";
}

static int read_object(struct coming *c, struct bucket *r, const struct repo_backup *b, const char *name,
                       struct buf *error)
{
	char *key = xasprintf("%s%s", r->prefix, b->path), text[HASH_TEXT];
	unsigned char digest[HASH_BYTES];
	struct buf verdict = BUF_INIT;
	int rc = readback_pipe_start(&c->reader, name, b->m.kind, scratch_folder(), error), read;

	hash_start(&c->hash);
	rc = rc ? rc : s3_get(&r->s3, key, b->m.bytes, take, c, error);
	read = rc ? 0 : readback_pipe_end(&c->reader, &verdict);
	hash_end(&c->hash, digest);
	hash_text(digest, text);
	if (!rc && strcmp(text, b->m.sha256) != 0) {
		buf_printf(error, "'%s' is damaged: its sha256 is not the one of its manifest", name);
		rc = BAD_DATA;
	} else if (!rc && read) {
		buf_puts(error, verdict.data);
		rc = read;
	}
	readback_pipe_free(&c->reader);
	buf_free(&verdict);
	free(key);
	return rc;
}

int bucket_check(struct repo *repo, const struct repo_backup *b, void (*seen)(void *arg, size_t bytes),
                 void *arg, struct buf *error)
{
	struct coming c = { .reader = READBACK_PIPE_INIT, .seen = seen, .arg = arg };
	char *name = xasprintf("%s%s", repo->before, b->path);
	int rc;

	if (b->bytes != b->m.bytes) {
		buf_printf(error, "'%s' has %lld byte%s in place of %lld", name, (long long)b->bytes,
		           plural(b->bytes), (long long)b->m.bytes);
		rc = b->bytes < 0 ? NO_INPUT : BAD_DATA;
	} else if (strcmp(b->m.kind, "directory") == 0) {
		buf_printf(error, "'%s' is a directory, which is not read on the way: fetch it with "
		                  "pgrestore plan", name);
		rc = BAD_USAGE;
	} else {
		rc = read_object(&c, (struct bucket *)repo, b, name, error);
	}
	free(name);
	return rc;
}
