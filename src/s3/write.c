/* write - what s3/s3 stores and deletes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/status.h"
#include "ext/hash.h"
#include "ext/xml.h"
#include "s3/request.h"

#define MD5_DIGITS 32UL
#define FINISH_MS 300000 /* the server puts the parts together; blanks that it sends meanwhile do not count */

/* 'Common response headers', ETag: the MD5 of what was sent, but for encryption by a key
 * service, and some servers make up their own, which do not look like one. */
static bool is_wrong(const struct request *q, const unsigned char digest[HASH_MD5_BYTES])
{
	const char *etag = request_header(q, "etag"), *own = etag + (*etag == '"');
	char text[MD5_DIGITS + 1];

	if (strspn(own, "0123456789abcdefABCDEF") != MD5_DIGITS ||
	    strstr(request_header(q, "x-amz-server-side-encryption"), "kms"))
		return false;
	for (size_t i = 0; i < HASH_MD5_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return strncasecmp(own, text, MD5_DIGITS) != 0;
}

/* RFC 1864: what came through broken is not stored, whatever else the server checks. */
static void add_md5(struct request *q, unsigned char digest[HASH_MD5_BYTES])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct buf text = BUF_INIT;

	hash_md5(q->body, q->len, digest);
	for (size_t i = 0; i < HASH_MD5_BYTES; i += 3) {
		size_t n = HASH_MD5_BYTES - i < 3 ? HASH_MD5_BYTES - i : 3;
		unsigned bits = (unsigned)digest[i] << 16 | (n > 1 ? (unsigned)digest[i + 1] << 8 : 0) |
		                (n > 2 ? digest[i + 2] : 0);

		for (size_t k = 0; k < 4; k++)
			buf_putc(&text, k <= n ? letters[bits >> (18 - 6 * k) & 63] : '=');
	}
	strs_printf(&q->headers, "Content-MD5: %s", text.data);
	buf_free(&text);
}

/* What is answered wrong is sent once more; then the object itself must tell. */
static int store(struct s3 *s, struct request *q, unsigned char digest[HASH_MD5_BYTES], struct buf *error)
{
	int rc;

	add_md5(q, digest);
	rc = request_send(s, q, error);
	if (!rc && is_wrong(q, digest))
		rc = request_send(s, q, error);
	s->doubtful = s->doubtful || (!rc && is_wrong(q, digest));
	return rc;
}

static int put(struct s3 *s, const char *key, const void *bytes, size_t len, bool standard, struct buf *error)
{
	struct request q = { .method = "PUT", .key = key, .what = "upload it", .body = len ? bytes : "", .len = len,
		         .stores = true, .standard = standard, .a = HTTP_ANSWER_INIT };
	unsigned char digest[HASH_MD5_BYTES];
	int rc = store(s, &q, digest, error);

	request_free(&q);
	return rc;
}

int s3_put(struct s3 *s, const char *key, const void *bytes, size_t len, struct buf *error)
{
	return put(s, key, bytes, len, false, error);
}

int s3_put_small(struct s3 *s, const char *key, const void *bytes, size_t len, struct buf *error)
{
	return put(s, key, bytes, len, true, error);
}

static void on_start(void *arg, const char *path, const char *text)
{
	if (strcmp(path, "InitiateMultipartUploadResult/UploadId") == 0)
		request_keep(arg, text);
}

int s3_start(struct s3 *s, const char *key, char **id, struct buf *error)
{
	struct request q = { .method = "POST", .key = key, .query = "uploads=", .what = "begin an upload",
		         .stores = true, .a = HTTP_ANSWER_INIT };
	int rc = request_send(s, &q, error);

	*id = NULL;
	if (!rc && (xml_read(q.a.body.data, q.a.body.len, on_start, id) != 0 || !*id || !**id)) {
		buf_printf(error, "s3://%s/%s: cannot begin an upload: what the server answered is not S3", s->bucket,
		           key);
		free(*id);
		*id = NULL;
		rc = UNAVAILABLE;
	}
	request_free(&q);
	return rc;
}

int s3_part(struct s3 *s, const char *key, const char *id, long number, const void *bytes, size_t len,
            char **etag, unsigned char digest[HASH_MD5_BYTES], struct buf *error)
{
	struct buf query = BUF_INIT;
	struct request q = { .method = "PUT", .key = key, .what = "upload a part", .body = bytes, .len = len,
		         .a = HTTP_ANSWER_INIT };
	int rc;

	buf_printf(&query, "partNumber=%ld", number);
	request_add(&query, "uploadId", id);
	q.query = query.data;
	rc = store(s, &q, digest, error);
	*etag = rc ? NULL : xstrdup(request_header(&q, "etag"));
	if (!rc && !**etag) {
		buf_printf(error, "s3://%s/%s: cannot upload a part: the server gave it no ETag", s->bucket, key);
		free(*etag);
		*etag = NULL;
		rc = UNAVAILABLE;
	}
	request_free(&q);
	buf_free(&query);
	return rc;
}

static void add_part(struct buf *xml, size_t number, const char *etag)
{
	buf_printf(xml, "<Part><PartNumber>%zu</PartNumber><ETag>", number);
	for (; *etag; etag++) {
		if (strchr("<>&\"", *etag))
			buf_printf(xml, "&#%d;", *etag);
		else
			buf_putc(xml, *etag);
	}
	buf_puts(xml, "</ETag></Part>");
}

static void on_finish(void *arg, const char *path, const char *text)
{
	(void)text;
	if (strcmp(path, "CompleteMultipartUploadResult") == 0)
		*(bool *)arg = true;
}

/* An answer that is cut off says nothing: it is asked for again. libcurl, too, sends once more
 * what got no answer over a connection that it had kept. */
static int finish_once(struct s3 *s, struct request *q, struct buf *error)
{
	bool done = false;
	int rc = request_once(s, q, error);

	if (rc && (request_is(q, "NoSuchUpload") || (q->a.code == 404 && !q->code))) {
		buf_cut(error, 0);
		return 0;
	}
	if (!rc && (xml_read(q->a.body.data, q->a.body.len, on_finish, &done) != 0 || !done)) {
		buf_printf(error, "s3://%s/%s: cannot finish the upload: the server's answer is cut off", s->bucket,
		           q->key);
		q->again = true;
		rc = UNAVAILABLE;
	}
	return rc;
}

int s3_finish(struct s3 *s, const char *key, const char *id, const struct strs *etags, struct buf *error)
{
	struct buf xml = BUF_INIT, query = BUF_INIT;
	struct request q = { .method = "POST", .key = key, .what = "finish the upload", .stall = FINISH_MS,
		         .a = HTTP_ANSWER_INIT };
	struct request_patience patience = REQUEST_PATIENCE_INIT;
	int rc;

	request_add(&query, "uploadId", id);
	buf_puts(&xml, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (size_t i = 0; i < etags->n; i++)
		add_part(&xml, i + 1, etags->v[i]);
	buf_puts(&xml, "</CompleteMultipartUpload>");
	q.query = query.data;
	q.body = xml.data;
	q.len = xml.len;
	do
		rc = finish_once(s, &q, error);
	while (rc && request_again(&q, &patience, error));
	request_free(&q);
	buf_free(&query);
	buf_free(&xml);
	return rc;
}

int s3_abort(struct s3 *s, const char *key, const char *id, struct buf *error)
{
	struct buf query = BUF_INIT;
	struct request q = { .method = "DELETE", .key = key, .what = "end an upload", .a = HTTP_ANSWER_INIT };
	int rc;

	request_add(&query, "uploadId", id);
	q.query = query.data;
	rc = request_send(s, &q, error);
	if (rc == NO_INPUT) {
		buf_cut(error, 0);
		rc = 0;
	}
	request_free(&q);
	buf_free(&query);
	return rc;
}

int s3_delete(struct s3 *s, const char *key, struct buf *error)
{
	struct request q = { .method = "DELETE", .key = key, .what = "delete it", .a = HTTP_ANSWER_INIT };
	int rc = request_send(s, &q, error);

	if (rc == NO_INPUT) {
		buf_cut(error, 0);
		rc = 0;
	}
	request_free(&q);
	return rc;
}
