/*
 * readback_pipe - reads a backup back while it goes by: a second process that gets its bytes.
 */
#ifndef DUMP_READBACK_PIPE_H
#define DUMP_READBACK_PIPE_H

#include <sys/types.h>

#include "base/buf.h"

struct readback_pipe {
	pid_t pid;
	const char *name; /* what messages call the backup */
	int to;     /* its stdin; -1: it has ended, or wants no more */
	int answer; /* what it found */
};

#define READBACK_PIPE_INIT { .to = -1, .answer = -1 }

/* Starts it for a backup of that name, which lives until its end, and kind, as dump/readback; a directory
 * cannot be read so. scratch is where an SQLite database is unpacked. 0, or CANNOT_RUN with a message in
 * error. */
int readback_pipe_start(struct readback_pipe *r, const char *name, const char *kind, const char *scratch,
                        struct buf *error);

/* Gives it the next bytes. One that has found enough takes no more; readback_pipe_end says what. */
void readback_pipe_add(struct readback_pipe *r, const void *bytes, size_t len);

/* Tells it that this was all. As readback. */
int readback_pipe_end(struct readback_pipe *r, struct buf *error);

/* Ends it, whatever it is at. */
void readback_pipe_free(struct readback_pipe *r);

#endif
