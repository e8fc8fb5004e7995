/*
 * report - what is told of backups: lists, and whether all is well.
 */
#ifndef REPO_REPORT_H
#define REPO_REPORT_H

#include "base/progress.h"
#include "base/teller.h"
#include "repo/catalog.h"
#include "repo/repo.h"

/* What lists and status are about: databases, as their folders or without the NAME/ of a target; none:
 * all. */
struct report_only {
	int n;
	char *const *names;
};

/* Prints all backups that have a manifest, oldest first, on stdout: a table, or with json a manifest a
 * line with its path and state: verified, damaged, unknown (not in the journal) or missing. Manifests and
 * folders that cannot be read are told. DONE; NO_INPUT, told, when a folder cannot be read, or one of those
 * in only has no backup; else what the repository gives, with a sentence in error. */
int report_list(struct repo *r, const struct report_only *only, bool json,
                const struct teller *tell, struct buf *error);

/* The same of a folder, whose journal is opened for it, or with dir NULL of S3_BUCKET. Also NO_INPUT with
 * a sentence in error where there is no such folder, and BAD_CONFIG where there is no bucket. */
int report_backups(const char *dir, const struct report_only *only, bool json,
                   const struct teller *tell, struct buf *error);

/* Prints a line for each database of the last run (catalog_last): the age of its newest
 * verified backup, which must be below limit ms. Where backups go to a bucket, too (remote, its
 * name; else NULL), and some are owed, the newest there must be as well. DONE when all are fine,
 * else NO. */
int report_status(struct catalog *c, const char *about, const char *remote, int64_t limit,
                  const struct report_only *only, bool json);

/* Draws how far a database is, on a terminal (base/progress); NULL: it is over. */
void report_progress(const struct progress *p);

#endif
