/* check_service - the checks that look elsewhere than at a database. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/net.h"
#include "check/dial.h"
#include "check/kinds.h"
#include "db/url.h"
#include "ext/http.h"

/* --- tcp --- */

/* HOST:PORT or [v6]:PORT. url_free after it. */
static bool read_address(struct url *u, const char *arg)
{
	const char *why;

	return url_parse(u, arg, &why) && dial_names_host(u) && u->port && !dial_scheme_end(arg);
}

bool tcp_valid(const char *arg)
{
	struct url u;
	bool valid = read_address(&u, arg);

	url_free(&u);
	return valid;
}

void check_tcp(const struct check *check, int64_t deadline, struct finding *f)
{
	struct url u;
	int fd = -1;

	if (read_address(&u, check->arg))
		fd = dial_host(u.host, u.port, deadline, f);
	else
		finding_set(f, UNKNOWN, "the argument is not HOST:PORT");
	if (fd >= 0) {
		finding_pass(f);
		close(fd);
	}
	url_free(&u);
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

/* What follows http:// or https://, or NULL for anything else. */
static const char *skip_web(const char *url)
{
	const char *end = dial_scheme_end(url);
	size_t len = end ? (size_t)(end - url) : 0;

	if ((len == 4 && strncasecmp(url, "http", len) == 0) ||
	    (len == 5 && strncasecmp(url, "https", len) == 0))
		return end + 3;
	return NULL;
}

bool http_valid(const char *arg)
{
	const char *codes, *why;
	char *url = split_codes(arg, &codes);
	const char *rest = skip_web(url);
	char *server = rest ? xstrndup(rest, strcspn(rest, "/?#")) : NULL;
	struct url u = { 0 };
	bool valid = server && url_parse(&u, server, &why) && u.host && !strchr(u.host, ',');

	url_free(&u);
	free(server);
	free(url);
	return valid;
}

/* The URL with every @ of a name and password but the last, which ends them, as %40: libcurl takes the
 * first for that end. The caller frees it. */
static char *encode_login(const char *url)
{
	const char *at = skip_web(url), *end = at + strcspn(at, "/?#"), *last = end;
	struct buf b = BUF_INIT;

	while (last > at && *last != '@')
		last--;
	buf_add(&b, url, (size_t)(at - url));
	for (; at < last; at++)
		buf_puts(&b, *at == '@' ? "%40" : (char[]){ *at, '\0' });
	buf_puts(&b, at);
	return buf_detach(&b);
}

void check_http(const struct check *check, int64_t deadline, struct finding *f)
{
	struct buf error = BUF_INIT;
	const char *codes;
	char *given = split_codes(check->arg, &codes), *url = encode_login(given);
	long code = 0;

	if (http_get(url, deadline, &code, &error))
		finding_set(f, FAIL, "%s", error.data);
	else if (codes ? code_listed(codes, code) : code >= 200 && code < 400)
		finding_pass(f);
	else
		finding_set(f, FAIL, "answered %ld", code);
	free(given);
	free(url);
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
