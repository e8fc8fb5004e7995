/*
 * freshness - whether the newest verified backup of a database is young enough, as
 * `pgbackup status` and the check `backup=` tell it.
 */
#ifndef REPO_FRESHNESS_H
#define REPO_FRESHNESS_H

#include "repo/catalog.h"

#define FRESHNESS_MS (26 * 3600000LL) /* a day's backup, and two hours for it */

struct freshness {
	const char *folder;        /* the database's */
	struct newest newest;      /* its newest verified backup */
	int64_t age;               /* ms; meaningless where there is none */
	bool fresh;                /* there is one, and it is younger than the limit */
	const char *run, *error;   /* how its last run ended, and why */
	const char *root;          /* the folder of the backups */
};

/* The age that is fine where nobody has said one: FRESHNESS_MS or twice the longest pause of the
 * schedule, the larger. */
int64_t freshness_limit(const struct schedule *s);

/* Judges one of the databases that catalog_last gave; the texts are those of its rows. A
 * backup from the future says nothing of today. */
void freshness_judge(struct catalog *c, const struct rows *last, size_t row, int64_t limit,
                     struct freshness *f);

/* What is to be said of it, in one line: `app: ok: 3.1 MB, 20h old`. The caller frees it. */
char *freshness_text(const struct freshness *f);

#endif
