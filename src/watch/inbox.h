/*
 * inbox - a folder that files are dropped into, and where they go from there:
 *
 *     incoming -> .processing -> done or failed
 *
 * by rename and through no symlink (base/beneath), so a file is in one place only and whole. The last three
 * are beside the folder, or in it where that is a mount of its own or lies in the root.
 *
 * A file has arrived when nothing about it has changed for a while and nobody on this host
 * has it open for writing, or when a marker says so: NAME.ok, or a NAME.sha256 that it
 * matches. Both, and pgbackup's NAME.json, go with it. Hidden files and those of programs
 * that are still copying (.part, .partial, .filepart, .crdownload, .tmp, .swp, ~) are none, nor are
 * those that file managers leave (Thumbs.db, desktop.ini).
 */
#ifndef WATCH_INBOX_H
#define WATCH_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/teller.h"

struct inbox {
	const char *dir;  /* where files are dropped */
	int64_t settle;   /* ms that a file must have been still */
	const struct teller *tell;

	char *base;       /* of the other folders */
	char *processing, *done, *failed;
	struct arrival *v; /* what is in the folder, in order of arrival */
	size_t n;
	struct strs told; /* what has been said once */
};

/* Makes the folders that are missing; dir, settle and tell are set. 0, or CANNOT_WRITE with a
 * sentence in error. */
int inbox_open(struct inbox *b, struct buf *error);

/* Looks at the folder. The name of the first file that has arrived, which lives until the next
 * look; NULL when there is none, and then *again is when to look again at the latest (clock_ms). */
const char *inbox_look(struct inbox *b, int64_t *again);

/* Moves it, and what goes with it, to .processing. Its path there, which the caller frees; NULL
 * when it is not there any more, and NULL with a message in error when it cannot be moved, or is not
 * a regular file any more: it is not looked at again until it changes. */
char *inbox_take(struct inbox *b, const char *name, struct buf *error);

/* Moves it on to done or failed, with all that goes with it, its log too. Where the name is taken
 * there, the moment comes in front. The path, which the caller frees. */
char *inbox_put(struct inbox *b, const char *path, bool good);

/* The paths of what was left in .processing. */
void inbox_left(struct inbox *b, struct strs *paths);

void inbox_free(struct inbox *b);

#endif
