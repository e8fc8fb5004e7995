/*
 * clock - time that only moves forward, and durations as people write them.
 *
 * A deadline is a moment of clock_ms(); CLOCK_NEVER is none. Wall clocks jump,
 * so nothing is waited for by them.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_NEVER INT64_MAX

/* A wall clock may be so many milliseconds ahead; what is made or due later comes from one that was wrong. */
#define CLOCK_TOLERANCE_MS 300000

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t clock_ms(void);

/* The deadline ms milliseconds from now; ms <= 0 means CLOCK_NEVER. */
int64_t clock_after(int64_t ms);

/* The same, but ms <= 0 means now: for what a user says may be waited for. */
int64_t clock_within(int64_t ms);

/* Milliseconds until the deadline, 0 when it has passed. */
int64_t clock_left(int64_t deadline);

/* The same as poll(2) wants it: -1 for CLOCK_NEVER. */
int clock_poll(int64_t deadline);

/* Sleeps ms milliseconds, no longer than until the deadline. A signal handler
 * that returns does not shorten it. */
void clock_sleep(int64_t ms, int64_t deadline);

/* Milliseconds since 1970 of the wall clock, which may jump. */
int64_t clock_wall(void);

/* Such a moment as UTC: 2026-11-21T03:00:00.123Z (ISO 8601). The caller frees it. */
char *clock_iso(int64_t wall);

/* Reads what clock_iso writes. False, and *wall untouched, on anything else. */
bool clock_iso_parse(const char *text, int64_t *wall);

/* Reads `500ms`, `30s`, `2m`, `1h`, `7d`, or a bare number of seconds into
 * milliseconds. False, and *ms untouched, on anything else: signs, blanks,
 * fractions, and what does not fit. */
bool duration_parse(const char *text, int64_t *ms);

/* Whether text is a number of 1 to 59 without a unit. Where nobody means seconds (24 for a day's
 * backup), the caller refuses it. */
bool duration_lacks_unit(const char *text);

/* Writes ms the way duration_parse reads it, in the largest exact unit. The
 * caller frees it. */
char *duration_text(int64_t ms);

/* Writes a time as people say it, in the largest unit that leaves a few: 90s, 17m, 30h.
 * Below 0 is 0s. The caller frees it. */
char *clock_age(int64_t ms);

#endif
