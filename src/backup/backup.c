/* backup - one run. */
#include "backup/backup.h"

#include <stdlib.h>
#include <string.h>

#include "backup/backup_database.h"
#include "backup/backup_run.h"
#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "base/teller.h"
#include "check/wait.h"
#include "dump/readback.h"
#include "repo/folder.h"
#include "repo/push.h"
#include "repo/rebuild.h"

#define RECOVER_MS 1000

/* Whether the checks can be read. */
static void check_first(const struct backup *b, struct buf *error)
{
	struct buf words = BUF_INIT;
	struct check check;

	for (size_t i = 0; i < b->first.n && !error->len; i++) {
		if (check_read(&check, b->first.v[i], &words) == 0)
			check_free(&check);
		else
			buf_printf(error, "--wait-for or BACKUP_WAIT_FOR: %s", words.data);
	}
	buf_free(&words);
}

/* What goes into a bucket as it is made is one file, and is not there to be restored. */
int backup_check(struct backup *b, struct buf *error)
{
	bool bucket = skip_prefix(b->dir, "s3://");

	if (b->jobs < 1 || b->jobs > BACKUP_JOBS_MAX)
		buf_printf(error, "--jobs or BACKUP_JOBS: 1 to %d", BACKUP_JOBS_MAX);
	else if (b->jobs > 1 && b->format == DUMP_PLAIN)
		buf_puts(error, "plain SQL cannot be dumped by several jobs: leave --jobs or --format");
	else if (bucket && (b->format == DUMP_DIRECTORY || b->jobs > 1))
		buf_puts(error, "a directory (--format, --jobs) needs a folder: set BACKUP_DIR");
	else if (bucket && b->restore)
		buf_puts(error, "--verify restore needs a folder: set BACKUP_DIR");
	if (b->jobs > 1)
		b->format = DUMP_DIRECTORY;
	if (!error->len)
		check_first(b, error);
	return error->len ? BAD_CONFIG : 0;
}

static bool is_made(struct backup_run *r, const struct item *item)
{
	return catalog_is_open(&r->catalog) &&
	       catalog_is_done(&r->catalog, r->about, r->b->due, item->folder);
}

/* --- the first backup --- */

static void tell_nothing(const struct checks *c, size_t i, const struct finding *f, bool again)
{
	(void)c;
	(void)i;
	(void)f;
	(void)again;
}

/* Waits until the checks hold, or b->wait is over. */
static void wait_for_first(struct backup_run *r, const struct item *item)
{
	struct wait w = { .deadline = clock_within(r->b->wait), .grace = r->b->wait, .tell = tell_nothing };
	struct finding f = FINDING_INIT;
	struct buf error = BUF_INIT;
	struct checks c;
	int rc = checks_read_of(&c, &r->b->first, &item->target, &error);

	backup_run_tell(r, MSG_INFO, "%s: the first backup waits for what --wait-for names",
	                item->target.shown);
	for (size_t i = 0; i < c.n && !rc; i++)
		if ((rc = wait_poll(&c, i, &w, &f)))
			backup_run_tell(r, MSG_WARNING, "%s: %s does not hold: %s: backing up all the same",
			          item->target.shown, c.v[i].shown, f.why.data);
	finding_free(&f);
	checks_free(&c);
	buf_free(&error);
}

/* Before its app has made what is in it, a database is empty: a backup of that is harmless, but
 * one that nobody wants to restore. Whatever is wrong later must not hold backups up, so a
 * database that has one is not waited for. */
static void wait_for_app(struct backup_run *r, const struct item *item)
{
	struct newest newest;

	if (r->b->first.n && catalog_is_open(&r->catalog) &&
	    catalog_newest(&r->catalog, item->folder, NULL, INT64_MAX, &newest) == 0 && !newest.made)
		wait_for_first(r, item);
}

/* --- the whole run --- */

/* The roles are the server's, whatever the number of its databases here. */
static void run_roles(struct backup_run *r, const struct item *of)
{
	char *server = source_server(&of->target, clock_within(r->b->wait));
	struct item item = { .source = of->source, .database = of->database,
		             .folder = source_globals(of->source), .base = xstrdup("globals") };

	if (!strs_has(&r->servers, server)) {
		strs_add(&r->servers, server);
		target_copy(&item.target, &of->target, of->database);
		if (!is_made(r, &item))
			backup_database(r, &item, true);
		target_free(&item.target);
	}
	free(item.folder);
	free(item.base);
	free(server);
}

/* Whether there is a backup of it then. */
static bool run_item(struct backup_run *r, const struct item *item)
{
	bool made = is_made(r, item);

	if (made)
		backup_run_tell(r, MSG_INFO, "%s: is backed up already", item->target.shown);
	else
		wait_for_app(r, item);
	r->good += made;
	return made || backup_database(r, item, false);
}

static void run_source(struct backup_run *r, size_t i, struct items *items)
{
	const struct source *s = &r->b->sources->v[i];
	struct buf error = BUF_INIT;
	size_t good = SIZE_MAX;
	int rc = source_items(r->b->sources, i, clock_within(r->b->wait), items, &error);

	if (rc) {
		backup_run_tell(r, MSG_ERROR, "%s", error.data);
		backup_run_count(r, rc, false, &error);
	}
	r->wanted += items->n;
	for (size_t k = 0; k < items->n; k++)
		if (run_item(r, &items->v[k]) && good == SIZE_MAX)
			good = k;
	/* By way of a database that answers. */
	if (r->b->roles && s->target.kind == TARGET_PG && good != SIZE_MAX)
		run_roles(r, &items->v[good]);
	buf_free(&error);
}

static void tell_waiting(const char *holder, void *arg)
{
	const struct backup_run *r = arg;

	backup_run_tell(r, MSG_INFO, "'%s': waiting for another run: %s", r->b->dir, holder);
}

/* As after a run whose journal failed. */
static void tell_unknown(struct backup_run *r)
{
	size_t unknown = rebuild_unknown(&r->catalog);

	if (unknown)
		backup_run_tell(r, MSG_WARNING, "%zu backup%s not in the journal, and not counted: pgbackup "
		                "sync adopts %s", unknown,
		          unknown == 1 ? " is" : "s are", unknown == 1 ? "it" : "them");
}

/* What the last run left, if it died. */
static void recover(struct backup_run *r)
{
	struct strs finished = { 0 }, deleted = { 0 };
	char *scratch = xasprintf("%s/.pgbox", r->b->dir);

	if (backup_run_is_bucket(r)) {
		push_sweep(&r->catalog, r->b->remote, r->b->tell);
		backup_run_noted(r, catalog_is_open(&r->catalog) ? catalog_interrupted(&r->catalog) : 0);
		free(scratch);
		return;
	}
	folder_recover(r->b->dir, &finished, &deleted);
	readback_recover(scratch);
	for (size_t i = 0; i < finished.n; i++)
		backup_run_tell(r, MSG_INFO, "finished what an interrupted run had left: %s", finished.v[i]);
	for (size_t i = 0; i < deleted.n; i++)
		backup_run_tell(r, MSG_INFO, "deleted what an interrupted run had left: %s", deleted.v[i]);
	if (catalog_is_open(&r->catalog))
		backup_run_noted(r, catalog_interrupted(&r->catalog) ||
		                    catalog_keep_promises(&r->catalog) ? -1 : 0);
	if (catalog_is_open(&r->catalog))
		tell_unknown(r);
	strs_free(&finished);
	strs_free(&deleted);
	free(scratch);
}

/* What is whole here is not lost when it does not get there. */
static void ship(struct backup_run *r)
{
	struct buf words = BUF_INIT;
	int rc = 0;

	if (backup_run_has_remote(r) && !backup_run_is_bucket(r))
		rc = push_all(&r->catalog, r->b->remote, &r->made, r->b->tell);
	if (rc) {
		buf_printf(&words, "not uploaded to %s", r->b->remote->name);
		backup_run_count(r, rc, false, &words);
	}
	buf_free(&words);
}

static int verdict(struct backup_run *r)
{
	if (!r->wanted && !r->bad) {
		backup_run_tell(r, MSG_ERROR, "no database is left to back up: look at BACKUP_DATABASES and "
		          "BACKUP_EXCLUDE");
		return BAD_CONFIG;
	}
	return !r->bad ? DONE : r->good ? PARTLY : r->status;
}

/* A bucket has no lock: its runs keep to those of the databases. */
static int take_folder(struct backup_run *r, int64_t deadline, struct buf *error)
{
	r->folder.fd = -1;
	return backup_run_is_bucket(r)
	               ? 0
	               : dir_lock_take(&r->folder, r->b->dir, deadline, tell_waiting, r, error);
}

int backup_run(const struct backup *b)
{
	static const char *const words[] = { [DONE] = "done", [NO] = "failed", [PARTLY] = "partly" };
	struct backup_run r = { .b = b, .catalog = { .journal = JOURNAL_INIT }, .error = BUF_INIT };
	struct buf error = BUF_INIT;
	int rc = take_folder(&r, clock_within(b->busy_wait), &error);

	if (rc) {
		backup_run_tell(&r, MSG_ERROR, "%s", error.data);
		buf_free(&error);
		return rc;
	}
	backup_run_noted(&r, catalog_open(&r.catalog, b->dir, true));
	recover(&r);
	r.about = sources_about(b->sources);
	backup_run_noted(&r, catalog_run(&r.catalog, b->scope, r.about, b->due, &r.id));
	for (size_t i = 0; i < b->sources->n; i++) {
		struct items items = { 0 };

		run_source(&r, i, &items);
		items_free(&items);
	}
	ship(&r);
	rc = verdict(&r);
	backup_run_noted(&r, catalog_finish(&r.catalog, r.id, words[rc == DONE || rc == PARTLY ? rc : NO],
	                              r.error.len ? r.error.data : NULL));
	buf_free(&r.error);
	dir_lock_release(&r.folder);
	catalog_free(&r.catalog);
	strs_free(&r.servers);
	strs_free(&r.made);
	free(r.about);
	buf_free(&error);
	return rc;
}

void backup_recover(const char *dir, const struct teller *say)
{
	struct backup b = { .dir = dir, .tell = say };
	struct backup_run r = { .b = &b, .catalog = { .journal = JOURNAL_INIT }, .error = BUF_INIT };
	struct buf error = BUF_INIT;

	if (!skip_prefix(dir, "s3://") &&
	    dir_lock_take(&r.folder, dir, clock_within(RECOVER_MS), tell_waiting, &r, &error) == 0) {
		backup_run_noted(&r, catalog_open(&r.catalog, dir, true));
		recover(&r);
		catalog_free(&r.catalog);
		dir_lock_release(&r.folder);
	}
	buf_free(&error);
}
