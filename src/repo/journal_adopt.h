/*
 * journal_adopt - takes over what a journal says that lay where others may write.
 */
#ifndef REPO_JOURNAL_ADOPT_H
#define REPO_JOURNAL_ADOPT_H

#include "ext/lite.h"
#include "repo/journal.h"

struct journal_old {
	struct lite lite;
	struct rows stops, runs;
	bool only_ours;  /* no backup is recorded in it: pgbackup does not write it as well */
};

/* Reads the one at path, which anybody may have made: containers that are still to be started, and the
 * runs of restores. 0, or -1 with a message in error. journal_adopt_free after both. */
int journal_adopt_read(struct journal_old *o, const char *path, struct buf *error);

/* Writes that into the journal, as of the folder dir: all, or nothing. 0, or -1 with a message in error. */
int journal_adopt_write(struct journal *j, const struct journal_old *o, const char *dir, struct buf *error);

void journal_adopt_free(struct journal_old *o);

#endif
