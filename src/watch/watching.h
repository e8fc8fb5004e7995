/*
 * watching - the state of a watch that is running: its journal, and the log of the file that is being
 * restored.
 */
#ifndef WATCH_WATCHING_H
#define WATCH_WATCHING_H

#include <sys/types.h>

#include "repo/dir_lock.h"
#include "repo/journal.h"
#include "watch/inbox.h"
#include "watch/state_dir.h"
#include "watch/watch_options.h"

#define WATCH_APPLET "watch" /* in the journal */

struct watching {
	struct watch *w;
	struct inbox inbox;
	struct dir_lock lock;
	struct journal journal; /* closed whenever a process is forked: see SQLite's 'How To Corrupt' */
	struct state_dir place;  /* of the journal */
	int events;             /* inotify's descriptor; -1: none */
	volatile int signal;    /* that came while something was done; 0: none */
	long owed;              /* containers to be started; -1: not known */

	/* Of the file that is being restored. */
	int log;                /* -1: none */
	int64_t run;            /* in the journal */
	pid_t child;
	int ask, go;            /* the child asks there, and gets YES or NO here */
	bool refused;           /* it got NO */
};

/* Logs a message, and adds it to the log of the file that is being restored; arg is the struct watching. */
void watching_say(enum msg_level level, const char *words, void *arg);
void watching_sayf(struct watching *s, enum msg_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds a line to the log of the file that is being restored, with the time; nothing where there is none. */
void watching_log(const struct watching *s, const char *line);

/* Opens the log of the file at path, and closes it again. Warns where it cannot be written. */
void watching_open_log(struct watching *s, const char *path);
void watching_close_log(struct watching *s);

/* Opens the journal. 0, or -1 with the reason, if there is one, in its error. */
int watching_open_journal(struct watching *s);

#endif
