/*
 * select - finds the backup that a word means.
 */
#ifndef REPO_SELECT_H
#define REPO_SELECT_H

#include "repo/catalog.h"

/* The NAME under which pgrestore --clean keeps what was there; never meant where a word names
 * no database. */
#define PICK_SAFETY "before-clean"

/*
 * Finds the data's path. word is a file or folder (also a manifest), or in the catalog's
 * folder: `latest` or `latest:DATABASE` its newest backup, `@2026-11-21[T02:00[:30]][Z]`
 * the newest of that moment or before it (a date alone: of that day; in the process's
 * zone, or UTC with the Z), a run's number in the journal, or a backup's name. database is
 * the one wanted where the word names none; NULL: the only one in the folder. 0; NO_INPUT or
 * BAD_USAGE with a sentence in error. The caller frees *path.
 */
int pick_backup(struct catalog *c, const char *word, const char *database, char **path,
                struct buf *error);

/* Reads the ... of `@...`: ms since 1970. False when it is not a time. */
bool pick_moment_of(const char *text, int64_t *moment);

#endif
