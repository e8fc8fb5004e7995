/*
 * verify - reads backups that are there again, in full.
 */
#ifndef REPO_VERIFY_H
#define REPO_VERIFY_H

#include "base/progress.h"
#include "base/teller.h"
#include "repo/choose.h"
#include "repo/repo.h"

struct verify {
	/* Restores one that was read well as a test, too (restore/drill_into); 0, or a status with a
	 * message in error. NULL: they are only read, as is what is no file here. */
	int (*restore)(const void *arg, const char *name, const char *path, const struct manifest *m,
	               struct buf *error);
	const void *arg;    /* of restore */
	const struct teller *tell;
	void (*progress)(const struct progress *p); /* may be NULL; NULL: it is over */
};

/* Reads the backups that the words name in full, compares them, and notes in the repository's journal,
 * where it has one, what it found. What is in a bucket is read as it comes: nothing is stored, but for an
 * SQLite database, which is unpacked. Everything has been told. 0; BAD_DATA, or what kept it from that:
 * NO_INPUT also when there is none, BAD_USAGE for another bucket. */
int verify_backups(const struct verify *v, struct repo *r, const struct choice *what);

#endif
