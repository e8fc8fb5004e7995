/* Unit tests of schedule/schedule. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "unit.h"

#include "base/banned.h"
#include "base/clock.h"
#include "schedule/schedule.h"
#include "schedule/zone.h"

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static int64_t utc(int year, int month, int day, int hour, int minute)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day,
		         .tm_hour = hour, .tm_min = minute };

	return (int64_t)timegm(&tm) * 1000;
}

/* The moment of "2026-03-29 01:00", or ":30" behind, in UTC. */
static int64_t at(const char *text)
{
	int n[5];

	assert_int_equal(sscanf(text, "%d-%d-%d %d:%d", &n[0], &n[1], &n[2], &n[3], &n[4]), 5);
	return utc(n[0], n[1], n[2], n[3], n[4]);
}

static const char *shown(int64_t moment)
{
	static char text[4][40];
	static unsigned next;
	time_t seconds = (time_t)(moment / 1000);
	char *to = text[next++ % 4];
	struct tm tm;

	if (moment == SCHEDULE_NEVER)
		return "never";
	gmtime_r(&seconds, &tm);
	strftime(to, sizeof(text[0]), "%F %T", &tm);
	return to;
}

static void use(const char *name)
{
	char *rule = zone_rule(name);
	struct buf error = BUF_INIT;

	if (zone_use(rule ? rule : name, &error) != 0)
		fail_msg("%s", error.data);
	free(rule);
}

static struct schedule schedule(const char *text)
{
	struct buf error = BUF_INIT;
	struct schedule s;

	if (schedule_read(&s, text, &error) != 0)
		fail_msg("'%s': %s", text, error.data);
	assert_string_equal(error.data, "");
	buf_free(&error);
	return s;
}

static uint64_t seed;

static uint64_t draw(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

/* SEED in the environment repeats a test. */
static void seed_set(void)
{
	const char *given = getenv("SEED");

	seed = given ? strtoull(given, NULL, 10) | 1 : (uint64_t)time(NULL) << 1 | 1;
	printf("# seed %llu\n", (unsigned long long)seed);
}

/* --- reading --- */

/* "1 3-5" as bits. */
static uint64_t bits(const char *list)
{
	uint64_t set = 0;
	char *end;

	while (*list) {
		long from = strtol(list, &end, 10), to = from;

		if (*end == '-')
			to = strtol(end + 1, &end, 10);
		for (; from <= to; from++)
			set |= UINT64_C(1) << from;
		list = *end ? end + 1 : end;
	}
	return set;
}

static void each_field_is_read(void **state)
{
	static const struct {
		const char *text, *minutes, *hours, *days, *months, *weekdays;
		bool either_day;
	} good[] = {
		{ "* * * * *", "0-59", "0-23", "1-31", "1-12", "0-6", false },
		{ "0 3 * * *", "0", "3", "1-31", "1-12", "0-6", false },
		{ " \t0  03\t* * *\n", "0", "3", "1-31", "1-12", "0-6", false },
		{ "59 23 31 12 6", "59", "23", "31", "12", "6", true },
		{ "*/15 */6 * * *", "0 15 30 45", "0 6 12 18", "1-31", "1-12", "0-6", false },
		{ "1-30/7 1-3,5,20-23/2 * * *", "1 8 15 22 29", "1-3 5 20 22", "1-31", "1-12", "0-6", false },
		{ "*/59,7 */23 */31 */12 */7", "0 7 59", "0 23", "1", "1", "0", false },
		{ "0 0 */10 */5 */3", "0", "0", "1 11 21 31", "1 6 11", "0 3 6", false },
		{ "0 0 1,15 * mon", "0", "0", "1 15", "1-12", "1", true },
		{ "0 0 1,15 * */2", "0", "0", "1 15", "1-12", "0 2 4 6", false },
		{ "0 0 */2 * mon", "0", "0", "1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 31", "1-12", "1", false },
		{ "0 0 * * 7", "0", "0", "1-31", "1-12", "0", false },
		{ "0 0 * * 0-7", "0", "0", "1-31", "1-12", "0-6", false },
		{ "0 0 * * 5-7", "0", "0", "1-31", "1-12", "0 5 6", false },
		{ "0 0 * * 1-7/2", "0", "0", "1-31", "1-12", "0 1 3 5", false },
		{ "0 0 * * Mon-FRI", "0", "0", "1-31", "1-12", "1-5", false },
		{ "0 0 * * sat-sun", "0", "0", "1-31", "1-12", "0 6", false },
		{ "0 0 * * sun", "0", "0", "1-31", "1-12", "0", false },
		{ "0 0 * * sun-sun", "0", "0", "1-31", "1-12", "0", false },
		{ "0 0 * * sun-tue,thu", "0", "0", "1-31", "1-12", "0-2 4", false },
		{ "0 0 * jan,MAR-may,12 *", "0", "0", "1-31", "1 3-5 12", "0-6", false },
		{ "0 0 * feb-dec/2 *", "0", "0", "1-31", "2 4 6 8 10 12", "0-6", false },
		{ "0 0 29 2 *", "0", "0", "29", "2", "0-6", false },
		{ "0 0 30 2 1", "0", "0", "30", "2", "1", true },
		{ "0 0 31 2,4,6,9,11,12 *", "0", "0", "31", "2 4 6 9 11 12", "0-6", false },
		{ "@hourly", "0", "0-23", "1-31", "1-12", "0-6", false },
		{ "@daily", "0", "0", "1-31", "1-12", "0-6", false },
		{ "@Midnight", "0", "0", "1-31", "1-12", "0-6", false },
		{ "@weekly", "0", "0", "1-31", "1-12", "0", false },
		{ "@monthly", "0", "0", "1", "1-12", "0-6", false },
		{ "@yearly", "0", "0", "1", "1", "0-6", false },
		{ "@ANNUALLY", "0", "0", "1", "1", "0-6", false },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(good); i++) {
		struct schedule s = schedule(good[i].text);

		if (s.kind != SCHEDULE_CRON || s.minutes != bits(good[i].minutes) ||
		    s.hours != bits(good[i].hours) || s.days != bits(good[i].days) ||
		    s.months != bits(good[i].months) || s.weekdays != bits(good[i].weekdays) ||
		    s.either_day != good[i].either_day || s.zone)
			fail_msg("'%s': minutes %llx, hours %x, days %x, months %x, weekdays %x, either %d",
			         good[i].text, (unsigned long long)s.minutes, s.hours, s.days, s.months,
			         s.weekdays, s.either_day);
		schedule_free(&s);
	}
}

static void a_zone_may_stand_in_front(void **state)
{
	static const char *const texts[] = {
		"CRON_TZ=Europe/Berlin 0 3 * * *", " TZ=Europe/Berlin\t0 3 * * *", "TZ=Europe/Berlin @every 6h",
		"CRON_TZ=Europe/Berlin @daily",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		struct schedule s = schedule(texts[i]);

		assert_string_equal(s.zone, "Europe/Berlin");
		assert_int_equal(s.kind, i == 2 ? SCHEDULE_EVERY : SCHEDULE_CRON);
		schedule_free(&s);
		assert_null(s.zone);
		assert_int_equal(s.kind, SCHEDULE_NONE);
	}
}

static void an_interval_is_read_as_a_duration(void **state)
{
	static const struct {
		const char *text;
		int64_t every;
	} good[] = {
		{ "@every 6h", 6 * HOUR }, { "@Every  90", 90000 }, { "@every 1ms", 1 }, { " @every 7d ", 7 * DAY },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(good); i++) {
		struct schedule s = schedule(good[i].text);

		assert_int_equal(s.kind, SCHEDULE_EVERY);
		assert_int_equal(s.every, good[i].every);
		schedule_free(&s);
	}
}

static void what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *text, *error;
	} bad[] = {
		{ "", "five fields are expected (minute, hour, day of month, month, day of week), not 0" },
		{ " \t\n", ", not 0" },
		{ "0 3 * *", ", not 4" },
		{ "0 0 3 * * *", ", not six: seconds are not supported" },
		{ "0 0 3 * * * 2026", ", not 7" },
		{ "CRON_TZ=UTC", ", not 0" },
		{ "CRON_TZ=UTC 0 3 * *", ", not 4" },
		{ "CRON_TZ=UTC 0 0 3 * * *", "not six" },
		{ "CRON_TZ= 0 3 * * *", "'CRON_TZ=' names no time zone" },
		{ "TZ= 0 3 * * *", "'TZ=' names no time zone" },
		{ "TZ=UTC TZ=UTC 3 * * *", "the minute 'TZ=UTC' cannot be read (0 to 59)" },
		{ "60 3 * * *", "the minute '60' is out of range (0 to 59)" },
		{ "0 24 * * *", "the hour '24' is out of range (0 to 23)" },
		{ "0 0 0 * *", "the day of month '0' is out of range (1 to 31)" },
		{ "0 0 32 * *", "the day of month '32' is out of range" },
		{ "0 0 1 0 *", "the month '0' is out of range (1 to 12)" },
		{ "0 0 1 13 *", "the month '13' is out of range" },
		{ "0 0 * * 8", "the day of week '8' is out of range (0 to 7)" },
		{ "0-60 0 * * *", "the minute '0-60' is out of range" },
		{ "1,2,61 0 * * *", "the minute '1,2,61' is out of range" },
		{ "99999999999999999999999 0 * * *", "is out of range" },
		{ "4294967296 0 * * *", "is out of range" },
		{ "0 22-2 * * *", "the hour '22-2' runs backwards (0 to 23)" },
		{ "0 0 * dec-jan *", "the month 'dec-jan' runs backwards" },
		{ "0 0 * * fri-tue", "the day of week 'fri-tue' runs backwards" },
		{ "0 0 5-0 * *", "the day of month '5-0' runs backwards" },
		{ "5/15 0 * * *", "the minute '5/15' has a step without a range" },
		{ "*/0 0 * * *", "the minute '*/0' has a step that is out of range (0 to 59)" },
		{ "*/90 0 * * *", "the minute '*/90' has a step that is out of range" },
		{ "0 */24 * * *", "the hour '*/24' has a step that is out of range" },
		{ "0 0 * * */8", "the day of week '*/8' has a step that is out of range" },
		{ "*/x 0 * * *", "the minute '*/x' cannot be read" },
		{ "*/ 0 * * *", "the minute '*/' cannot be read" },
		{ "*/-5 0 * * *", "the minute '*/-5' cannot be read" },
		{ "*/5/5 0 * * *", "the minute '*/5/5' cannot be read" },
		{ "-5 0 * * *", "the minute '-5' cannot be read" },
		{ "+5 0 * * *", "the minute '+5' cannot be read" },
		{ "5- 0 * * *", "the minute '5-' cannot be read" },
		{ "5-6-7 0 * * *", "the minute '5-6-7' cannot be read" },
		{ "*-7 0 * * *", "the minute '*-7' cannot be read" },
		{ "** 0 * * *", "the minute '**' cannot be read" },
		{ "1, 0 * * *", "the minute '1,' cannot be read" },
		{ ",1 0 * * *", "the minute ',1' cannot be read" },
		{ "1,,2 0 * * *", "the minute '1,,2' cannot be read" },
		{ "1.5 0 * * *", "the minute '1.5' cannot be read" },
		{ "mon 0 * * *", "the minute 'mon' cannot be read" },
		{ "0 0 mon * *", "the day of month 'mon' cannot be read" },
		{ "0 0 * mon *", "the month 'mon' cannot be read" },
		{ "0 0 * * jan", "the day of week 'jan' cannot be read" },
		{ "0 0 * january *", "the month 'january' cannot be read" },
		{ "0 0 * * mo", "the day of week 'mo' cannot be read" },
		{ "0 0 ? * *", "the day of month '?' cannot be read" },
		{ "0 0 L * *", "the day of month 'L' cannot be read" },
		{ "0 0 * * 5#2", "the day of week '5#2' cannot be read" },
		{ "0 0 30 2 *", "the day of month '30' never comes in the month '2'" },
		{ "0 0 31 2,4,jun,9,11 *", "the day of month '31' never comes in the month '2,4,jun,9,11'" },
		{ "0 0 30-31 feb */2", "the day of month '30-31' never comes in the month 'feb'" },
		{ "@reboot", "'@reboot' is none of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, "
		             "@annually, @every 6h" },
		{ "@", "'@' is none of @hourly" },
		{ "@every", "'@every' is none of" },
		{ "@daily 3", ", not 2" },
		{ "@every 1h 30m", ", not 3" },
		{ "@every 24", "'@every 24' has no unit" },
		{ "@every 0", "'0' is no interval" },
		{ "@every 0s", "'0s' is no interval" },
		{ "@every 1h30m", "'1h30m' is no interval; 30m, 6h and 7d are" },
		{ "@every -5m", "'-5m' is no interval" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++) {
		struct buf error = BUF_INIT;
		struct schedule s;

		if (schedule_read(&s, bad[i].text, &error) != -1)
			fail_msg("'%s' is read", bad[i].text);
		if (!strstr(error.data, bad[i].error))
			fail_msg("'%s': %s", bad[i].text, error.data);
		assert_int_equal(s.kind, SCHEDULE_NONE);
		assert_null(s.zone);
		buf_free(&error);
	}
}

/* --- the next run --- */

/* The runs after from, at most so many, as "03-29 01:00, ...". */
static char *runs_after(const struct schedule *s, const char *from, int most)
{
	struct buf b = BUF_INIT;
	int64_t run = at(from);

	while (most-- > 0) {
		run = schedule_next(s, run);
		assert_int_equal(run % MINUTE, 0);
		buf_printf(&b, "%s%.11s", b.len ? ", " : "", shown(run) + 5);
	}
	return buf_detach(&b);
}

static void the_next_runs_by_hand(void **state)
{
	static const struct {
		const char *zone, *text, *from, *runs; /* UTC */
	} cases[] = {
		{ "UTC", "0 3 * * *", "2026-02-27 03:00", "02-28 03:00, 03-01 03:00" },
		{ "UTC", "0 3 * * *", "2026-02-27 02:59", "02-27 03:00, 02-28 03:00" },
		{ "UTC", "50-59/9,0 23,0 * * *", "2026-12-31 23:49",
		  "12-31 23:50, 12-31 23:59, 01-01 00:00, 01-01 00:50" },
		{ "UTC", "0 0 31 * *", "2026-01-31 00:00", "03-31 00:00, 05-31 00:00, 07-31 00:00, 08-31 00:00" },
		{ "UTC", "0 0 13 * 5", "2026-02-10 00:00", "02-13 00:00, 02-20 00:00, 02-27 00:00, 03-06 00:00" },
		{ "UTC", "0 0 1 * 5", "2026-02-27 00:00", "03-01 00:00, 03-06 00:00, 03-13 00:00" },
		{ "UTC", "0 0 */2 * fri", "2026-02-10 00:00", "02-13 00:00, 02-27 00:00, 03-13 00:00" },
		{ "Asia/Kolkata", "0 3 * * *", "2026-02-27 00:00", "02-27 21:30, 02-28 21:30" },
		/* skipped: 02:00 to 02:59 */
		{ "Europe/Berlin", "30 2 * * *", "2026-03-28 00:00", "03-28 01:30, 03-29 01:00, 03-30 00:30" },
		{ "Europe/Berlin", "0 3 * * *", "2026-03-28 12:00", "03-29 01:00, 03-30 01:00" },
		{ "Europe/Berlin", "*/30 2,3 * * *", "2026-03-28 12:00", "03-29 01:00, 03-29 01:30, 03-30 00:00" },
		{ "Europe/Berlin", "*/15 * * * *", "2026-03-29 00:40", "03-29 00:45, 03-29 01:00, 03-29 01:15" },
		{ "Europe/Berlin", "5 2 * * *", "2026-03-29 00:59", "03-29 01:00, 03-30 00:05" },
		/* shown twice: 02:00 to 02:59 */
		{ "Europe/Berlin", "30 2 * * *", "2026-10-24 12:00", "10-25 00:30, 10-26 01:30" },
		{ "Europe/Berlin", "30 2 * * *", "2026-10-25 01:00", "10-26 01:30" },
		{ "Europe/Berlin", "*/15 * * * *", "2026-10-25 00:40", "10-25 00:45, 10-25 02:00, 10-25 02:15" },
		{ "Europe/Berlin", "0 3 * * *", "2026-10-24 12:00", "10-25 02:00, 10-26 02:00" },
		{ "Australia/Lord_Howe", "*/15 2 * * *", "2026-10-03 12:00",
		  "10-03 15:30, 10-03 15:45, 10-04 15:00" },
		{ "Australia/Lord_Howe", "45 1 * * *", "2026-04-04 12:00", "04-04 14:45, 04-05 15:15" },
		/* across midnight */
		{ "America/Nuuk", "30 23 * * *", "2026-03-28 12:00", "03-29 01:00, 03-30 00:30" },
		{ "America/Nuuk", "30 23 * * *", "2026-10-24 12:00", "10-25 00:30, 10-26 01:30" },
		{ "America/Nuuk", "0 0 * * *", "2026-03-28 12:00", "03-29 01:00, 03-30 01:00" },
		{ "Europe/Dublin", "30 1 * * *", "2026-03-28 12:00", "03-29 01:00, 03-30 00:30" },
		{ "Europe/Dublin", "30 1 * * *", "2026-10-24 12:00", "10-25 00:30, 10-26 01:30" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct schedule s = schedule(cases[i].text);
		int most = 1;
		char *runs;

		for (const char *c = cases[i].runs; *c; c++)
			most += *c == ',';
		use(cases[i].zone);
		runs = runs_after(&s, cases[i].from, most);
		if (strcmp(runs, cases[i].runs) != 0)
			fail_msg("%s, '%s' after %s: %s", cases[i].zone, cases[i].text, cases[i].from, runs);
		free(runs);
		schedule_free(&s);
	}
}

static void rare_runs_are_found_quickly(void **state)
{
	static const struct {
		const char *text, *from, *run;
	} cases[] = {
		{ "0 0 29 2 *", "2026-01-01 00:00", "2028-02-29 00:00" },
		{ "0 0 29 2 *", "2096-02-29 00:00", "2104-02-29 00:00" },
		{ "0 0 29 2 *", "1996-02-29 00:00", "2000-02-29 00:00" },
		{ "0 0 29 2 */7", "2026-01-01 00:00", "2032-02-29 00:00" },
		{ "0 0 29 2 */7", "2088-02-29 00:00", "2128-02-29 00:00" },
		{ "59 23 31 12 *", "2026-12-31 23:59", "2027-12-31 23:59" },
	};
	int64_t start = clock_ms();

	(void)state;
	use("Europe/Berlin");
	for (size_t i = 0; i < 200 * LENGTH(cases); i++) {
		size_t n = i % LENGTH(cases);
		struct schedule s = schedule(cases[n].text);
		int64_t run = schedule_next(&s, at(cases[n].from) - HOUR);

		if (run != at(cases[n].run) - HOUR)
			fail_msg("'%s': %s", cases[n].text, shown(run));
		schedule_free(&s);
	}
	assert_true(clock_ms() - start < 2000);
}

static void the_ends_of_time_are_no_trap(void **state)
{
	struct schedule cron = schedule("* * * * *"), every = schedule("@every 106751991167d"), none = { 0 };
	struct schedule minute = schedule("@every 1m");

	(void)state;
	use("UTC");
	assert_true(schedule_next(&cron, SCHEDULE_NEVER) == SCHEDULE_NEVER);
	assert_true(schedule_next(&cron, SCHEDULE_NEVER - 1) == SCHEDULE_NEVER);
	assert_true(schedule_next(&cron, -1) == 0);
	assert_true(schedule_next(&cron, INT64_MIN) == 0);
	assert_true(schedule_next(&cron, 0) == MINUTE);
	assert_true(schedule_next(&every, at("2026-01-01 00:00")) == SCHEDULE_NEVER);
	assert_true(schedule_next(&minute, SCHEDULE_NEVER - MINUTE) == SCHEDULE_NEVER);
	assert_true(schedule_next(&minute, SCHEDULE_NEVER - MINUTE - 1) == SCHEDULE_NEVER - 1);
	assert_true(schedule_next(&none, 0) == SCHEDULE_NEVER);
	assert_true(schedule_gap(&none, 0) == SCHEDULE_NEVER);
	assert_true(schedule_gap(&cron, SCHEDULE_NEVER) == SCHEDULE_NEVER);
	assert_true(schedule_due(&none, &(struct run_history){ 0 }, 5) == SCHEDULE_NEVER);
}

/* --- against a walk through time --- */

/* A random schedule: what may run, and the text that says so. */
struct model {
	bool may[5][60];
	bool star[5];
	struct buf text;
};

static const int least[] = { 0, 0, 1, 1, 0 }, most[] = { 59, 23, 31, 12, 6 };

static void allow(struct model *m, int field, int from, int to, int step)
{
	for (int n = from; n <= to; n += step)
		m->may[field][field == 4 ? n % 7 : n] = true;
}

/* A value, by its name half the time; 0-sun would end with 0, not 7. */
static void put_value(struct model *m, int field, int n, int from)
{
	static const char *const months[] = { "jan", "Feb", "mar", "apr", "MAY", "jun",
		                              "jul", "aug", "sep", "Oct", "nov", "dec" };
	static const char *const days[] = { "sun", "mon", "Tue", "wed", "thu", "FRI", "sat", "Sun" };

	if (field == 3 && draw(2))
		buf_puts(&m->text, months[n - 1]);
	else if (field == 4 && !(n == 7 && from == 0) && draw(2))
		buf_puts(&m->text, days[n]);
	else
		buf_printf(&m->text, "%d", n);
}

static void put_item(struct model *m, int field)
{
	int top = field == 4 ? 7 : most[field];
	int from = least[field] + (int)draw((uint64_t)(top - least[field] + 1)), to = from, step = 1;

	if (draw(3) == 0)
		to = from + (int)draw((uint64_t)(top - from + 1));
	put_value(m, field, from, from);
	if (to > from) {
		buf_putc(&m->text, '-');
		put_value(m, field, to, from);
		if (draw(2)) {
			step = 1 + (int)draw(7);
			buf_printf(&m->text, "/%d", step);
		}
	}
	allow(m, field, from, to, step);
}

static void put_field(struct model *m, int field, bool star)
{
	if (star || draw(4) == 0) {
		int step = star || draw(2) ? 1 : 1 + (int)draw(7);

		m->star[field] = true;
		buf_puts(&m->text, "*");
		if (step > 1)
			buf_printf(&m->text, "/%d", step);
		allow(m, field, least[field], most[field], step);
	} else {
		for (uint64_t items = 1 + draw(3); items; items--) {
			put_item(m, field);
			if (items > 1)
				buf_putc(&m->text, ',');
		}
	}
	buf_putc(&m->text, ' ');
}

/* Days are mostly any, or few windows would see a run. */
static struct model model_random(void)
{
	struct model m = { .text = BUF_INIT };

	put_field(&m, 0, false);
	put_field(&m, 1, draw(3) == 0);
	put_field(&m, 2, draw(4) != 0);
	put_field(&m, 3, draw(8) != 0);
	put_field(&m, 4, draw(4) != 0);
	return m;
}

/* Whether a minute of the clocks, counted from 1970, matches. */
static bool model_matches(const struct model *m, int64_t minute)
{
	time_t seconds = (time_t)(minute * 60);
	bool day, weekday;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	day = m->may[2][tm.tm_mday];
	weekday = m->may[4][tm.tm_wday];
	return m->may[0][tm.tm_min] && m->may[1][tm.tm_hour] && m->may[3][tm.tm_mon + 1] &&
	       (m->star[2] || m->star[4] ? day && weekday : day || weekday);
}

/* What the clocks show, in minutes from 1970. */
static int64_t clock_minute(int64_t minute)
{
	time_t seconds = (time_t)(minute * 60);
	struct tm tm;

	localtime_r(&seconds, &tm);
	return (int64_t)timegm(&tm) / 60;
}

/* Notes in runs[] which of n minutes from start on run: those at which the clocks come
 * to, or jump over, a matching minute that they have not shown before. */
static void model_walk(const struct model *m, int64_t start, bool *runs, int n)
{
	int64_t shown_last = INT64_MIN;

	for (int64_t t = start - 2 * 1440; t < start + n; t++) {
		int64_t now = clock_minute(t);
		bool run = false;

		for (int64_t l = shown_last == INT64_MIN ? now : shown_last + 1; l <= now; l++)
			run = model_matches(m, l) || run;
		if (now > shown_last)
			shown_last = now;
		if (t >= start)
			runs[t - start] = run;
	}
}

/* The start, in minutes, of a window around a day on which the clocks change, mostly. */
static int64_t window_random(int n)
{
	int64_t t = utc(2015, 1, 1, 0, 0) / MINUTE + (int64_t)draw(8000) * 1440;

	for (int day = 0; draw(10) && day < 400; day++) {
		if (clock_minute(t) - t != clock_minute(t + 1440) - t - 1440)
			break;
		t += 1440;
	}
	return t + 720 - n / 2 + (int64_t)draw(60);
}

static void assert_window_agrees(const struct model *m, const struct schedule *s, const char *zone)
{
	static bool runs[3000];
	int n = LENGTH(runs);
	int64_t start = window_random(n), run = start * MINUTE - 1;

	model_walk(m, start, runs, n);
	for (int i = 0; i < n; i++) {
		int64_t now = (start + i) * MINUTE, from = run, late = now - 1 - (int64_t)draw(MINUTE - 1);

		if (!runs[i])
			continue;
		run = schedule_next(s, from);
		if (run != now)
			fail_msg("%s (TZ='%s'), '%s' after %s: %s, not %s", zone, getenv("TZ"), m->text.data,
			         shown(from), shown(run), shown(now));
		/* and not only from one run to the next */
		if (late >= from && schedule_next(s, late) != now)
			fail_msg("%s, '%s' after %lld ms: %s", zone, m->text.data, (long long)late, shown(run));
	}
	run = schedule_next(s, run);
	if (run < (start + n) * MINUTE)
		fail_msg("%s (TZ='%s'), '%s' runs at %s, too", zone, getenv("TZ"), m->text.data, shown(run));
}

static void random_schedules_agree_with_a_walk_through_time(void **state)
{
	static const char *const zones[] = {
		"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns",
		"Africa/Casablanca", "Europe/Dublin", "America/Nuuk", "Asia/Gaza", "UTC",
	};

	(void)state;
	seed_set();
	for (int i = 0; i < 1000; i++) {
		const char *zone = zones[draw(LENGTH(zones))];
		struct model m = model_random();
		struct buf error = BUF_INIT;
		struct schedule s;

		if (draw(2))
			use(zone); /* the rule */
		else
			assert_int_equal(zone_use(zone, &error), 0); /* the image's, with its past */
		if (schedule_read(&s, m.text.data, &error) == 0)
			assert_window_agrees(&m, &s, zone);
		else
			assert_holds(error.data, "never comes");
		schedule_free(&s);
		buf_free(&error);
		buf_free(&m.text);
	}
}

/* --- pauses --- */

static void the_longest_pause(void **state)
{
	static const struct {
		const char *zone, *text;
		int64_t gap;
	} cases[] = {
		{ "UTC", "@every 6h", 6 * HOUR },
		{ "UTC", "0 3 * * *", DAY },
		{ "UTC", "* * * * *", MINUTE },
		{ "UTC", "0 9-17 * * *", 16 * HOUR },
		{ "UTC", "* * * * 1-5", 2 * DAY + MINUTE },
		{ "UTC", "*/5 * * * 1-5", 2 * DAY + 5 * MINUTE },
		{ "UTC", "0 0 1 * *", 31 * DAY },
		{ "UTC", "0 0 31 * *", 61 * DAY },
		{ "UTC", "0 0 1 1 *", 365 * DAY },
		{ "UTC", "0 0 29 2 *", 1461 * DAY },
		{ "Europe/Berlin", "0 3 * * *", 25 * HOUR },
		{ "Europe/Berlin", "*/15 * * * *", 15 * MINUTE }, /* May: autumn is too far for as many runs */
		{ "Europe/Berlin", "0 * * * *", 2 * HOUR },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct schedule s = schedule(cases[i].text);
		int64_t gap;

		use(cases[i].zone);
		gap = schedule_gap(&s, at("2026-05-04 12:00"));
		if (gap != cases[i].gap)
			fail_msg("'%s': %lld min", cases[i].text, (long long)(gap / MINUTE));
		schedule_free(&s);
	}
}

/* --- what is due --- */

static void the_first_run(void **state)
{
	struct schedule every = schedule("@every 6h"), cron = schedule("0 3 * * *");
	int64_t began = at("2026-05-04 12:34") + 567;
	struct run_history h = { 0 };

	(void)state;
	use("UTC");
	assert_true(schedule_due(&every, &h, began) == began);
	assert_true(schedule_due(&cron, &h, began) == at("2026-05-05 03:00"));
	assert_true(schedule_due(&cron, &h, at("2026-05-04 03:00")) == at("2026-05-05 03:00"));
	/* A run that a former process did not get to comes first, at its own time; one that is still to come changes nothing. */
	h.owed = at("2026-05-03 03:00");
	assert_true(schedule_due(&cron, &h, began) == h.owed);
	h.owed = began + 1;
	assert_true(schedule_due(&cron, &h, began) == at("2026-05-05 03:00"));
	h.owed = 0;
}

static void the_run_after_a_success(void **state)
{
	struct schedule every = schedule("@every 6h"), cron = schedule("0 3 * * *");
	struct run_history h = { .success = at("2026-05-04 03:00") };
	int64_t began = at("2026-05-20 00:00");

	(void)state;
	use("UTC");
	assert_true(schedule_due(&every, &h, began) == at("2026-05-04 09:00"));
	assert_true(schedule_due(&cron, &h, began) == at("2026-05-05 03:00"));
}

static void failures_are_retried_ever_more_slowly(void **state)
{
	static const int minutes[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60, 60 };
	struct schedule daily = schedule("0 3 * * *"), hourly = schedule("@every 1h");
	struct run_history h = { .success = at("2026-05-03 03:00"), .failed_due = at("2026-05-04 03:00") };

	(void)state;
	use("UTC");
	h.failed = at("2026-05-04 03:10") + 123;
	for (size_t i = 0; i < LENGTH(minutes); i++) {
		h.failures = (long)i + 1;
		assert_true(schedule_due(&daily, &h, 1) == h.failed + minutes[i] * MINUTE);
	}
	for (h.failures = 60; h.failures < 70; h.failures++)
		assert_true(schedule_due(&daily, &h, 1) == h.failed + HOUR);
	/* the next slot is sooner */
	assert_true(schedule_due(&hourly, &h, 1) == at("2026-05-04 04:00"));
	h.failed = at("2026-05-05 02:30");
	assert_true(schedule_due(&daily, &h, 1) == at("2026-05-05 03:00"));
	/* without any success it is the same */
	h.success = 0;
	h.failures = 1;
	h.failed = at("2026-05-04 03:10");
	assert_true(schedule_due(&daily, &h, 1) == at("2026-05-04 03:11"));
	assert_true(schedule_due(&hourly, &h, 1) == at("2026-05-04 03:11"));
}

static void a_late_run_counts_for_the_last_slot_that_has_passed(void **state)
{
	static const struct {
		const char *text, *due, *now, *slot;
	} cases[] = {
		{ "0 3 * * *", "2026-05-04 03:00", "2026-05-04 03:00", "2026-05-04 03:00" },
		{ "0 3 * * *", "2026-05-04 03:00", "2026-05-05 02:59", "2026-05-04 03:00" },
		{ "0 3 * * *", "2026-05-04 03:00", "2026-05-05 03:00", "2026-05-05 03:00" },
		{ "0 3 * * *", "2026-05-04 03:00", "2026-05-14 03:00", "2026-05-14 03:00" },
		{ "0 3 * * *", "2026-05-04 03:00", "2026-08-05 03:01", "2026-08-05 03:00" },
		{ "0 3 * * *", "2026-05-04 03:11", "2026-05-04 04:00", "2026-05-04 03:11" }, /* a retry */
		{ "0 3 * * *", "2026-05-04 03:11", "2026-05-05 04:00", "2026-05-05 03:00" },
		{ "* * * * 1-5", "2024-05-04 03:11", "2026-05-03 04:00", "2026-05-01 23:59" },
		{ "0 0 29 2 *", "1972-02-29 00:00", "2026-05-03 04:00", "2024-02-29 00:00" },
		{ "@every 6h", "2026-05-04 03:11", "2026-05-04 09:10", "2026-05-04 03:11" },
		{ "@every 6h", "2026-05-04 03:11", "2026-05-04 09:11", "2026-05-04 09:11" },
		{ "@every 6h", "2026-05-04 03:11", "2026-06-05 00:00", "2026-06-04 21:11" },
		/* not due yet: somebody asked for it, or the clock was set back */
		{ "@every 6h", "2026-05-04 03:11", "2026-05-04 03:10", "2026-05-04 03:10" },
		{ "0 3 * * *", "2026-05-04 03:11", "2025-05-04 03:10", "2025-05-04 03:10" },
	};
	int64_t start = clock_ms();

	(void)state;
	use("UTC");
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct schedule s = schedule(cases[i].text);
		int64_t slot = schedule_slot(&s, at(cases[i].due), at(cases[i].now));

		if (slot != at(cases[i].slot))
			fail_msg("'%s', due %s, now %s: %s", cases[i].text, cases[i].due, cases[i].now, shown(slot));
		schedule_free(&s);
	}
	assert_true(clock_ms() - start < 2000);
}

/* --- a daemon in simulated time: all that it keeps is its history --- */

struct daemon {
	struct schedule s;
	struct run_history h;
	int64_t began, now, end;
	int64_t down_from, down_to; /* the server is out: runs fail */
	int64_t good[2000], tried[2000]; /* slots that were kept, moments of failed tries */
	size_t n_good, n_tried;
};

/* A run from now on, which may be killed by a restart before it has told the journal. */
static void daemon_run(struct daemon *d, int64_t takes, int64_t restart)
{
	int64_t slot = schedule_slot(&d->s, schedule_due(&d->s, &d->h, d->began), d->now);
	bool fails = d->now >= d->down_from && d->now < d->down_to;

	assert_true(slot <= d->now);
	if (d->now + takes > restart) {
		d->now = restart;
		return;
	}
	assert_true(d->n_good < LENGTH(d->good) && d->n_tried < LENGTH(d->tried));
	if (fails)
		d->tried[d->n_tried++] = d->now;
	else
		d->good[d->n_good++] = slot;
	d->now += takes;
	d->h = fails ? (struct run_history){ .success = d->h.success, .failures = d->h.failures + 1,
	                                     .failed = d->now, .failed_due = slot }
	             : (struct run_history){ .success = slot };
}

/* Waits and runs until `until`, when it is restarted. */
static void daemon_live(struct daemon *d, int64_t until, int64_t takes)
{
	while (d->now < until) {
		int64_t due = schedule_due(&d->s, &d->h, d->began);

		if (due > d->now)
			d->now = due < until ? due : until;
		else
			daemon_run(d, takes, until);
	}
}

static void daemon_live_with_restarts(struct daemon *d, int restarts, int64_t takes)
{
	int64_t length = d->end - d->now, start = d->now;
	int64_t *at_times = xcalloc((size_t)restarts, sizeof(*at_times));

	for (int i = 0; i < restarts; i++) {
		int64_t moment = start + (int64_t)draw((uint64_t)length);
		int j = i;

		for (; j > 0 && at_times[j - 1] > moment; j--)
			at_times[j] = at_times[j - 1];
		at_times[j] = moment;
	}
	for (int i = 0; i < restarts; i++)
		daemon_live(d, at_times[i], takes);
	daemon_live(d, d->end, takes);
	free(at_times);
}

static void restarts_neither_repeat_a_run_nor_skip_one(void **state)
{
	static const char *const texts[] = {
		"@every 1h", "0 * * * *", "@every 90m", "*/20 * * * *", "17 3,15 * * *", "0 3 * * *", "@every 1d",
	};

	(void)state;
	seed_set();
	use("Europe/Berlin");
	for (size_t i = 0; i < 20 * LENGTH(texts); i++) {
		struct daemon d = { .s = schedule(texts[i % LENGTH(texts)]) };
		/* across the autumn change, too */
		int64_t day = at(draw(2) ? "2026-05-04 00:00" : "2026-10-24 12:00"), slot;
		bool every = d.s.kind == SCHEDULE_EVERY;
		size_t n = 0;

		d.now = d.began = day + (int64_t)draw(DAY);
		d.end = d.began + DAY + 7;
		daemon_live_with_restarts(&d, 100, 1 + (int64_t)draw(30000));
		for (slot = every ? d.began : schedule_next(&d.s, d.began); slot < d.end - MINUTE;
		     slot = schedule_next(&d.s, slot)) {
			if (n >= d.n_good || d.good[n] != slot)
				fail_msg("'%s', run %zu of %zu: %s is missing", texts[i % LENGTH(texts)], n, d.n_good,
				         shown(slot));
			n++;
		}
		assert_true(d.n_good == n || (d.n_good == n + 1 && d.good[n] == slot));
		assert_int_equal(d.n_tried, 0);
		schedule_free(&d.s);
	}
}

static void an_outage_is_waited_out(void **state)
{
	static const int minutes[] = { 0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303 };
	struct daemon d = { .s = schedule("0 3 * * *") };

	(void)state;
	seed_set();
	use("UTC");
	d.now = d.began = at("2026-05-03 12:00");
	d.down_from = at("2026-05-04 02:00");
	d.down_to = at("2026-05-04 08:30");
	d.end = at("2026-05-06 12:00");
	daemon_live_with_restarts(&d, 100, 0);
	assert_int_equal(d.n_tried, LENGTH(minutes));
	for (size_t i = 0; i < LENGTH(minutes); i++)
		assert_true(d.tried[i] == at("2026-05-04 03:00") + minutes[i] * MINUTE);
	assert_int_equal(d.n_good, 3);
	assert_true(d.good[0] == at("2026-05-04 09:03")); /* a retry's own moment */
	assert_true(d.good[1] == at("2026-05-05 03:00"));
	assert_true(d.good[2] == at("2026-05-06 03:00"));
}

static void an_outage_over_several_slots_is_tried_at_each(void **state)
{
	struct daemon d = { .s = schedule("@every 2h") };
	size_t tries_on_slots = 0;

	(void)state;
	use("UTC");
	d.now = d.began = at("2026-05-04 00:00");
	d.down_from = at("2026-05-04 01:00");
	d.down_to = at("2026-05-04 13:59");
	d.end = at("2026-05-04 20:30");
	daemon_live(&d, d.end, 0);
	for (size_t i = 0; i < d.n_tried; i++) {
		tries_on_slots += (d.tried[i] - d.began) % (2 * HOUR) == 0;
		if (i > 0 && d.tried[i] - d.tried[i - 1] > HOUR)
			fail_msg("no try between %s and %s", shown(d.tried[i - 1]), shown(d.tried[i]));
	}
	assert_true(tries_on_slots >= 1);
	assert_true(d.good[1] > d.down_to && d.good[1] <= d.down_to + HOUR);
	assert_true(d.good[2] == d.good[1] + 2 * HOUR);
}

static void missed_slots_are_made_up_for_once(void **state)
{
	static const char *const texts[] = { "0 3 * * *", "@every 1d" };

	(void)state;
	use("UTC");
	for (size_t i = 0; i < LENGTH(texts); i++) {
		struct daemon d = { .s = schedule(texts[i]), .h = { .success = at("2026-05-04 03:00") } };

		/* back after ten days */
		d.now = d.began = at("2026-05-14 17:00");
		d.end = at("2026-05-16 12:00");
		daemon_live(&d, d.end, MINUTE);
		assert_int_equal(d.n_good, 3);
		assert_true(d.good[0] == at("2026-05-14 03:00"));
		assert_true(d.good[1] == at("2026-05-15 03:00"));
		assert_true(d.good[2] == at("2026-05-16 03:00"));
		schedule_free(&d.s);
	}
}

/* Runs that start late and take longer than the interval now and then. */
static void nothing_drifts(void **state)
{
	struct daemon d = { .s = schedule("@every 10m") };

	(void)state;
	seed_set();
	d.now = d.began = at("2026-05-04 12:34") + 567;
	while (d.n_good < 1000) {
		int64_t due = schedule_due(&d.s, &d.h, d.began);

		if (d.now < due)
			d.now = due;
		d.now += (int64_t)draw(5000);
		daemon_run(&d, (int64_t)draw(draw(50) ? MINUTE : 3 * HOUR), SCHEDULE_NEVER);
		assert_int_equal((d.good[d.n_good - 1] - d.began) % (10 * MINUTE), 0);
	}
	assert_true(d.good[999] <= d.now && d.now - d.good[999] < 4 * HOUR);
	for (size_t i = 1; i < d.n_good; i++)
		assert_true(d.good[i] > d.good[i - 1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_field_is_read),
		cmocka_unit_test(a_zone_may_stand_in_front),
		cmocka_unit_test(an_interval_is_read_as_a_duration),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(the_next_runs_by_hand),
		cmocka_unit_test(rare_runs_are_found_quickly),
		cmocka_unit_test(the_ends_of_time_are_no_trap),
		cmocka_unit_test(random_schedules_agree_with_a_walk_through_time),
		cmocka_unit_test(the_longest_pause),
		cmocka_unit_test(the_first_run),
		cmocka_unit_test(the_run_after_a_success),
		cmocka_unit_test(failures_are_retried_ever_more_slowly),
		cmocka_unit_test(a_late_run_counts_for_the_last_slot_that_has_passed),
		cmocka_unit_test(restarts_neither_repeat_a_run_nor_skip_one),
		cmocka_unit_test(an_outage_is_waited_out),
		cmocka_unit_test(an_outage_over_several_slots_is_tried_at_each),
		cmocka_unit_test(missed_slots_are_made_up_for_once),
		cmocka_unit_test(nothing_drifts),
	};

	return unit_run("schedule", tests, NULL, NULL);
}
