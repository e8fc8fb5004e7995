/* Unit tests of schedule/zone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

#include "base/banned.h"
#include "schedule/zone.h"
#include "schedule/zone_file.h"

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

/* The offset of the zone in use from UTC, in seconds. */
static long offset_at(int64_t moment)
{
	time_t when = (time_t)moment;
	struct tm tm;

	assert_non_null(localtime_r(&when, &tm));
	return tm.tm_gmtoff;
}

#define JANUARY INT64_C(1768478400) /* 2026-01-15 12:00 UTC */
#define JULY INT64_C(1784116800)

static void use(const char *name)
{
	struct buf error = BUF_INIT;

	if (zone_use(name, &error) != 0)
		fail_msg("%s", error.data);
	assert_string_equal(error.data, "");
	buf_free(&error);
}

/* The zone's rules in the table: what a scratch image goes by. */
static void use_rule(const char *name)
{
	char *rule = zone_rule(name);

	assert_non_null(rule);
	use(rule);
	free(rule);
}

/* --- names --- */

static void the_table_knows_whole_names_only(void **state)
{
	static const char *const none[] = {
		"", "Europe", "Europe/Berli", "Europe/Berlin ", "Europe/Berlin CET", "urope/Berlin",
		"CET-1CEST,M3.5.0,M10.5.0/3", "europe/berlin", "Europe/Berlin\n", "Europe/Berlins", "\n",
	};
	char *rule = zone_rule("Europe/Berlin");

	(void)state;
	assert_string_equal(rule, "CET-1CEST,M3.5.0,M10.5.0/3");
	free(rule);
	rule = zone_rule("Africa/Casablanca");
	assert_string_equal(rule, "<+00>0");
	free(rule);
	rule = zone_rule("UTC");
	assert_string_equal(rule, "UTC0");
	free(rule);
	for (size_t i = 0; i < LENGTH(none); i++)
		if (zone_rule(none[i]))
			fail_msg("'%s' is known", none[i]);
}

static void a_name_that_the_image_lacks_is_taken_from_the_table(void **state)
{
	(void)state;
	use("Pgbox/Table");
	assert_int_equal(offset_at(JANUARY), 4980);
	use("UTC");
	assert_int_equal(offset_at(JANUARY), 0);
	use(":Pgbox/Table");
	assert_int_equal(offset_at(JANUARY), 4980);
}

static void a_name_that_the_image_has_is_taken_from_there(void **state)
{
	(void)state;
	if (access("/usr/share/zoneinfo/Asia/Kathmandu", R_OK) != 0)
		skip();
	use("Asia/Kathmandu");
	assert_int_equal(offset_at(JANUARY), 20700);
	assert_string_equal(getenv("TZ"), ":Asia/Kathmandu");
	assert_int_equal(offset_at(0), 19800); /* what no rule knows */
	use("EST5EDT");
	assert_int_equal(offset_at(JULY), -4 * 3600);
	use(":Asia/Kathmandu");
	assert_int_equal(offset_at(JANUARY), 20700);
}

static void what_nobody_knows_is_refused_and_leaves_utc(void **state)
{
	static const char *const bad[] = {
		"Europe/Nowhere", "Europe", "Europe/", "../etc/passwd", "Europe/../UTC", "./UTC", "zone.tab",
		"/", "/etc/passwd", "/usr/share/zoneinfo", "/nowhere", "/usr/share/zoneinfo/zone.tab",
		"/dev/zero", "europe/berlin", " UTC", "UTC ", "::UTC", "ABC", "AB3", "3", "-3", "ABC25", "ABC24:60",
		"ABC+-3", "ABC3:", "ABC3:00:60", "ABC3,M3.5.0,M10.5.0", "ABC3 ", "A1C3", "<AB>3", "<ABC3", "<ABC>",
		"<A_C>3", "CET-1CEST", "EST5EDT4", "CET-1CEST,", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,",
		"CET-1CEST,M3.5.0,M10.5.0/", "CET-1CEST,M3.5.0,M10.5.0/3x", "CET-1CEST,M3.5.0,M10.5.0,",
		"CET-1CEST,M0.5.0,M10.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.0.0,M10.5.0",
		"CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5,M10.5.0",
		"CET-1CEST,J0,J300", "CET-1CEST,J60,J366", "CET-1CEST,60,366", "CET-1CEST,x,y",
		"CET-1CEST,M3.5.0/168,M10.5.0", "CET-1CE,M3.5.0,M10.5.0", "CET-1CEST25,M3.5.0,M10.5.0",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDE3",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++) {
		struct buf error = BUF_INIT;

		use("Pgbox/Table");
		if (zone_use(bad[i], &error) != -1)
			fail_msg("'%s' is a zone", bad[i]);
		assert_holds(error.data, bad[i]);
		assert_int_equal(offset_at(JANUARY), 0);
		assert_int_equal(offset_at(JULY), 0);
		buf_free(&error);
	}
}

static void posix_rules_are_zones(void **state)
{
	static const struct {
		const char *rule;
		long january, july;
	} good[] = {
		{ "CET-1CEST,M3.5.0,M10.5.0/3", 3600, 7200 },
		{ ":CET-1CEST,M3.5.0,M10.5.0/3", 3600, 7200 },
		{ "AEST-10AEDT,M10.1.0,M4.1.0/3", 39600, 36000 },
		{ "<+0530>-5:30", 19800, 19800 },
		{ "<-0330>+03:30:15", -12615, -12615 },
		{ "AAA0BBB,J60/0,J300/0", 0, 3600 },
		{ "AAA-2BBB-4:30,59,299/-5:30", 7200, 16200 },
		{ "EET-2EEST,M3.4.4/50,M10.4.4/50", 7200, 10800 },
		{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", -7200, -3600 },
		{ "IST-1GMT0,M10.5.0,M3.5.0/1", 0, 3600 },
		{ "AAA3BBB,M3.2.0/+2,M11.1.0/167:59:59", -10800, -7200 },
		{ "UTC+2", -7200, -7200 }, /* ahead is negative in POSIX */
		{ "XYZ24", -86400, -86400 },
		{ "AAA0BBB,M3.5.6,M10.5.6", 0, 3600 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(good); i++) {
		use(good[i].rule);
		if (offset_at(JANUARY) != good[i].january || offset_at(JULY) != good[i].july)
			fail_msg("%s: %ld, %ld", good[i].rule, offset_at(JANUARY), offset_at(JULY));
	}
}

static void without_a_name_it_is_that_of_the_system(void **state)
{
	static const char *const none[] = { NULL, "", ":" };

	(void)state;
	for (size_t i = 0; i < LENGTH(none); i++) {
		use("Pgbox/Table");
		use(none[i]);
		assert_null(getenv("TZ"));
		assert_int_not_equal(offset_at(JANUARY), 4980);
	}
}

/* --- files --- */

/* A zone without changes: RFC 9636, 3. Two blocks, the old one and that of version 2. */
static void put_zone(const char *path, const char *rule)
{
	static const char block[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0"
				    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
				    "\0\0\x1c\x20\0\0FIL";
	struct buf b = BUF_INIT;

	/* 15 zeros behind the version, six counts, a type (7200 s, no summer time), its name */
	for (int i = 0; i < 2; i++) {
		buf_add(&b, block, 20);
		buf_add(&b, block + 16, sizeof(block) - 16);
	}
	buf_printf(&b, "\n%s\n", rule);
	put(path, b.data, b.len);
	buf_free(&b);
}

static char *here(const char *name)
{
	char *folder = getcwd(NULL, 0), *path = xasprintf("%s/%s", folder, name);

	free(folder);
	return path;
}

static void an_absolute_path_may_name_a_zone_file(void **state)
{
	char *path = here("my.zone"), *colon = xasprintf(":%s", path);

	(void)state;
	put_zone("my.zone", "FIL-2");
	use(path);
	assert_int_equal(offset_at(JANUARY), 7200);
	use("UTC");
	use(colon);
	assert_int_equal(offset_at(JANUARY), 7200);
	free(path);
	free(colon);
}

static void other_files_are_refused(void **state)
{
	static const char *const names[] = { "short", "other", "fifo", "folder", "none" };
	char zeros[100] = "TZi";

	(void)state;
	put_text("short", "TZif2");
	put("other", zeros, sizeof(zeros));
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(mkdir("folder", 0700), 0);
	for (size_t i = 0; i < LENGTH(names); i++) {
		struct buf error = BUF_INIT;
		char *path = here(names[i]);

		if (zone_use(path, &error) != -1)
			fail_msg("'%s' is a zone", names[i]);
		buf_free(&error);
		free(path);
	}
}

/* A block with these counts of leap seconds, times, types and name bytes; each time has the type index, each type the name
 * at that place. */
static void add_block(struct buf *b, char version, const uint8_t counts[4], size_t time_bytes, uint8_t index, uint8_t name)
{
	static const char zeros[64];
	const uint8_t all[6] = { 0, 0, counts[0], counts[1], counts[2], counts[3] };

	buf_puts(b, "TZif");
	buf_putc(b, version);
	buf_add(b, zeros, 15);
	for (size_t i = 0; i < 6; i++) {
		buf_add(b, zeros, 3);
		buf_putc(b, (char)all[i]);
	}
	buf_add(b, zeros, counts[1] * time_bytes);
	for (size_t i = 0; i < counts[1]; i++)
		buf_putc(b, (char)index);
	for (size_t i = 0; i < counts[2]; i++) {
		buf_add(b, zeros, 5);
		buf_putc(b, (char)name);
	}
	buf_add(b, "FIL", counts[3] ? counts[3] - 1u : 0);
	buf_add(b, zeros, (counts[3] > 0) + counts[0] * (time_bytes + 4));
}

static void a_damaged_zone_file_is_refused(void **state)
{
	static const struct {
		char version;
		uint8_t counts[4], index, name;
		const char *footer;
		bool valid;
	} table[] = {
		{ '\0', { 0, 0, 1, 4 }, 0, 0, "", true }, { '\0', { 0, 2, 2, 4 }, 1, 3, "", true },
		{ '\0', { 1, 0, 1, 4 }, 0, 0, "", true }, { '\0', { 0, 0, 1, 1 }, 0, 0, "", true },
		{ '\0', { 0, 0, 0, 4 }, 0, 0, "", false }, { '\0', { 0, 0, 1, 0 }, 0, 0, "", false },
		{ '\0', { 0, 1, 1, 4 }, 1, 0, "", false }, { '\0', { 0, 2, 2, 4 }, 2, 0, "", false },
		{ '\0', { 0, 0, 1, 4 }, 0, 4, "", false }, { '\0', { 0, 0, 1, 4 }, 0, 0, "\n\n", false },
		{ '2', { 0, 0, 1, 4 }, 0, 0, "\nFIL-2\n", true }, { '2', { 2, 3, 2, 4 }, 1, 2, "\nFIL-2\n", true },
		{ '3', { 0, 0, 1, 4 }, 0, 0, "\n\n", true }, { '2', { 0, 0, 1, 4 }, 0, 0, "", false },
		{ '2', { 0, 0, 1, 4 }, 0, 0, "\n", false }, { '2', { 0, 0, 1, 4 }, 0, 0, "FIL-2\n", false },
		{ '2', { 0, 0, 1, 4 }, 0, 0, "\nFIL-2", false }, { '2', { 0, 0, 1, 4 }, 0, 0, "\na\nb\n", false },
		{ '2', { 0, 1, 1, 4 }, 1, 0, "\nFIL-2\n", false }, { '2', { 0, 0, 1, 4 }, 0, 4, "\nFIL-2\n", false },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		struct buf b = BUF_INIT;

		add_block(&b, table[i].version, table[i].counts, 4, table[i].index, table[i].name);
		if (table[i].version)
			add_block(&b, table[i].version, table[i].counts, 8, table[i].index, table[i].name);
		buf_puts(&b, table[i].footer);
		if (zone_file_valid(b.data, b.len) != table[i].valid)
			fail_msg("%zu", i);
		for (size_t len = 0; table[i].valid && len < b.len; len++) {
			char *part = xcalloc(len + !len, 1);

			memcpy(part, b.data, len);
			if (zone_file_valid(part, len))
				fail_msg("%zu: the first %zu of %zu bytes", i, len, b.len);
			free(part);
		}
		buf_free(&b);
	}
}

static void names_of_a_zone_end(void **state)
{
	static const uint8_t counts[4] = { 0, 0, 1, 4 };
	struct buf b = BUF_INIT;

	(void)state;
	add_block(&b, '\0', counts, 4, 0, 0);
	assert_true(zone_file_valid(b.data, b.len));
	b.data[b.len - 1] = 'X';
	assert_false(zone_file_valid(b.data, b.len));
	b.data[b.len - 1] = '\0';
	b.data[3] = 'g';
	assert_false(zone_file_valid(b.data, b.len));
	b.data[3] = 'f';
	b.data[20] = 1; /* 2^24 of the first count */
	assert_false(zone_file_valid(b.data, b.len));
	buf_free(&b);
}

/* --- moments --- */

static int64_t utc(int year, int month, int day, int hour, int minute)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day,
		         .tm_hour = hour, .tm_min = minute };

	return timegm(&tm);
}

static void days_on_which_clocks_change(void **state)
{
	static const struct {
		const char *zone;
		int local[5], utc[5];
	} cases[] = {
		{ "Europe/Berlin", { 2026, 1, 1, 0, 0 }, { 2025, 12, 31, 23, 0 } },
		{ "Europe/Berlin", { 2026, 7, 1, 0, 0 }, { 2026, 6, 30, 22, 0 } },
		{ "Europe/Berlin", { 2026, 3, 29, 1, 59 }, { 2026, 3, 29, 0, 59 } },
		{ "Europe/Berlin", { 2026, 3, 29, 2, 0 }, { 2026, 3, 29, 1, 0 } },
		{ "Europe/Berlin", { 2026, 3, 29, 2, 30 }, { 2026, 3, 29, 1, 0 } },
		{ "Europe/Berlin", { 2026, 3, 29, 2, 59 }, { 2026, 3, 29, 1, 0 } },
		{ "Europe/Berlin", { 2026, 3, 29, 3, 0 }, { 2026, 3, 29, 1, 0 } },
		{ "Europe/Berlin", { 2026, 3, 29, 3, 1 }, { 2026, 3, 29, 1, 1 } },
		{ "Europe/Berlin", { 2026, 10, 25, 1, 59 }, { 2026, 10, 24, 23, 59 } },
		{ "Europe/Berlin", { 2026, 10, 25, 2, 0 }, { 2026, 10, 25, 0, 0 } },
		{ "Europe/Berlin", { 2026, 10, 25, 2, 59 }, { 2026, 10, 25, 0, 59 } },
		{ "Europe/Berlin", { 2026, 10, 25, 3, 0 }, { 2026, 10, 25, 2, 0 } },
		{ "America/New_York", { 2026, 3, 8, 2, 30 }, { 2026, 3, 8, 7, 0 } },
		{ "America/New_York", { 2026, 11, 1, 1, 30 }, { 2026, 11, 1, 5, 30 } },
		{ "America/St_Johns", { 2026, 3, 8, 2, 15 }, { 2026, 3, 8, 5, 30 } },
		{ "America/St_Johns", { 2026, 11, 1, 1, 15 }, { 2026, 11, 1, 3, 45 } },
		{ "Australia/Lord_Howe", { 2026, 10, 4, 2, 15 }, { 2026, 10, 3, 15, 30 } },
		{ "Australia/Lord_Howe", { 2026, 10, 4, 2, 30 }, { 2026, 10, 3, 15, 30 } },
		{ "Australia/Lord_Howe", { 2026, 4, 5, 1, 29 }, { 2026, 4, 4, 14, 29 } },
		{ "Australia/Lord_Howe", { 2026, 4, 5, 1, 45 }, { 2026, 4, 4, 14, 45 } },
		{ "Australia/Lord_Howe", { 2026, 4, 5, 2, 0 }, { 2026, 4, 4, 15, 30 } },
		{ "Asia/Kolkata", { 2026, 4, 5, 2, 0 }, { 2026, 4, 4, 20, 30 } },
		{ "Europe/Dublin", { 2026, 3, 29, 1, 30 }, { 2026, 3, 29, 1, 0 } },
		{ "Europe/Dublin", { 2026, 10, 25, 1, 30 }, { 2026, 10, 25, 0, 30 } },
		{ "America/Nuuk", { 2026, 3, 28, 23, 30 }, { 2026, 3, 29, 1, 0 } },
		{ "America/Nuuk", { 2026, 10, 24, 23, 30 }, { 2026, 10, 25, 0, 30 } },
		{ "UTC", { 2024, 2, 29, 23, 59 }, { 2024, 2, 29, 23, 59 } },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const int *l = cases[i].local, *u = cases[i].utc;
		int64_t moment, want = utc(u[0], u[1], u[2], u[3], u[4]);

		use_rule(cases[i].zone);
		moment = zone_moment(l[0], l[1], l[2], l[3], l[4]);
		if (moment != want)
			fail_msg("%s, %04d-%02d-%02d %02d:%02d: %lld is wrong by %lld s", cases[i].zone, l[0], l[1],
			         l[2], l[3], l[4], (long long)moment, (long long)(moment - want));
	}
}

/* The first minute at which the clocks show that time or a later one. */
static int64_t walk(int64_t local)
{
	int64_t t = local - 2 * 86400;

	while (t + offset_at(t) < local)
		t += 60;
	return t;
}

static uint64_t seed;

static uint64_t draw(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

/* The middle of a random day on which the offset changes, within about a year. */
static int64_t change(void)
{
	int64_t t = utc(2015, 1, 1, 12, 0) + (int64_t)draw(8000) * 86400;

	for (int day = 0; day < 400 && offset_at(t) == offset_at(t + 86400); day++)
		t += 86400;
	return t + 43200;
}

static void every_minute_around_a_change_agrees_with_a_walk(void)
{
	int64_t middle = change();

	for (int i = 0; i < 60; i++) {
		int64_t local = middle - middle % 60 + ((int64_t)draw(3 * 1440) - 1440) * 60;
		struct tm tm;
		time_t fields = (time_t)local;
		int64_t moment;

		gmtime_r(&fields, &tm);
		moment = zone_moment(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min);
		if (moment != walk(local))
			fail_msg("TZ='%s': %d-%02d-%02d %02d:%02d is %lld, not %lld", getenv("TZ"),
			         tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			         (long long)moment, (long long)walk(local));
	}
}

static void moments_agree_with_a_walk_through_time(void **state)
{
	static const char *const zones[] = {
		"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns",
		"Africa/Casablanca", "Europe/Dublin", "America/Nuuk", "Asia/Gaza", "UTC",
	};
	const char *given = getenv("SEED");

	(void)state;
	seed = given ? strtoull(given, NULL, 10) | 1 : (uint64_t)time(NULL) << 1 | 1;
	printf("# seed %llu\n", (unsigned long long)seed);
	for (size_t i = 0; i < LENGTH(zones); i++) {
		use_rule(zones[i]);
		every_minute_around_a_change_agrees_with_a_walk();
		use(zones[i]); /* the image's, which knows the past, if there is one */
		every_minute_around_a_change_agrees_with_a_walk();
	}
}

static void a_day_that_is_skipped_begins_with_the_next(void **state)
{
	(void)state;
	if (access("/usr/share/zoneinfo/Pacific/Apia", R_OK) != 0)
		skip();
	use("Pacific/Apia");
	assert_int_equal(zone_moment(2011, 12, 29, 23, 59), utc(2011, 12, 30, 9, 59));
	assert_int_equal(zone_moment(2011, 12, 30, 12, 0), utc(2011, 12, 30, 10, 0));
	assert_int_equal(zone_moment(2011, 12, 31, 0, 0), utc(2011, 12, 30, 10, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_knows_whole_names_only),
		cmocka_unit_test(a_name_that_the_image_lacks_is_taken_from_the_table),
		cmocka_unit_test(a_name_that_the_image_has_is_taken_from_there),
		cmocka_unit_test(what_nobody_knows_is_refused_and_leaves_utc),
		cmocka_unit_test(posix_rules_are_zones),
		cmocka_unit_test(without_a_name_it_is_that_of_the_system),
		cmocka_unit_test(an_absolute_path_may_name_a_zone_file),
		cmocka_unit_test(other_files_are_refused),
		cmocka_unit_test(a_damaged_zone_file_is_refused),
		cmocka_unit_test(names_of_a_zone_end),
		cmocka_unit_test(days_on_which_clocks_change),
		cmocka_unit_test(moments_agree_with_a_walk_through_time),
		cmocka_unit_test(a_day_that_is_skipped_begins_with_the_next),
	};

	return unit_run("zone", tests, scratch_make, scratch_remove);
}
