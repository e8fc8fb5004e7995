/* Unit tests of check/check_service, against a peer that says what it is told to. */
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#include "base/banned.h"
#include "base/clock.h"
#include "check/checks.h"

/* A listener on 127.0.0.1; *port says where. */
static int listen_anywhere(unsigned *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

/* Serves one connection: reads what comes, hands it to `heard`, and answers; stays
 * connected when there is no answer. */
static _Noreturn void be_peer(int listener, const char *answer, size_t piece, int heard)
{
	char bytes[4096];
	int fd = accept(listener, NULL, NULL);
	ssize_t n = read(fd, bytes, sizeof(bytes));
	size_t len = answer ? strlen(answer) : 0;

	if (n > 0 && write(heard, bytes, (size_t)n) != n)
		_exit(1);
	close(heard);
	for (size_t at = 0; at < len; at += piece) {
		size_t now = len - at < piece ? len - at : piece;

		if (send(fd, answer + at, now, MSG_NOSIGNAL) != (ssize_t)now)
			_exit(1);
		poll(NULL, 0, 1);
	}
	if (!answer)
		pause();
	_exit(0);
}

struct told {
	enum verdict verdict;
	char why[256], heard[4096];
};

/* Asks one check, whose text holds a %u for the port, while the peer gives answer,
 * piece bytes at a time. */
static struct told ask(const char *check, const char *answer, size_t piece)
{
	struct finding f = FINDING_INIT;
	struct buf error = BUF_INIT;
	struct told told = { .why = "" };
	char *colon = strstr(check, ":%u"), *text;
	struct checks c = { 0 };
	struct check one;
	int ends[2], listener;
	unsigned port;
	ssize_t n;
	pid_t pid;

	listener = listen_anywhere(&port);
	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		be_peer(listener, answer, piece, ends[1]);
	}
	close(ends[1]);
	close(listener);
	assert_non_null(colon);
	text = xasprintf("%.*s:%u%s", (int)(colon - check), check, port, colon + 3);
	assert_int_equal(check_read(&one, text, &error), 0);
	c.v = &one;
	c.n = 1;
	checks_ask(&c, 0, clock_after(answer ? 2000 : 150), &f);
	told.verdict = f.verdict;
	snprintf(told.why, sizeof(told.why), "%s", f.why.data);
	kill(pid, SIGKILL);
	n = read(ends[0], told.heard, sizeof(told.heard) - 1);
	told.heard[n > 0 ? n : 0] = '\0';
	close(ends[0]);
	waitpid(pid, NULL, 0);
	check_free(&one);
	finding_free(&f);
	free(text);
	return told;
}

static void assert_redis(const char *answer, enum verdict verdict, const char *why)
{
	for (size_t piece = 1; piece < 300; piece += 299) {
		struct told t = ask("redis=127.0.0.1:%u", answer, piece);

		assert_int_equal(t.verdict, verdict);
		assert_holds(t.why, why);
		assert_string_equal(t.heard, "*1\r\n$4\r\nPING\r\n");
	}
}

static void redis_is_there_when_it_answers_pong(void **state)
{
	(void)state;
	assert_redis("+PONG\r\n", PASS, "");
	assert_redis("-LOADING Redis is loading the dataset\r\n", FAIL, "LOADING Redis is loading");
	assert_redis("-NOAUTH Authentication required.\r\n", FAIL, "NOAUTH");
	assert_redis("+PING\r\n", FAIL, "PONG");
	assert_redis("HTTP/1.1 400 Bad Request\r\n\r\n", FAIL, "PONG");
}

static void redis_that_hangs_up_or_hangs_is_not_there(void **state)
{
	struct told t;

	(void)state;
	assert_redis("+PON", FAIL, "PONG");
	assert_redis("", FAIL, "closed");
	t = ask("redis=127.0.0.1:%u", NULL, 1);
	assert_int_equal(t.verdict, FAIL);
	assert_holds(t.why, "no answer in time");
}

static void redis_gets_the_password_of_a_url_first(void **state)
{
	struct told t = ask("redis=redis://:s3cret%%@127.0.0.1:%u/0", "+OK\r\n+PONG\r\n", 5);

	(void)state;
	assert_int_equal(t.verdict, PASS);
	assert_string_equal(t.heard, "*2\r\n$4\r\nAUTH\r\n$8\r\ns3cret%%\r\n*1\r\n$4\r\nPING\r\n");
	t = ask("redis=redis://u:s3cret@127.0.0.1:%u", "+OK\r\n+PONG\r\n", 100);
	assert_int_equal(t.verdict, PASS);
	assert_string_equal(t.heard, "*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$6\r\ns3cret\r\n*1\r\n$4\r\nPING\r\n");
	t = ask("redis=redis://u:s3cret@127.0.0.1:%u", "-WRONGPASS invalid\r\n-NOAUTH x\r\n", 100);
	assert_int_equal(t.verdict, FAIL);
	assert_holds(t.why, "WRONGPASS");
}

static void http_goes_by_the_status(void **state)
{
	static const struct {
		const char *check, *status;
		enum verdict verdict;
	} table[] = {
		{ "http=http://127.0.0.1:%u/x", "200 OK", PASS },
		{ "http=http://127.0.0.1:%u/x", "204 No Content", PASS },
		{ "http=http://127.0.0.1:%u/x", "301 Moved", PASS },
		{ "http=http://127.0.0.1:%u/x", "404 Not Found", FAIL },
		{ "http=http://127.0.0.1:%u/x", "503 Unavailable", FAIL },
		{ "http=http://127.0.0.1:%u/x=404", "404 Not Found", PASS },
		{ "http=http://127.0.0.1:%u/x=404", "200 OK", FAIL },
		{ "http=http://127.0.0.1:%u/x=401,403", "403 Forbidden", PASS },
		{ "http=http://127.0.0.1:%u/x?page=1", "200 OK", PASS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char *answer = xasprintf("HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n", table[i].status);
		struct told t = ask(table[i].check, answer, 500);

		if (t.verdict != table[i].verdict)
			fail_msg("%s, %s: %d, %s", table[i].check, table[i].status, t.verdict, t.why);
		assert_holds(t.heard, strchr(table[i].check, '?') ? "GET /x?page=1 HTTP" : "GET /x HTTP");
		free(answer);
	}
}

static void http_that_is_none_or_is_silent_is_not_there(void **state)
{
	struct told t = ask("http=http://127.0.0.1:%u/", "SSH-2.0-server\r\n", 500);

	(void)state;
	assert_int_equal(t.verdict, FAIL);
	t = ask("http=http://u:s3cret@127.0.0.1:%u/", NULL, 1);
	assert_int_equal(t.verdict, FAIL);
	assert_lacks(t.why, "s3cret");
}

static void tcp_is_there_when_somebody_listens(void **state)
{
	struct told t = ask("tcp=127.0.0.1:%u", "", 1);

	(void)state;
	assert_int_equal(t.verdict, PASS);
	assert_string_equal(t.heard, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(redis_is_there_when_it_answers_pong),
		cmocka_unit_test(redis_that_hangs_up_or_hangs_is_not_there),
		cmocka_unit_test(redis_gets_the_password_of_a_url_first),
		cmocka_unit_test(http_goes_by_the_status),
		cmocka_unit_test(http_that_is_none_or_is_silent_is_not_there),
		cmocka_unit_test(tcp_is_there_when_somebody_listens),
	};

	return unit_run("check_service", tests, NULL, NULL);
}
