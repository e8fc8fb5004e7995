/* retention - which backups of one database are kept. */
#include "repo/retention.h"

#include <stdlib.h>
#include <time.h>

#include "base/banned.h"
#include "base/size.h"

#define DAY_MS 86400000

/* A rule while the list is walked from the newest to the oldest. */
struct rule {
	const char *name;
	long left;                           /* how many more it wants */
	long (*period)(const struct tm *at); /* a number for each period; NULL: every backup is one */
	long last;                           /* the period of the backup it wanted last */
};

/* The numbers only have to differ between periods. */
static long year_of(const struct tm *at)
{
	return at->tm_year + 1900L;
}

static long month_of(const struct tm *at)
{
	return year_of(at) * 12 + at->tm_mon;
}

static long day_of(const struct tm *at)
{
	return year_of(at) * 366 + at->tm_yday;
}

static long hour_of(const struct tm *at)
{
	return day_of(at) * 24 + at->tm_hour;
}

/* ISO 8601: a week is the year's that its Thursday is in. */
static long week_of(const struct tm *at)
{
	char text[16];

	strftime(text, sizeof(text), "%G%V", at);
	return atol(text);
}

bool retention_is_on(const struct retention *r)
{
	return r->last || r->hourly || r->daily || r->weekly || r->monthly || r->yearly || r->days;
}

static int newest_first(const void *a, const void *b)
{
	const struct past *x = a, *y = b;

	if (x->made != y->made)
		return x->made < y->made ? 1 : -1;
	return (x->id > y->id) - (x->id < y->id);
}

static void keep(struct past *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void keep(struct past *p, const char *format, ...)
{
	va_list args;

	p->keep = true;
	buf_puts(&p->reason, p->reason.len ? ", " : "");
	va_start(args, format);
	buf_vprintf(&p->reason, format, args);
	va_end(args);
}

static void ask_rule(struct rule *rule, struct past *p, const struct tm *at, long nr, bool oldest)
{
	long period = rule->period ? rule->period(at) : nr;

	if (!rule->left || (period == rule->last && !oldest))
		return;
	keep(p, "%s%s", period == rule->last ? "oldest for " : "", rule->name);
	rule->last = period;
	rule->left--;
}

static void ask_rules(struct rule *rules, size_t n, struct past *p, long nr, bool oldest)
{
	time_t seconds = p->made / 1000;
	struct tm at;

	localtime_r(&seconds, &at);
	for (size_t i = 0; i < n; i++)
		ask_rule(&rules[i], p, &at, nr, oldest);
}

static void keep_all(struct past *list, size_t n, const char *reason)
{
	for (size_t i = 0; i < n; i++)
		keep(&list[i], "%s", reason);
}

static void judge(const struct retention *r, struct past *list, size_t n)
{
	struct rule rules[] = {
		{ "last", r->last, NULL, -1 },          { "hourly", r->hourly, hour_of, -1 },
		{ "daily", r->daily, day_of, -1 },      { "weekly", r->weekly, week_of, -1 },
		{ "monthly", r->monthly, month_of, -1 }, { "yearly", r->yearly, year_of, -1 },
	};
	size_t oldest = n, newest = n;
	long nr = 0;

	for (size_t i = 0; i < n; i++) {
		if (!list[i].verified)
			continue;
		newest = newest == n ? i : newest;
		oldest = i;
	}
	for (size_t i = 0; i < n; i++) {
		if (!list[i].verified) {
			keep(&list[i], "not verified: neither counted nor deleted");
			continue;
		}
		if (nr < r->min)
			keep(&list[i], "of the newest %ld", r->min);
		if ((list[newest].made - list[i].made) / DAY_MS < r->days)
			keep(&list[i], "within %ld day%s of the newest", r->days, plural(r->days));
		ask_rules(rules, sizeof(rules) / sizeof(*rules), &list[i], nr++, i == oldest);
		if (!list[i].keep)
			buf_puts(&list[i].reason, "no rule keeps it");
	}
}

void retention_judge(const struct retention *r, struct past *list, size_t n, bool suspect,
                     int64_t now)
{
	if (n)
		qsort(list, n, sizeof(*list), newest_first);
	for (size_t i = 0; i < n; i++) {
		list[i].keep = false;
		list[i].reason = (struct buf)BUF_INIT;
	}
	if (!retention_is_on(r))
		keep_all(list, n, "no rule is set");
	else if (n && list[0].made > now)
		keep_all(list, n, "the newest is from the future: the clock was set back");
	else if (suspect)
		keep_all(list, n, "the newest is suspect");
	else
		judge(r, list, n);
}
