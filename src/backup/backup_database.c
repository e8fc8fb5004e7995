/* backup_database - one database of a run. */
#include "backup/backup_database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backup/sanity.h"
#include "backup/stream.h"
#include "base/banned.h"
#include "base/clock.h"
#include "base/size.h"
#include "base/status.h"
#include "db/lock.h"
#include "dump/readback.h"
#include "dump/toc.h"
#include "repo/folder.h"
#include "repo/folder_repo.h"
#include "repo/prune.h"
#include "repo/push.h"
#include "repo/space.h"
#include "restore/drill.h"

#define TRIAL_MS 86400000
#define BUSY_LOOK_MS 500
#define ASK_MS 10000 /* for an answer about the lock */
#define FIRST_MS 1000

/* One database, from the lock to the pruning. */
struct job {
	struct backup_run *run;
	const struct item *item;
	bool roles; /* of the server, and not the database */
	struct dump dump;
	struct manifest m;
	struct folder_backup files;
	char *streamed; /* the path in the bucket, where it is only there */
	struct progress progress;
	int64_t id;    /* in the journal; 0: none */
	int64_t began; /* clock_ms() */
};

/* --- progress --- */

static void show_progress(struct job *j)
{
	if (j->run->b->progress)
		j->run->b->progress(&j->progress);
}

static void on_tick(const char *table, void *arg)
{
	struct job *j = arg;
	/* A stream has no file. */
	int64_t bytes = j->files.part ? folder_size(j->files.part) : -1;

	j->progress.table = table;
	j->progress.done = bytes > 0 ? bytes : 0;
	show_progress(j);
}

static void on_bytes(void *arg, size_t bytes)
{
	struct job *j = arg;

	j->progress.done += (int64_t)bytes;
	show_progress(j);
}

static void phase(struct job *j, const char *name, int64_t total)
{
	j->progress.phase = name;
	j->progress.table = NULL;
	j->progress.done = strcmp(name, "done") == 0 ? total : 0;
	j->progress.total = total;
	show_progress(j);
}

/* --- one database --- */

/* A writer may have it to itself for a while. */
static int reach_lite(struct job *j, struct buf *error)
{
	int rc = dump_open(&j->dump, clock_within(j->run->b->busy_wait), error);

	return rc && j->dump.db.reach == CONNECT_FULL ? LOCKED : rc;
}

/* Says so when the server is not there at once. */
static int reach(struct job *j, struct buf *error)
{
	int64_t wait = j->run->down == j->item->source ? 0 : j->run->b->wait;
	int rc = dump_open(&j->dump, clock_within(FIRST_MS), error);
	char *time;

	if (rc != UNAVAILABLE || wait <= FIRST_MS || j->dump.db.reach == CONNECT_NO_DATABASE)
		return rc;
	time = duration_text(wait);
	backup_run_tell(j->run, MSG_INFO, "%s; waiting up to %s", error->data, time);
	free(time);
	buf_cut(error, 0);
	dump_free(&j->dump);
	rc = dump_open(&j->dump, clock_within(wait - FIRST_MS), error);
	if (rc == UNAVAILABLE)
		j->run->down = j->item->source;
	return rc;
}

/* Another folder's run of the same database holds it. */
static int take_lock(struct job *j, struct lock *lock, struct buf *error)
{
	int64_t deadline = clock_within(j->run->b->busy_wait);
	bool told = false;
	int rc;

	while ((rc = lock_try(lock, clock_after(ASK_MS), error)) == LOCKED) {
		struct buf who = BUF_INIT;

		lock_holder(lock, clock_after(ASK_MS), &who);
		if (!told)
			backup_run_tell(j->run, MSG_INFO, "%s: waiting for another run: %s",
			                j->item->target.shown,
			          who.data);
		told = true;
		if (!clock_left(deadline)) {
			buf_printf(error, "%s: another run holds it: %s", j->item->target.shown, who.data);
			buf_free(&who);
			return LOCKED;
		}
		buf_free(&who);
		lock_rest(lock);
		clock_sleep(BUSY_LOOK_MS, deadline);
	}
	/* A folder that only the app may write to is no reason not to back up its database. */
	if (rc == CANNOT_WRITE && j->item->target.kind == TARGET_SQLITE) {
		buf_cut(error, 0);
		rc = 0;
	}
	return rc;
}

static int sum(void *arg, struct buf *error)
{
	struct job *j = arg;

	return folder_sum(&j->files, &j->m, on_bytes, j, error);
}

static int read_back(struct job *j, const char *scratch, int keep_fd, struct buf *error)
{
	return readback(&(struct readback){ .path = j->files.part, .kind = j->m.kind, .scratch = scratch,
	                                    .keep_fd = keep_fd, .meanwhile = sum, .arg = j }, error);
}

static int make(struct job *j, struct buf *error)
{
	const struct backup *b = j->run->b;
	struct newest last = { 0 };
	char *suffix = dump_suffix(&j->dump), *scratch = xasprintf("%s/.pgbox", b->dir);
	int rc;

	if (catalog_is_open(&j->run->catalog))
		backup_run_noted(j->run, catalog_newest(&j->run->catalog, j->item->folder, j->m.system_id,
		                                        INT64_MAX, &last));
	rc = space_check(b->dir, &last, error);
	if (!rc)
		rc = folder_start(&j->files, b->dir, j->item->folder, j->item->base, j->m.started,
		                   suffix, error);
	if (!rc) {
		phase(j, "dump", last.bytes ? last.bytes : j->m.database_bytes / 4);
		rc = dump_make(&j->dump, j->files.part, &j->m, error);
	}
	if (!rc) {
		phase(j, "check", folder_size(j->files.part));
		rc = read_back(j, scratch, j->run->folder.fd, error);
	}
	if (!rc)
		sanity_judge(&j->m, &last);
	free(suffix);
	free(scratch);
	return rc;
}

static int try_restore(struct job *j, struct buf *error)
{
	bool lite = j->item->target.kind == TARGET_SQLITE;
	struct strs left_out = { 0 };
	struct drill trial = { .path = j->files.part,
		               .m = &j->m,
		               .server = &j->item->target,
		               .tell = j->run->b->tell,
		               .as_login = j->run->b->as_login,
		               .search_path = j->run->b->search_path,
		               .left_out = &left_out,
		               .deadline = clock_after(TRIAL_MS) };
	int rc;

	/* The readback of an SQLite database is its restore. */
	if (!j->run->b->restore || lite)
		return 0;
	phase(j, "restore test", 0);
	rc = drill_restore(&trial, error);
	j->m.restored = !rc;
	for (size_t i = 0; i < left_out.n && !rc; i++)
		backup_run_tell(j->run, MSG_INFO, "%s: left out of the restore test: %s",
		          j->item->folder, toc_text(left_out.v[i]));
	strs_free(&left_out);
	return rc;
}

/* In the folder, or in the bucket. */
static const char *path_of(const struct job *j)
{
	return j->streamed ? j->streamed : j->files.path + strlen(j->run->b->dir) + 1;
}

/* The journal knows of it before it has its name: a run that dies in between leaves no
 * backup that nobody counts. */
static int publish(struct job *j, struct buf *error)
{
	struct backup_run *r = j->run;
	const char *path = path_of(j);
	int rc;

	j->m.verified = j->m.finished = clock_wall();
	if (catalog_is_open(&r->catalog))
		backup_run_noted(r, catalog_promise(&r->catalog, j->id, path, j->item->folder, &j->m));
	if (catalog_is_open(&r->catalog) && backup_run_has_remote(r))
		backup_run_noted(r, catalog_owe(&r->catalog, path));
	rc = folder_publish(&j->files, &j->m, &j->m.warnings, error);
	if (catalog_is_open(&r->catalog))
		backup_run_noted(r, catalog_keep_promises(&r->catalog));
	if (!rc)
		strs_add(&r->made, path);
	for (size_t i = 0; i < j->m.warnings.n; i++)
		backup_run_tell(j->run, MSG_WARNING, "%s: %s", j->item->folder, j->m.warnings.v[i]);
	return rc;
}

/* The result in one line: size, tables, seconds, where. */
static void tell_done(struct job *j)
{
	const char *dir = j->run->b->dir, *path = path_of(j), *shown = j->item->target.shown;
	double seconds = (double)(clock_ms() - j->began) / 1000;
	char *size = size_text(j->m.bytes);

	if (j->roles)
		backup_run_tell(j->run, MSG_INFO, "roles of %s: %s in %.1f s: %s/%s",
		                shown, size, seconds, dir, path);
	else
		backup_run_tell(j->run, MSG_INFO, "%s: %s, %lld table%s in %.1f s: %s/%s", shown, size,
		          (long long)j->m.tables, plural(j->m.tables), seconds, dir, path);
	free(size);
}

static void prune(struct job *j)
{
	struct backup_run *r = j->run;
	struct retention keep = r->b->keep;
	struct prune p = { .keep = &keep, .tell = r->b->tell };
	struct buf error = BUF_INIT;
	struct repo repo;

	keep.owed = backup_run_has_remote(r);
	if (j->streamed) {
		push_prune(r->b->remote, j->streamed, &j->m, r->b->tell);
		return;
	}
	folder_repo(&repo, r->b->dir, &r->catalog);
	p.repo = &repo;
	if (retention_is_on(&keep) && !r->told && catalog_is_open(&r->catalog) &&
	    prune_folder(&p, j->item->folder, j->m.system_id ? j->m.system_id : "", &error))
		backup_run_tell(r, MSG_WARNING, "%s: not pruned: %s", j->item->folder, error.data);
	buf_free(&error);
}

/* Nothing of it is here. The journal only remembers that it was made. */
static int stream(struct job *j, struct buf *error)
{
	struct backup_run *r = j->run;
	struct stream s = { .remote = r->b->remote, .dump = &j->dump, .folder = j->item->folder,
		            .base = j->item->base, .roles = j->roles,
		            .judge = j->roles ? NULL : sanity_judge };
	int rc;

	phase(j, "dump", 0);
	push_watch(&r->catalog, r->b->remote);
	rc = stream_backup(&s, &j->m, &j->streamed, error);
	if (catalog_is_open(&r->catalog) && !rc)
		backup_run_noted(r, catalog_add(&r->catalog, j->streamed, j->item->folder, &j->m, true));
	push_over(&r->catalog, r->b->remote);
	for (size_t i = 0; i < j->m.warnings.n && !rc; i++)
		backup_run_tell(r, MSG_WARNING, "%s: %s", j->item->folder, j->m.warnings.v[i]);
	return rc;
}

/* The steps between the lock and the end; roles have fewer. */
static int steps(struct job *j, struct buf *error)
{
	int rc = dump_look(&j->dump, &j->m, error);

	if (!rc && backup_run_is_bucket(j->run))
		return stream(j, error);
	if (!rc && j->roles) {
		rc = folder_start(&j->files, j->run->b->dir, j->item->folder, j->item->base,
		                   j->m.started, ".sql.zst", error);
		phase(j, "dump", 0);
		if (!rc)
			rc = dump_globals(&j->dump, j->files.part, &j->m, error);
		if (!rc)
			rc = read_back(j, j->run->b->dir, -1, error);
	} else if (!rc) {
		rc = make(j, error);
	}
	if (!rc && !j->roles)
		rc = try_restore(j, error);
	return rc ? rc : publish(j, error);
}

static void note_outcome(const struct job *j, const char *status, const char *why)
{
	struct result r = { .database = j->item->folder, .target = j->item->target.shown, .status = status,
		            .error = why, .ms = clock_ms() - j->began, .path = why ? NULL : path_of(j),
		            .bytes = why ? 0 : j->m.bytes, .tables = why ? 0 : j->m.tables };

	if (j->run->b->outcome)
		results_add(j->run->b->outcome, &r);
}

/* The record of what failed is what status goes by. */
static void record_again(struct job *j)
{
	struct backup_run *r = j->run;

	backup_run_retry_journal(r);
	if (!j->id && r->id)
		backup_run_noted(r, catalog_part(&r->catalog, r->id, j->item->folder, j->item->target.shown,
		                                 &j->id));
}

/* Once: what people can do when there is no space. A folder that cannot be written to for another reason says
 * so itself. */
static void advise(struct job *j, int rc)
{
	struct backup_run *r = j->run;

	if (rc != CANNOT_WRITE || r->advised || backup_run_is_bucket(r) || access(r->b->dir, W_OK) != 0)
		return;
	r->advised = true;
	backup_run_tell(r, MSG_WARNING, "the older backups are untouched: where '%s' is full, enlarge it, or "
	                "lower the BACKUP_KEEP_* rules and run pgbackup prune, which works on a full disk "
	                "(for example pgbackup prune --keep-last 3; --dry-run shows what would go)",
	                r->b->dir);
}

static void finish(struct job *j, int rc, const struct buf *error)
{
	struct backup_run *r = j->run;
	const char *status = !rc ? "done" : rc > BY_SIGNAL ? "interrupted" : "failed";

	note_outcome(j, status, rc ? error->data : NULL);
	if (!rc)
		phase(j, "done", j->m.bytes);
	if (r->b->progress)
		r->b->progress(NULL);
	if (rc)
		backup_run_tell(r, MSG_ERROR, "%s", error->data);
	else
		tell_done(j);
	advise(j, rc);
	/* The journal may need the room that the part takes. */
	if (rc)
		folder_free(&j->files);
	if (rc && rc < BY_SIGNAL)
		record_again(j);
	backup_run_noted(r, catalog_finish(&r->catalog, j->id, status, rc ? error->data : NULL));
	if (!rc)
		prune(j);
	backup_run_count(r, rc, j->roles, error);
	/* A signal ends the whole run. */
	if (rc > BY_SIGNAL)
		exit(rc);
}

bool backup_database(struct backup_run *r, const struct item *item, bool roles)
{
	const struct backup *b = r->b;
	struct job j = {
		.run = r, .item = item, .roles = roles, .m = { .started = clock_wall() }, .began = clock_ms(),
		.dump = { .target = &item->target, .format = b->format, .packing = b->packing,
		          .jobs = b->jobs, .lock_wait = b->lock_wait, .keep_fd = r->folder.fd,
		          .tick = on_tick },
		.files = { .sums = BUF_INIT },
		.progress = { .database = item->folder },
	};
	struct buf error = BUF_INIT;
	struct lock lock;
	int rc;

	j.dump.arg = &j;
	manifest_set(&j.m.job, item->source->name);
	backup_run_noted(r, catalog_part(&r->catalog, r->id, item->folder, item->target.shown, &j.id));
	lock_init(&lock, LOCK_BACKUP, &item->target, roles ? "roles" : "database");
	rc = item->target.kind == TARGET_SQLITE ? reach_lite(&j, &error) : reach(&j, &error);
	if (!rc)
		rc = take_lock(&j, &lock, &error);
	if (!rc)
		rc = steps(&j, &error);
	finish(&j, rc, &error);
	lock_free(&lock);
	dump_free(&j.dump);
	folder_free(&j.files);
	manifest_free(&j.m);
	buf_free(&error);
	free(j.streamed);
	return !rc;
}
