/*
 * notify - tells others how a run went: webhooks, healthchecks.io and what speaks as it
 * does, and a file of metrics for Prometheus.
 *
 * No notification makes a run fail, and none holds one up for longer than NOTIFY_START_MS
 * before and NOTIFY_END_MS after it.
 */
#ifndef BACKUP_NOTIFY_H
#define BACKUP_NOTIFY_H

#include <stdbool.h>

#include "backup/results.h"
#include "base/teller.h"
#include "repo/catalog.h"

#define NOTIFY_START_MS 5000
#define NOTIFY_END_MS 10000

struct notify {
	const char *webhook;       /* URL that is posted the result of every run; NULL or "": none */
	const char *webhook_error; /* of those that were not good in every part */
	const char *healthchecks;  /* URL that is pinged */
	const char *metrics;       /* file */
	struct results outcome;    /* of the run */
	int64_t began;             /* ms since 1970 */

	/* Hears what could not be told; without tokens. */
	const struct teller *tell;
};

/* Checks that the URLs are some, and registers their tokens as secrets. 0, or BAD_CONFIG
 * with a sentence in error, which quotes none. */
int notify_check(const struct notify *n, struct buf *error);

/* A run begins: pings /start, and opens the outcome for it. */
void notify_start(struct notify *n);

/* What is told of a run beside its outcome. */
struct ran {
	int status;        /* its exit status; above BY_SIGNAL nobody is told but the metrics' readers */
	int64_t next;      /* when the next is due, ms since 1970; 0: nobody knows */
	const char *dir;   /* the folder of the backups */
	const char *about; /* as catalog_last */
};

/* A run has ended: posts, pings and writes what is set. */
void notify_end(struct notify *n, const struct ran *r);

#endif
