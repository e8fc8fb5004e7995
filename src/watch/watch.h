/*
 * watch - restores what is dropped into a folder, one file at a time, in the order in which
 * they arrived, with the containers that use the database stopped meanwhile.
 *
 * A restore that was broken off, by a signal or with this process, is not begun again by
 * itself: the apps have been started on the old database since, and what they have written
 * would go with it. Its file goes to `failed`; dropped again it is restored.
 */
#ifndef WATCH_WATCH_H
#define WATCH_WATCH_H

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
	struct containers containers; /* without dir, tell, arg and stopping */

	const char *sqlite;   /* the file that SQLite databases go to; NULL or "": as all others */

	/* Restores the file, in a process of its own whose messages are logged, into url (NULL: what is
	 * configured), with watch_ready before it touches that. Its exit status. */
	int (*restore)(char *path, char *url);
	/* Logs in to the database that is configured; 0, or a status with a message in error. May be NULL. */
	int (*database)(struct buf *error);
	void (*tell)(enum msg_level level, const char *words);
};

/* Called by restore when all is checked and nothing changed: the containers are stopped now. 0, or NO with
 * a message in error when that failed. Outside of a watch it does nothing. */
int watch_ready(struct buf *error);

/* Starts what an earlier watch has left stopped, deals with what it left half done, and restores what
 * comes until a signal ends it: BY_SIGNAL and its number, or ends the process so while nothing
 * is being done. Else CANNOT_WRITE, LOCKED or BAD_CONFIG with a sentence in error. */
int watch_run(struct watch *w, struct buf *error);

#endif
