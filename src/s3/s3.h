/*
 * s3 - one bucket of a server that speaks S3: what it is told, and what it answers.
 *
 * From 'Amazon Simple Storage Service API Reference'. Requests are signed (Signature
 * Version 4) with the real SHA-256 of what is sent. What a busy server or a lost
 * connection made fail is tried again after a while, and then is a sentence that has
 * the server's own code and words in it.
 */
#ifndef S3_S3_H
#define S3_S3_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "ext/hash.h"
#include "ext/http.h"

struct s3 {
	const char *bucket, *region;
	const char *storage_class, *sse, *ca_file, *token; /* or NULL */
	char *base;         /* the bucket's URL, without a slash behind */
	char *place;        /* what tells the bucket from others: the same without the scheme */
	struct http_keys keys;
	struct http http;
	bool doubtful;      /* the server's last ETag was not the MD5 of what was sent */
};

/* Reads S3_ENDPOINT S3_REGION S3_PATH_STYLE S3_STORAGE_CLASS S3_SSE S3_CA_FILE,
 * AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN and their files for that bucket.
 * 0, or BAD_CONFIG with a sentence in error. s3_free after both. */
int s3_open(struct s3 *s, const char *bucket, struct buf *error);
void s3_free(struct s3 *s);

/* Whether a key has no `.` or `..` between its slashes. Many servers, proxies and clients take those
 * out on the way (libcurl, too, before it signs), so that the key names something else, which may be in
 * another bucket: such a key is never sent. */
bool s3_key_is_plain(const char *key);

/* Whether it is a name that a bucket can have. */
bool s3_bucket_is_valid(const char *name);

/*
 * All below: 0; or with a sentence in error: NO_INPUT (no such object), DENIED,
 * BAD_CONFIG (another region), UNAVAILABLE (no server, no bucket, or it kept failing), NO
 * for what else it refuses.
 */

/* Stores an object, in the class of S3_STORAGE_CLASS. */
int s3_put(struct s3 *s, const char *key, const void *bytes, size_t len, struct buf *error);

/* The same in the standard class: for what lists and choices go by, which an archive class would
 * not give back at once. */
int s3_put_small(struct s3 *s, const char *key, const void *bytes, size_t len, struct buf *error);

/* Begins an upload in parts; the caller frees *id. */
int s3_start(struct s3 *s, const char *key, char **id, struct buf *error);

/* Sends a part, numbered from 1; the caller frees *etag, the server's name for it; digest is its
 * MD5. */
#define S3_PARTS_MAX 10000
int s3_part(struct s3 *s, const char *key, const char *id, long number, const void *bytes, size_t len,
            char **etag, unsigned char digest[HASH_MD5_BYTES], struct buf *error);

/* Makes one object of the parts. An upload that the server does not know (any more) is taken for
 * finished, for the answer to that may have been lost: s3_head tells. */
int s3_finish(struct s3 *s, const char *key, const char *id, const struct strs *etags,
              struct buf *error);

/* Ends an upload, and its parts; one that is not there is ended. */
int s3_abort(struct s3 *s, const char *key, const char *id, struct buf *error);

/* The size and ETag (which the caller frees) of an object, without quotes; "" where it says
 * nothing of the content: encrypted by a key service. */
int s3_head(struct s3 *s, const char *key, int64_t *bytes, char **etag, struct buf *error);

/* Gives the object's bytes to take, over lost connections; take's not 0 ends it: -1. Also BAD_DATA,
 * when there are more than `most` bytes; take gets none of the rest. */
int s3_get(struct s3 *s, const char *key, int64_t most, int (*take)(void *arg, const char *bytes, size_t len),
           void *arg, struct buf *error);

/* Deletes an object; one that is not there is deleted. */
int s3_delete(struct s3 *s, const char *key, struct buf *error);

struct s3_object {
	char *key;
	int64_t bytes;
};

struct s3_objects {
	struct s3_object *v;
	size_t n, room;
	bool (*wants)(const char *key, const void *arg); /* set by the caller: which to keep; NULL: all */
	const void *arg;
};

/* Adds all objects whose keys begin with prefix and are plain, as the server lists them: mostly in
 * byte order. UNAVAILABLE also when the list does not end. */
int s3_list(struct s3 *s, const char *prefix, struct s3_objects *objects, struct buf *error);
void s3_objects_free(struct s3_objects *objects);

/* The same for unfinished uploads: key, id and when each began (ISO 8601), side by side. */
struct s3_uploads {
	struct strs keys, ids, begun;
};
int s3_uploads(struct s3 *s, const char *prefix, struct s3_uploads *uploads, struct buf *error);
void s3_uploads_free(struct s3_uploads *uploads);

#endif
