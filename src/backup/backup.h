/*
 * backup - one run: every database that is wanted, made, read back, given its final
 * name, recorded, and the old ones pruned.
 */
#ifndef BACKUP_BACKUP_H
#define BACKUP_BACKUP_H

#include "backup/results.h"
#include "backup/sources.h"
#include "base/msg.h"
#include "base/progress.h"
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
	struct remote *remote;              /* where backups go, too; NULL or off: nowhere */
	const char *scope;                  /* CATALOG_SCHEDULED or CATALOG_CHOSEN */
	int64_t due;                        /* the moment that the run counts for, ms since 1970 */
	const struct results *outcome;      /* gets what comes of each database; may be NULL */

	/* Hear what goes on; progress may be NULL. */
	void (*tell)(enum msg_level level, const char *words);
	void (*progress)(const struct progress *p); /* NULL: it is over */
};

#define BACKUP_JOBS_MAX 64

/* Whether the settings go together; several jobs mean a directory. 0, or BAD_CONFIG with a
 * sentence in error. */
int backup_check(struct backup *b, struct buf *error);

/*
 * Runs it. Databases that have a verified backup of the same due moment already are
 * left out. Everything that went wrong has been told. DONE; PARTLY when some failed, or did
 * not get to the remote; when all did, the first one's code: UNAVAILABLE, DENIED, LOCKED,
 * CANNOT_WRITE, BAD_DATA, BAD_CONFIG or NO.
 */
int backup_run(const struct backup *b);

/* What a run that died left in dir: parts are deleted, its record says interrupted. Waits no
 * longer than a second for the folder's lock. */
void backup_recover(const char *dir, void (*tell)(enum msg_level level, const char *words));

#endif
