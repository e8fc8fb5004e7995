/*
 * journal_runs - questions about the runs in the journal.
 */
#ifndef REPO_JOURNAL_RUNS_H
#define REPO_JOURNAL_RUNS_H

#include "repo/journal.h"

/* Returns whether the applet's last run of that name in the folder was done. */
bool journal_runs_was_done(struct journal *j, const char *applet, const char *name, const char *dir);

/* Returns whether the applet has any run in the folder; true as well where that cannot be found out. */
bool journal_runs_has(struct journal *j, const char *applet, const char *dir);

/* Marks the applet's runs in the folder that are said to be running as interrupted. */
void journal_runs_interrupt(struct journal *j, const char *applet, const char *dir);

/* Gets the columns id and name of the applet's runs into the target whose process died. */
void journal_runs_dead(struct journal *j, const char *applet, const char *target, struct rows *rows);

#endif
