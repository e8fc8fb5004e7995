/* prune - deletes the backups that no rule keeps. */
#include "repo/prune.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/teller.h"
#include "repo/catalog.h"
#include "repo/folder.h"

/* One call. */
struct pruning {
	const struct prune *p;
	struct catalog *c;          /* the repository's journal, or NULL */
	struct repo_list list;      /* without one: what is there */
	struct buf *error;
	struct strs paths, reasons; /* of what was deleted and could not be recorded yet */
	struct buf unwritten;       /* why; "": the journal takes what it is told */
	bool busy;                  /* another program holds it locked: asking again would only wait again */
};

/* The backups of one folder and system: past[i].id is an index into paths. */
struct prune_group {
	struct past *past;
	size_t n;
	struct strs paths;
	bool suspect; /* the newest */
};

/* --- what is recorded --- */

/* A journal that can be read suffices to delete by: on a full disk it can be written afterwards, if at
 * all. One that is damaged does not. */
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

/* Records what was deleted before there was room for it. The next run finds what is not recorded. */
static void record_late(struct pruning *p)
{
	bool written = !p->busy && p->c && catalog_is_open(p->c);
	char *words;

	for (size_t i = 0; i < p->paths.n && written; i++)
		written = catalog_gone(p->c, p->paths.v[i], p->reasons.v[i]) == 0;
	if (p->paths.n && !written) {
		words = xasprintf("%s: what was deleted is not recorded there; the next run does it",
		                  p->unwritten.data);
		teller_say(p->p->tell, MSG_WARNING, words);
		free(words);
	}
}

static void forget(struct pruning *p, const char *path)
{
	for (size_t i = 0; i < p->list.n; i++)
		p->list.v[i].gone = p->list.v[i].gone || strcmp(p->list.v[i].path, path) == 0;
}

/* --- what is deleted --- */

static int delete_one(struct pruning *p, const char *path, const char *reason)
{
	struct repo *r = p->p->repo;
	int rc = r->ops->remove(r, path, p->error);
	char *words = xasprintf("deleted %s%s: %s", r->before, path, reason);

	if (!rc) {
		teller_say(p->p->tell, MSG_INFO, words);
		forget(p, path);
		rc = p->c ? record(p, path, reason) : 0;
	}
	free(words);
	return rc;
}

static void tell_verdict(const struct pruning *p, const struct past *past, const char *path)
{
	char *shown = xasprintf("%s%s", p->p->repo->before, path);

	if (p->p->verdict)
		p->p->verdict(shown, past->keep, past->reason.data);
	free(shown);
}

static int carry_out(struct pruning *p, struct past *past, const char *path)
{
	/* What is named otherwise is not pgbackup's, whatever the journal says of it. */
	if (p->c && !folder_is_path(path))
		return 0;
	if (!past->keep && p->c && p->p->keep->owed && catalog_is_owed(p->c, path)) {
		past->keep = true;
		buf_cut(&past->reason, 0);
		buf_puts(&past->reason, "the bucket lacks it");
	}
	tell_verdict(p, past, path);
	return p->p->dry || past->keep ? 0 : delete_one(p, path, past->reason.data);
}

/* Judges what is in the group, and frees it. */
static int prune_group(struct pruning *p, struct prune_group *g)
{
	int rc = 0;

	retention_judge(p->p->keep, g->past, g->n, g->suspect, clock_wall());
	for (size_t i = 0; i < g->n && !rc; i++)
		rc = carry_out(p, &g->past[i], g->paths.v[g->past[i].id]);
	for (size_t i = 0; i < g->n; i++)
		buf_free(&g->past[i].reason);
	free(g->past);
	strs_free(&g->paths);
	return rc;
}

/* --- by the journal --- */

/* Notes what somebody else has deleted, as far as the journal can be written. */
static int note_missing(struct pruning *p, const char *folder)
{
	if (p->p->dry || p->unwritten.len || catalog_missing(p->c, folder, p->p->tell) == 0)
		return 0;
	return read_only(p);
}

static int prune_recorded(struct pruning *p, const char *folder, const char *system_id)
{
	struct prune_group g = { 0 };
	struct newest newest;

	system_id = *system_id ? system_id : NULL;
	if (note_missing(p, folder) || catalog_past(p->c, folder, system_id, &g.past, &g.n, &g.paths) ||
	    catalog_newest(p->c, folder, system_id, INT64_MAX, &newest)) {
		g.n = 0;
		prune_group(p, &g);
		return fail(p);
	}
	/* What somebody else deleted must not count as kept. */
	for (size_t i = 0; i < g.n; i++)
		g.past[i].verified = g.past[i].verified && catalog_is_there(p->c, g.paths.v[g.past[i].id]);
	g.suspect = newest.suspect;
	return prune_group(p, &g);
}

static int prune_all_recorded(struct pruning *p)
{
	struct strs folders = { 0 }, systems = { 0 };
	int rc = catalog_folders(p->c, &folders, &systems) ? fail(p) : 0;

	for (size_t i = 0; i < folders.n && !rc; i++)
		rc = prune_recorded(p, folders.v[i], systems.v[i]);
	strs_free(&folders);
	strs_free(&systems);
	return rc;
}

/* --- by the manifests --- */

static int prune_listed(struct pruning *p, const char *folder, const char *system_id)
{
	struct prune_group g = { .past = xcalloc(p->list.n + 1, sizeof(*g.past)) };
	int64_t newest = 0;

	for (size_t i = 0; i < p->list.n; i++) {
		const struct repo_backup *b = &p->list.v[i];
		struct past *past = &g.past[g.n];

		if (b->what != REPO_WHOLE || b->gone || !repo_is_in(b->path, folder) ||
		    !repo_is_of(b, system_id))
			continue;
		*past = (struct past){ .made = b->m.started, .id = g.n++, .reason = BUF_INIT,
			               .verified = repo_is_verified(p->p->repo, b) };
		strs_add(&g.paths, b->path);
		if (past->verified && past->made >= newest) {
			newest = past->made;
			g.suspect = b->m.suspect;
		}
	}
	return prune_group(p, &g);
}

/* Each system for itself. What the one before has deleted is no reason to look at its system. */
static int prune_all_listed(struct pruning *p)
{
	struct strs done = { 0 };
	int rc = 0;

	for (size_t i = 0; i < p->list.n && !rc; i++) {
		const struct repo_backup *b = &p->list.v[i];
		const char *system_id = b->m.system_id ? b->m.system_id : "";
		char *folder = xstrndup(b->path, repo_folder_length(b->path));
		char *both = xasprintf("%s\n%s", folder, system_id);

		if (b->what == REPO_WHOLE && !b->gone && !strs_has(&done, both)) {
			rc = prune_listed(p, folder, system_id);
			strs_add(&done, both);
		}
		free(both);
		free(folder);
	}
	strs_free(&done);
	return rc;
}

/* folder NULL: all, and each of their systems. */
static int prune(const struct prune *job, const char *folder, const char *system_id, struct buf *error)
{
	struct pruning p = { .p = job, .c = job->repo->catalog, .error = error, .unwritten = BUF_INIT };
	int rc = p.c ? 0 : repo_find(job->repo, folder, &p.list, job->tell, error);

	if (!rc && p.c)
		rc = folder ? prune_recorded(&p, folder, system_id) : prune_all_recorded(&p);
	else if (!rc)
		rc = folder ? prune_listed(&p, folder, system_id) : prune_all_listed(&p);
	record_late(&p);
	repo_list_free(&p.list);
	strs_free(&p.paths);
	strs_free(&p.reasons);
	buf_free(&p.unwritten);
	return rc;
}

int prune_folder(const struct prune *p, const char *folder, const char *system_id, struct buf *error)
{
	return prune(p, folder, system_id, error);
}

int prune_all(const struct prune *p, struct buf *error)
{
	return prune(p, NULL, NULL, error);
}
