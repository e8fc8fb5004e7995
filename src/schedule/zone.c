/* zone - local time: whose clocks a schedule and a calendar day go by. */
#include "schedule/zone.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/env.h"
#include "ext/data.h"
#include "schedule/zone_file.h"

#define FOLDER "/usr/share/zoneinfo/"
#define DAY 86400

/* --- POSIX rules: stdoffset[dst[offset],start[/time],end[/time]] --- */

static bool take_number(const char **at, size_t digits, int least, int most)
{
	size_t n = 0;
	int value = 0;

	while (n < digits && isdigit((unsigned char)(*at)[n]))
		value = value * 10 + ((*at)[n++] - '0');
	*at += n;
	return n > 0 && value >= least && value <= most;
}

static bool take(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

/* [+-]hh[:mm[:ss]] */
static bool take_clock(const char **at, int hours)
{
	if (!take(at, '+'))
		take(at, '-');
	return take_number(at, hours > 99 ? 3 : 2, 0, hours) &&
	       (!take(at, ':') ||
	        (take_number(at, 2, 0, 59) && (!take(at, ':') || take_number(at, 2, 0, 59))));
}

/* CET or <+0530>. musl takes a variable of some thousand bytes for UTC. */
static bool take_name(const char **at)
{
	bool quoted = take(at, '<');
	size_t len = 0;

	while (isalpha((unsigned char)(*at)[len]) ||
	       (quoted && (isdigit((unsigned char)(*at)[len]) || (*at)[len] == '+' || (*at)[len] == '-')))
		len++;
	*at += len;
	return len >= 3 && len <= 30 && (!quoted || take(at, '>'));
}

/* Jn, n or Mm.w.d, and when on that day; RFC 9636, 3.3.2, allows a week of hours. */
static bool take_change(const char **at)
{
	bool ok;

	if (take(at, 'M'))
		ok = take_number(at, 2, 1, 12) && take(at, '.') && take_number(at, 1, 1, 5) &&
		     take(at, '.') && take_number(at, 1, 0, 6);
	else if (take(at, 'J'))
		ok = take_number(at, 3, 1, 365);
	else
		ok = take_number(at, 3, 0, 365);
	return ok && (!take(at, '/') || take_clock(at, 167));
}

/* A summer time without its two changes is refused: what is meant differs from one C
 * library to the next, and musl's is nonsense. */
static bool rule_valid(const char *at)
{
	if (!take_name(&at) || !take_clock(&at, 24))
		return false;
	if (!*at)
		return true;
	return take_name(&at) && (*at == ',' || take_clock(&at, 24)) && take(&at, ',') &&
	       take_change(&at) && take(&at, ',') && take_change(&at) && !*at;
}

/* --- names --- */

char *zone_rule(const char *name)
{
	size_t len = strlen(name);

	for (const char *line = zones_start; *line; line += strcspn(line, "\n") + 1) {
		size_t name_len = strcspn(line, " ");

		if (name_len == len && memcmp(line, name, len) == 0)
			return xstrndup(line + len + 1, strcspn(line + len + 1, "\n"));
	}
	return NULL;
}

/* Names with dots lead elsewhere, and musl does not look for them. */
static bool is_installed(const char *name)
{
	char *path;
	bool found;

	if (*name == '/')
		return zone_file_is(name);
	if (strchr(name, '.'))
		return false;
	path = xasprintf("%s%s", FOLDER, name);
	found = zone_file_is(path);
	free(path);
	return found;
}

/* What TZ has to be for that name, or NULL. The colon keeps musl from reading EST5EDT,
 * which is a file's name too, as a rule. */
static char *variable(const char *name)
{
	char *rule;

	if (is_installed(name))
		return xasprintf(":%s", name);
	rule = zone_rule(name);
	return !rule && rule_valid(name) ? xstrdup(name) : rule;
}

int zone_use(const char *name, struct buf *error)
{
	const char *plain = name && *name == ':' ? name + 1 : name;
	char *value = NULL;
	int status = 0;

	if (plain && *plain) {
		value = variable(plain);
		if (!value) {
			buf_printf(error, "there is no time zone '%s'; names are like Europe/Berlin", name);
			status = -1;
		}
		setenv("TZ", value ? value : "UTC0", 1);
	} else {
		unsetenv("TZ");
	}
	tzset();
	free(value);
	return status;
}

/* --- moments --- */

/* By how much the clocks are ahead of UTC then, in seconds. */
static int64_t offset_at(int64_t moment)
{
	time_t when = (time_t)moment;
	struct tm tm;

	return localtime_r(&when, &tm) ? tm.tm_gmtoff : 0;
}

/* Not mktime: C libraries disagree about minutes that are skipped or shown twice. The
 * offset is that of the day before or of the day after; no zone changes its clocks
 * twice in two days. */
int64_t zone_moment(int year, int month, int day, int hour, int minute)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day,
		         .tm_hour = hour, .tm_min = minute };
	int64_t local = timegm(&tm);
	int64_t before = offset_at(local - DAY), after = offset_at(local + DAY);
	int64_t first = local - (before > after ? before : after);
	int64_t last = local - (before < after ? before : after);

	if (first + offset_at(first) == local)
		return first;
	/* At first they still show less, so it is the moment at which they come to it,
	 * or jump over it. */
	while (last - first > 1) {
		int64_t middle = first + (last - first) / 2;

		if (middle + offset_at(middle) < local)
			first = middle;
		else
			last = middle;
	}
	return last;
}

int zone_use_own(struct buf *error)
{
	const char *name = NULL;

	return env_get("TZ", &name, error) != 0 || zone_use(name, error) != 0 ? -1 : 0;
}
