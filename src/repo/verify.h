/*
 * verify - reads backups that are there again, in full.
 */
#ifndef REPO_VERIFY_H
#define REPO_VERIFY_H

#include "base/msg.h"
#include "base/progress.h"
#include "repo/bucket.h"
#include "repo/catalog.h"

struct verify {
	const char *dir;
	/* Restores one that was read well as a test, too (restore/drill_into); 0, or a status with a message in error.
	 * NULL: they are only read. */
	int (*restore)(const void *arg, const char *name, const char *path, const struct manifest *m, struct buf *error);
	const void *arg;    /* of restore */
	void (*tell)(enum msg_level level, const char *words);
	void (*progress)(const struct progress *p); /* may be NULL; NULL: it is over */
};

/* Reads the backup of that manifest in full, compares it, and notes in the journal what it
 * found. Everything has been told. 0; BAD_DATA, or what kept it from that. */
int verify_local(const struct verify *v, struct catalog *c, const char *manifest);

/* The same with those that the words name, as report_choose has it; also NO_INPUT. */
int verify_locals(const struct verify *v, struct catalog *c, int n, char *const *words, bool all);

/* The same with one in the bucket, as it comes: nothing is stored, but for an SQLite database,
 * which is unpacked. It cannot be restored on the way. */
int verify_remote(const struct verify *v, struct remote *r, const struct remote_backup *b);

/* Those in the bucket that the words name: a path, as list has it, or a database, which means
 * its newest; no words: the newest of each, with all every one. A word's `s3://BUCKET/PREFIX/` is cut
 * off in words. As verify_local; NO_INPUT when there is none, BAD_USAGE for another bucket. */
int verify_remotes(const struct verify *v, struct remote *r, int n, char **words, bool all);

#endif
