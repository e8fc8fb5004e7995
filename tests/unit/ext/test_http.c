/* Unit tests of ext/http: how little of a slow server is put up with, and what may pass. */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#include "base/banned.h"
#include "base/clock.h"
#include "ext/http.h"

#define STALL_MS 600

/* A server on loopback that answers one request: head, then rate bytes every 50 ms, up to `all`. */
struct server {
	const char *head;
	size_t rate, all;
	pid_t pid;
	char url[40];
};

static _Noreturn void serve(const struct server *s, int listener)
{
	char bytes[4096];
	int fd = accept(listener, NULL, NULL);

	memset(bytes, ' ', sizeof(bytes));
	if (read(fd, bytes, sizeof(bytes)) < 0 || write(fd, s->head, strlen(s->head)) < 0)
		_exit(1);
	for (size_t sent = 0; sent < s->all; sent += s->rate) {
		if (write(fd, bytes, s->rate) < 0)
			_exit(0);
		poll(NULL, 0, 50);
	}
	_exit(0);
}

static void server_begin(struct server *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	char *url;

	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	url = xasprintf("http://127.0.0.1:%d/", ntohs(at.sin_port));
	memcpy(s->url, url, strlen(url) + 1);
	free(url);
	s->pid = fork();
	if (!s->pid)
		serve(s, listener);
	close(listener);
}

static void server_stop(const struct server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}

/* What is asked of it, with a limit; take may be NULL. */
static int ask(struct server *s, int (*take)(void *arg, const char *bytes, size_t len), bool *passing,
               struct buf *error)
{
	struct http_request r = { .method = "GET", .url = s->url, .stall = STALL_MS, .take = take,
		                  .deadline = clock_after(20000) };
	struct http_answer a = HTTP_ANSWER_INIT;
	struct http h = { 0 };
	int rc;

	server_begin(s);
	rc = http_send(&h, &r, &a, error);
	*passing = a.passing;
	http_answer_free(&a);
	http_free(&h);
	server_stop(s);
	return rc;
}

static void assert_given_up(const char *head, size_t rate)
{
	struct server s = { .head = head, .rate = rate, .all = 1000000 };
	struct buf error = BUF_INIT;
	int64_t began = clock_ms();
	bool passing;

	assert_int_equal(ask(&s, NULL, &passing, &error), -1);
	assert_true(passing);
	assert_non_null(strstr(error.data, "too slow"));
	assert_true(clock_ms() - began < 15000);
	buf_free(&error);
}

static void a_server_that_drips_is_given_up(void **state)
{
	(void)state;
	assert_given_up("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", 1);
	assert_given_up("HTTP/1.1 200 OK\r\nX-Long: ", 1);
	assert_given_up("HTTP/1.1 200 ", 1);
}

static void one_that_moves_on_is_not(void **state)
{
	struct server s = { .head = "HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n", .rate = 100, .all = 3000 };
	struct buf error = BUF_INIT;
	bool passing;

	(void)state;
	assert_int_equal(ask(&s, NULL, &passing, &error), 0);
	buf_free(&error);
}

static int take_slowly(void *arg, const char *bytes, size_t len)
{
	(void)arg, (void)bytes, (void)len;
	poll(NULL, 0, 2 * STALL_MS);
	return 0;
}

static void what_its_reader_needs_is_not_the_servers_time(void **state)
{
	struct server s = { .head = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", .rate = 2, .all = 4 };
	struct buf error = BUF_INIT;
	bool passing;

	(void)state;
	assert_int_equal(ask(&s, take_slowly, &passing, &error), 0);
	buf_free(&error);
}

static void what_breaks_may_hold_the_next_time(void **state)
{
	static const struct {
		const char *head;
		size_t bytes;
	} all[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", 10 },
		{ "HTTP/1.1 200 OK\r\nContent-Le", 0 },
		{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct server s = { .head = all[i].head, .rate = 10, .all = all[i].bytes };
		struct buf error = BUF_INIT;
		bool passing = false;

		assert_int_equal(ask(&s, NULL, &passing, &error), -1);
		assert_true(passing);
		assert_true(error.len);
		buf_free(&error);
	}
}

static int refuse(void *arg, const char *bytes, size_t len)
{
	(void)arg, (void)bytes, (void)len;
	return 1;
}

static void what_its_reader_ends_does_not_pass(void **state)
{
	struct server s = { .head = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", .rate = 10, .all = 50 };
	struct buf error = BUF_INIT;
	bool passing = true;

	(void)state;
	assert_int_equal(ask(&s, refuse, &passing, &error), -1);
	assert_false(passing);
	buf_free(&error);
}

static int add(void *arg, const char *bytes, size_t len)
{
	buf_add(arg, bytes, len);
	return 0;
}

/* Expects what of an answer is taken where only a 206 is, and what stays in it. */
static void expect_taken(const char *head, size_t taken, size_t kept)
{
	struct server s = { .head = head, .rate = 10, .all = 10 };
	struct buf bytes = BUF_INIT, error = BUF_INIT;
	struct http_request r = { .method = "GET", .url = s.url, .only = 206, .take = add, .arg = &bytes,
		                  .deadline = clock_after(20000) };
	struct http_answer a = HTTP_ANSWER_INIT;
	struct http h = { 0 };

	server_begin(&s);
	assert_int_equal(http_send(&h, &r, &a, &error), 0);
	server_stop(&s);
	assert_int_equal(bytes.len, taken);
	assert_int_equal(a.body.len, kept);
	buf_free(&bytes);
	http_answer_free(&a);
	http_free(&h);
}

static void only_the_answer_that_is_wanted_is_taken(void **state)
{
	(void)state;
	expect_taken("HTTP/1.1 206 Partial Content\r\nContent-Length: 10\r\n\r\n", 10, 0);
	expect_taken("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", 0, 10);
	expect_taken("HTTP/1.1 503 Busy\r\nContent-Length: 10\r\n\r\n", 0, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_that_drips_is_given_up),
		cmocka_unit_test(one_that_moves_on_is_not),
		cmocka_unit_test(what_its_reader_needs_is_not_the_servers_time),
		cmocka_unit_test(what_breaks_may_hold_the_next_time),
		cmocka_unit_test(what_its_reader_ends_does_not_pass),
		cmocka_unit_test(only_the_answer_that_is_wanted_is_taken),
	};

	return unit_run("http", tests, NULL, NULL);
}
