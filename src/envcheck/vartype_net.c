/* vartype_net - names of places: hosts, URLs, files; and the types whose readers stand
 * elsewhere in pgbox. */
#include "envcheck/vartype_net.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/file.h"
#include "db/url.h"
#include "ext/lite.h"
#include "schedule/schedule.h"
#include "schedule/zone.h"

/* --- hosts --- */

static bool is_address(int family, const char *text)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(family, text, bytes) == 1;
}

bool vartype_is_ip(const struct vartype *t, const char *value, struct buf *why)
{
	const char *version = vartype_option(t, "version");

	(void)why;
	return (is_address(AF_INET, value) && (!version || strcmp(version, "4") == 0)) ||
	       (is_address(AF_INET6, value) && (!version || strcmp(version, "6") == 0));
}

/* RFC 1123, 2.1, and the underscores of Compose's services. */
static bool is_name(const char *text)
{
	const char *at = text;

	while (*at) {
		size_t n = strcspn(at, ".");

		if (!n || n > 63 || *at == '-' || at[n - 1] == '-')
			return false;
		for (size_t i = 0; i < n; i++)
			if (!isalnum((unsigned char)at[i]) && !strchr("-_", at[i]))
				return false;
		at += n + (at[n] == '.');
	}
	return *text && strlen(text) <= 253;
}

bool vartype_is_host(const struct vartype *t, const char *value, struct buf *why)
{
	const char *wildcard = vartype_option(t, "allowWildcard");
	const char *name = skip_prefix(value, "*.");

	if (wildcard && strcmp(wildcard, "true") == 0 && name && is_name(name))
		return true;
	if (!is_name(value) && !is_address(AF_INET6, value))
		return false;
	if (vartype_matches(t, value))
		return true;
	buf_printf(why, "does not match %s", vartype_option(t, "matches"));
	return false;
}

/* The part behind the last @ is a host or an address in brackets (RFC 5321, 4.1.2); what
 * stands before it is not looked at closely, for there is little that it may not be. */
bool vartype_is_email(const struct vartype *t, const char *value, struct buf *why)
{
	const char *at = strrchr(value, '@');

	(void)t, (void)why;
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c <= ' ' || strchr("<>,;\"()[]\\", *c))
			return false;
	return at && at > value && at == strchr(value, '@') && is_name(at + 1);
}

/* --- URLs --- */

/* The scheme of a URL, in small letters; *rest is what follows `://`. The caller frees it.
 * NULL where there is none. */
static char *take_scheme(const char *text, const char **rest)
{
	size_t n = isalpha((unsigned char)*text) ? 1 : 0;
	char *scheme;

	while (n && (isalnum((unsigned char)text[n]) || (text[n] && strchr("+-.", text[n]))))
		n++;
	if (!n || strncmp(text + n, "://", 3) != 0)
		return NULL;
	*rest = text + n + 3;
	scheme = xstrndup(text, n);
	for (char *c = scheme; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return scheme;
}

/* Whether the part before the path names a host (several, as MongoDB has it), and not a
 * port out of range. */
static bool authority_valid(const char *rest)
{
	char *authority = xstrndup(rest, strcspn(rest, "/?#"));
	const char *why;
	struct url u;
	bool valid = url_parse(&u, authority, &why) && u.host && !u.path && !u.keys.n && !u.lenient;

	url_free(&u);
	free(authority);
	return valid;
}

/* host or host:port of a URL, without user and password. The caller frees it. */
static char *place_of(const char *rest)
{
	size_t n = strcspn(rest, "/?#");
	char *authority = xstrndup(rest, n), *at = strrchr(authority, '@'), *place;

	place = xstrdup(at ? at + 1 : authority);
	free(authority);
	return place;
}

static bool domain_allowed(const struct vartype *t, const char *rest)
{
	char *place = place_of(rest);
	bool allowed = !vartype_option(t, "allowedDomains") ||
	               vartype_lists(t, "allowedDomains", place);

	if (!allowed) {
		place[strcspn(place, ":")] = '\0';
		allowed = vartype_lists(t, "allowedDomains", place);
	}
	free(place);
	return allowed;
}

static bool options_fit(const struct vartype *t, const char *scheme, const char *rest,
                        const char *value, struct buf *why)
{
	const char *schemes = vartype_option(t, "schemes"),
		   *protocols = vartype_option(t, "allowedProtocols");
	const char *slash = vartype_option(t, "noTrailingSlash");

	if ((schemes || protocols) && !vartype_lists(t, "schemes", scheme) &&
	    !vartype_lists(t, "allowedProtocols", scheme))
		buf_puts(why, "is a URL, but its scheme is not one of those allowed");
	else if (!domain_allowed(t, rest))
		buf_puts(why, "is a URL, but its host is not one of those allowed");
	else if (slash && strcmp(slash, "true") == 0 && value[strlen(value) - 1] == '/')
		buf_puts(why, "ends in a slash");
	else if (!vartype_matches(t, value))
		buf_printf(why, "does not match %s", vartype_option(t, "matches"));
	else
		return true;
	return false;
}

/* RFC 3986, 3. */
bool vartype_is_url(const struct vartype *t, const char *value, struct buf *why)
{
	const char *rest;
	char *scheme = take_scheme(value, &rest);
	bool valid = scheme;

	for (const char *c = value; *c && valid; c++)
		valid = (unsigned char)*c > ' ' && *c != 0x7f;
	/* file:///path, sqlite:///path, unix:///path have no host. */
	valid = valid && ((*rest == '/' && rest[1]) || authority_valid(rest)) &&
	        options_fit(t, scheme, rest, value, why);
	free(scheme);
	return valid;
}

static bool is_scheme(const char *scheme, const char *const *list)
{
	size_t n = strcspn(scheme, "+"); /* postgresql+asyncpg */

	for (; *list; list++)
		if (strlen(*list) == n && strncmp(*list, scheme, n) == 0)
			return true;
	return false;
}

/* As db/url reads it: passwords that are not percent-encoded are found all the same. */
static bool server_url(const char *value, const char *const *schemes)
{
	const char *rest, *why;
	char *scheme = take_scheme(value, &rest);
	struct url u = { 0 };
	bool valid = scheme && is_scheme(scheme, schemes) && *rest && url_parse(&u, rest, &why);

	url_free(&u);
	free(scheme);
	return valid;
}

bool vartype_is_postgres(const struct vartype *t, const char *value, struct buf *why)
{
	static const char *const schemes[] = { "postgres", "postgresql", "postgis", NULL };

	(void)t, (void)why;
	return server_url(value, schemes);
}

bool vartype_is_redis(const struct vartype *t, const char *value, struct buf *why)
{
	static const char *const schemes[] = { "redis", "rediss", "valkey", "valkeys", "unix", NULL };

	(void)t, (void)why;
	return server_url(value, schemes);
}

/* --- files --- */

bool vartype_is_path(const struct vartype *t, const char *value, struct buf *why)
{
	const char *exists = vartype_option(t, "exists");

	if ((exists && strcmp(exists, "false") == 0) || file_exists(value))
		return *value;
	buf_puts(why, "is a path where nothing is: mount it, or set the right one");
	return false;
}

bool vartype_is_file(const struct vartype *t, const char *value, struct buf *why)
{
	struct stat st;

	(void)t;
	if (stat(value, &st) != 0)
		buf_puts(why, "is a path where no file is: mount it, or set the right one");
	else if (S_ISDIR(st.st_mode))
		buf_puts(why, "is the path of a directory, and not of a file: Docker makes one where the "
		              "file to mount is not on the host");
	else if (access(value, R_OK) != 0)
		buf_printf(why, "is the path of a file that uid %d may not read", (int)geteuid());
	else
		return true;
	return false;
}

bool vartype_is_dir(const struct vartype *t, const char *value, struct buf *why)
{
	struct stat st;

	(void)t;
	if (stat(value, &st) != 0)
		buf_puts(why, "is a path where no directory is: mount it, or set the right one");
	else if (!S_ISDIR(st.st_mode))
		buf_puts(why, "is the path of a file, and not of a directory");
	else
		return true;
	return false;
}

/* --- what other parts read --- */

bool vartype_is_json(const struct vartype *t, const char *value, struct buf *why)
{
	const char *wanted = vartype_option(t, "type"), *found;
	const char *params[] = { value };
	struct lite lite = LITE_INIT;
	struct rows rows = { 0 };
	bool valid;

	wanted = strcmp(t->kind->name, "simple-object") == 0 ? "object" : wanted;
	valid = lite_open(&lite, ":memory:", LITE_CREATE, 0) == 0 &&
	        lite_query(&lite, "SELECT json_type(?1) WHERE json_valid(?1)", params, 1, &rows) == 0;
	found = valid ? rows_get(&rows, 0, 0) : NULL;
	valid = found && (!wanted || strcmp(wanted, found) == 0);
	if (found && !valid)
		buf_printf(why, "is JSON, but no %s", wanted);
	rows_free(&rows);
	lite_free(&lite);
	return valid;
}

bool vartype_is_cron(const struct vartype *t, const char *value, struct buf *why)
{
	struct buf reason = BUF_INIT; /* it may quote the value */
	struct schedule schedule;
	bool valid = schedule_read(&schedule, value, &reason) == 0;

	(void)t, (void)why;
	schedule_free(&schedule);
	buf_free(&reason);
	return valid;
}

/* zone_use changes the process's own zone, which is put back. */
bool vartype_is_tz(const struct vartype *t, const char *value, struct buf *why)
{
	struct buf reason = BUF_INIT; /* it quotes the value */
	const char *now = getenv("TZ");
	char *before = now ? xstrdup(now) : NULL;
	bool valid = *value && zone_use(value, &reason) == 0;

	(void)t, (void)why;
	if (before)
		setenv("TZ", before, 1);
	else
		unsetenv("TZ");
	tzset();
	free(before);
	buf_free(&reason);
	return valid;
}
