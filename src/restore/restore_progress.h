/*
 * restore_progress - tells how far a restore is: a bar on a terminal, else a line now and then.
 */
#ifndef RESTORE_RESTORE_PROGRESS_H
#define RESTORE_RESTORE_PROGRESS_H

#include <stdint.h>

#include "base/teller.h"
#include "ext/meter.h"

struct progress;

/* How it is told; all may be NULL. */
struct restore_progress_tell {
	const char *name; /* of the database; else the one that is connected to */
	void (*show)(const struct progress *p);                      /* draws it; NULL: it is over */
	const struct teller *line; /* else gets a line after ten seconds, then each half minute */
};

struct restore_progress {
	struct restore_progress_tell tell;
	const char *database;
	struct meter *meter;  /* for the child; NULL: nobody wants to know */
	int64_t total;        /* bytes of the backup; 0: not known */
	int64_t next;         /* clock_ms() of the next line */
};

/* The backup is the file or folder at path. restore_progress_end after it. */
void restore_progress_begin(struct restore_progress *h, const struct restore_progress_tell *tell,
                            const char *database, const char *path);

/* Called several times a second. */
void restore_progress_tick(struct restore_progress *h);

void restore_progress_end(struct restore_progress *h);

#endif
