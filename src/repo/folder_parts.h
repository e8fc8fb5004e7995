/*
 * folder_parts - what the files of repo/folder share.
 */
#ifndef REPO_FOLDER_PARTS_H
#define REPO_FOLDER_PARTS_H

#include "ext/hash.h"
#include "repo/folder.h"

#define PART ".part" /* the end of a name that is not given yet */
#define OWN ".pgbox" /* the folder of lock and journal */

/* The names of a backup's files, each with and without .part; folder_names_free frees them. */
struct folder_names {
	char *json, *json_part, *sums, *sums_part, *part;
};

struct folder_names folder_names_of(const char *path);
void folder_names_free(struct folder_names *n);

/* Points `latest` beside the data at it. A symlink appears by rename, too; file systems without them keep
 * their backups: what fails only leaves a text in warnings (may be NULL). */
void folder_point_latest(const char *path, struct strs *warnings);

#define FOLDER_DEPTH 2

/* Calls visit for each folder that may hold backups: DATABASE, JOB/DATABASE. depth: FOLDER_DEPTH. */
void folder_each(const char *dir, int depth, void (*visit)(const char *folder, void *arg), void *arg);

/* What is summed up. */
struct folder_sum {
	int64_t bytes;
	void (*seen)(void *arg, size_t bytes); /* may be NULL */
	void *arg;
};

/* Of a file adds to lines the line that sha256sum(1) writes; of a directory one for each of its files, in
 * byte order. hex is the backup's sha256. 0, or -1 with errno. */
int folder_sum_all(const char *path, const char *name, struct buf *lines, char hex[HASH_TEXT],
                   struct folder_sum *s);

#endif
