/*
 * bucket_parts - what the files of repo/bucket share: the operations of a repository.
 */
#ifndef REPO_BUCKET_PARTS_H
#define REPO_BUCKET_PARTS_H

#include "repo/bucket.h"

/* As repo/repo has them; of a struct bucket. Manifests are read several at a time. */
int bucket_list(struct repo *repo, const char *folder, struct repo_list *list, struct buf *error);
int bucket_read(struct repo *repo, struct repo_list *list, const bool *chosen, struct buf *error);
const char *bucket_state(struct repo *repo, const struct repo_backup *b);
int bucket_check(struct repo *repo, const struct repo_backup *b, void (*seen)(void *arg, size_t bytes),
                 void *arg, struct buf *error);
int bucket_remove(struct repo *repo, const char *path, struct buf *error);

#endif
