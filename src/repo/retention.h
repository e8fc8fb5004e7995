/*
 * retention - which backups of one database are kept.
 *
 * restic's semantics ('Removing snapshots according to a policy' in its manual):
 * the rules are independent and a backup that any of them wants is kept; hours,
 * days, ISO weeks, months and years are natural ones of the process's zone, and of each that
 * has a backup the newest is kept, for the newest N of them; while a rule has not
 * had its N yet, the oldest backup of all is kept too. Pure: looks at nothing but
 * its arguments.
 */
#ifndef REPO_RETENTION_H
#define REPO_RETENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A rule of 0 is off. */
struct retention {
	long last, hourly, daily, weekly, monthly, yearly;
	long days; /* everything less than so many times 24 hours older than the newest */
	long min;  /* the newest so many are always kept */
	bool owed; /* repo/prune: what a bucket still lacks is kept, too */
};

/* One backup. */
struct past {
	int64_t made;  /* ms since 1970, when its run started */
	bool verified; /* false: it is neither counted nor deleted */
	size_t id;     /* the caller's */

	bool keep;         /* out */
	struct buf reason; /* out: why it is kept, or why it goes; the caller frees it */
};

/* Whether any rule but min is on. */
bool retention_is_on(const struct retention *r);

/*
 * Sorts list, newest first (by id where they are of one moment), and judges each. All
 * are kept when no rule is on, when the newest, verified or not, comes from the
 * future of now (ms; the clock was set back), and when
 * suspect says that the newest one may be a broken successor of a good one.
 */
void retention_judge(const struct retention *r, struct past *list, size_t n, bool suspect,
                     int64_t now);

#endif
