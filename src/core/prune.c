/* prune - deletes the backups that no rule keeps. */
#include "core/prune.h"

#include <stdlib.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "core/archive.h"
#include "core/ship.h"

static int delete_one(struct catalog *c, const char *path, const char *reason,
                      void (*tell)(enum msg_level level, const char *words), struct buf *error)
{
	char *full = xasprintf("%s/%s", c->root, path), *words;
	int rc = 0;

	if (archive_remove(full) != 0) {
		buf_printf(error, "cannot delete '%s'", full);
		rc = CANNOT_WRITE;
	} else if (catalog_gone(c, path, reason) != 0) {
		buf_puts(error, c->journal.error.data);
		rc = NO;
	} else {
		words = xasprintf("deleted %s: %s", path, reason);
		tell(MSG_INFO, words);
		free(words);
	}
	free(full);
	return rc;
}

static int prune_folder(struct catalog *c, const char *folder, const char *system_id,
                        const struct retention *keep, bool dry,
                        void (*verdict)(const char *path, bool keep, const char *reason),
                        void (*tell)(enum msg_level level, const char *words), struct buf *error)
{
	struct strs paths = { 0 };
	struct newest newest;
	struct past *past = NULL;
	size_t n = 0;
	int rc = 0;

	if ((!dry && catalog_missing(c, folder, tell)) ||
	    catalog_past(c, folder, system_id, &past, &n, &paths) ||
	    catalog_newest(c, folder, system_id, INT64_MAX, &newest)) {
		buf_puts(error, c->journal.error.data);
		rc = NO;
	} else {
		/* What somebody else deleted must not count as kept. */
		for (size_t i = 0; i < n; i++)
			past[i].verified = past[i].verified && catalog_is_there(c, paths.v[past[i].id]);
		retention_judge(keep, past, n, newest.suspect, clock_wall());
	}
	for (size_t i = 0; i < n && !rc; i++) {
		const char *path = paths.v[past[i].id], *reason;

		/* What is named otherwise is not pgbackup's, whatever the journal says of it. */
		if (!archive_is_path(path))
			continue;
		if (!past[i].keep && keep->owed && ship_is_owed(c, path)) {
			past[i].keep = true;
			buf_cut(&past[i].reason, 0);
			buf_puts(&past[i].reason, "the bucket lacks it");
		}
		reason = past[i].reason.data;
		if (verdict)
			verdict(path, past[i].keep, reason);
		if (!dry && !past[i].keep)
			rc = delete_one(c, path, reason, tell, error);
	}
	for (size_t i = 0; i < n; i++)
		buf_free(&past[i].reason);
	free(past);
	strs_free(&paths);
	return rc;
}

int prune_folders(struct catalog *c, const struct strs *folders, const struct strs *systems,
                  const struct retention *keep, bool dry,
                  void (*verdict)(const char *path, bool keep, const char *reason),
                  void (*tell)(enum msg_level level, const char *words), struct buf *error)
{
	int rc = 0;

	for (size_t i = 0; i < folders->n && !rc; i++)
		rc = prune_folder(c, folders->v[i], *systems->v[i] ? systems->v[i] : NULL, keep, dry, verdict, tell, error);
	return rc;
}

int prune_all(struct catalog *c, const struct retention *keep, bool dry,
              void (*verdict)(const char *path, bool keep, const char *reason),
              void (*tell)(enum msg_level level, const char *words), struct buf *error)
{
	struct strs folders = { 0 }, systems = { 0 };
	int rc = NO;

	if (catalog_folders(c, &folders, &systems) != 0)
		buf_puts(error, c->journal.error.data);
	else
		rc = prune_folders(c, &folders, &systems, keep, dry, verdict, tell, error);
	strs_free(&folders);
	strs_free(&systems);
	return rc;
}
