/*
 * Fuzzes what s3/s3 and repo/bucket_list make of a server's answers.
 *
 * The first byte says what is asked. The rest is the server's answers, one for each request, with a record separator
 * (1E) between: a line with the status, the headers, an empty line, the body. After one with a header `broken` the
 * line breaks; when they are used up nobody answers.
 */
#include "fuzz.h"

#include "base/banned.h"
#include "base/clock.h"
#include "repo/bucket_parts.h"
#include "s3/request.h"

#define MOST 40
#define PREFIX "pre/"

static const uint8_t *at, *end;

/* The linker sends the calls of these here. */
int __wrap_http_send(struct http *h, const struct http_request *r, struct http_answer *a, struct buf *error);
void __wrap_clock_sleep(int64_t ms, int64_t deadline);

void __wrap_clock_sleep(int64_t ms, int64_t deadline)
{
	MUST(ms >= 0 && ms <= 30000);
	(void)deadline;
}

/* The next line of the answer, without its end; the caller frees it. */
static char *next_line(const uint8_t **from, const uint8_t *to)
{
	const uint8_t *eol = *from < to ? memchr(*from, '\n', (size_t)(to - *from)) : NULL;
	const uint8_t *stop = eol ? eol : to;
	char *line = input_text(*from, (size_t)(stop - *from));

	*from = eol ? eol + 1 : to;
	return line;
}

/* As ext/http gives it: to take where there is one, in two pieces, else to the body. */
static int give_body(const struct http_request *r, struct http_answer *a, const char *body, size_t len)
{
	size_t half = len / 2;

	if (!r->take || !(r->only ? a->code == r->only : a->code >= 200 && a->code < 300)) {
		buf_add(&a->body, body, len);
		return 0;
	}
	a->stopped = (half && r->take(r->arg, body, half) != 0) ||
	             (len > half && r->take(r->arg, body + half, len - half) != 0);
	return a->stopped ? -1 : 0;
}

int __wrap_http_send(struct http *h, const struct http_request *r, struct http_answer *a, struct buf *error)
{
	const uint8_t *from = at, *stop = at < end ? memchr(at, 0x1E, (size_t)(end - at)) : NULL;
	char *line;
	int rc;

	(void)h;
	MUST(skip_prefix(r->url, "http://h/b/") && !strstr(r->url, "/../") && !strstr(r->url, "/./"));
	MUST(!r->url[strspn(r->url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "-._~/%?=&:")]);
	MUST(r->stall);
	stop = stop ? stop : end;
	if (from == end) {
		buf_puts(error, "nobody answers");
		return -1;
	}
	line = next_line(&from, stop);
	a->code = atol(line);
	for (free(line); *(line = next_line(&from, stop)); free(line))
		strs_add(&a->headers, line);
	free(line);
	rc = give_body(r, a, (const char *)from, (size_t)(stop - from));
	at = stop < end ? stop + 1 : end;
	if (rc) {
		buf_puts(error, "taken enough");
	} else if (http_header(a, "broken")) {
		buf_puts(error, "the line broke");
		a->passing = true;
		rc = -1;
	}
	return rc;
}

static void check_error(int rc, const struct buf *error)
{
	MUST(rc == -1 || (rc == 0) == (error->len == 0));
}

static int take(void *arg, const char *bytes, size_t len)
{
	*(size_t *)arg += len;
	(void)bytes;
	return 0;
}

static void ask_list(struct s3 *s, struct buf *error)
{
	struct s3_objects o = { 0 };
	int rc = s3_list(s, PREFIX, &o, error);

	check_error(rc, error);
	for (size_t i = 0; i < o.n; i++)
		MUST(skip_prefix(o.v[i].key, PREFIX) && s3_key_is_plain(o.v[i].key));
	s3_objects_free(&o);
}

static void ask_names(struct s3 *s, struct buf *error)
{
	char prefix[] = PREFIX;
	struct bucket r = { .s3 = *s, .prefix = prefix };
	struct repo_list names;
	int rc = bucket_list(&r.repo, NULL, &names, error);

	check_error(rc, error);
	for (size_t i = 0; i < names.n; i++) {
		MUST(bucket_is_named(names.v[i].path) && s3_key_is_plain(names.v[i].path));
		MUST(!i || strcmp(names.v[i - 1].path, names.v[i].path) < 0);
	}
	repo_list_free(&names);
}

static void ask_uploads(struct s3 *s, struct buf *error)
{
	struct s3_uploads u = { 0 };

	check_error(s3_uploads(s, PREFIX, &u, error), error);
	MUST(u.keys.n == u.ids.n && u.keys.n == u.begun.n);
	for (size_t i = 0; i < u.keys.n; i++)
		MUST(skip_prefix(u.keys.v[i], PREFIX) && s3_key_is_plain(u.keys.v[i]));
	s3_uploads_free(&u);
}

static void ask_object(struct s3 *s, struct buf *error)
{
	char *etag = NULL;
	int64_t bytes = 0;
	size_t got = 0;
	int rc = s3_head(s, PREFIX "x", &bytes, &etag, error);

	check_error(rc, error);
	MUST(rc ? bytes == -1 && !etag : bytes >= 0 && etag);
	free(etag);
	buf_cut(error, 0);
	rc = s3_get(s, PREFIX "x", MOST, take, &got, error);
	check_error(rc, error);
	MUST(got <= MOST);
}

static void ask_upload(struct s3 *s, struct buf *error)
{
	unsigned char digest[HASH_MD5_BYTES];
	struct strs etags = { 0 };
	char *id = NULL, *etag = NULL;
	int rc = s3_start(s, PREFIX "x", &id, error);

	check_error(rc, error);
	MUST((rc == 0) == (id && *id));
	if (!rc) {
		rc = s3_part(s, PREFIX "x", id, 1, "part", 4, &etag, digest, error);
		check_error(rc, error);
		MUST((rc == 0) == (etag && *etag));
	}
	if (!rc) {
		strs_add(&etags, etag);
		check_error(s3_finish(s, PREFIX "x", id, &etags, error), error);
	}
	free(etag);
	free(id);
	strs_free(&etags);
}

static void ask_others(struct s3 *s, struct buf *error)
{
	check_error(s3_put(s, PREFIX "x", "text", 4, error), error);
	buf_cut(error, 0);
	check_error(s3_put_small(s, PREFIX "x.json", "", 0, error), error);
	buf_cut(error, 0);
	check_error(s3_delete(s, PREFIX "x", error), error);
	buf_cut(error, 0);
	check_error(s3_abort(s, PREFIX "x", "id", error), error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static void (*const all[])(struct s3 *s, struct buf *error) = {
		ask_list, ask_names, ask_uploads, ask_object, ask_upload, ask_others,
	};
	char base[] = "http://h/b";
	struct s3 s = { .bucket = "b", .region = "r", .base = base, .sse = "aws:kms:key",
		        .storage_class = "GLACIER", .token = "token", .keys = { "i", "s", "r" } };
	struct buf error = BUF_INIT;

	if (!len)
		return 0;
	at = data + 1;
	end = data + len;
	s.token = *data & 8 ? s.token : NULL;
	s.sse = *data & 16 ? s.sse : NULL;
	all[(*data & 7) % 6](&s, &error);
	buf_free(&error);
	return 0;
}
