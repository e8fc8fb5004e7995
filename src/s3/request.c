/* request - one request to an S3 server, and its repetition. */
#include "s3/request.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "ext/hash.h"
#include "ext/xml.h"

#define TRIES 6
#define FIRST_REST_MS 250 /* doubled with each try */
#define LONGEST_REST_MS 30000
#define PATIENCE_MS 100000
#define STALL_MS 60000
#define SKEW_MS 300000    /* what a signature may be off by is 15 minutes */

static void ask_clear(struct request *q)
{
	http_answer_free(&q->a);
	free(q->code);
	free(q->words);
	free(q->region);
	q->code = q->words = q->region = NULL;
}

void request_free(struct request *q)
{
	ask_clear(q);
	strs_free(&q->headers);
}

void request_keep(char **field, const char *text)
{
	if (!*field)
		*field = xstrdup(text);
}

static void on_error(void *arg, const char *path, const char *text)
{
	struct request *q = arg;

	if (strcmp(path, "Error/Code") == 0)
		request_keep(&q->code, text);
	else if (strcmp(path, "Error/Message") == 0)
		request_keep(&q->words, text);
	else if (strcmp(path, "Error/Region") == 0)
		request_keep(&q->region, text);
}

/* 'Protecting data using server-side encryption': the key's name goes apart. */
static void add_sse(const char *sse, struct strs *headers)
{
	const char *key = strcmp(sse, "aws:kms:dsse") == 0 ? NULL : skip_prefix(sse, "aws:kms:");

	strs_printf(headers, "x-amz-server-side-encryption: %s", key ? "aws:kms" : sse);
	if (key)
		strs_printf(headers, "x-amz-server-side-encryption-aws-kms-key-id: %s", key);
}

static void make_headers(const struct s3 *s, const struct request *q, struct strs *headers)
{
	char sum[HASH_TEXT];

	for (size_t i = 0; i < q->headers.n; i++)
		strs_add(headers, q->headers.v[i]);
	hash_hex(q->body ? q->body : "", q->len, sum);
	strs_printf(headers, "x-amz-content-sha256: %s", sum);
	if (s->token)
		strs_printf(headers, "x-amz-security-token: %s", s->token);
	if (q->body)
		strs_add(headers, "Content-Type: application/octet-stream");
	if (q->stores && !q->standard && s->storage_class)
		strs_printf(headers, "x-amz-storage-class: %s", s->storage_class);
	if (q->stores && s->sse)
		add_sse(s->sse, headers);
}

static int send_once(struct s3 *s, struct request *q, struct buf *words)
{
	struct buf url = BUF_INIT;
	struct http_request r = { .method = q->method, .body = q->body, .len = q->len, .keys = &s->keys,
		                  .ca_file = s->ca_file, .stall = q->stall ? q->stall : STALL_MS,
		                  .only = q->only, .take = q->take, .arg = q->arg };
	int rc;

	buf_printf(&url, "%s/", s->base);
	if (q->key)
		http_encode(&url, q->key, true);
	if (q->query)
		buf_printf(&url, "?%s", q->query);
	r.url = url.data;
	make_headers(s, q, &r.headers);
	ask_clear(q);
	q->tried++;
	q->began = clock_ms();
	rc = http_send(&s->http, &r, &q->a, words);
	strs_free(&r.headers);
	buf_free(&url);
	return rc;
}

/* How far this clock is ahead of the server's, which says the time in each answer (RFC 9110,
 * 6.6.1); 0: cannot tell. */
static int64_t skew(const struct http_answer *a)
{
	const char *date = http_header(a, "date");
	struct tm at = { 0 };

	if (!date || !strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &at))
		return 0;
	return clock_wall() - (int64_t)timegm(&at) * 1000;
}

/* 'Error responses': codes that say later, whatever the status. */
static bool is_passing(long status, const char *code)
{
	static const char *const codes[] = { "SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout",
		                             "OperationAborted", "TooManyRequests" };

	if (status >= 500 || status == 429 || status == 408)
		return true;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes) && code; i++)
		if (strcmp(code, codes[i]) == 0)
			return true;
	return false;
}

bool request_is(const struct request *q, const char *code)
{
	return q->code && strcmp(q->code, code) == 0;
}

static int status_of(const struct request *q)
{
	if (request_is(q, "NoSuchBucket"))
		return UNAVAILABLE;
	if (q->region || (q->a.code >= 300 && q->a.code < 400))
		return BAD_CONFIG;
	/* 'Error responses': in an archive class, to be asked for first. It says nothing of other objects. */
	if (request_is(q, "InvalidObjectState"))
		return NO;
	if (q->a.code == 401 || q->a.code == 403)
		return DENIED;
	if (q->a.code == 404)
		return NO_INPUT;
	return is_passing(q->a.code, q->code) ? UNAVAILABLE : NO;
}

/* The sentence for an answer that is none that was hoped for. */
static int explain(const struct s3 *s, const struct request *q, struct buf *error)
{
	int64_t ahead = q->a.code == 403 ? skew(&q->a) : 0;
	const char *region = q->region ? q->region : http_header(&q->a, "x-amz-bucket-region");

	buf_printf(error, "s3://%s%s%s: cannot %s: ", s->bucket, q->key ? "/" : "", q->key ? q->key : "",
	           q->what);
	if (q->code)
		buf_printf(error, "%s%s%.300s", q->code, q->words && *q->words ? ": " : "", q->words ? q->words : "");
	else
		buf_printf(error, "the server answered %ld%s", q->a.code,
		           q->a.code == 404 ? ": there is none" : q->a.code == 403 ? ": it refuses" : "");
	if (ahead > SKEW_MS || ahead < -SKEW_MS)
		buf_printf(error, "; the clock of this machine is %lld minutes %s the server's: set it",
		           (long long)((ahead < 0 ? -ahead : ahead) / 60000), ahead < 0 ? "behind" : "ahead of");
	if (region && status_of(q) == BAD_CONFIG)
		buf_printf(error, "; the bucket is in %s: set S3_REGION", region);
	if (q->tried > 1)
		buf_printf(error, " (tried %u times)", q->tried);
	return status_of(q);
}

/* Sends it once, and looks at what came. */
int request_once(struct s3 *s, struct request *q, struct buf *error)
{
	struct buf words = BUF_INIT;
	int rc;

	q->again = false;
	if (q->key && !s3_key_is_plain(q->key)) {
		buf_printf(error, "s3://%s/%s: cannot %s: there is '.' or '..' in its key", s->bucket, q->key, q->what);
		return BAD_USAGE;
	}
	rc = send_once(s, q, &words);
	if (rc) {
		q->again = q->a.passing;
		buf_printf(error, "s3://%s%s%s: cannot %s: %s", s->bucket, q->key ? "/" : "",
		           q->key ? q->key : "", q->what, words.data);
		if (q->a.untrusted)
			buf_puts(error, "; S3_CA_FILE names certificates to believe");
		if (q->tried > 1)
			buf_printf(error, " (tried %u times)", q->tried);
		rc = q->a.stopped ? -1 : UNAVAILABLE;
	} else {
		/* Some errors come as a 200: the server had begun to answer before it knew. */
		if (q->a.body.len)
			xml_read(q->a.body.data, q->a.body.len, on_error, q);
		if (q->a.code < 200 || q->a.code >= 300 || q->code || (q->only && q->a.code != q->only)) {
			q->again = is_passing(q->a.code, q->code);
			rc = explain(s, q, error);
		}
	}
	buf_free(&words);
	return rc;
}

bool request_again(const struct request *q, struct request_patience *p, struct buf *error)
{
	const char *after = http_header(&q->a, "retry-after");
	int64_t rest = FIRST_REST_MS << p->tried;
	struct timespec now;

	p->began = p->tried ? p->began : q->began;
	p->tried++;
	if (!q->again || p->tried >= TRIES || clock_ms() - p->began > PATIENCE_MS)
		return false;
	/* Several that were sent away together do not come back together. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	rest += now.tv_nsec % (rest / 4);
	if (after && atoll(after) > 0 && atoll(after) < LONGEST_REST_MS && atoll(after) * 1000 > rest)
		rest = atoll(after) * 1000;
	clock_sleep(rest > LONGEST_REST_MS ? LONGEST_REST_MS : rest, CLOCK_NEVER);
	buf_cut(error, 0);
	return true;
}

int request_send(struct s3 *s, struct request *q, struct buf *error)
{
	struct request_patience patience = REQUEST_PATIENCE_INIT;
	int rc;

	do
		rc = request_once(s, q, error);
	while (rc && request_again(q, &patience, error));
	return rc;
}

void request_add(struct buf *query, const char *name, const char *value)
{
	buf_printf(query, "%s%s=", query->len ? "&" : "", name);
	http_encode(query, value, false);
}

const char *request_header(const struct request *q, const char *name)
{
	const char *value = http_header(&q->a, name);

	return value ? value : "";
}
