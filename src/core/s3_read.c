/* s3_read - what core/s3 reads and lists. */
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/status.h"
#include "base/xml.h"
#include "core/s3_ask.h"

#define PAGES_MAX 10000 /* of a list, a thousand each */

/* --- objects --- */

/* What stands between the quotes. */
static char *plain_etag(const struct ask *q)
{
	const char *etag = ask_header(q, "etag");

	if (strstr(ask_header(q, "x-amz-server-side-encryption"), "kms"))
		return xstrdup("");
	etag += *etag == '"';
	return xstrndup(etag, strcspn(etag, "\""));
}

int s3_head(struct s3 *s, const char *key, int64_t *bytes, char **etag, struct buf *error)
{
	struct ask q = { .method = "HEAD", .key = key, .what = "find it", .a = HTTP_ANSWER_INIT };
	int rc = ask(s, &q, error);

	*bytes = rc ? -1 : atoll(ask_header(&q, "content-length"));
	*etag = rc ? NULL : plain_etag(&q);
	ask_free(&q);
	return rc;
}

/* What has come of an object. */
struct reading {
	int64_t bytes;
	int (*take)(void *arg, const char *bytes, size_t len);
	void *arg;
};

static int count(void *arg, const char *bytes, size_t len)
{
	struct reading *r = arg;

	r->bytes += (int64_t)len;
	return r->take(r->arg, bytes, len);
}

/* A try that brought something is no failed one. A server that does not go on from there (206)
 * would give the beginning twice. */
int s3_get(struct s3 *s, const char *key, int (*take)(void *arg, const char *bytes, size_t len), void *arg,
           struct buf *error)
{
	struct reading r = { .take = take, .arg = arg };
	unsigned idle = 0;
	char *etag = NULL;
	int rc;

	for (;;) {
		struct ask q = { .method = "GET", .key = key, .what = "read it", .take = count, .arg = &r,
			         .a = HTTP_ANSWER_INIT };
		int64_t before = r.bytes;
		bool more;

		if (before) {
			q.only = 206;
			strs_printf(&q.headers, "Range: bytes=%lld-", (long long)before);
			if (etag)
				strs_printf(&q.headers, "If-Match: %s", etag);
		}
		rc = ask_once(s, &q, error);
		if (!etag && http_header(&q.a, "etag"))
			etag = xstrdup(http_header(&q.a, "etag"));
		idle = r.bytes > before ? 1 : idle + 1;
		more = rc && ask_again(&q, idle, error);
		ask_free(&q);
		if (!more)
			break;
	}
	free(etag);
	return rc;
}

/* --- lists --- */

/* A page of a list. */
struct page {
	struct s3_objects *objects;
	struct s3_uploads *uploads;
	char *key, *id, *begun, *next, *next_id;
	int64_t bytes;
	bool more;
	bool is_list; /* that is what the server answered */
};

static void forget(char **text)
{
	free(*text);
	*text = NULL;
}

static void add_object(struct page *p)
{
	struct s3_objects *o = p->objects;

	if (!p->key)
		return;
	o->v = xrealloc(o->v, (o->n + 1) * sizeof(*o->v));
	o->v[o->n++] = (struct s3_object){ .key = p->key, .bytes = p->bytes };
	p->key = NULL;
	p->bytes = 0;
}

static void on_object(void *arg, const char *path, const char *text)
{
	struct page *p = arg;
	const char *name = skip_prefix(path, "ListBucketResult/");

	p->is_list = p->is_list || strcmp(path, "ListBucketResult") == 0;
	if (!name)
		return;
	if (strcmp(name, "Contents/Key") == 0)
		ask_keep(&p->key, text);
	else if (strcmp(name, "Contents/Size") == 0)
		p->bytes = atoll(text);
	else if (strcmp(name, "Contents") == 0)
		add_object(p);
	else if (strcmp(name, "NextContinuationToken") == 0)
		ask_keep(&p->next, text);
	else if (strcmp(name, "IsTruncated") == 0)
		p->more = strcmp(text, "true") == 0;
}

static void add_upload(struct page *p)
{
	if (p->key && p->id) {
		strs_add(&p->uploads->keys, p->key);
		strs_add(&p->uploads->ids, p->id);
		strs_add(&p->uploads->begun, p->begun ? p->begun : "");
	}
	forget(&p->key);
	forget(&p->id);
	forget(&p->begun);
}

static void on_upload(void *arg, const char *path, const char *text)
{
	struct page *p = arg;
	const char *name = skip_prefix(path, "ListMultipartUploadsResult/");

	p->is_list = p->is_list || strcmp(path, "ListMultipartUploadsResult") == 0;
	if (!name)
		return;
	if (strcmp(name, "Upload/Key") == 0)
		ask_keep(&p->key, text);
	else if (strcmp(name, "Upload/UploadId") == 0)
		ask_keep(&p->id, text);
	else if (strcmp(name, "Upload/Initiated") == 0)
		ask_keep(&p->begun, text);
	else if (strcmp(name, "Upload") == 0)
		add_upload(p);
	else if (strcmp(name, "NextKeyMarker") == 0)
		ask_keep(&p->next, text);
	else if (strcmp(name, "NextUploadIdMarker") == 0)
		ask_keep(&p->next_id, text);
	else if (strcmp(name, "IsTruncated") == 0)
		p->more = strcmp(text, "true") == 0;
}

/* Reads one page; its continuation is in p. */
static int read_page(struct s3 *s, struct page *p, const char *prefix, struct buf *error)
{
	struct buf query = BUF_INIT;
	struct ask q = { .method = "GET", .what = "list the bucket", .a = HTTP_ANSWER_INIT };
	int rc;

	if (p->uploads && p->next)
		ask_add(&query, "key-marker", p->next);
	if (p->objects && p->next)
		ask_add(&query, "continuation-token", p->next);
	if (p->objects)
		ask_add(&query, "list-type", "2");
	ask_add(&query, "prefix", prefix);
	if (p->uploads && p->next_id)
		ask_add(&query, "upload-id-marker", p->next_id);
	if (p->uploads)
		ask_add(&query, "uploads", "");
	q.query = query.data;
	p->more = p->is_list = false;
	forget(&p->next);
	forget(&p->next_id);
	rc = ask(s, &q, error);
	if (!rc && (xml_read(q.a.body.data, q.a.body.len, p->objects ? on_object : on_upload, p) != 0 || !p->is_list)) {
		buf_printf(error, "s3://%s: cannot list the bucket: what the server answered is not S3", s->bucket);
		rc = UNAVAILABLE;
	}
	ask_free(&q);
	buf_free(&query);
	return rc;
}

static int read_pages(struct s3 *s, struct page *p, const char *prefix, struct buf *error)
{
	int rc;

	for (int i = 0; i < PAGES_MAX; i++) {
		rc = read_page(s, p, prefix, error);
		if (rc || !p->more || !p->next)
			break;
	}
	forget(&p->key);
	forget(&p->id);
	forget(&p->begun);
	forget(&p->next);
	forget(&p->next_id);
	return rc;
}

int s3_list(struct s3 *s, const char *prefix, struct s3_objects *objects, struct buf *error)
{
	struct page p = { .objects = objects };

	return read_pages(s, &p, prefix, error);
}

int s3_uploads(struct s3 *s, const char *prefix, struct s3_uploads *uploads, struct buf *error)
{
	struct page p = { .uploads = uploads };

	return read_pages(s, &p, prefix, error);
}

void s3_objects_free(struct s3_objects *objects)
{
	for (size_t i = 0; i < objects->n; i++)
		free(objects->v[i].key);
	free(objects->v);
	*objects = (struct s3_objects){ 0 };
}

void s3_uploads_free(struct s3_uploads *uploads)
{
	strs_free(&uploads->keys);
	strs_free(&uploads->ids);
	strs_free(&uploads->begun);
}
