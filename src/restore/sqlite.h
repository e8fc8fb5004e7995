/*
 * sqlite - puts a backup in the place of an SQLite database file.
 */
#ifndef RESTORE_SQLITE_H
#define RESTORE_SQLITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct sqlite_file {
	const char *path; /* symlinks are followed, as SQLite does; of what is not there, too */
	bool replace;     /* also one that is not empty */
	bool drop_old;    /* its old content is not kept */
	int64_t wait;     /* ms, for those that have it locked */
};

/*
 * Makes the file at f->path hold what the database file `from` does. One that is there keeps
 * its owner and mode, and its content first goes to `<path>_before_<time>`, whose name is
 * *before (the caller frees it; NULL: there is nothing that was kept): with every commit up to
 * the moment of the change, which is one transaction under the eyes of those that have it
 * open. A file that is no database is moved away in place of that. Without replace only a
 * missing or empty one is filled. 0; NO when it is not empty; LOCKED when somebody keeps it
 * locked, or another restore is at work on it; CANNOT_WRITE; with a sentence in error: the
 * file is as it was then.
 */
int sqlite_restore(const struct sqlite_file *f, const char *from, char **before, struct buf *error);

/* Puts the newest of the files that sqlite_restore has kept back, whose content becomes that at f->path in
 * the same way; it goes then, and what was there is kept as *before. NO_INPUT when there is none, BAD_DATA
 * when it is not a sound database, else as sqlite_restore. */
int sqlite_undo(const struct sqlite_file *f, char **before, struct buf *error);

/* Says what sqlite_restore would refuse, and changes nothing. As sqlite_restore. */
int sqlite_check(const struct sqlite_file *f, struct buf *error);

#endif
