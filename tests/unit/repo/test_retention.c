/*
 * Unit tests of repo/retention: readable cases, and properties of random histories
 * in several zones. SEED=N in the environment repeats a run.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

#include "base/banned.h"
#include "repo/retention.h"

#define MAX 60
#define CASES 2500 /* of each property, in each zone */
#define DAY INT64_C(86400000)

/* ---- random histories -------------------------------------------------------------------- */

enum { LAST, HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY, DAYS, RULES };

struct history {
	struct past list[MAX];
	size_t n;
	struct retention r; /* at least one rule is on */
	int64_t newest, now;
};

/* Hours come twice in the first two, half hours in the last; one is 5:45 off UTC. */
static const char *const zones[] = {
	"Europe/Berlin", "America/New_York", "UTC", "Asia/Kathmandu", "Australia/Lord_Howe",
};

static uint64_t seed, number, stream; /* number: of the case */

static uint64_t below(uint64_t limit)
{
	uint64_t z = stream += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % limit;
}

static bool one_in(uint64_t n)
{
	return below(n) == 0;
}

static void use_zone(const char *name)
{
	setenv("TZ", name, 1);
	tzset();
}

static long *rule(struct retention *r, size_t which)
{
	long *const rules[] = { &r->last, &r->hourly, &r->daily, &r->weekly,
		                &r->monthly, &r->yearly, &r->days };

	return rules[which];
}

static long random_count(void)
{
	static const long most[] = { 2, 5, 12, 70, 800 };

	if (one_in(2))
		return 0;
	if (one_in(20))
		return LONG_MAX / 2 + 1;
	return one_in(20) ? LONG_MAX : 1 + (long)below((uint64_t)most[below(5)]);
}

static void random_rules(struct retention *r)
{
	for (size_t i = 0; i < RULES; i++)
		*rule(r, i) = random_count();
	r->min = random_count();
	if (!retention_is_on(r))
		*rule(r, below(RULES)) = 1 + (long)below(5);
}

/* Near a change of the clocks or of the year, or anywhere from 2005 to 2033. */
static int64_t random_moment(void)
{
	static const int64_t moments[] = {
		1774746000, /* 2026-03-29 01:00 UTC: to summer time in Berlin, 2 -> 3 */
		1792890000, /* 2026-10-25 01:00 UTC: back, 3 -> 2 */
		1772953200, /* 2026-03-08 07:00 UTC: to summer time in New York */
		1793512800, /* 2026-11-01 06:00 UTC: back */
		1775314800, /* 2026-04-04 15:00 UTC: back by half an hour on Lord Howe */
		1735603200, /* 2024-12-31 00:00 UTC: in week 1 of 2025 */
		1798761600, /* 2027-01-01 00:00 UTC: in week 53 of 2026 */
	};

	if (one_in(2))
		return 1000 * moments[below(sizeof(moments) / sizeof(*moments))];
	return (int64_t)(1104537600 + below(900000000)) * 1000;
}

/* In ms, from seconds to a year. */
static uint64_t random_gap(size_t least, size_t most)
{
	static const uint64_t gaps[] = { 1000, 60000, 1200000, 3600000, 21600000, 86400000,
		                         604800000, 2592000000, 31536000000 };
	uint64_t usual = gaps[least + below(most - least)];

	if (one_in(10))
		return 0;
	return one_in(3) ? usual : below(2 * usual);
}

static void shuffle(struct past *list, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = below(i);
		struct past p = list[j];

		list[j] = list[i - 1];
		list[i - 1] = p;
	}
}

static void random_history(struct history *h)
{
	size_t least = below(9), most = least + 1 + below(9 - least);
	uint64_t bad[] = { UINT64_MAX, 10, 3, 1 }, one = bad[one_in(20) ? 3 : below(3)];
	int64_t made = random_moment() + (int64_t)(below(9) * random_gap(least, most));

	*h = (struct history){ .n = below(MAX + 1), .newest = made, .now = made };
	h->now += (int64_t)random_gap(0, 9);
	for (size_t i = 0; i < h->n; i++) {
		h->list[i] = (struct past){ .made = made, .id = i, .keep = one_in(2) };
		h->list[i].verified = !one_in(one);
		made -= (int64_t)random_gap(least, most);
		made = made < 0 ? 0 : made;
	}
	shuffle(h->list, h->n);
	random_rules(&h->r);
}

/* Fails with all that is needed to repeat the case. */
static void complain(const struct history *h, const char *what, int line)
{
	struct buf text = BUF_INIT;

	buf_printf(&text, "line %d: not so: %s; SEED=%llu, case %llu in %s; now %lld; min %ld last %ld",
	           line, what, (unsigned long long)seed, (unsigned long long)number, getenv("TZ"),
	           (long long)h->now, h->r.min, h->r.last);
	buf_printf(&text, " hourly %ld daily %ld weekly %ld monthly %ld yearly %ld days %ld:",
	           h->r.hourly, h->r.daily, h->r.weekly, h->r.monthly, h->r.yearly, h->r.days);
	for (size_t i = 0; i < h->n; i++)
		buf_printf(&text, " %lld%s", (long long)h->list[i].made, h->list[i].verified ? "" : "?");
	fail_msg("%s", text.data);
}

#define check(h, what) ((what) ? (void)0 : complain(h, #what, __LINE__))

static void each_history(void (*holds)(const struct history *h))
{
	for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++) {
		use_zone(zones[i]);
		for (number = 0; number < CASES; number++) {
			struct history h;

			stream = seed + (number << 8) + i;
			random_history(&h);
			holds(&h);
		}
	}
}

static void judge(const struct history *h, struct past *list)
{
	memcpy(list, h->list, h->n * sizeof(*list));
	retention_judge(&h->r, list, h->n, false, h->now);
}

static void forget(struct past *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_free(&list[i].reason);
}

/* ---- the model: what is kept, by the definition as sets -------------------------------------- */

static struct {
	char period[DAYS][MAX][24]; /* [rule][backup] */
	bool leads[DAYS][MAX];      /* whether it is the newest of its period */
} model;

static bool newer(const struct past *list, size_t i, size_t j)
{
	return list[i].made > list[j].made || (list[i].made == list[j].made && i < j);
}

/* A week is the Monday it starts with. */
static void go_to_monday(struct tm *at)
{
	at->tm_mday -= (at->tm_wday + 6) % 7;
	at->tm_hour = 12;
	at->tm_isdst = -1;
	mktime(at);
}

static void write_period(char *text, size_t size, size_t which, const struct past *p, size_t i)
{
	time_t seconds = p->made / 1000;
	struct tm at;

	localtime_r(&seconds, &at);
	if (which == WEEKLY)
		go_to_monday(&at);
	if (which == LAST)
		snprintf(text, size, "%zu", i);
	else if (which == HOURLY)
		strftime(text, size, "%Y-%m-%d %H", &at);
	else if (which == MONTHLY)
		strftime(text, size, "%Y-%m", &at);
	else
		strftime(text, size, which == YEARLY ? "%Y" : "%F", &at);
}

static bool leads(size_t which, const struct past *list, size_t n, size_t i)
{
	for (size_t j = 0; j < n; j++)
		if (list[j].verified && newer(list, j, i) &&
		    strcmp(model.period[which][j], model.period[which][i]) == 0)
			return false;
	return list[i].verified;
}

static void model_make(struct retention r, const struct past *list, size_t n)
{
	for (size_t which = 0; which < DAYS; which++) {
		if (*rule(&r, which) == 0)
			continue;
		for (size_t i = 0; i < n; i++)
			write_period(model.period[which][i], 24, which, &list[i], i);
		for (size_t i = 0; i < n; i++)
			model.leads[which][i] = leads(which, list, n, i);
	}
}

/* How many verified ones are newer, or older. */
static long count(const struct past *list, size_t n, size_t i, bool newer_ones)
{
	long found = 0;

	for (size_t j = 0; j < n; j++)
		found += list[j].verified && j != i && newer(list, j, i) == newer_ones;
	return found;
}

/* It is the newest of one of the wanted newest periods; or the oldest of all, and there
 * are fewer periods than wanted. */
static bool period_wants(size_t which, long wanted, const struct past *list, size_t n, size_t i)
{
	long periods = 0, before = 0;

	for (size_t j = 0; j < n; j++) {
		periods += model.leads[which][j];
		before += model.leads[which][j] && newer(list, j, i);
	}
	if (model.leads[which][i])
		return before < wanted;
	return periods < wanted && count(list, n, i, false) == 0;
}

static bool days_want(long days, const struct past *list, size_t n, size_t i)
{
	long double most = (long double)days * DAY;

	for (size_t j = 0; j < n; j++)
		if (list[j].verified && (long double)(list[j].made - list[i].made) >= most)
			return false;
	return true;
}

static bool model_keeps(struct retention r, const struct past *list, size_t n, size_t i)
{
	bool wants = count(list, n, i, true) < r.min || days_want(r.days, list, n, i);

	for (size_t which = 0; which < DAYS; which++)
		if (*rule(&r, which))
			wants = wants || period_wants(which, *rule(&r, which), list, n, i);
	return wants || !list[i].verified;
}

static void is_as_the_model(const struct history *h)
{
	struct past list[MAX];

	judge(h, list);
	model_make(h->r, list, h->n);
	for (size_t i = 0; i < h->n; i++)
		check(h, list[i].keep == model_keeps(h->r, list, h->n, i));
	forget(list, h->n);
}

static void what_is_kept_is_what_the_rules_define(void **state)
{
	(void)state;
	each_history(is_as_the_model);
}

static void is_as_the_model_with_one_rule(const struct history *h)
{
	struct history one = *h;

	one.r = (struct retention){ 0 };
	*rule(&one.r, below(RULES)) = one_in(4) ? 1 : 1 + (long)below(2 + h->n);
	is_as_the_model(&one);
}

static void each_rule_alone_keeps_what_it_defines(void **state)
{
	(void)state;
	each_history(is_as_the_model_with_one_rule);
}

/* ---- properties ------------------------------------------------------------------------------ */

static void is_sorted_and_whole(const struct history *h)
{
	struct past list[MAX];
	bool seen[MAX] = { 0 };

	judge(h, list);
	for (size_t i = 0; i < h->n; i++) {
		check(h, i == 0 || list[i - 1].made >= list[i].made);
		check(h, list[i].id < h->n && !seen[list[i].id]);
		seen[list[i].id] = true;
		for (size_t j = 0; j < h->n; j++)
			check(h, h->list[j].id != list[i].id || (h->list[j].made == list[i].made &&
			                                         h->list[j].verified == list[i].verified));
	}
	forget(list, h->n);
}

static void the_list_is_sorted_and_nothing_in_it_is_lost(void **state)
{
	(void)state;
	each_history(is_sorted_and_whole);
}

static void has_reasons(const struct history *h)
{
	struct past list[MAX];

	judge(h, list);
	for (size_t i = 0; i < h->n; i++) {
		check(h, list[i].reason.len > 0);
		check(h, list[i].keep != (strcmp(list[i].reason.data, "no rule keeps it") == 0));
	}
	forget(list, h->n);
}

static void every_verdict_has_a_reason(void **state)
{
	(void)state;
	each_history(has_reasons);
}

static void keeps_the_newest(const struct history *h)
{
	struct past list[MAX];
	long verified = 0;

	judge(h, list);
	for (size_t i = 0; i < h->n; i++) {
		if (!list[i].verified)
			continue;
		check(h, list[i].keep || verified >= h->r.min);
		check(h, list[i].keep || verified > 0);
		verified++;
	}
	forget(list, h->n);
}

static void the_newest_min_are_kept_and_always_one(void **state)
{
	(void)state;
	each_history(keeps_the_newest);
}

/* Puts what is wanted first; returns how many these are. */
static size_t choose(struct past *list, size_t n, bool (*wanted)(const struct past *p))
{
	size_t chosen = 0;

	for (size_t i = 0; i < n; i++)
		if (wanted(&list[i]))
			list[chosen++] = list[i];
	return chosen;
}

static bool is_verified(const struct past *p)
{
	return p->verified;
}

static bool is_kept(const struct past *p)
{
	return p->keep;
}

/* That both come to the same about the verified ones. Not by id: of two of the same
 * moment either may go. */
static void are_same(const struct history *a, const struct history *b)
{
	struct past x[MAX], y[MAX];
	size_t i = 0, j = 0;

	judge(a, x);
	judge(b, y);
	for (;; i++, j++) {
		while (i < a->n && !x[i].verified)
			i++;
		while (j < b->n && !y[j].verified)
			j++;
		if (i == a->n || j == b->n)
			break;
		check(a, x[i].made == y[j].made && x[i].keep == y[j].keep);
		check(a, strcmp(x[i].reason.data, y[j].reason.data) == 0);
	}
	check(a, i == a->n && j == b->n);
	forget(x, a->n);
	forget(y, b->n);
}

static void counts_verified_only(const struct history *h)
{
	struct history verified = *h;
	struct past list[MAX];

	verified.n = choose(verified.list, verified.n, is_verified);
	are_same(h, &verified);
	judge(h, list);
	for (size_t i = 0; i < h->n; i++)
		check(h, list[i].keep || list[i].verified);
	forget(list, h->n);
}

static void the_unverified_are_neither_deleted_nor_counted(void **state)
{
	(void)state;
	each_history(counts_verified_only);
}

static void keeps_all(const struct history *h, const struct retention *r, bool suspect, int64_t now)
{
	struct past list[MAX];

	memcpy(list, h->list, sizeof(list));
	retention_judge(r, list, h->n, suspect, now);
	for (size_t i = 0; i < h->n; i++)
		check(h, list[i].keep && list[i].reason.len);
	forget(list, h->n);
}

static void keeps_all_without_rules(const struct history *h)
{
	keeps_all(h, &(struct retention){ 0 }, false, h->now);
	keeps_all(h, &(struct retention){ .min = h->r.min }, false, h->now);
}

static void without_a_rule_all_are_kept(void **state)
{
	(void)state;
	each_history(keeps_all_without_rules);
}

static void keeps_all_from_the_future(const struct history *h)
{
	keeps_all(h, &h->r, false, h->newest - 1 - (int64_t)random_gap(0, 9));
	keeps_all(h, &h->r, false, h->newest - 365 * DAY);
	keeps_all(h, &h->r, false, 0);
}

static void a_clock_set_back_deletes_nothing(void **state)
{
	(void)state;
	each_history(keeps_all_from_the_future);
}

static void keeps_all_when_suspect(const struct history *h)
{
	keeps_all(h, &h->r, true, h->now);
}

static void a_suspect_newest_deletes_nothing(void **state)
{
	(void)state;
	each_history(keeps_all_when_suspect);
}

static void is_same_later(const struct history *h)
{
	struct history at_once = *h, later = *h;

	at_once.now = h->newest;
	later.now += 3650 * DAY;
	are_same(&at_once, &later);
}

static void without_new_backups_time_deletes_nothing_more(void **state)
{
	(void)state;
	each_history(is_same_later);
}

static void is_same_shuffled(const struct history *h)
{
	struct history other = *h;

	shuffle(other.list, other.n);
	are_same(h, &other);
}

static void the_order_of_the_list_does_not_matter(void **state)
{
	(void)state;
	each_history(is_same_shuffled);
}

static void keeps_no_less_with_more(const struct history *h)
{
	struct past less[MAX], more[MAX];
	struct history other = *h;
	long *raised = one_in(5) ? &other.r.min : rule(&other.r, below(RULES));

	*raised += *raised > LONG_MAX - 9 ? 0 : 1 + (long)below(9);
	judge(h, less);
	judge(&other, more);
	for (size_t i = 0; i < h->n; i++)
		check(&other, more[i].keep || !less[i].keep);
	forget(less, h->n);
	forget(more, h->n);
}

static void a_rule_more_or_a_greater_number_deletes_no_more(void **state)
{
	(void)state;
	each_history(keeps_no_less_with_more);
}

/* Adds what one rule alone keeps. */
static void keep_by_one(const struct history *h, size_t which, bool *kept)
{
	struct retention r = h->r;
	struct history one = *h;
	struct past list[MAX];

	one.r = (struct retention){ 0 };
	*rule(&one.r, which) = *rule(&r, which);
	judge(&one, list);
	for (size_t i = 0; i < h->n && retention_is_on(&one.r); i++)
		kept[i] = kept[i] || list[i].keep;
	forget(list, h->n);
}

static void is_the_union(const struct history *h)
{
	struct history no_min = *h;
	struct past list[MAX];
	bool kept[MAX] = { 0 };

	no_min.r.min = 0;
	for (size_t which = 0; which < RULES; which++)
		keep_by_one(&no_min, which, kept);
	judge(&no_min, list);
	for (size_t i = 0; i < h->n; i++)
		check(&no_min, list[i].keep == kept[i]);
	forget(list, h->n);
}

static void rules_are_independent_and_zero_is_none(void **state)
{
	(void)state;
	each_history(is_the_union);
}

static void keeps_the_kept(const struct history *h)
{
	struct history again = *h;
	struct past list[MAX];

	judge(h, list);
	memcpy(again.list, list, sizeof(list));
	again.n = choose(again.list, h->n, is_kept);
	forget(list, h->n);
	keeps_all(&again, &h->r, false, h->now);
}

static void what_was_kept_is_kept_again(void **state)
{
	(void)state;
	each_history(keeps_the_kept);
}

static void keeps_all_with_huge_numbers(const struct history *h)
{
	struct history huge = *h;

	keeps_all(h, &(struct retention){ .last = LONG_MAX }, false, h->now);
	keeps_all(h, &(struct retention){ .days = LONG_MAX }, false, h->now);
	keeps_all(h, &(struct retention){ .min = LONG_MAX, .last = 1 }, false, h->now);
	huge.r = (struct retention){ 0 };
	*rule(&huge.r, HOURLY + below(DAYS - HOURLY)) = LONG_MAX;
	is_as_the_model(&huge);
}

static void huge_numbers_do_not_overflow(void **state)
{
	(void)state;
	each_history(keeps_all_with_huge_numbers);
}

/* ---- readable cases -------------------------------------------------------------------------- */

static int64_t read_time(const char *text, time_t (*from)(struct tm *))
{
	struct tm at = { .tm_isdst = -1 };

	assert_non_null(strptime(text, "%Y-%m-%d %H:%M", &at));
	return (int64_t)from(&at) * 1000;
}

static void add(struct history *h, int64_t made, bool verified)
{
	h->list[h->n] = (struct past){ .made = made, .verified = verified, .id = h->n };
	h->n++;
}

/* A verified backup at that local time. */
static void add_at(struct history *h, const char *local)
{
	add(h, read_time(local, mktime), true);
}

static void add_utc(struct history *h, const char *utc)
{
	add(h, read_time(utc, timegm), true);
}

/* One on each of so many days, the last on that one, at noon. */
static void add_daily(struct history *h, const char *newest, int days)
{
	for (int i = 0; i < days; i++) {
		struct tm at = { .tm_hour = 12, .tm_isdst = -1 };

		assert_non_null(strptime(newest, "%Y-%m-%d", &at));
		at.tm_mday -= i;
		add(h, (int64_t)mktime(&at) * 1000, true);
	}
}

static char *text_of(const struct past *list, size_t n, bool reasons)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		time_t seconds = list[i].made / 1000;
		char day[16];

		if (!list[i].keep)
			continue;
		strftime(day, sizeof(day), "%F", localtime_r(&seconds, &(struct tm){ 0 }));
		buf_printf(&text, "%s%s", text.len ? " " : "", day);
		if (reasons)
			buf_printf(&text, " (%s)", list[i].reason.data);
	}
	return buf_detach(&text);
}

/* Fails unless exactly these are kept: their days, newest first. */
static void expect_at(const struct history *h, struct retention r, const char *now, bool reasons,
                      const char *kept)
{
	struct past list[MAX];
	char *text;

	memcpy(list, h->list, sizeof(list));
	retention_judge(&r, list, h->n, false, read_time(now, mktime));
	text = text_of(list, h->n, reasons);
	forget(list, h->n);
	assert_string_equal(text, kept);
	free(text);
}

static void expect(const struct history *h, struct retention r, const char *kept)
{
	expect_at(h, r, "2030-01-01 00:00", false, kept);
}

static void expect_reasons(const struct history *h, struct retention r, const char *kept)
{
	expect_at(h, r, "2030-01-01 00:00", true, kept);
}

/* Fails unless exactly these are kept, of the newest first. */
static void expect_flags(const struct history *h, struct retention r, const char *flags)
{
	struct past list[MAX];

	memcpy(list, h->list, sizeof(list));
	retention_judge(&r, list, h->n, false, INT64_MAX);
	for (size_t i = 0; i < h->n; i++)
		assert_int_equal(list[i].keep, flags[i] == '1');
	forget(list, h->n);
}

static void the_zones_of_these_tests_are_installed(void **state)
{
	static const char *const hours[] = { "14:00", "08:00", "12:00", "17:45", "22:30" };
	time_t noon = read_time("2026-07-01 12:00", timegm) / 1000;

	(void)state;
	for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++) {
		char text[8];

		use_zone(zones[i]);
		strftime(text, sizeof(text), "%H:%M", localtime_r(&noon, &(struct tm){ 0 }));
		assert_string_equal(text, hours[i]);
	}
}

static void no_backups_are_no_trouble(void **state)
{
	struct past none[1];

	(void)state;
	retention_judge(&(struct retention){ .daily = 7 }, none, 0, false, 0);
	retention_judge(&(struct retention){ 0 }, none, 0, true, 0);
	retention_judge(&(struct retention){ .daily = 7 }, NULL, 0, false, 0);
}

static void each_rule_but_min_turns_retention_on(void **state)
{
	(void)state;
	assert_false(retention_is_on(&(struct retention){ 0 }));
	assert_false(retention_is_on(&(struct retention){ .min = 3 }));
	for (size_t which = 0; which < RULES; which++) {
		struct retention r = { 0 };

		*rule(&r, which) = 1;
		assert_true(retention_is_on(&r));
	}
}

static void forty_days_leave_7_days_4_weeks_2_months_and_the_oldest(void **state)
{
	struct history h = { 0 };

	(void)state;
	use_zone("Europe/Berlin");
	add_daily(&h, "2026-11-21", 40);
	expect(&h, (struct retention){ .daily = 7, .weekly = 4, .monthly = 6 },
	       "2026-11-21 2026-11-20 2026-11-19 2026-11-18 2026-11-17 2026-11-16 2026-11-15 "
	       "2026-11-08 2026-11-01 2026-10-31 2026-10-13");
	expect(&h, (struct retention){ .daily = 7, .weekly = 4, .monthly = 2 },
	       "2026-11-21 2026-11-20 2026-11-19 2026-11-18 2026-11-17 2026-11-16 2026-11-15 "
	       "2026-11-08 2026-11-01 2026-10-31");
}

static void twelve_sundays_leave_four_as_in_restics_manual(void **state)
{
	static const char *const sundays[] = {
		"2019-09-01 11:00", "2019-09-08 11:00", "2019-09-15 11:00", "2019-09-22 11:00",
		"2019-09-29 11:00", "2019-10-06 11:00", "2019-10-13 11:00", "2019-10-20 11:00",
		"2019-10-27 11:00", "2019-11-03 11:00", "2019-11-10 11:00", "2019-11-17 11:00",
	};
	struct history h = { 0 };

	(void)state;
	use_zone("Europe/Berlin");
	for (size_t i = 0; i < 12; i++)
		add_at(&h, sundays[i]);
	expect(&h, (struct retention){ .daily = 4 }, "2019-11-17 2019-11-10 2019-11-03 2019-10-27");
}

static void reasons_name_every_rule_that_wants_it(void **state)
{
	struct history h = { 0 };

	(void)state;
	use_zone("Europe/Berlin");
	add_daily(&h, "2026-11-21", 5);
	add(&h, read_time("2026-11-16 12:00", mktime), false);
	expect_reasons(&h, (struct retention){ .last = 1, .daily = 2, .monthly = 2, .days = 3, .min = 1 },
	               "2026-11-21 (of the newest 1, within 3 days of the newest, last, daily, monthly) "
	               "2026-11-20 (within 3 days of the newest, daily) "
	               "2026-11-19 (within 3 days of the newest) "
	               "2026-11-17 (oldest for monthly) "
	               "2026-11-16 (not verified: neither counted nor deleted)");
}

static void a_rule_that_has_its_number_leaves_the_oldest_alone(void **state)
{
	struct history h = { 0 };

	(void)state;
	use_zone("UTC");
	add_at(&h, "2026-11-20 01:00");
	add_at(&h, "2026-11-20 02:00");
	add_at(&h, "2026-11-21 01:00");
	add_at(&h, "2026-11-21 02:00");
	expect_reasons(&h, (struct retention){ .daily = 2 }, "2026-11-21 (daily) 2026-11-20 (daily)");
	expect_reasons(&h, (struct retention){ .daily = 3 },
	               "2026-11-21 (daily) 2026-11-20 (daily) 2026-11-20 (oldest for daily)");
}

static void a_week_at_new_year_is_one_week_in_two_years(void **state)
{
	struct history h = { 0 };

	(void)state;
	use_zone("Europe/Berlin");
	add_daily(&h, "2027-01-05", 12); /* since 2026-12-25; week 53 from the 28th to the 3rd */
	expect(&h, (struct retention){ .weekly = 2 }, "2027-01-05 2027-01-03");
	expect(&h, (struct retention){ .weekly = 3 }, "2027-01-05 2027-01-03 2026-12-27");
	expect(&h, (struct retention){ .yearly = 2 }, "2027-01-05 2026-12-31");
}

static void the_last_days_of_a_year_can_be_in_week_1(void **state)
{
	struct history h = { 0 };

	(void)state;
	use_zone("Europe/Berlin");
	add_at(&h, "2024-01-02 12:00"); /* week 1 of 2024 */
	add_at(&h, "2024-12-29 12:00"); /* Sunday of week 52 */
	add_at(&h, "2024-12-31 12:00"); /* week 1 of 2025 */
	add_at(&h, "2025-01-01 12:00");
	expect(&h, (struct retention){ .weekly = 3 }, "2025-01-01 2024-12-29 2024-01-02");
	h = (struct history){ 0 };
	add_at(&h, "2024-01-02 12:00"); /* week 1 of 2024 */
	add_at(&h, "2024-12-31 12:00"); /* week 1 of 2025, and the next in the list */
	add_at(&h, "2025-01-08 12:00");
	expect_flags(&h, (struct retention){ .weekly = 2 }, "110");
	expect_reasons(&h, (struct retention){ .weekly = 3 },
	               "2025-01-08 (weekly) 2024-12-31 (weekly) 2024-01-02 (weekly)");
}

static void weeks_start_on_monday_also_in_america(void **state)
{
	struct history h = { 0 };

	(void)state;
	use_zone("America/New_York");
	add_at(&h, "2026-11-14 12:00"); /* Saturday */
	add_at(&h, "2026-11-15 23:59"); /* Sunday */
	add_at(&h, "2026-11-16 00:00"); /* Monday */
	expect(&h, (struct retention){ .weekly = 2 }, "2026-11-16 2026-11-15");
}

static void the_hour_that_comes_twice_is_one_hour(void **state)
{
	struct history h = { 0 };

	(void)state;
	add_utc(&h, "2026-10-24 23:30"); /* in Berlin 01:30 */
	add_utc(&h, "2026-10-25 00:30"); /* 02:30, summer time */
	add_utc(&h, "2026-10-25 01:30"); /* 02:30 again */
	add_utc(&h, "2026-10-25 02:00"); /* 03:00 */
	use_zone("Europe/Berlin");
	expect_flags(&h, (struct retention){ .hourly = 3 }, "1101");
	use_zone("UTC");
	expect_flags(&h, (struct retention){ .hourly = 3 }, "1110");
}

static void the_same_time_of_another_year_is_another_time(void **state)
{
	struct history h = { 0 };

	(void)state;
	use_zone("Europe/Berlin");
	add_at(&h, "2006-03-01 12:00");
	add_at(&h, "2025-03-01 12:00"); /* in week 9, and the 60th day of the year */
	add_at(&h, "2026-03-01 12:00"); /* too */
	expect_flags(&h, (struct retention){ .hourly = 2 }, "110");
	expect_flags(&h, (struct retention){ .daily = 2 }, "110");
	expect_flags(&h, (struct retention){ .weekly = 2 }, "110");
	expect_flags(&h, (struct retention){ .monthly = 2 }, "110");
	h = (struct history){ 0 };
	add_at(&h, "2006-03-01 12:00");
	add_at(&h, "2016-03-01 12:00");
	add_at(&h, "2026-03-01 12:00");
	expect_flags(&h, (struct retention){ .yearly = 2 }, "110");
}

static void a_day_of_25_hours_is_one_day_and_one_of_23_too(void **state)
{
	struct history h = { 0 };

	(void)state;
	use_zone("Europe/Berlin");
	add_at(&h, "2026-10-25 00:05");
	add_at(&h, "2026-10-25 23:55"); /* almost 25 hours later */
	add_at(&h, "2026-10-26 00:05");
	expect(&h, (struct retention){ .daily = 2 }, "2026-10-26 2026-10-25");
	h = (struct history){ 0 };
	add_at(&h, "2026-03-28 23:55");
	add_at(&h, "2026-03-29 00:05");
	add_at(&h, "2026-03-29 23:55");
	add_at(&h, "2026-03-30 00:05");
	expect(&h, (struct retention){ .daily = 3 }, "2026-03-30 2026-03-29 2026-03-28");
}

static void days_and_months_are_those_of_the_zone(void **state)
{
	struct history h = { 0 };
	struct retention daily = { .daily = 1 }, monthly = { .monthly = 2 };

	(void)state;
	add_utc(&h, "2026-10-31 22:30");
	add_utc(&h, "2026-10-31 23:30");
	use_zone("UTC");
	expect(&h, daily, "2026-10-31");
	expect_reasons(&h, monthly, "2026-10-31 (monthly) 2026-10-31 (oldest for monthly)");
	use_zone("Europe/Berlin");
	expect_reasons(&h, monthly, "2026-11-01 (monthly) 2026-10-31 (monthly)");
}

static void days_count_from_the_newest_success_and_not_from_now(void **state)
{
	struct history h = { 0 };
	struct retention r = { .days = 3 };
	const char *kept = "2026-10-20 2026-10-19 2026-10-18";

	(void)state;
	use_zone("Europe/Berlin");
	add_daily(&h, "2026-10-20", 10);
	expect_at(&h, r, "2026-10-20 13:00", false, kept);
	expect_at(&h, r, "2026-11-20 13:00", false, kept);
	expect_at(&h, r, "2027-11-20 13:00", false, kept);
}

static void a_month_of_failures_deletes_nothing_more(void **state)
{
	struct history h = { 0 };
	struct past list[MAX];

	(void)state;
	use_zone("Europe/Berlin");
	add_daily(&h, "2026-11-20", 31); /* since 2026-10-21 */
	for (size_t i = 0; i < h.n; i++)
		h.list[i].verified = false;
	add_daily(&h, "2026-10-20", 5);
	h.r = (struct retention){ .days = 2, .last = 3 };
	h.now = read_time("2026-11-20 13:00", mktime);
	judge(&h, list);
	for (size_t i = 0; i < h.n; i++)
		assert_int_equal(list[i].keep, i < 31 + 3);
	assert_string_equal(list[31].reason.data, "within 2 days of the newest, last");
	assert_string_equal(list[32].reason.data, "within 2 days of the newest, last");
	assert_string_equal(list[33].reason.data, "last");
	forget(list, h.n);
}

static void a_day_is_over_after_24_hours_to_the_millisecond(void **state)
{
	struct past list[] = {
		{ .made = 100 * DAY, .verified = true },
		{ .made = 99 * DAY + 1, .verified = true },
		{ .made = 99 * DAY, .verified = true },
	};

	(void)state;
	retention_judge(&(struct retention){ .days = 1 }, list, 3, false, 100 * DAY);
	assert_true(list[0].keep);
	assert_true(list[1].keep);
	assert_false(list[2].keep);
	forget(list, 3);
}

static void after_a_long_pause_min_keeps_what_days_would_not(void **state)
{
	struct history h = { 0 };

	(void)state;
	use_zone("Europe/Berlin");
	add_daily(&h, "2026-06-10", 10);
	add_at(&h, "2026-11-21 12:00");
	expect(&h, (struct retention){ .days = 1 }, "2026-11-21");
	expect_reasons(&h, (struct retention){ .days = 1, .min = 3 },
	               "2026-11-21 (of the newest 3, within 1 day of the newest) "
	               "2026-06-10 (of the newest 3) 2026-06-09 (of the newest 3)");
}

static void min_is_no_rule_and_adds_nothing_to_what_is_kept(void **state)
{
	struct history h = { 0 };

	(void)state;
	use_zone("Europe/Berlin");
	add_daily(&h, "2026-11-21", 6);
	expect(&h, (struct retention){ .last = 4, .min = 3 },
	       "2026-11-21 2026-11-20 2026-11-19 2026-11-18");
	expect(&h, (struct retention){ .last = 1, .min = 0 }, "2026-11-21");
}

static void the_oldest_is_the_oldest_verified_one(void **state)
{
	struct history h = { 0 };

	(void)state;
	use_zone("Europe/Berlin");
	add_daily(&h, "2026-11-21", 4);
	add(&h, read_time("2026-11-01 12:00", mktime), false);
	expect_reasons(&h, (struct retention){ .yearly = 5 },
	               "2026-11-21 (yearly) 2026-11-18 (oldest for yearly) "
	               "2026-11-01 (not verified: neither counted nor deleted)");
}

static void now_itself_is_not_the_future(void **state)
{
	struct history h = { 0 };

	(void)state;
	use_zone("Europe/Berlin");
	add_daily(&h, "2026-11-21", 3);
	expect_at(&h, (struct retention){ .last = 1 }, "2026-11-21 12:00", false, "2026-11-21");
	expect_at(&h, (struct retention){ .last = 1 }, "2026-11-21 11:59", false,
	          "2026-11-21 2026-11-20 2026-11-19");
	expect_at(&h, (struct retention){ .last = 1 }, "2025-11-21 12:00", false,
	          "2026-11-21 2026-11-20 2026-11-19");
}

static uint64_t choose_seed(void)
{
	const char *text = getenv("SEED");

	return text ? strtoull(text, NULL, 10) : (uint64_t)time(NULL) * 100000 + (uint64_t)getpid();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_zones_of_these_tests_are_installed),
		cmocka_unit_test(each_rule_but_min_turns_retention_on),
		cmocka_unit_test(forty_days_leave_7_days_4_weeks_2_months_and_the_oldest),
		cmocka_unit_test(twelve_sundays_leave_four_as_in_restics_manual),
		cmocka_unit_test(reasons_name_every_rule_that_wants_it),
		cmocka_unit_test(a_rule_that_has_its_number_leaves_the_oldest_alone),
		cmocka_unit_test(a_week_at_new_year_is_one_week_in_two_years),
		cmocka_unit_test(the_last_days_of_a_year_can_be_in_week_1),
		cmocka_unit_test(weeks_start_on_monday_also_in_america),
		cmocka_unit_test(the_hour_that_comes_twice_is_one_hour),
		cmocka_unit_test(the_same_time_of_another_year_is_another_time),
		cmocka_unit_test(a_day_of_25_hours_is_one_day_and_one_of_23_too),
		cmocka_unit_test(days_and_months_are_those_of_the_zone),
		cmocka_unit_test(days_count_from_the_newest_success_and_not_from_now),
		cmocka_unit_test(a_month_of_failures_deletes_nothing_more),
		cmocka_unit_test(a_day_is_over_after_24_hours_to_the_millisecond),
		cmocka_unit_test(after_a_long_pause_min_keeps_what_days_would_not),
		cmocka_unit_test(min_is_no_rule_and_adds_nothing_to_what_is_kept),
		cmocka_unit_test(the_oldest_is_the_oldest_verified_one),
		cmocka_unit_test(now_itself_is_not_the_future),
		cmocka_unit_test(what_is_kept_is_what_the_rules_define),
		cmocka_unit_test(each_rule_alone_keeps_what_it_defines),
		cmocka_unit_test(the_list_is_sorted_and_nothing_in_it_is_lost),
		cmocka_unit_test(every_verdict_has_a_reason),
		cmocka_unit_test(the_newest_min_are_kept_and_always_one),
		cmocka_unit_test(the_unverified_are_neither_deleted_nor_counted),
		cmocka_unit_test(without_a_rule_all_are_kept),
		cmocka_unit_test(a_clock_set_back_deletes_nothing),
		cmocka_unit_test(a_suspect_newest_deletes_nothing),
		cmocka_unit_test(without_new_backups_time_deletes_nothing_more),
		cmocka_unit_test(the_order_of_the_list_does_not_matter),
		cmocka_unit_test(a_rule_more_or_a_greater_number_deletes_no_more),
		cmocka_unit_test(rules_are_independent_and_zero_is_none),
		cmocka_unit_test(what_was_kept_is_kept_again),
		cmocka_unit_test(huge_numbers_do_not_overflow),
		cmocka_unit_test(no_backups_are_no_trouble),
	};

	seed = choose_seed();
	printf("# seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	return unit_run("retention", tests, NULL, NULL);
}
