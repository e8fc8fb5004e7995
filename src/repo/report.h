/*
 * report - what is told of the backups in a folder: lists, and whether all is well.
 */
#ifndef REPO_REPORT_H
#define REPO_REPORT_H

#include "base/msg.h"
#include "base/progress.h"
#include "repo/bucket.h"
#include "repo/catalog.h"

/* What lists and status are about: databases, as their folders or without the NAME/ of a target; none: all. */
struct report_only {
	int n;
	char *const *names;
};

/* Prints all backups that have a manifest, oldest first, on stdout: a table, or with json
 * a manifest a line with its path and state: verified, damaged, unknown (not in the
 * journal) or missing. Manifests and folders that cannot be read are told. DONE; NO_INPUT, told, when a folder cannot
 * be read, or one of those in only has no backup. */
int report_list(struct catalog *c, const struct report_only *only, bool json,
                void (*tell)(enum msg_level level, const char *words));

/* The same of a folder, whose journal is opened for it. NO_INPUT with words in error where there
 * is no such folder. */
int report_folder(const char *dir, const struct report_only *only, bool json,
                  void (*tell)(enum msg_level level, const char *words), struct buf *error);

/* Prints a line for each database of the last run (catalog_last): the age of its newest
 * verified backup, which must be below limit ms. Where backups go to a bucket, too (remote, its
 * name; else NULL), and some are owed, the newest there must be as well. DONE when all are fine,
 * else NO. */
int report_status(struct catalog *c, const char *about, const char *remote, int64_t limit,
                  const struct report_only *only, bool json);

/* The same of what is only in a bucket, by its manifests. Where it cannot be read NO, with a
 * sentence in error. */
int report_status_remote(struct remote *r, int64_t limit, const struct report_only *only, bool json,
                         struct buf *error);

/* Draws how far a database is, on a terminal (base/progress); NULL: it is over. */
void report_progress(const struct progress *p);

/*
 * Fills manifests with the paths of those that the words name: a backup's file, with or
 * without its folder, or a database (its folder), which means its newest backup. No
 * words: the newest of each database, with all every backup. 0, or NO_INPUT with a
 * sentence in error when there is none.
 */
int report_choose(struct catalog *c, int n, char *const *words, bool all, struct strs *manifests,
                  struct buf *error);

/* The same with the manifests in all (below root), in byte order of folders and names; shown is
 * what the place is called. */
int report_choose_among(const struct strs *all, const char *root, const char *shown, int n,
                        char *const *words, bool every, struct strs *manifests, struct buf *error);

/* report_list for those in a bucket: verified, damaged or missing. DONE, or as s3/s3 with a
 * sentence in error. */
int report_remote(struct remote *r, const struct report_only *only, bool json,
                  void (*tell)(enum msg_level level, const char *words), struct buf *error);

/* report_folder, or where dir is NULL report_bucket. */
int report_backups(const char *dir, const struct report_only *only, bool json,
                   void (*tell)(enum msg_level level, const char *words), struct buf *error);

/* The same of S3_BUCKET; also BAD_CONFIG when there is none. */
int report_bucket(const struct report_only *only, bool json,
                  void (*tell)(enum msg_level level, const char *words), struct buf *error);

#endif
