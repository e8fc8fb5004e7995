/*
 * watch_options - what a watch is to do.
 */
#ifndef WATCH_WATCH_OPTIONS_H
#define WATCH_WATCH_OPTIONS_H

#include "base/teller.h"
#include "watch/containers.h"
#include "watch/inbox.h"

struct watch {
	const char *dir;      /* where files are dropped */
	int64_t settle;       /* ms that a file must have been still */
	int64_t poll;         /* ms between looks that nothing gives occasion for */
	const char *state;    /* the folder of its journal */
	const char *journal;  /* or the file; NULL or "": in that folder, as is set here */
	int64_t limit;        /* ms that the restore of one file may take */
	struct strs allowed;  /* databases that a file may name */
	struct containers containers; /* without dir, tell and stopping */

	const char *sqlite;   /* the file that SQLite databases go to; NULL or "": as all others */

	/* Restores the file, in a process of its own whose messages are logged, into url (NULL: what is
	 * configured), with watch_ready before it touches that. Its exit status. */
	int (*restore)(char *path, char *url);
	/* Logs in to the database that is configured; 0, or a status with a message in error. May be NULL. */
	int (*database)(struct buf *error);
	const struct teller *tell;
};

#endif
