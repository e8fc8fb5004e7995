/* multipart - one object on its way to S3. */
#include "s3/multipart.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/size.h"
#include "base/status.h"

#define STACK (1 << 20)

void upload_start(struct upload *u, struct s3 *s, const char *key, size_t part)
{
	*u = (struct upload){ .s3 = s, .key = xstrdup(key), .size = part, .digests = BUF_INIT };
	u->lanes[0] = (struct sending){ .part = xmalloc(part), .error = BUF_INIT };
	s->doubtful = false;
	hash_start(&u->hash);
}

static void *send_it(void *arg)
{
	struct sending *s = arg;

	s->rc = s3_part(&s->s3, s->key, s->id, s->number, s->part, s->len, &s->etag, s->digest, &s->error);
	return NULL;
}

/* Waits for the part that a lane sends. They are waited for in their order. */
static int wait_for(struct upload *u, struct sending *s, struct buf *error)
{
	if (!s->runs)
		return 0;
	pthread_join(s->thread, NULL);
	s->runs = false;
	u->s3->doubtful = u->s3->doubtful || s->s3.doubtful;
	if (s->rc) {
		buf_puts(error, s->error.data);
		buf_free(&s->error);
		return s->rc;
	}
	strs_add(&u->etags, s->etag);
	buf_add(&u->digests, (char *)s->digest, sizeof(s->digest));
	free(s->etag);
	s->etag = NULL;
	return 0;
}

/* musl's threads have little room to begin with. */
static int start_thread(struct sending *s)
{
	pthread_attr_t attr;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	rc = pthread_create(&s->thread, &attr, send_it, s);
	pthread_attr_destroy(&attr);
	return rc;
}

static int begin(struct upload *u, struct buf *error)
{
	int rc = 0;

	if (!u->id) {
		rc = s3_start(u->s3, u->key, &u->id, error);
		if (!rc && u->begun)
			u->begun(u->key, u->id, u->arg);
	}
	for (size_t i = 0; i < 2 && !u->sent && !rc; i++) {
		u->lanes[i].s3 = *u->s3;
		u->lanes[i].s3.http.curl = NULL;
		if (!u->lanes[i].part)
			u->lanes[i].part = xmalloc(u->size);
		u->lanes[i].error = (struct buf)BUF_INIT;
		u->lanes[i].key = u->key;
		u->lanes[i].id = u->id;
	}
	return rc;
}

/* Sends what is filled, and makes the other lane free to be. */
static int send_part(struct upload *u, struct buf *error)
{
	struct sending *s = &u->lanes[u->lane];
	int rc = begin(u, error);

	if (!rc && u->sent == S3_PARTS_MAX) {
		buf_printf(error, "s3://%s/%s: it has more than %d parts: set a larger S3_PART_SIZE",
		           u->s3->bucket, u->key, S3_PARTS_MAX);
		rc = BAD_CONFIG;
	}
	if (rc)
		return rc;
	s->len = u->filled;
	s->number = ++u->sent;
	s->runs = start_thread(s) == 0;
	if (!s->runs) {
		buf_printf(error, "cannot start a thread to upload by: %s", strerror(errno));
		return CANNOT_RUN;
	}
	u->filled = 0;
	u->lane = !u->lane;
	return wait_for(u, &u->lanes[u->lane], error);
}

int upload_add(struct upload *u, const void *bytes, size_t len, struct buf *error)
{
	const char *at = bytes;
	int rc = 0;

	hash_add(&u->hash, bytes, len);
	u->bytes += (int64_t)len;
	while (len && !rc) {
		size_t n = u->size - u->filled < len ? u->size - u->filled : len;

		/* A full one is sent when there is more: what is one part needs no upload in parts. */
		if (!n) {
			rc = send_part(u, error);
			continue;
		}
		memcpy(u->lanes[u->lane].part + u->filled, at, n);
		u->filled += n;
		at += n;
		len -= n;
	}
	return rc;
}

int upload_flush(struct upload *u, const char *sha256, struct buf *error)
{
	unsigned char bytes[HASH_BYTES];
	int rc;

	hash_end(&u->hash, bytes);
	hash_text(bytes, u->sha256);
	if (sha256 && strcmp(sha256, u->sha256) != 0) {
		buf_printf(error, "s3://%s/%s: what was to be uploaded is damaged: its sha256 is not the one of its "
		           "manifest", u->s3->bucket, u->key);
		return BAD_DATA;
	}
	if (!u->id)
		return 0;
	rc = send_part(u, error);
	return rc ? rc : wait_for(u, &u->lanes[!u->lane], error);
}

/* 'Checking object integrity': of an object in parts it is the MD5 of their MD5s. */
static char *expected_etag(const struct upload *u)
{
	unsigned char digest[HASH_MD5_BYTES];
	struct buf text = BUF_INIT;

	if (u->id)
		hash_md5(u->digests.data, u->digests.len, digest);
	else
		hash_md5(u->lanes[0].part, u->filled, digest);
	for (size_t i = 0; i < HASH_MD5_BYTES; i++)
		buf_printf(&text, "%02x", digest[i]);
	if (u->id)
		buf_printf(&text, "-%zu", u->etags.n);
	return buf_detach(&text);
}

static int take(void *arg, const char *bytes, size_t len)
{
	hash_add(arg, bytes, len);
	return 0;
}

static int read_back(struct upload *u, struct buf *error)
{
	unsigned char bytes[HASH_BYTES];
	char text[HASH_TEXT];
	struct hash h;
	int rc;

	hash_start(&h);
	rc = s3_get(u->s3, u->key, u->bytes, take, &h, error);
	hash_end(&h, bytes);
	hash_text(bytes, text);
	if (!rc && strcmp(text, u->sha256) != 0) {
		buf_printf(error, "s3://%s/%s: what the server has is not what was sent: it has another sha256",
		           u->s3->bucket, u->key);
		rc = BAD_DATA;
	}
	return rc;
}

/* Two ways to be wrong: an ETag that is no checksum, and one that is. Only the content tells. */
static int compare(struct upload *u, struct buf *error)
{
	char *expected = expected_etag(u), *etag;
	struct buf ignored = BUF_INIT;
	int64_t bytes;
	int rc = s3_head(u->s3, u->key, &bytes, &etag, error);

	if (!rc && bytes != u->bytes) {
		buf_printf(error, "s3://%s/%s: the server has %lld byte%s of the %lld that were sent",
		           u->s3->bucket, u->key, (long long)bytes, plural(bytes), (long long)u->bytes);
		rc = BAD_DATA;
	} else if (!rc && (u->s3->doubtful || strcasecmp(etag, expected) != 0)) {
		rc = read_back(u, error);
	}
	if (rc == BAD_DATA)
		s3_delete(u->s3, u->key, &ignored);
	free(expected);
	free(etag);
	buf_free(&ignored);
	return rc;
}

int upload_end(struct upload *u, struct buf *error)
{
	int rc = u->id ? s3_finish(u->s3, u->key, u->id, &u->etags, error)
	               : s3_put(u->s3, u->key, u->lanes[0].part, u->filled, error);

	u->over = !rc;
	return rc ? rc : compare(u, error);
}

void upload_free(struct upload *u, struct buf *error)
{
	unsigned char bytes[HASH_BYTES];
	struct buf ignored = BUF_INIT;

	for (size_t i = 0; i < 2; i++) {
		wait_for(u, &u->lanes[i], &ignored);
		http_free(&u->lanes[i].s3.http);
		buf_free(&u->lanes[i].error);
		free(u->lanes[i].part);
	}
	if (u->id && !u->over)
		s3_abort(u->s3, u->key, u->id, error);
	if (u->hash.ctx)
		hash_end(&u->hash, bytes);
	free(u->key);
	free(u->id);
	buf_free(&ignored);
	strs_free(&u->etags);
	buf_free(&u->digests);
	*u = (struct upload){ .digests = BUF_INIT };
}
