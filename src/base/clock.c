/* clock - time that only moves forward, and durations as people write them. */
#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "base/banned.h"
#include "base/buf.h"

static const struct {
	const char *name;
	int64_t ms;
	int64_t least; /* how many of it there must be to say it so: 24h, 60s, but 2d, 2m */
} units[] = {
	{ "d", 86400000, 2 }, { "h", 3600000, 1 }, { "m", 60000, 2 }, { "s", 1000, 1 }, { "ms", 1, 0 },
};

#define UNITS (sizeof(units) / sizeof(*units))

int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_after(int64_t ms)
{
	int64_t now = clock_ms();

	return ms <= 0 || ms > CLOCK_NEVER - now ? CLOCK_NEVER : now + ms;
}

int64_t clock_within(int64_t ms)
{
	return ms > 0 ? clock_after(ms) : clock_ms();
}

int64_t clock_left(int64_t deadline)
{
	int64_t left;

	if (deadline == CLOCK_NEVER)
		return CLOCK_NEVER;
	left = deadline - clock_ms();
	return left > 0 ? left : 0;
}

int clock_poll(int64_t deadline)
{
	int64_t left = clock_left(deadline);

	if (deadline == CLOCK_NEVER)
		return -1;
	return left > INT_MAX ? INT_MAX : (int)left;
}

void clock_sleep(int64_t ms, int64_t deadline)
{
	int64_t left = clock_left(deadline);
	struct timespec pause;

	if (ms > left)
		ms = left;
	pause = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	while (nanosleep(&pause, &pause) != 0 && errno == EINTR)
		;
}

int64_t clock_wall(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

char *clock_iso(int64_t wall)
{
	time_t seconds = wall / 1000;
	char text[32];
	struct tm at;

	gmtime_r(&seconds, &at);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &at);
	return xasprintf("%s.%03dZ", text, (int)(wall % 1000));
}

bool clock_iso_parse(const char *text, int64_t *wall)
{
	struct tm at = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &at);
	int ms;

	if (!rest || strlen(rest) != 5 || rest[0] != '.' || rest[4] != 'Z' ||
	    strspn(rest + 1, "0123456789") != 3)
		return false;
	ms = (rest[1] - '0') * 100 + (rest[2] - '0') * 10 + (rest[3] - '0');
	*wall = (int64_t)timegm(&at) * 1000 + ms;
	return true;
}

bool duration_parse(const char *text, int64_t *ms)
{
	int64_t number = 0, unit = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9'; at++) {
		if (number > (INT64_MAX - (*at - '0')) / 10)
			return false;
		number = number * 10 + (*at - '0');
	}
	for (size_t i = 0; i < UNITS; i++)
		if (strcmp(*at ? at : "s", units[i].name) == 0)
			unit = units[i].ms;
	if (at == text || !unit || number > INT64_MAX / unit)
		return false;
	*ms = number * unit;
	return true;
}

bool duration_lacks_unit(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	int64_t ms;

	return digits && !text[digits] && duration_parse(text, &ms) && ms > 0 && ms < 60000;
}

char *duration_text(int64_t ms)
{
	size_t i = 0;

	if (ms == 0)
		return xstrdup("0s");
	while (ms % units[i].ms || ms / units[i].ms < units[i].least)
		i++;
	return xasprintf("%lld%s", (long long)(ms / units[i].ms), units[i].name);
}

char *clock_age(int64_t ms)
{
	if (ms < 0)
		ms = 0;
	if (ms < 120000)
		return xasprintf("%llds", (long long)(ms / 1000));
	if (ms < 7200000)
		return xasprintf("%lldm", (long long)(ms / 60000));
	return xasprintf("%lldh", (long long)(ms / 3600000));
}
