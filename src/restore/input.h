/*
 * input - finds a backup, reads it in full and says what it is.
 */
#ifndef RESTORE_INPUT_H
#define RESTORE_INPUT_H

#include "dump/format.h"
#include "dump/manifest.h"
#include "dump/toc.h"
#include "restore/fetch.h"

struct progress;

struct input {
	char *path;           /* as it was found; of stdin where it was put */
	char *name;           /* how the user knows it, for messages: a path, a key of a bucket, "standard "
	                                                                                         "input" */
	char *data; /* what to restore from: unpacked, unless it is SQL; of FORMAT_DUMP the database */
	enum format content;
	bool has_manifest;    /* beside it; its sums were compared */
	bool unknown;         /* nothing can tell whether its bytes are those that were written */
	struct manifest m;
	struct toc toc;       /* of archives */
	char *staged;         /* a file that goes with input_free, or NULL */
	int fd;               /* its descriptor, which keeps it from others' clearing up; -1 */
	struct fetch fetch;   /* what came from a bucket */
	char *head; /* of what flows (restore/download): its beginning, and data is the pipe; else NULL */
	bool lite;            /* set by the caller: what may be SQL of SQLite is taken for that */
	void (*show)(const struct progress *p); /* set by the caller: draws how far it is read; or NULL */
	bool remote;          /* set by the caller: words mean backups in S3_BUCKET */
};

#define INPUT_INIT { .fd = -1, .fetch = FETCH_INIT }

/*
 * Finds what word means (repo/select; `-` is stdin; s3://BUCKET/KEY is fetched), compares it with
 * its manifest, reads it to its end the way a restore would, and unpacks it where that needs it: into
 * stage, or where that is NULL the folder of the backups (dir), TMPDIR, /tmp. database
 * is the one that is wanted where the word names none; may be NULL. 0, or with a
 * sentence in error: NO_INPUT, BAD_USAGE, BAD_DATA (damaged, or no backup),
 * CANNOT_WRITE, or what restore/fetch gives. input_free after both.
 */
int input_read(struct input *l, const char *word, const char *dir, const char *stage,
                const char *database, struct buf *error);

/* Puts the name in the place of the paths of staged files, which nobody knows, in a message about the
 * backup. */
void input_rename(const struct input *l, struct buf *text);

void input_free(struct input *l);

#endif
