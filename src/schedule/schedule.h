/*
 * schedule - when the next run is due.
 *
 * All moments are milliseconds since 1970 of the wall clock. Everything is computed
 * from absolute moments, so nothing drifts, and from what the journal remembers, so
 * that a restart neither repeats a run nor skips one.
 */
#ifndef SCHEDULE_SCHEDULE_H
#define SCHEDULE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define SCHEDULE_NEVER INT64_MAX

enum schedule_kind { SCHEDULE_NONE, SCHEDULE_EVERY, SCHEDULE_CRON };

struct schedule {
	enum schedule_kind kind;
	int64_t every; /* SCHEDULE_EVERY: ms, above 0 */
	/* SCHEDULE_CRON: bit n is set when minute, hour, day of month, month (1 to 12)
	 * or day of week (0 is Sunday) n runs. */
	uint64_t minutes;
	uint32_t hours, days, months, weekdays;
	/* When both days and weekdays are restricted (neither field begins with *),
	 * a day that matches either runs (crontab(5), 'Note'). */
	bool either_day;
	char *zone; /* of CRON_TZ= in the text; NULL: that of the process; owned */
};

/*
 * Reads a cron text: five fields (minute hour day-of-month month day-of-week) with
 * lists, ranges, steps and English three-letter names, any case; 7 is Sunday too;
 * @hourly @daily @midnight @weekly @monthly @yearly @annually; `@every 6h` (as
 * duration_parse, but 1 to 59 wants a unit). `CRON_TZ=Zone ` or `TZ=Zone ` may stand in front. 0, or -1 with
 * a sentence fragment in error that names the field: out of range, five fields expected (six are named as
 * seconds, which are not supported), a time that never comes (30 February).
 */
int schedule_read(struct schedule *s, const char *text, struct buf *error);

/*
 * What a daemon is told: every (ms; 0: it is not), or a cron text (NULL or empty: it is not), and
 * in whose zone, where the text does not say (NULL: TZ, else UTC), which becomes the process's.
 * A zone that nobody knows is a warning where cron does not need it. 0, or BAD_CONFIG with a
 * sentence in error.
 */
int schedule_choose(struct schedule *s, int64_t every, const char *cron, const char *zone,
                    struct strs *warnings, struct buf *error);

/* The first moment after `after` at which s runs; cron: in the process's zone, which
 * the caller has set (zone_use). A local time that the clocks skip runs
 * at the next valid minute, one that they show twice runs once; each matching
 * minute of a day at most once. SCHEDULE_EVERY: after + every. */
int64_t schedule_next(const struct schedule *s, int64_t after);

/* The longest pause between two of the next runs after `now`, ms: every, or the
 * largest gap between cron runs that begins within 400 days (at most 10,100 runs, a
 * week of minutes, are looked at). SCHEDULE_NEVER without a schedule. */
int64_t schedule_gap(const struct schedule *s, int64_t now);

/* What the journal remembers of the runs of this schedule. */
struct run_history {
	int64_t success;  /* the moment at which the last good run was due; 0: none yet */
	long failures;    /* runs that failed since, one after the other */
	int64_t failed;   /* when the last of them ended */
	int64_t failed_due; /* the moment at which it was due */
	int64_t owed;     /* before the first success: the moment of a run that was interrupted; 0: none */
};

/*
 * When the next run is due; not after now means at once. began is when this daemon
 * first started to wait.
 *
 * Without a success an interval is due at once, cron at the first slot after began, or
 * at the one that is owed. After one: at the next slot behind it; of slots that passed
 * while nobody was there only one is made up for. After n failures: 1, 2, 4 ... 60
 * minutes behind the last failure's end, or at the next slot after failed_due if that
 * is sooner.
 */
int64_t schedule_due(const struct schedule *s, const struct run_history *h, int64_t began);

/* The slot that a run which starts now counts for, given that it was due at `due`
 * (schedule_due): due itself, or, where later slots have passed meanwhile, the last
 * of those that are not after now; for an interval, due plus whole intervals. Never
 * after now. */
int64_t schedule_slot(const struct schedule *s, int64_t due, int64_t now);

void schedule_free(struct schedule *s);

#endif
