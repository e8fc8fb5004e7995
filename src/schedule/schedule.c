/* schedule - when the next run is due. */
#include "schedule/schedule.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/banned.h"
#include "base/clock.h"
#include "schedule/zone.h"

#define DIGITS "0123456789"
#define BLANKS " \t\r\n"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS INT64_C(86400000)

/* What comes at all comes within this: 29 February on one day of the week, around 2100,
 * which is no leap year. */
#define YEARS INT64_C(40)

/* Behind this, the sums of moments might overflow. */
#define LATEST (SCHEDULE_NEVER - (YEARS + 1) * 366 * DAY_MS)

/* How far schedule_gap looks. A week has 10,080 minutes: a weekend is always seen. */
#define GAP_SPAN (400 * DAY_MS)
#define GAP_RUNS 10100

/* --- reading --- */

static const struct field {
	const char *name;
	int least, most;
	const char *names; /* three letters each, from least on */
} fields[] = {
	{ "minute", 0, 59, "" },
	{ "hour", 0, 23, "" },
	{ "day of month", 1, 31, "" },
	{ "month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec" },
	{ "day of week", 0, 7, "sunmontuewedthufrisat" },
};

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };

static const struct {
	const char *name, *fields[FIELDS];
} nicknames[] = {
	{ "@hourly", { "0", "*", "*", "*", "*" } },   { "@daily", { "0", "0", "*", "*", "*" } },
	{ "@midnight", { "0", "0", "*", "*", "*" } }, { "@weekly", { "0", "0", "*", "*", "0" } },
	{ "@monthly", { "0", "0", "1", "*", "*" } },  { "@yearly", { "0", "0", "1", "1", "*" } },
	{ "@annually", { "0", "0", "1", "1", "*" } },
};

static bool has(uint64_t set, int n)
{
	return set >> n & 1;
}

/* Reads digits; what is too long for any field is too large for it as well. */
static bool take_number(const char **at, int *value)
{
	const char *start = *at;

	for (*value = 0; **at && strchr(DIGITS, **at); ++*at)
		if (*value < 1000)
			*value = *value * 10 + (**at - '0');
	return *at > start;
}

static bool take_value(const struct field *f, const char **at, int *value)
{
	if (take_number(at, value))
		return true;
	for (int i = 0; f->names[i]; i += 3) {
		if (strncasecmp(*at, f->names + i, 3) != 0)
			continue;
		*value = f->least + i / 3;
		*at += 3;
		return true;
	}
	return false;
}

/* Reads *, a value or a range; what is wrong with it, or NULL. */
static const char *take_range(const struct field *f, const char **at, int *from, int *to)
{
	if (**at == '*') {
		++*at;
		*from = f->least;
		*to = f->most;
		return NULL;
	}
	if (!take_value(f, at, from))
		return "cannot be read";
	*to = *from;
	if (**at == '-') {
		++*at;
		if (!take_value(f, at, to))
			return "cannot be read";
	}
	if (*to == 0 && *from > 0 && f == &fields[WEEKDAY])
		*to = 7; /* sat-sun */
	if (*from < f->least || *from > f->most || *to > f->most)
		return "is out of range";
	return *to < *from ? "runs backwards" : NULL;
}

/* Reads a range and its step into set; what is wrong with it, or NULL. */
static const char *take_item(const struct field *f, const char **at, uint64_t *set)
{
	int from, to, step = 1;
	const char *start = *at, *why = take_range(f, at, &from, &to);

	if (why)
		return why;
	if (**at == '/') {
		/* crond takes 5/15 for 5, others for 5-59/15. */
		if (*start != '*' && !memchr(start, '-', (size_t)(*at - start)))
			return "has a step without a range";
		++*at;
		if (!take_number(at, &step))
			return "cannot be read";
		if (step < 1 || step > f->most)
			return "has a step that is out of range";
	}
	for (int n = from; n <= to; n += step)
		*set |= UINT64_C(1) << n;
	return NULL;
}

static int read_field(const struct field *f, const char *text, uint64_t *set, struct buf *error)
{
	const char *at = text, *why;

	*set = 0;
	do {
		why = take_item(f, &at, set);
	} while (!why && *at++ == ',');
	if (!why && at[-1] != '\0')
		why = "cannot be read";
	if (why)
		buf_printf(error, "the %s '%s' %s (%d to %d)", f->name, text, why, f->least, f->most);
	return why ? -1 : 0;
}

static int longest_month(int month)
{
	return month == 2 ? 29 : 30 + (month + month / 8) % 2;
}

/* Whether any day matches: 30 February never does. */
static bool comes(const struct schedule *s)
{
	for (int month = 1; month <= 12; month++)
		for (int day = 1; has(s->months, month) && day <= longest_month(month); day++)
			if (has(s->days, day))
				return true;
	return s->either_day;
}

static int read_cron(struct schedule *s, const char *const *text, struct buf *error)
{
	uint64_t set[FIELDS];

	for (int i = 0; i < FIELDS; i++)
		if (read_field(&fields[i], text[i], &set[i], error) != 0)
			return -1;
	s->kind = SCHEDULE_CRON;
	s->minutes = set[MINUTE];
	s->hours = (uint32_t)set[HOUR];
	s->days = (uint32_t)set[DAY];
	s->months = (uint32_t)set[MONTH];
	s->weekdays = (uint32_t)((set[WEEKDAY] | set[WEEKDAY] >> 7) & 0x7f);
	s->either_day = *text[DAY] != '*' && *text[WEEKDAY] != '*';
	if (comes(s))
		return 0;
	buf_printf(error, "the day of month '%s' never comes in the month '%s'", text[DAY], text[MONTH]);
	return -1;
}

static int read_every(struct schedule *s, const char *text, struct buf *error)
{
	if (duration_lacks_unit(text)) {
		buf_printf(error, "'@every %s' has no unit and would be seconds: write %sh, %sm or %ss", text,
		           text, text, text);
		return -1;
	}
	if (duration_parse(text, &s->every) && s->every > 0) {
		s->kind = SCHEDULE_EVERY;
		return 0;
	}
	buf_printf(error, "'%s' is no interval; 30m, 6h and 7d are", text);
	return -1;
}

static int read_nickname(struct schedule *s, const char *name, struct buf *error)
{
	for (size_t i = 0; i < sizeof(nicknames) / sizeof(*nicknames); i++)
		if (strcasecmp(name, nicknames[i].name) == 0)
			return read_cron(s, nicknames[i].fields, error);
	buf_printf(error, "'%s' is none of ", name);
	for (size_t i = 0; i < sizeof(nicknames) / sizeof(*nicknames); i++)
		buf_printf(error, "%s, ", nicknames[i].name);
	buf_puts(error, "@every 6h");
	return -1;
}

static int read_words(struct schedule *s, const char *const *words, size_t n, struct buf *error)
{
	if (n == 2 && strcasecmp(words[0], "@every") == 0)
		return read_every(s, words[1], error);
	if (n == 1 && *words[0] == '@')
		return read_nickname(s, words[0], error);
	if (n == FIELDS)
		return read_cron(s, words, error);
	buf_puts(error, "five fields are expected (minute, hour, day of month, month, day of week), ");
	if (n == FIELDS + 1)
		buf_puts(error, "not six: seconds are not supported");
	else
		buf_printf(error, "not %zu", n);
	return -1;
}

/* CRON_TZ=Zone or TZ=Zone: the zone, else NULL. */
static const char *zone_in(const char *word)
{
	const char *zone = skip_prefix(word, "CRON_TZ=");

	return zone ? zone : skip_prefix(word, "TZ=");
}

int schedule_read(struct schedule *s, const char *text, struct buf *error)
{
	struct strs words = { 0 };
	const char *const *word;
	const char *zone;
	size_t n;
	int status = -1;

	*s = (struct schedule){ 0 };
	strs_split(&words, text, BLANKS);
	word = (const char *const *)words.v;
	n = words.n;
	zone = n ? zone_in(*word) : NULL;
	if (zone) {
		s->zone = xstrdup(zone);
		word++;
		n--;
	}
	if (zone && !*zone)
		buf_printf(error, "'%s' names no time zone", words.v[0]);
	else
		status = read_words(s, word, n, error);
	strs_free(&words);
	if (status != 0)
		schedule_free(s);
	return status;
}

void schedule_free(struct schedule *s)
{
	free(s->zone);
	*s = (struct schedule){ 0 };
}

/* --- the next run --- */

struct day {
	int year, month, day, weekday;
};

static int month_days(const struct day *d)
{
	bool leap = (d->year % 4 == 0 && d->year % 100 != 0) || d->year % 400 == 0;

	return d->month == 2 && !leap ? 28 : longest_month(d->month);
}

/* Goes to the first of the next month. */
static void month_after(struct day *d)
{
	d->weekday = (d->weekday + month_days(d) - d->day + 1) % 7;
	d->day = 1;
	d->month = d->month % 12 + 1;
	d->year += d->month == 1;
}

static void day_after(struct day *d)
{
	if (d->day == month_days(d)) {
		month_after(d);
		return;
	}
	d->day++;
	d->weekday = (d->weekday + 1) % 7;
}

static bool runs_on(const struct schedule *s, const struct day *d)
{
	bool day = has(s->days, d->day), weekday = has(s->weekdays, d->weekday);

	return s->either_day ? day || weekday : day && weekday;
}

/* The first run of that day, from its minute on, that is after `after`. */
static int64_t first_run(const struct schedule *s, const struct day *d, int minute, int64_t after)
{
	for (; minute < 24 * 60; minute++) {
		int64_t run;

		if (!has(s->hours, minute / 60) || !has(s->minutes, minute % 60))
			continue;
		run = zone_moment(d->year, d->month, d->day, minute / 60, minute % 60) * 1000;
		if (run > after)
			return run;
	}
	return SCHEDULE_NEVER;
}

/* Later local times never have earlier moments (zone_moment), so the first that is
 * after `after` is the one; no need to look at what the clocks showed before. */
static int64_t next_cron(const struct schedule *s, int64_t after)
{
	time_t seconds;
	struct tm tm;
	struct day d;
	int64_t last;
	int minute;

	if (after < 0)
		after = -1;
	seconds = (time_t)(after / 1000);
	if (after > LATEST || !localtime_r(&seconds, &tm))
		return SCHEDULE_NEVER;
	d = (struct day){ tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_wday };
	minute = tm.tm_hour * 60 + tm.tm_min;
	for (last = d.year + YEARS; d.year <= last; minute = 0) {
		int64_t run = SCHEDULE_NEVER;

		if (!has(s->months, d.month)) {
			month_after(&d);
			continue;
		}
		if (runs_on(s, &d))
			run = first_run(s, &d, minute, after);
		if (run != SCHEDULE_NEVER)
			return run;
		day_after(&d);
	}
	return SCHEDULE_NEVER;
}

int64_t schedule_next(const struct schedule *s, int64_t after)
{
	if (s->kind == SCHEDULE_CRON)
		return next_cron(s, after);
	if (s->kind == SCHEDULE_EVERY && after < SCHEDULE_NEVER - s->every)
		return after + s->every;
	return SCHEDULE_NEVER;
}

int64_t schedule_gap(const struct schedule *s, int64_t now)
{
	int64_t run, longest = 0;
	int runs = 0;

	if (s->kind == SCHEDULE_EVERY)
		return s->every;
	run = schedule_next(s, now);
	do {
		int64_t next = schedule_next(s, run);

		if (next == SCHEDULE_NEVER)
			return SCHEDULE_NEVER;
		if (next - run > longest)
			longest = next - run;
		run = next;
	} while (++runs < GAP_RUNS && run - now < GAP_SPAN);
	return longest;
}

/* --- what the journal remembers --- */

static int64_t pause_after(long failures)
{
	return MINUTE_MS * (failures > 6 ? 60 : INT64_C(1) << (failures - 1));
}

int64_t schedule_due(const struct schedule *s, const struct run_history *h, int64_t began)
{
	int64_t slot, retry;

	if (s->kind == SCHEDULE_NONE)
		return SCHEDULE_NEVER;
	if (h->failures > 0) {
		slot = schedule_next(s, h->failed_due);
		retry = h->failed + pause_after(h->failures);
		return slot < retry ? slot : retry;
	}
	if (h->success)
		return schedule_next(s, h->success);
	if (h->owed && h->owed < began)
		began = h->owed - 1;
	return s->kind == SCHEDULE_EVERY ? began : schedule_next(s, began);
}

/* The last cron run that is not after now, given that there is one after `after`:
 * found by halving, as a year has half a million minutes. */
static int64_t last_run(const struct schedule *s, int64_t after, int64_t now)
{
	int64_t before = now;

	while (before - after > 1) {
		int64_t middle = after + (before - after) / 2;

		if (schedule_next(s, middle) <= now)
			after = middle;
		else
			before = middle;
	}
	return schedule_next(s, after);
}

int64_t schedule_slot(const struct schedule *s, int64_t due, int64_t now)
{
	if (due >= now)
		return now;
	if (s->kind == SCHEDULE_EVERY)
		return due + (now - due) / s->every * s->every;
	return schedule_next(s, due) <= now ? last_run(s, due, now) : due;
}
