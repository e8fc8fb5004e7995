/* read - what s3/s3 reads and lists. */
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "db/url.h"
#include "ext/xml.h"
#include "s3/request.h"

#define PROGRESS (1 << 20)  /* bytes after which a broken line is not held against the server */
#define GET_TRIES 1000
#define PAGES_MAX 10000     /* of a list, a thousand objects each */
#define EMPTY_MAX 1000      /* pages with nothing in them, as after many deletions */
#define OBJECTS_MAX 1000000
#define LIST_MS 600000      /* and PAGE_MS for each page that has something in it */
#define PAGE_MS 5000

/* --- objects --- */

/* What stands between the quotes. */
static char *plain_etag(const struct request *q)
{
	const char *etag = request_header(q, "etag");

	if (strstr(request_header(q, "x-amz-server-side-encryption"), "kms"))
		return xstrdup("");
	etag += *etag == '"';
	return xstrndup(etag, strcspn(etag, "\""));
}

/* RFC 9110, 8.6; an answer without it does not tell the size. */
static int read_size(const struct s3 *s, const struct request *q, int64_t *bytes, struct buf *error)
{
	const char *text = request_header(q, "content-length");
	size_t digits = strspn(text, "0123456789");

	*bytes = -1;
	if (!digits || digits > 18 || text[digits]) {
		buf_printf(error, "s3://%s/%s: cannot find it: the server does not say how large it is", s->bucket, q->key);
		return UNAVAILABLE;
	}
	*bytes = atoll(text);
	return 0;
}

int s3_head(struct s3 *s, const char *key, int64_t *bytes, char **etag, struct buf *error)
{
	struct request q = { .method = "HEAD", .key = key, .what = "find it", .a = HTTP_ANSWER_INIT };
	int rc = request_send(s, &q, error);

	*bytes = -1;
	rc = rc ? rc : read_size(s, &q, bytes, error);
	*etag = rc ? NULL : plain_etag(&q);
	request_free(&q);
	return rc;
}

/* What has come of an object. */
struct object_reading {
	int64_t bytes, most;
	bool over; /* there was more */
	int (*take)(void *arg, const char *bytes, size_t len);
	void *arg;
};

static int count(void *arg, const char *bytes, size_t len)
{
	struct object_reading *r = arg;

	r->over = (int64_t)len > r->most - r->bytes;
	if (r->over)
		return -1;
	r->bytes += (int64_t)len;
	return r->take(r->arg, bytes, len);
}

/* One request, from where the last one ended. A server that does not go on from there (206) would
 * give the beginning twice. */
static int get_rest(struct s3 *s, struct request *q, struct object_reading *r, char **etag, struct buf *error)
{
	int rc;

	if (r->bytes) {
		q->only = 206;
		strs_printf(&q->headers, "Range: bytes=%lld-", (long long)r->bytes);
		if (*etag)
			strs_printf(&q->headers, "If-Match: %s", *etag);
	}
	rc = request_once(s, q, error);
	if (!*etag && http_header(&q->a, "etag"))
		*etag = xstrdup(http_header(&q->a, "etag"));
	return rc;
}

/* Tries are counted anew only after as much as PROGRESS has come, and never more than GET_TRIES:
 * else a server that gives a byte per connection keeps this busy for as long as it likes. */
static int get_all(struct s3 *s, const char *key, struct object_reading *r, struct buf *error)
{
	struct request_patience patience = REQUEST_PATIENCE_INIT;
	int64_t mark = 0;
	char *etag = NULL;
	int rc = 0;
	bool more = true;

	for (int i = 0; more; i++) {
		struct request q = { .method = "GET", .key = key, .what = "read it", .take = count, .arg = r,
			         .a = HTTP_ANSWER_INIT };

		rc = get_rest(s, &q, r, &etag, error);
		if (r->bytes - mark >= PROGRESS) {
			patience = (struct request_patience)REQUEST_PATIENCE_INIT;
			mark = r->bytes;
		}
		more = rc && i < GET_TRIES && request_again(&q, &patience, error);
		request_free(&q);
	}
	free(etag);
	return rc;
}

int s3_get(struct s3 *s, const char *key, int64_t most, int (*take)(void *arg, const char *bytes, size_t len),
           void *arg, struct buf *error)
{
	struct object_reading r = { .most = most, .take = take, .arg = arg };
	int rc = get_all(s, key, &r, error);

	if (rc && r.over) {
		buf_cut(error, 0);
		buf_printf(error, "s3://%s/%s is damaged: it has more than the %lld bytes that it should have", s->bucket,
		           key, (long long)most);
		rc = BAD_DATA;
	}
	return rc;
}

/* --- lists --- */

/* A page of a list. */
struct page {
	const char *prefix;
	size_t heard;  /* objects or uploads of this page */
	struct s3_objects *objects;
	struct s3_uploads *uploads;
	char *key, *id, *begun, *next, *next_id;
	int64_t bytes;
	bool more;
	bool is_list;    /* that is what the server answered */
	bool is_encoded; /* its names are percent-encoded, as was asked for */
};

static void forget(char **text)
{
	free(*text);
	*text = NULL;
}

/* A key that was not asked for could lead anywhere once it is sent back. */
static bool is_asked(const struct page *p)
{
	return p->key && skip_prefix(p->key, p->prefix) && s3_key_is_plain(p->key);
}

static void add_object(struct page *p)
{
	struct s3_objects *o = p->objects;

	p->heard++;
	if (is_asked(p) && (!o->wants || o->wants(p->key, o->arg))) {
		if (o->n == o->room) {
			o->room = o->room ? 2 * o->room : 64;
			o->v = xrealloc(o->v, o->room * sizeof(*o->v));
		}
		o->v[o->n++] = (struct s3_object){ .key = p->key, .bytes = p->bytes };
		p->key = NULL;
	}
	forget(&p->key);
	p->bytes = 0;
}

/*
 * Names may hold bytes that XML has no way to write, so they are asked for percent-encoded (ListObjectsV2, encoding-type);
 * a space is a plus there. One that is not encoded right is none.
 */
static void keep_name(const struct page *p, char **field, const char *text)
{
	char *plain;

	if (!p->is_encoded) {
		request_keep(field, text);
		return;
	}
	plain = xstrdup(text);
	for (char *plus = plain; (plus = strchr(plus, '+')); plus++)
		*plus = ' ';
	if (!*field)
		*field = url_decode(plain, strlen(plain));
	free(plain);
}

/* Not every server knows the parameter, and the word for it may come behind the names. */
static void on_encoding(void *arg, const char *path, const char *text)
{
	struct page *p = arg;
	const char *name = strchr(path, '/');

	if (name && strcmp(name, "/EncodingType") == 0)
		p->is_encoded = strcmp(text, "url") == 0;
}

static void on_object(void *arg, const char *path, const char *text)
{
	struct page *p = arg;
	const char *name = skip_prefix(path, "ListBucketResult/");

	p->is_list = p->is_list || strcmp(path, "ListBucketResult") == 0;
	if (!name)
		return;
	if (strcmp(name, "Contents/Key") == 0)
		keep_name(p, &p->key, text);
	else if (strcmp(name, "Contents/Size") == 0)
		p->bytes = strspn(text, "0123456789") < 19 ? atoll(text) : -1;
	else if (strcmp(name, "Contents") == 0)
		add_object(p);
	else if (strcmp(name, "NextContinuationToken") == 0)
		request_keep(&p->next, text);
	else if (strcmp(name, "IsTruncated") == 0)
		p->more = strcmp(text, "true") == 0;
}

static void add_upload(struct page *p)
{
	p->heard++;
	if (is_asked(p) && p->id && p->uploads->keys.n < OBJECTS_MAX) {
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
		keep_name(p, &p->key, text);
	else if (strcmp(name, "Upload/UploadId") == 0)
		request_keep(&p->id, text);
	else if (strcmp(name, "Upload/Initiated") == 0)
		request_keep(&p->begun, text);
	else if (strcmp(name, "Upload") == 0)
		add_upload(p);
	else if (strcmp(name, "NextKeyMarker") == 0)
		keep_name(p, &p->next, text);
	else if (strcmp(name, "NextUploadIdMarker") == 0)
		request_keep(&p->next_id, text);
	else if (strcmp(name, "IsTruncated") == 0)
		p->more = strcmp(text, "true") == 0;
}

static void make_query(const struct page *p, struct buf *query)
{
	if (p->objects && p->next)
		request_add(query, "continuation-token", p->next);
	request_add(query, "encoding-type", "url");
	if (p->uploads && p->next)
		request_add(query, "key-marker", p->next);
	if (p->objects)
		request_add(query, "list-type", "2");
	request_add(query, "prefix", p->prefix);
	if (p->uploads && p->next_id)
		request_add(query, "upload-id-marker", p->next_id);
	if (p->uploads)
		request_add(query, "uploads", "");
}

static int hear_page(struct page *p, const struct buf *body)
{
	int rc = xml_read(body->data, body->len, on_encoding, p);

	return rc ? rc : xml_read(body->data, body->len, p->objects ? on_object : on_upload, p);
}

/* Reads one page; its continuation is in p. */
static int read_page(struct s3 *s, struct page *p, struct buf *error)
{
	struct buf query = BUF_INIT;
	struct request q = { .method = "GET", .what = "list the bucket", .a = HTTP_ANSWER_INIT };
	int rc;

	make_query(p, &query);
	q.query = query.data;
	p->more = p->is_list = p->is_encoded = false;
	p->heard = 0;
	forget(&p->next);
	forget(&p->next_id);
	rc = request_send(s, &q, error);
	if (!rc && (hear_page(p, &q.a.body) != 0 || !p->is_list || (p->objects && p->more && !p->next))) {
		buf_printf(error, "s3://%s: cannot list the bucket: what the server answered is not S3", s->bucket);
		rc = UNAVAILABLE;
	}
	request_free(&q);
	buf_free(&query);
	return rc;
}

/* How a list goes on: one that comes to a page again does not end. */
struct going {
	struct strs marks; /* the continuations so far */
	size_t empty;      /* pages in a row */
	int64_t deadline;
};

static int go_on(const struct s3 *s, const struct page *p, struct going *g, struct buf *error)
{
	char *mark = xasprintf("%s\n%s", p->next, p->next_id ? p->next_id : "");
	const char *why = NULL;

	g->empty = p->heard ? 0 : g->empty + 1;
	g->deadline += p->heard ? PAGE_MS : 0;
	if (strs_has(&g->marks, mark))
		why = "the server gives the same page again and again";
	else if (g->empty > EMPTY_MAX)
		why = "the server gives empty pages without end";
	else if (p->objects && p->objects->n > OBJECTS_MAX)
		why = "there are more than a million backups and parts of them: set an S3_PREFIX";
	else if (!clock_left(g->deadline))
		why = "the server takes too long";
	strs_add(&g->marks, mark);
	free(mark);
	if (!why)
		return 0;
	buf_printf(error, "s3://%s: cannot list the bucket: %s", s->bucket, why);
	return UNAVAILABLE;
}

static int read_pages(struct s3 *s, struct page *p, struct buf *error)
{
	struct going g = { .deadline = clock_after(LIST_MS) };
	bool more = true;
	int rc = 0;

	for (int i = 0; more && !rc; i++) {
		rc = read_page(s, p, error);
		more = !rc && p->more && p->next;
		if (more)
			rc = go_on(s, p, &g, error);
		if (more && !rc && i + 1 == PAGES_MAX) {
			buf_printf(error, "s3://%s: cannot list the bucket: more than %d pages: set an S3_PREFIX", s->bucket,
			           PAGES_MAX);
			rc = UNAVAILABLE;
		}
	}
	strs_free(&g.marks);
	forget(&p->key);
	forget(&p->id);
	forget(&p->begun);
	forget(&p->next);
	forget(&p->next_id);
	return rc;
}

int s3_list(struct s3 *s, const char *prefix, struct s3_objects *objects, struct buf *error)
{
	struct page p = { .objects = objects, .prefix = prefix };

	return read_pages(s, &p, error);
}

int s3_uploads(struct s3 *s, const char *prefix, struct s3_uploads *uploads, struct buf *error)
{
	struct page p = { .uploads = uploads, .prefix = prefix };

	return read_pages(s, &p, error);
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
