/* http - requests over libcurl. */
#include "ext/http.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/banned.h"
#include "base/clock.h"
#include "ext/ca.h"

#define BODY_MAX (1 << 20)
#define ANSWER_MAX (16 << 20)
#define HEADERS_MAX 200
#define CONNECT_MS 15000
#define LEAST_BYTES 1024 /* a second, where a stall is set */

static size_t drop(char *bytes, size_t size, size_t n, void *arg)
{
	(void)bytes;
	(void)arg;
	return size * n;
}

static void use_ca(CURL *curl, const char *file)
{
	struct curl_blob bundle = { .flags = CURL_BLOB_NOCOPY };

	if (file) {
		curl_easy_setopt(curl, CURLOPT_CAINFO, file);
	} else {
		bundle.data = ca_bundle(&bundle.len);
		curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &bundle);
	}
}

/* Signals are ours: the resolver must not use SIGALRM. */
static void set_options(CURL *curl, const char *url, const char *file, char *words)
{
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "pgbox");
	use_ca(curl, file);
}

static void set_deadline(CURL *curl, int64_t deadline)
{
	int64_t left = clock_left(deadline);

	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(left < 1 ? 1 : left > 86400000 ? 86400000 : left));
}

int http_get(const char *url, int64_t deadline, long *code, struct buf *error)
{
	char words[CURL_ERROR_SIZE] = "";
	CURL *curl = curl_easy_init();
	CURLcode rc = CURLE_FAILED_INIT;

	if (curl) {
		set_options(curl, url, ca_file(), words);
		set_deadline(curl, deadline);
		rc = curl_easy_perform(curl);
	}
	if (rc == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, code);
	else
		buf_puts(error, *words ? words : curl_easy_strerror(rc));
	curl_easy_cleanup(curl);
	return rc == CURLE_OK ? 0 : -1;
}

/* --- requests that want more --- */

/* What the callbacks of one request work on. */
struct transfer {
	CURL *curl;
	const struct http_request *r;
	struct http_answer *a;
	int64_t headers;      /* bytes of them */
	bool answered;        /* an empty line has ended them */
	int64_t mark, since;  /* the bytes that had gone to and fro at that time, less what was away */
	int64_t away;         /* ms that take took for itself: not the server's */
	bool stalled;
	bool too_long;        /* the answer's body, which is not taken */
};

/* What take does is not what the server takes its time for. */
static int give(struct transfer *t, const char *bytes, size_t n)
{
	int64_t began = clock_ms();
	int rc = t->r->take(t->r->arg, bytes, n);

	t->away += clock_ms() - began;
	return rc;
}

static size_t most_of(const struct http_request *r)
{
	return r->most ? r->most : BODY_MAX;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	long code = 0;

	n *= size;
	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code);
	if (t->r->take && (t->r->only ? code == t->r->only : code >= 200 && code < 300)) {
		t->a->stopped = give(t, bytes, n) != 0;
		return t->a->stopped ? CURL_WRITEFUNC_ERROR : n;
	}
	t->too_long = t->a->body.len + n > most_of(t->r);
	if (t->too_long)
		return CURL_WRITEFUNC_ERROR;
	buf_add(&t->a->body, bytes, n);
	return n;
}

/* Those of a 100 Continue before the answer's are forgotten. */
static size_t take_header(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct buf line = BUF_INIT;

	n *= size;
	t->headers += (int64_t)n;
	buf_add(&line, bytes, n);
	buf_trim(&line);
	if (skip_prefix(line.data, "HTTP/")) {
		strs_free(&t->a->headers);
		t->answered = false;
	} else if (!line.len) {
		t->answered = true;
	} else if (t->a->headers.n < HEADERS_MAX) {
		strs_add(&t->a->headers, line.data);
	}
	buf_free(&line);
	return n;
}

/* An empty Expect: no second is lost with servers that know nothing of 100 Continue. */
static struct curl_slist *headers_of(const struct http_request *r)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	for (size_t i = 0; i < r->headers.n && list; i++) {
		struct curl_slist *more = curl_slist_append(list, r->headers.v[i]);

		if (!more)
			curl_slist_free_all(list);
		list = more;
	}
	return list;
}

static void set_method(CURL *curl, const struct http_request *r)
{
	if (strcmp(r->method, "HEAD") == 0) {
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	} else if (strcmp(r->method, "PUT") == 0 || strcmp(r->method, "POST") == 0) {
		curl_easy_setopt(curl, CURLOPT_POST, 1L);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->body ? r->body : "");
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, r->method);
	} else {
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, r->method);
	}
}

static void sign(CURL *curl, const struct http_keys *keys)
{
	char *what = xasprintf("aws:amz:%s:s3", keys->region);

	curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, what);
	curl_easy_setopt(curl, CURLOPT_USERNAME, keys->id);
	curl_easy_setopt(curl, CURLOPT_PASSWORD, keys->secret);
	free(what);
}

/* libcurl's own limit is one of speed over some seconds: a byte a second keeps within it for ever. */
static bool is_stalled(struct transfer *t, int64_t bytes)
{
	int64_t now = clock_ms() - t->away, wanted = LEAST_BYTES * t->r->stall / 1000;

	if (bytes - t->mark >= wanted) {
		t->mark = bytes;
		t->since = now;
	}
	t->stalled = now - t->since >= t->r->stall;
	return t->stalled;
}

static int on_progress(void *arg, curl_off_t all, curl_off_t got, curl_off_t whole, curl_off_t sent)
{
	struct transfer *t = arg;

	(void)all, (void)whole;
	if (t->r->stall && is_stalled(t, (int64_t)got + (int64_t)sent + t->headers))
		return 1;
	return t->r->go_on && !t->r->go_on(t->r->arg);
}

/* How long, and by what way. A proxy of the environment's cannot know a socket of this machine. */
static void set_limits(CURL *curl, struct transfer *t)
{
	const struct http_request *r = t->r;

	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	if (r->deadline)
		set_deadline(curl, r->deadline);
	if (r->socket) {
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, r->socket);
		curl_easy_setopt(curl, CURLOPT_PROXY, "");
	}
	if (r->go_on || r->stall) {
		t->since = clock_ms();
		curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
		curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
		curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t);
	}
}

static CURLcode perform(struct transfer *t, char *words)
{
	const struct http_request *r = t->r;
	struct curl_slist *headers = headers_of(r);
	CURLcode rc;

	if (!headers)
		return CURLE_OUT_OF_MEMORY;
	set_options(t->curl, r->url, r->ca_file ? r->ca_file : ca_file(), words);
	set_limits(t->curl, t);
	curl_easy_setopt(t->curl, CURLOPT_UPLOAD_BUFFERSIZE, 262144L);
	curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(t->curl, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, headers);
	set_method(t->curl, r);
	if (r->keys)
		sign(t->curl, r->keys);
	rc = curl_easy_perform(t->curl);
	curl_slist_free_all(headers);
	return rc;
}

/* What another try may make good: nobody there, or the line broke. */
static bool is_passing(CURLcode rc)
{
	static const CURLcode codes[] = {
		CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,   CURLE_OPERATION_TIMEDOUT,
		CURLE_GOT_NOTHING,          CURLE_SEND_ERROR,        CURLE_RECV_ERROR,
		CURLE_PARTIAL_FILE,         CURLE_SSL_CONNECT_ERROR, CURLE_WEIRD_SERVER_REPLY,
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (rc == codes[i])
			return true;
	return false;
}

/* That nobody who is known has signed it is X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT (18) to
 * X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE (21) of OpenSSL's x509_vfy.h. */
static bool is_untrusted(CURL *curl, CURLcode rc)
{
	long why = 0;

	if (rc == CURLE_PEER_FAILED_VERIFICATION)
		curl_easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &why);
	return rc == CURLE_SSL_CACERT_BADFILE || (why >= 18 && why <= 21);
}

int http_send(struct http *h, const struct http_request *r, struct http_answer *a, struct buf *error)
{
	char words[CURL_ERROR_SIZE] = "";
	struct transfer t = { .r = r, .a = a };
	CURLcode rc = CURLE_FAILED_INIT;

	if (h->curl)
		curl_easy_reset(h->curl);
	else
		h->curl = curl_easy_init();
	t.curl = h->curl;
	if (t.curl)
		rc = perform(&t, words);
	if (t.curl)
		curl_easy_getinfo(t.curl, CURLINFO_RESPONSE_CODE, &a->code);
	/* libcurl takes an answer that breaks off within its headers for a whole one without a body. */
	if (rc == CURLE_OK && !t.answered)
		rc = CURLE_PARTIAL_FILE;
	if (rc == CURLE_OK)
		return 0;
	a->passing = (is_passing(rc) || t.stalled) && !a->stopped;
	a->untrusted = is_untrusted(t.curl, rc);
	if (t.too_long)
		buf_printf(error, "the answer is longer than %zu bytes", most_of(r));
	else if (t.stalled)
		buf_printf(error, "the server is too slow: less than %lld kB in %lld s",
		           (long long)(LEAST_BYTES * r->stall / 1000000), (long long)(r->stall / 1000));
	else
		buf_puts(error, *words ? words : curl_easy_strerror(rc));
	return -1;
}

int http_ask(const struct http_question *q, long *code, struct buf *answer, struct buf *error)
{
	struct http_request r = { .method = q->method,
		                  .url = q->url,
		                  .body = q->body,
		                  .len = q->body ? strlen(q->body) : 0,
		                  .socket = q->socket,
		                  .deadline = q->deadline,
		                  .most = ANSWER_MAX,
		                  .go_on = q->go_on,
		                  .arg = q->arg };
	struct http_answer a = HTTP_ANSWER_INIT;
	struct http h = { 0 };
	int rc;

	strs_printf(&r.headers, "Content-Type: %s", q->type ? q->type : "");
	rc = http_send(&h, &r, &a, error);
	if (!rc) {
		*code = a.code;
		buf_add(answer, a.body.data, a.body.len);
	}
	http_answer_free(&a);
	http_free(&h);
	strs_free(&r.headers);
	return rc;
}

const char *http_header(const struct http_answer *a, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < a->headers.n; i++) {
		const char *line = a->headers.v[i];

		if (strncasecmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " \t");
	}
	return NULL;
}

void http_answer_free(struct http_answer *a)
{
	buf_free(&a->body);
	strs_free(&a->headers);
	*a = (struct http_answer)HTTP_ANSWER_INIT;
}

void http_free(struct http *h)
{
	if (h->curl)
		curl_easy_cleanup(h->curl);
	h->curl = NULL;
}

void http_encode(struct buf *b, const char *text, bool slashes)
{
	for (; *text; text++) {
		if (isalnum((unsigned char)*text) || strchr("-._~", *text) || (slashes && *text == '/'))
			buf_putc(b, *text);
		else
			buf_printf(b, "%%%02X", (unsigned char)*text);
	}
}
