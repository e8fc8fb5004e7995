/*
 * multipart - one object on its way to S3, piece by piece.
 *
 * What fits in one part goes in one request at the end; else the parts go as they are
 * full, two at a time, and the object is there only after upload_end, which compares it.
 * Threads send: no fork between the first upload_add and upload_flush.
 */
#ifndef S3_MULTIPART_H
#define S3_MULTIPART_H

#include <pthread.h>

#include "s3/s3.h"

/* A part on its way. */
struct sending {
	struct s3 s3;        /* with a connection of its own */
	const char *key, *id;
	long number;
	char *part;
	size_t len;
	pthread_t thread;
	bool runs;
	int rc;              /* what came of it */
	char *etag;
	unsigned char digest[HASH_MD5_BYTES];
	struct buf error;
};

struct upload {
	struct s3 *s3;
	char *key;
	char *id;            /* of the upload in parts; NULL: none has begun */
	struct sending lanes[2]; /* one fills while the other is sent, or waits for its turn */
	size_t lane;         /* that which fills */
	long sent;           /* parts that have been given to a thread */
	size_t size, filled; /* of a part; of what waits */
	struct strs etags;
	struct buf digests;  /* the parts' MD5s */
	struct hash hash;    /* of all */
	char sha256[HASH_TEXT]; /* of all, after upload_flush */
	int64_t bytes;
	bool over;           /* it is one object now */

	/* Hears when an upload in parts has begun, before its first part, so that it can be
	 * ended by another process; may be NULL. */
	void (*begun)(const char *key, const char *id, void *arg);
	void *arg;
};

#define UPLOAD_PART_MIN (5 << 20) /* 'Multipart upload limits'; the last one may be smaller */

/* part: bytes of a part; as much memory is taken, and twice that when there are several. */
void upload_start(struct upload *u, struct s3 *s, const char *key, size_t part);

/* Takes the next bytes. As s3.h says. */
int upload_add(struct upload *u, const void *bytes, size_t len, struct buf *error);

/* Sends the rest of the parts, but makes no object of them yet. sha256 (may be NULL) is what
 * all must have, else BAD_DATA. */
int upload_flush(struct upload *u, const char *sha256, struct buf *error);

/* Makes the object, and compares it with what was sent: its size, and its checksum, for which
 * it is read back where the server's ETag does not tell. After upload_flush. As s3.h says;
 * BAD_DATA when it differs: then it is deleted. */
int upload_end(struct upload *u, struct buf *error);

/* Ends what has not been finished, and frees. A failure leaves a sentence in error. */
void upload_free(struct upload *u, struct buf *error);

#endif
