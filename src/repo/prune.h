/*
 * prune - deletes the backups that no rule keeps.
 */
#ifndef REPO_PRUNE_H
#define REPO_PRUNE_H

#include "base/msg.h"
#include "repo/catalog.h"
#include "repo/retention.h"

/*
 * (A journal that can be read suffices: what cannot be recorded at once, on a full disk, is recorded at the end, and
 * what cannot be even then is told, and found by the next run.)
 *
 * Judges the verified backups of each of the folders (relative to the catalog's), of the
 * system beside it ("": any), and
 * deletes those that are not kept, nor owed to a bucket where keep says so; with dry it only judges. verdict (may be NULL) hears
 * of each backup, newest first; tell of each that was deleted, and of those that
 * somebody else had deleted. The folder's lock is held. 0; CANNOT_WRITE, or NO when the
 * journal failed, with a sentence in error.
 */
int prune_folders(struct catalog *c, const struct strs *folders, const struct strs *systems,
                  const struct retention *keep, bool dry,
                  void (*verdict)(const char *path, bool keep, const char *reason),
                  void (*tell)(enum msg_level level, const char *words), struct buf *error);

/* The same for every folder and system that the catalog knows. */
int prune_all(struct catalog *c, const struct retention *keep, bool dry,
              void (*verdict)(const char *path, bool keep, const char *reason),
              void (*tell)(enum msg_level level, const char *words), struct buf *error);

#endif
