/*
 * Fuzzes what ext/http makes of an HTTP server's answer: its headers and body, in one request or a question of
 * watch/docker.
 *
 * A thread is the server: whatever is asked it sends the input and closes. The first byte chooses what is asked.
 */
#include "fuzz.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "ext/http.h"
#include "watch/docker.h"

#define MOST 100
#define WAIT_MS 2000
#define HEADERS 200

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t *answer; /* owned */
static size_t answer_len;
static char path[64], url[64];

static void set_answer(const uint8_t *data, size_t len)
{
	pthread_mutex_lock(&lock);
	answer = xrealloc(answer, len + 1);
	memcpy(answer, data, len);
	answer_len = len;
	pthread_mutex_unlock(&lock);
}

static uint8_t *get_answer(size_t *len)
{
	uint8_t *copy;

	pthread_mutex_lock(&lock);
	*len = answer_len;
	copy = xmalloc(answer_len + 1);
	memcpy(copy, answer, answer_len);
	pthread_mutex_unlock(&lock);
	return copy;
}

/* Reads to the blank line first: what was not read when it closes would be a reset. */
static void serve(int client)
{
	char request[4096];
	uint8_t *bytes;
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(request) - 1 && (n = read(client, request + len, sizeof(request) - 1 - len)) > 0) {
		len += (size_t)n;
		request[len] = '\0';
		if (strstr(request, "\r\n\r\n"))
			break;
	}
	bytes = get_answer(&len);
	for (size_t at = 0; at < len; at += (size_t)n)
		if ((n = send(client, bytes + at, len - at, MSG_NOSIGNAL)) <= 0)
			break;
	free(bytes);
	shutdown(client, SHUT_WR);
	close(client);
}

static void *serve_all(void *arg)
{
	int listener = *(int *)arg, client;

	while ((client = accept(listener, NULL, NULL)) >= 0)
		serve(client);
	return NULL;
}

static void start(int *listener, const struct sockaddr *address, socklen_t len)
{
	pthread_t thread;

	*listener = socket(address->sa_family, SOCK_STREAM, 0);
	MUST(bind(*listener, address, len) == 0 && listen(*listener, 8) == 0);
	MUST(pthread_create(&thread, NULL, serve_all, listener) == 0);
}

static void forget_path(void)
{
	unlink(path);
}

static void start_servers(void)
{
	static int local, tcp;
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);

	snprintf(path, sizeof(path), "/tmp/fuzz-http-%ld", (long)getpid());
	memcpy(un.sun_path, path, strlen(path));
	unlink(path);
	atexit(forget_path);
	start(&local, (struct sockaddr *)&un, sizeof(un));
	start(&tcp, (struct sockaddr *)&in, sizeof(in));
	MUST(getsockname(tcp, (struct sockaddr *)&in, &len) == 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(in.sin_port));
}

/* --- what is asked --- */

static int take(void *arg, const char *bytes, size_t len)
{
	size_t *taken = arg;

	MUST(bytes || !len);
	*taken += len;
	return *taken > 2 * MOST;
}

static bool always(void *arg)
{
	(void)arg;
	return true;
}

static void request(const char *method, bool takes, long only)
{
	struct http_keys keys = { .id = "id", .secret = "secret", .region = "us-east-1" };
	size_t taken = 0;
	struct http_request r = { .method = method, .url = "http://localhost/a", .socket = path, .most = MOST,
		                  .deadline = clock_after(WAIT_MS), .stall = WAIT_MS, .only = only,
		                  .take = takes ? take : NULL, .arg = &taken, .go_on = takes ? NULL : always,
		                  .keys = only ? &keys : NULL, .body = "x", .len = 1 };
	struct http_answer a = HTTP_ANSWER_INIT;
	struct buf error = BUF_INIT;
	struct http h = { 0 };
	int rc;

	strs_add(&r.headers, "x-amz-content-sha256: UNSIGNED-PAYLOAD");
	rc = http_send(&h, &r, &a, &error);
	MUST(rc == 0 || (rc == -1 && error.len));
	MUST(a.body.len <= MOST && a.headers.n <= HEADERS);
	MUST(!a.untrusted && (!a.stopped || taken > 2 * MOST));
	MUST(!http_header(&a, "no\nsuch header"));
	for (size_t i = 0; i < a.headers.n; i++)
		MUST(!strpbrk(a.headers.v[i], "\n"));
	if (http_header(&a, "ETag"))
		MUST(!strchr(" \t", *http_header(&a, "ETag")) || !*http_header(&a, "ETag"));
	http_answer_free(&a);
	http_free(&h);
	strs_free(&r.headers);
	buf_free(&error);
}

static void docker(bool list)
{
	struct buf json = BUF_INIT, error = BUF_INIT;
	char *host = xasprintf("unix://%s", path);
	struct docker d;
	int rc = docker_open(&d, host, &error);

	MUST(rc == 0);
	if (list)
		rc = docker_list(&d, clock_after(WAIT_MS), &json, &error);
	else if (answer_len % 2)
		rc = docker_inspect(&d, "web", clock_after(WAIT_MS), &json, &error);
	else
		rc = docker_stop(&d, "web", clock_after(WAIT_MS), &error) ||
		     docker_start(&d, "web", clock_after(WAIT_MS), &error);
	MUST(rc == 0 || rc == 1 || rc == NO_INPUT || rc == UNAVAILABLE);
	MUST((rc == 0) == (error.len == 0));
	docker_free(&d);
	buf_free(&json);
	buf_free(&error);
	free(host);
}

static void get(void)
{
	struct buf error = BUF_INIT;
	long code = 0;

	if (http_get(url, clock_after(WAIT_MS), &code, &error) == 0)
		MUST(!error.len);
	else
		MUST(error.len);
	buf_free(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (!len)
		return 0;
	if (!*path)
		start_servers();
	set_answer(data + 1, len - 1);
	switch (*data) {
	case 'h': request("HEAD", false, 0); break;
	case 'p': request("PUT", false, 0); break;
	case 't': request("GET", true, 0); break;
	case 'o': request("DELETE", true, 404); break;
	case 'l': docker(true); break;
	case 's': docker(false); break;
	case 'u': get(); break;
	default: request("GET", false, 0); break;
	}
	return 0;
}
