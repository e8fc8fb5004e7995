/* prune - deletes the backups that no rule keeps. */
#include "repo/prune.h"

#include <stdlib.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "repo/folder.h"
#include "repo/push.h"

/* One call of prune_folders. */
struct pruning {
	struct catalog *c;
	const struct retention *keep;
	bool dry;
	void (*verdict)(const char *path, bool keep, const char *reason);
	void (*tell)(enum msg_level level, const char *words);
	struct buf *error;
	struct strs paths, reasons; /* of what was deleted and could not be recorded yet */
	struct buf unwritten;       /* why; "": the journal takes what it is told */
	bool busy;                  /* another program holds it locked: asking again would only wait again */
};

/* A journal that can be read suffices to delete by: on a full disk it can be written afterwards, if at all. One that is
 * damaged does not. */
static int read_only(struct pruning *p)
{
	if (lite_is_corrupt(&p->c->journal.lite))
		return -1;
	if (!p->unwritten.len) {
		buf_puts(&p->unwritten, p->c->journal.error.data);
		p->busy = lite_is_busy(&p->c->journal.lite);
	}
	return catalog_reopen(p->c);
}

static int fail(struct pruning *p)
{
	buf_puts(p->error, p->c->journal.error.data);
	return NO;
}

static int record(struct pruning *p, const char *path, const char *reason)
{
	if (!p->unwritten.len && catalog_gone(p->c, path, reason) == 0)
		return 0;
	strs_add(&p->paths, path);
	strs_add(&p->reasons, reason);
	return p->unwritten.len || read_only(p) == 0 ? 0 : fail(p);
}

static int delete_one(struct pruning *p, const char *path, const char *reason)
{
	char *full = xasprintf("%s/%s", p->c->root, path), *words;
	int rc = 0;

	if (archive_remove(full) != 0) {
		rc = file_cannot(p->error, "delete", full);
	} else {
		words = xasprintf("deleted %s: %s", path, reason);
		p->tell(MSG_INFO, words);
		free(words);
		rc = record(p, path, reason);
	}
	free(full);
	return rc;
}

/* Records what was deleted before there was room for it. The next run finds what is not recorded. */
static void record_late(struct pruning *p)
{
	bool written = !p->busy && catalog_is_open(p->c);
	char *words;

	for (size_t i = 0; i < p->paths.n && written; i++)
		written = catalog_gone(p->c, p->paths.v[i], p->reasons.v[i]) == 0;
	if (p->paths.n && !written) {
		words = xasprintf("%s: what was deleted is not recorded there; the next run does it", p->unwritten.data);
		p->tell(MSG_WARNING, words);
		free(words);
	}
	strs_free(&p->paths);
	strs_free(&p->reasons);
	buf_free(&p->unwritten);
}

/* Notes what somebody else has deleted, as far as the journal can be written. */
static int note_missing(struct pruning *p, const char *folder)
{
	if (p->dry || p->unwritten.len || catalog_missing(p->c, folder, p->tell) == 0)
		return 0;
	return read_only(p);
}

static bool is_owed(const struct pruning *p, const char *path)
{
	return p->keep->owed && ship_is_owed(p->c, path);
}

static int carry_out(struct pruning *p, struct past *past, const char *path)
{
	/* What is named otherwise is not pgbackup's, whatever the journal says of it. */
	if (!archive_is_path(path))
		return 0;
	if (!past->keep && is_owed(p, path)) {
		past->keep = true;
		buf_cut(&past->reason, 0);
		buf_puts(&past->reason, "the bucket lacks it");
	}
	if (p->verdict)
		p->verdict(path, past->keep, past->reason.data);
	return p->dry || past->keep ? 0 : delete_one(p, path, past->reason.data);
}

static int prune_folder(struct pruning *p, const char *folder, const char *system_id)
{
	struct strs paths = { 0 };
	struct newest newest;
	struct past *past = NULL;
	size_t n = 0;
	int rc = 0;

	if (note_missing(p, folder) || catalog_past(p->c, folder, system_id, &past, &n, &paths) ||
	    catalog_newest(p->c, folder, system_id, INT64_MAX, &newest)) {
		rc = fail(p);
	} else {
		/* What somebody else deleted must not count as kept. */
		for (size_t i = 0; i < n; i++)
			past[i].verified = past[i].verified && catalog_is_there(p->c, paths.v[past[i].id]);
		retention_judge(p->keep, past, n, newest.suspect, clock_wall());
	}
	for (size_t i = 0; i < n && !rc; i++)
		rc = carry_out(p, &past[i], paths.v[past[i].id]);
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
	struct pruning p = { .c = c, .keep = keep, .dry = dry, .verdict = verdict, .tell = tell, .error = error,
		             .unwritten = BUF_INIT };
	int rc = 0;

	for (size_t i = 0; i < folders->n && !rc; i++)
		rc = prune_folder(&p, folders->v[i], *systems->v[i] ? systems->v[i] : NULL);
	record_late(&p);
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
