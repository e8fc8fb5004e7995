/*
 * readback_pipe - reads a backup back while it goes by: a second process that gets its bytes.
 */
#ifndef DUMP_READBACK_PIPE_H
#define DUMP_READBACK_PIPE_H

#include <sys/types.h>

#include "base/buf.h"

struct reader {
	pid_t pid;
	int to;     /* its stdin; -1: it has ended, or wants no more */
	int answer; /* what it found */
};

#define READER_INIT { .to = -1, .answer = -1 }

/* Starts it for a backup of that kind, as dump/readback; a directory cannot be read so. scratch
 * is where an SQLite database is unpacked. 0, or CANNOT_RUN with a sentence in error. */
int reader_start(struct reader *r, const char *kind, const char *scratch, struct buf *error);

/* Gives it the next bytes. One that has found enough takes no more; reader_end says what. */
void reader_add(struct reader *r, const void *bytes, size_t len);

/* Tells it that this was all. As readback; name is what the sentence calls the backup. */
int reader_end(struct reader *r, const char *name, struct buf *error);

/* Ends it, whatever it is at. */
void reader_free(struct reader *r);

#endif
