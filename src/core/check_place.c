/* check_place - the checks that look elsewhere than at a database. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/net.h"
#include "core/check_kinds.h"
#include "core/secrecy.h"
#include "core/url.h"
#include "ext/http.h"

static void finding_reach(struct finding *f, enum reach reach, const struct buf *error)
{
	f->reach = reach;
	finding_set(f, FAIL, "%s%s%s", reach_text(reach), error->len ? ": " : "", error->data);
}

static const char *skip_redis(const char *arg)
{
	const char *place = skip_prefix(arg, "redis://");

	return place ? place : arg;
}

bool place_valid(const char *arg, bool port_needed)
{
	const char *why;
	struct url u;
	bool valid = url_parse(&u, skip_redis(arg), &why) && u.host && (u.port || !port_needed) &&
	             !secrecy_asked(&u);

	url_free(&u);
	return valid;
}

/* Connects to HOST[:PORT] or [v6][:PORT]; port (NULL: none) is the default. -1
 * with the finding set when it cannot. */
static int dial(const char *place, const char *port, int64_t deadline, struct finding *f)
{
	struct net_addrs addrs = { 0 };
	struct buf error = BUF_INIT;
	const char *why;
	enum reach reach;
	struct url u;
	int fd = -1;

	if (!url_parse(&u, place, &why) || !u.host || (!u.port && !port)) {
		finding_set(f, UNKNOWN, "the argument is not HOST:PORT");
		goto out;
	}
	reach = net_resolve(&addrs, u.host, u.port ? u.port : port, &error);
	if (reach == REACHED)
		reach = net_connect(&addrs, deadline, &fd, &error);
	if (reach != REACHED)
		finding_reach(f, reach, &error);
out:
	url_free(&u);
	net_forget(&addrs);
	buf_free(&error);
	return fd;
}

void check_tcp(const struct check *check, int64_t deadline, struct finding *f)
{
	int fd = dial(check->arg, NULL, deadline, f);

	if (fd >= 0) {
		finding_pass(f);
		close(fd);
	}
}

/* --- http --- */

/* Whether code is in a list such as 200,204,301. */
static bool code_listed(const char *list, long code)
{
	while (*list) {
		char *end;

		if (strtol(list, &end, 10) == code && end > list)
			return true;
		list = *end ? end + 1 : end;
	}
	return false;
}

/* http=URL[=CODES]: the codes are digits and commas behind the last =. */
static char *split_codes(const char *arg, const char **codes)
{
	const char *equals = strrchr(arg, '=');

	*codes = equals && equals[1] && !equals[1 + strspn(equals + 1, "0123456789,")] ? equals + 1
	                                                                              : NULL;
	/* A URL's own ?page=1 is no list of codes: those have three digits. */
	if (*codes && strcspn(*codes, ",") != 3)
		*codes = NULL;
	return *codes ? xstrndup(arg, (size_t)(equals - arg)) : xstrdup(arg);
}

void check_http(const struct check *check, int64_t deadline, struct finding *f)
{
	struct buf error = BUF_INIT;
	const char *codes;
	char *url = split_codes(check->arg, &codes);
	long code = 0;

	if (http_get(url, deadline, &code, &error))
		finding_set(f, FAIL, "%s", error.data);
	else if (codes ? code_listed(codes, code) : code >= 200 && code < 400)
		finding_pass(f);
	else
		finding_set(f, FAIL, "answered %ld", code);
	free(url);
	buf_free(&error);
}

/* --- redis --- */

/* One bulk string of the protocol (RESP, 'Sending commands'). */
static void add_bulk(struct buf *b, const char *text)
{
	buf_printf(b, "$%zu\r\n%s\r\n", strlen(text), text);
}

/* AUTH [user] password, when the URL has one, then PING. */
static void redis_words(struct buf *words, const struct url *u)
{
	if (u->password) {
		buf_printf(words, "*%d\r\n", u->user ? 3 : 2);
		add_bulk(words, "AUTH");
		if (u->user)
			add_bulk(words, u->user);
		add_bulk(words, u->password);
	}
	buf_puts(words, "*1\r\n");
	add_bulk(words, "PING");
}

/* The lines are the answers in their order (RESP, 'Simple strings' and 'Simple errors'): AUTH's, whose
 * error does not count where PING is answered all the same, and PING's. */
void redis_judge(const char *answer, size_t len, struct finding *f)
{
	const char *at = answer, *end = answer + len, *bad = NULL, *eol;
	bool pong = false;

	for (; !pong && (eol = memmem(at, (size_t)(end - at), "\r\n", 2)); at = eol + 2) {
		pong = eol - at == 5 && memcmp(at, "+PONG", 5) == 0;
		bad = !bad && *at == '-' ? at + 1 : bad;
	}
	if (pong)
		finding_pass(f);
	else if (bad)
		finding_set(f, FAIL, "answered: %.*s", (int)strcspn(bad, "\r\n"), bad);
	else
		finding_set(f, FAIL, "did not answer PONG");
}

void check_redis(const struct check *check, int64_t deadline, struct finding *f)
{
	const char *place = skip_redis(check->arg), *why;
	struct buf words = BUF_INIT, answer = BUF_INIT, error = BUF_INIT;
	struct url u;
	int fd;

	fd = dial(place, "6379", deadline, f);
	if (fd < 0)
		return;
	if (url_parse(&u, place, &why))
		redis_words(&words, &u);
	net_talk(fd, words.data, words.len, u.password ? 2 : 1, deadline, &answer, &error);
	if (error.len && !answer.len)
		finding_set(f, FAIL, "%s", error.data);
	else
		redis_judge(answer.data, answer.len, f);
	close(fd);
	url_free(&u);
	buf_free(&words);
	buf_free(&answer);
	buf_free(&error);
}

void check_file(const struct check *check, int64_t deadline, struct finding *f)
{
	(void)deadline;
	if (file_exists(check->arg))
		finding_pass(f);
	else
		finding_set(f, FAIL, "%s", strerror(errno));
}

/* --- disk --- */

/* As df(1) has it: of what an unprivileged user may have, rounded up; -1: there is no
 * such number, as of the inodes of btrfs. */
static int percent_used(uint64_t all, uint64_t free, uint64_t available)
{
	uint64_t used = all > free ? all - free : 0, whole = used + available;

	return whole ? (int)(used * 100 / whole) + (used * 100 % whole != 0) : -1;
}

void check_disk(const struct check *check, int64_t deadline, struct finding *f)
{
	struct statvfs vfs;
	int bytes, inodes;

	(void)deadline;
	if (statvfs(check->name, &vfs) != 0) {
		finding_set(f, errno == ENOENT || errno == ENOTDIR ? FAIL : UNKNOWN, "%s", strerror(errno));
		return;
	}
	bytes = percent_used(vfs.f_blocks, vfs.f_bfree, vfs.f_bavail);
	inodes = percent_used(vfs.f_files, vfs.f_ffree, vfs.f_ffree);
	if (bytes < 0) {
		finding_set(f, UNKNOWN, "the file system does not say how large it is");
		return;
	}
	f->value = bytes > inodes ? bytes : inodes;
	finding_set(f, f->value < check->below ? PASS : FAIL, "%d%% of bytes", bytes);
	if (inodes >= 0)
		buf_printf(&f->why, ", %d%% of inodes", inodes);
	buf_puts(&f->why, " used");
}
