/*
 * Fuzzes schedule/zone and zone_file: a rule as in TZ, and the content of a zone's file. What is refused leaves UTC; what is not shifts the
 * clocks by no more than a rule may, and a minute that the clocks show is found.
 *
 * The first byte says which, 'f' the content of a file, else a rule.
 */
#include "fuzz.h"

#include <time.h>

#include "base/banned.h"
#include "schedule/zone.h"
#include "schedule/zone_file.h"

#define DAY INT64_C(86400)
#define JANUARY INT64_C(1768478400) /* 2026-01-15 12:00 UTC */

static int64_t offset_at(int64_t moment)
{
	time_t when = (time_t)moment;
	struct tm tm;

	MUST(localtime_r(&when, &tm));
	return tm.tm_gmtoff;
}

/* The moment that zone_moment finds for a minute given as if it were one of UTC. */
static int64_t moment_of(int64_t local)
{
	time_t fields = (time_t)local;
	struct tm tm;

	gmtime_r(&fields, &tm);
	return zone_moment(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min);
}

/* A summer time too may be 24:59:59 away. */
static void shifts(int64_t most)
{
	for (int64_t at = JANUARY, end = at + 366 * DAY; at < end; at += 6 * DAY + 3660) {
		int64_t offset = offset_at(at), found = moment_of(at);

		MUST(offset >= -most && offset <= most);
		MUST(found >= at - most && found <= at + most);
	}
}

/* A rule of one offset: it ends in a digit, as the names of zones that have two, such as CET and EST5EDT, do not. */
static int has_one_offset(const char *text)
{
	return *text && strchr(DIGITS, text[strlen(text) - 1]) && !strpbrk(text, ",/");
}

/* Where nothing changes, every minute is shown once. */
static void is_steady(void)
{
	int64_t offset = offset_at(JANUARY);

	MUST(offset_at(JANUARY + 182 * DAY) == offset);
	MUST(moment_of(JANUARY) == JANUARY - offset);
}

static void rule(const char *text)
{
	struct buf error = BUF_INIT;
	int rc = zone_use(text, &error);

	MUST((rc == 0) == (error.len == 0));
	MUST(rc == 0 || same(getenv("TZ"), "UTC0"));
	if (rc == 0)
		shifts(25 * 3600);
	if (rc != 0 || has_one_offset(text))
		is_steady();
	buf_free(&error);
}

/* What is refused is not given to the C library; glibc, with which this is linked, would take some of it. */
static void file(const uint8_t *data, size_t len)
{
	struct buf error = BUF_INIT;
	char path[64];
	int fd = input_file(data, len, path), rc = zone_use(path, &error);

	MUST((rc == 0) == zone_file_valid((const char *)data, len));
	MUST((rc == 0) == (error.len == 0));
	MUST(rc != 0 || (len >= 44 && memcmp(data, "TZif", 4) == 0));
	if (rc == 0)
		moment_of(JANUARY);
	else
		is_steady();
	close(fd);
	buf_free(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text;

	if (len && *data == 'f') {
		file(data + 1, len - 1);
		return 0;
	}
	text = input_text(data, len);
	rule(text);
	free(text);
	return 0;
}
