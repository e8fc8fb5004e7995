/*
 * backup_options - what a run of backups is to do.
 */
#ifndef BACKUP_BACKUP_OPTIONS_H
#define BACKUP_BACKUP_OPTIONS_H

#include "backup/results.h"
#include "backup/sources.h"
#include "base/progress.h"
#include "base/teller.h"
#include "dump/dump.h"
#include "repo/bucket.h"
#include "repo/catalog.h"
#include "repo/retention.h"

struct backup {
	const char *dir;                    /* or the remote's name: there is no folder, only the bucket */
	const struct sources *sources;
	enum dump_format format;
	struct packing packing;
	long jobs;
	int64_t lock_wait, busy_wait, wait; /* ms: for a table; for another run; for the server */
	struct strs first;                  /* checks that a database's first backup waits for; not owned */
	bool restore;                       /* restore each as a test, and */
	bool as_login;                      /* run its code as the login then, whatever its rights */
	const char *search_path;            /* there, as in struct drill */
	bool roles;                         /* dump the roles, too */
	struct retention keep;
	struct bucket *remote;              /* where backups go, too; NULL or off: nowhere */
	const char *scope;                  /* CATALOG_SCHEDULED or CATALOG_CHOSEN */
	int64_t due;                        /* the moment that the run counts for, ms since 1970 */
	const struct results *outcome;      /* gets what comes of each database; may be NULL */

	/* Hear what goes on; progress may be NULL. */
	const struct teller *tell;
	void (*progress)(const struct progress *p); /* NULL: it is over */
};

#endif
