/*
 * zone - local time: whose clocks a schedule and a calendar day go by.
 *
 * musl silently takes a zone that it does not find for UTC, and a scratch image
 * has no zoneinfo. So names are looked up here: in the image's zoneinfo, else in
 * a table of POSIX rules (POSIX.1-2017, 8.3, TZ) that is compiled in: the last
 * line of each file of Debian's tzdata (RFC 9636, 3.3). Old rules of a zone are
 * not in the table; schedules look forward.
 */
#ifndef SCHEDULE_ZONE_H
#define SCHEDULE_ZONE_H

#include <stdint.h>
#include <time.h>

#include "base/buf.h"

/* Makes name the zone of this process and of localtime_r, by TZ, which child processes
 * inherit: `Europe/Berlin`, the absolute path of such a file, or a POSIX rule such as
 * `CET-1CEST,M3.5.0,M10.5.0/3` (a summer time needs its two changes), each also with a
 * colon in front. NULL or empty: what /etc/localtime says, else UTC. 0, or -1 with a
 * sentence fragment in error when nobody knows it; the zone is UTC then. */
int zone_use(const char *name, struct buf *error);

/* The same of the environment's TZ. */
int zone_use_own(struct buf *error);

/* The rule that the compiled-in table has for that name, which the caller frees, or NULL. */
char *zone_rule(const char *name);

/* The moment, in seconds since 1970, at which the zone's clocks show that minute
 * (month 1 to 12; the day must be in the month). Where they show it twice, the
 * first time; where they skip it, the moment of the jump, which is the next valid
 * minute. */
int64_t zone_moment(int year, int month, int day, int hour, int minute);

#endif
