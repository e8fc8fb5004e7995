/*
 * stream - a backup that goes to the bucket as it is made, and is no file here.
 *
 * A second process takes what the dump writes: it uploads it in parts, and gives it to a
 * third, which reads it back (dump/readback_pipe). Only when the dump was content, and the reader,
 * does the upload become an object; then come the .sha256 and the manifest.
 */
#ifndef BACKUP_STREAM_H
#define BACKUP_STREAM_H

#include "dump/dump.h"
#include "repo/bucket.h"
#include "repo/catalog.h"

struct stream {
	struct bucket *remote;
	struct dump *dump;        /* opened, and looked at */
	const char *folder, *base; /* as in struct item */
	bool roles;               /* the server's, in place of the database */
	/* Hears the last one of that folder and system before the manifest is written; may be
	 * NULL. */
	void (*judge)(struct manifest *m, const struct newest *last);

	int64_t dump_bytes;       /* what it may become; set by stream_backup */
	bool made;                /* the object may be there, and is ours; set by stream_backup */
};

/* Makes it, and fills in the manifest. *path is where, relative to the prefix; the caller frees
 * it. 0; as dump_make, readback and s3/s3, with a sentence in error; then nothing of it is in
 * the bucket. An SQLite database is copied to TMPDIR first: one moment of it is a whole
 * file. */
int stream_backup(struct stream *s, struct manifest *m, char **path, struct buf *error);

#endif
