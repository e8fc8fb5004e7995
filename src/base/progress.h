/*
 * progress - one line on a terminal that says how far something is.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* How far one database is, in a backup or a restore. */
struct progress {
	const char *database;
	const char *phase;  /* "dump", "check", "restore test"; of pgrestore "read", "restore" */
	const char *table;  /* that is being dumped; or NULL */
	int64_t done, total; /* bytes; total is an estimate while phase is "dump"; 0: unknown */
};

/* Whether stderr is a terminal, and messages are text for people (-q is not given). */
bool progress_is_shown(void);

/* Draws `label [#####.....]  45 % what` over what was drawn before, at most ten times a
 * second but always at 100, and where the line is clear. percent below 0: not known. */
void progress_draw(const char *label, int percent, const char *what);

/* Clears the line, before a message is written. */
void progress_clear(void);

#endif
