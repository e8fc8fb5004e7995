/*
 * bucket - backups in a bucket.
 *
 * They lie below a prefix as they do in a folder (repo/folder): the data, its .sha256
 * and its .json beside it. The manifest is written last and deleted first: without it a
 * backup is none. Nothing here needs the journal.
 */
#ifndef REPO_BUCKET_H
#define REPO_BUCKET_H

#include "base/msg.h"
#include "dump/manifest.h"
#include "repo/repo.h"
#include "repo/retention.h"
#include "s3/multipart.h"
#include "s3/s3.h"

struct bucket {
	struct repo repo;      /* what is asked of it; the first, so that one leads to the other */
	bool on;               /* there is one */
	struct s3 s3;
	char *bucket;          /* of a URL; NULL: the environment's */
	char *prefix;          /* of all keys: "" or with a slash behind */
	char *name, *before;   /* s3://BUCKET/PREFIX, without a slash behind, and with one */
	size_t part;           /* bytes of a part */
	struct retention keep; /* S3_KEEP_* */
	struct strs warnings;  /* about the settings */

	/* As in s3/multipart. */
	void (*begun)(const char *key, const char *id, void *arg);
	void *arg;
};

/* Reads S3_BUCKET S3_PREFIX S3_PART_SIZE S3_KEEP_* and what s3_open does; none without
 * S3_BUCKET. 0, or BAD_CONFIG with a sentence in error. bucket_free after both. */
int bucket_open(struct bucket *r, struct buf *error);

/* The same for the bucket of s3://BUCKET/KEY; *key is what is behind it, of url itself. Also
 * BAD_USAGE. */
int bucket_open_url(struct bucket *r, const char *url, const char **key, struct buf *error);

void bucket_free(struct bucket *r);

/* Starts an upload of what may become so many bytes. */
void bucket_begin(struct bucket *r, struct upload *u, const char *path, int64_t bytes);

/* Whether no other backup than that of this sha256 has the name: two servers may make one of the
 * same database's name in the same second. 0; as s3.h says; BAD_DATA when another has it. */
int bucket_check_free(struct bucket *r, const char *path, const char *sha256, struct buf *error);

/* Uploads the backup root/path, unless another has its name. 0; as s3.h says; BAD_DATA when it is not what
 * its manifest says or does not arrive so; NO_INPUT when it cannot be read. */
int bucket_put(struct bucket *r, const char *root, const char *path, const struct manifest *m,
               struct buf *error);

/* The .sha256 and then the manifest of a backup whose data is there. */
int bucket_put_manifest(struct bucket *r, const char *path, const struct manifest *m,
                        struct buf *error);

/* Deletes what a run that failed has put there: manifest, sums and data. Leaves all of it alone
 * where the manifest belongs to another backup than that of this sha256. As s3.h says; BAD_DATA
 * when it is another's. */
int bucket_take_back(struct bucket *r, const char *path, const char *sha256, struct buf *error);

/* Ends the uploads that were begun below the prefix a day ago or more, for names of ours: their
 * run is dead. *n is how many there were. As s3.h says. */
int bucket_sweep(struct bucket *r, size_t *n, struct buf *error);

/* --- what is there --- */

/* Whether a path relative to the prefix is named as one of ours, or lies below such a name. */
bool bucket_is_named(const char *path);

/* Reads the manifest of the data of that key. As s3.h says, and BAD_DATA. manifest_free after both. */
int bucket_manifest(struct bucket *r, const char *key, struct manifest *m, struct buf *error);

/* Fetches the object of that key into dir, with its manifest beside it where it has one; of a
 * directory all its files. *path is where it is. Asks for the space first, and takes no more bytes
 * than were announced then. As s3.h says; BAD_DATA when the sizes differ; CANNOT_WRITE. The caller
 * frees *path. */
int bucket_fetch(struct bucket *r, const char *key, const char *dir, char **path, struct buf *error);

#endif
