/*
 * state_dir - the folder in which `pgrestore watch` keeps its journal.
 *
 * The journal says which containers to start again, so it lies where those who drop files cannot
 * write. Until version 0.1.0 it lay in .pgbox beside or in the drop folder; one that is found there
 * is moved once. Nothing that it says is believed but what anybody may know: names of containers,
 * which watch/containers starts only when they are this watcher's, and the history of runs.
 */
#ifndef WATCH_STATE_DIR_H
#define WATCH_STATE_DIR_H

#include <stdbool.h>

#include "repo/journal.h"

#define STATE_DIR_DEFAULT "/var/lib/pgbox"

struct state_dir {
	char *journal; /* the file */
	bool leftover; /* the one in the drop folder was read, and is to be removed */
};

/* Finds the journal: PGBOX_JOURNAL, else file, else journal.db in dir (file and dir may be NULL or
 * ""), and makes its folder. 0, or BAD_CONFIG or CANNOT_WRITE with a message in error. state_dir_free
 * after both. */
int state_dir_find(struct state_dir *s, const char *file, const char *dir, struct buf *error);

/* Whether others than this user and root may write to that folder, or exchange it. 0; BAD_CONFIG with
 * a message in error when everybody may; 0 with a message in warning when another user or a
 * group may, which mounts of another host's folders cannot help. */
int state_dir_check(const struct state_dir *s, struct buf *warning, struct buf *error);

/* Reads the journal that lies in base/.pgbox, unless there is none or j knows of runs of a watcher
 * of that folder (dir): what it owes and its runs go to j, as of a run with the status adopted. 0, or -1
 * with a message in error: it is left where it is. */
int state_dir_adopt(struct state_dir *s, const char *base, const char *dir, struct journal *j,
                    struct buf *error);

/* Removes the one that was adopted: what it owed is started, or noted. */
void state_dir_remove_old(struct state_dir *s, const char *base);

void state_dir_free(struct state_dir *s);

#endif
