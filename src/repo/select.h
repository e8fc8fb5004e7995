/*
 * select - finds the backup that a word means.
 */
#ifndef REPO_SELECT_H
#define REPO_SELECT_H

#include "repo/repo.h"

/* The NAME under which pgrestore --clean keeps what was there; never meant where a word names
 * no database. */
#define SELECT_SAFETY "before-clean"

/* What is looked for. */
struct wanted {
	const char *word;
	const char *database;  /* wanted where the word names none; NULL: the only one there */
	struct strs *warnings; /* gets a sentence for each manifest that was read and is bad; may be NULL */
};

/*
 * Finds the path of a backup's data, relative to the repository: of `latest` or `latest:DATABASE` the newest,
 * of `@2026-11-21[T02:00[:30]][Z]` the newest of that moment or before it (a date alone: of that day; in the
 * process's zone, or UTC with the Z), of a run's number in the journal, or of a backup's name. In a shared
 * repository only what is verified is meant, and a word that is a file here is refused. 0; NO_INPUT or
 * BAD_USAGE with a sentence in error, or what the repository gives. The caller frees *path.
 */
int select_backup(struct repo *r, const struct wanted *w, char **path, struct buf *error);

/* Finds the data that a file or folder here stands for, which may be a manifest or a `latest`. 0, or
 * NO_INPUT with a sentence in error; -1: the word is no file, or means something else. The caller frees
 * *path. */
int select_file(const char *word, char **path, struct buf *error);

/* Reads the ... of `@...`: ms since 1970. False when it is not a time. */
bool select_moment_of(const char *text, int64_t *moment);

#endif
