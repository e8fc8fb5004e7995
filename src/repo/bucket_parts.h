/*
 * bucket_parts - what the files of repo/bucket share: manifests that are being read.
 */
#ifndef REPO_BUCKET_PARTS_H
#define REPO_BUCKET_PARTS_H

#include "repo/bucket.h"

/* What a name's manifest turned out to be. */
struct found {
	enum { UNREAD, WHOLE, FOREIGN, BAD } what;
	struct manifest m;
	int rc;           /* of a bad one: BAD_DATA, NO_INPUT or NO, with words */
	struct buf words;
};

/* One for each of n names; the caller frees them with found_free. */
struct found *found_make(size_t n);
void found_free(struct found *found, size_t n);

/* Reads those that are chosen (NULL: all), several at a time, each into its place in found. As
 * s3.h says; what concerns one manifest alone is in found. */
int remote_read_chosen(struct remote *r, const struct remote_names *names, const bool *chosen,
                       struct found *found, struct buf *error);

/* Moves one that is WHOLE to the list. */
void found_take(struct remote_backups *list, const struct remote_name *name, struct found *f);

#endif
