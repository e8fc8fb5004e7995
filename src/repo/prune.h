/*
 * prune - deletes the backups that no rule keeps.
 */
#ifndef REPO_PRUNE_H
#define REPO_PRUNE_H

#include "base/teller.h"
#include "repo/repo.h"
#include "repo/retention.h"

/*
 * * What is verified is what the repository's journal says, or where it has none what the manifests say.
 *
 * (A journal that can be read suffices: what cannot be recorded at once, on a full disk, is recorded at the
 * end, and what cannot be even then is told, and found by the next run.)
 */
struct prune {
	struct repo *repo;
	const struct retention *keep;
	bool dry;   /* only judge */
	/* Gets each, newest first; may be NULL. */
	void (*verdict)(const char *path, bool keep, const char *reason);
	const struct teller *tell; /* of each that was deleted, also by somebody else */
};

/*
 * * Judges the verified backups of a folder (relative to the repository), of that system ("": any), and
 * deletes those that are not kept, nor owed to a bucket where keep says so. The folder's lock is held. 0;
 * CANNOT_WRITE, or NO when the journal failed, or of a bucket as s3/s3, with a sentence in error.
 */
int prune_folder(const struct prune *p, const char *folder, const char *system_id, struct buf *error);

/* The same for every folder and system that is there. */
int prune_all(const struct prune *p, struct buf *error);

#endif
