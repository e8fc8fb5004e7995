/* Fuzzes schedule_read of schedule/schedule, and what it makes of the moments behind. */
#include "fuzz.h"

#include <time.h>

#include "base/banned.h"
#include "schedule/schedule.h"
#include "schedule/zone.h"

#define CENTURY (INT64_C(100) * 366 * 86400000)

/* A moment of the years 1970 to 2170 that the input chooses. */
static int64_t moment_of(const char *text)
{
	uint64_t hash = 14695981039346656037u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return (int64_t)(hash % (2 * CENTURY));
}

/* In UTC, where no clocks change, the fields match what they show. */
static void matches(const struct schedule *s, int64_t run)
{
	time_t seconds = (time_t)(run / 1000);
	int day, weekday;
	struct tm tm;

	MUST(run % 60000 == 0);
	gmtime_r(&seconds, &tm);
	day = s->days >> tm.tm_mday & 1;
	weekday = s->weekdays >> tm.tm_wday & 1;
	MUST(s->minutes >> tm.tm_min & 1);
	MUST(s->hours >> tm.tm_hour & 1);
	MUST(s->months >> (tm.tm_mon + 1) & 1);
	MUST(s->either_day ? day || weekday : day && weekday);
}

static void goes_on(const struct schedule *s, int64_t start, int in_utc)
{
	int64_t run = start;

	for (int i = 0; i < 20; i++) {
		int64_t next = schedule_next(s, run);

		MUST(next > run);
		if (s->kind == SCHEDULE_EVERY && next == SCHEDULE_NEVER)
			return;
		MUST(next != SCHEDULE_NEVER);
		if (s->kind == SCHEDULE_CRON && in_utc)
			matches(s, next);
		/* nothing between them */
		MUST(schedule_next(s, run + (next - run) / 2) == next || s->kind == SCHEDULE_EVERY);
		run = next;
	}
	MUST(schedule_slot(s, start, run) <= run);
	if (s->kind == SCHEDULE_CRON)
		MUST(schedule_slot(s, start, run) == run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf error = BUF_INIT, unknown = BUF_INIT;
	char *text = input_text(data, len);
	struct schedule s;

	if (schedule_read(&s, text, &error) == 0) {
		MUST(error.len == 0);
		MUST(s.kind != SCHEDULE_NONE);
		zone_use("UTC0", &unknown);
		goes_on(&s, moment_of(text), 1);
		if (zone_use(s.zone ? s.zone : "Europe/Berlin", &unknown) == 0)
			goes_on(&s, moment_of(text), 0);
		MUST(schedule_next(&s, INT64_MAX) == SCHEDULE_NEVER);
		MUST(schedule_next(&s, INT64_MIN) > INT64_MIN);
	} else {
		MUST(error.len > 0);
		MUST(s.kind == SCHEDULE_NONE && !s.zone);
	}
	schedule_free(&s);
	buf_free(&error);
	buf_free(&unknown);
	free(text);
	return 0;
}
