/*
 * download - a backup that is restored as it comes from the bucket, and is no file here.
 *
 * For where there is no room for it. It is compared with its manifest behind its last byte, which
 * is before what was made of it takes the place of anything.
 */
#ifndef RESTORE_DOWNLOAD_H
#define RESTORE_DOWNLOAD_H

#include <sys/types.h>

#include "repo/bucket.h"

struct download {
	struct bucket remote;
	char *key;   /* of the data */
	int64_t bytes; /* that it has by its manifest: no more are read */
	char *pipe;  /* a FIFO that it comes through */
	int head;    /* what begins it, in memory; -1 */
	pid_t pid;   /* who pours; 0: nobody */
	int answer;  /* what that says in the end; -1 */
};

#define DOWNLOAD_INIT { .head = -1, .answer = -1 }

/* Reads the manifest of the object. 0; BAD_USAGE when it cannot be restored as it comes: only an
 * archive in custom format can; as s3/s3 and BAD_DATA; with a sentence in error. manifest_free
 * after both. */
int download_suits(struct download *f, struct manifest *m, struct buf *error);

/* Makes the FIFO in a folder. 0, or CANNOT_WRITE with a sentence in error. */
int download_open(struct download *f, const char *folder, struct buf *error);

/* Its first bytes as a file, whose *path the caller frees; it lasts until the next or download_free. 0;
 * as s3/s3, CANNOT_WRITE; with a sentence in error. */
int download_head(struct download *f, int64_t bytes, char **path, struct buf *error);

/* Lets a process write all of it into the FIFO, which is to be opened once. 0, or CANNOT_RUN with
 * a sentence in error. */
int download_pour(struct download *f, struct buf *error);

/* Waits for the end of that, also of what nobody has read, and compares. restored is what came of
 * its reader, and error says why: of a reader that failed because the download did, that is
 * the reason. 0; BAD_DATA; as s3/s3; restored. */
int download_poured(struct download *f, const struct manifest *m, int restored, struct buf *error);

void download_free(struct download *f);

#endif
