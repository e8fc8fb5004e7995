/* restore_run - puts a backup's content into a database that is there. */
#include "restore/restore_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/status.h"
#include "ext/errtext.h"
#include "restore/restore_edit.h"
#include "restore/restore_rights.h"

#define ASK_MS 30000

/* --- archives --- */

static void arguments(const struct restore *r, int list, struct strs *args)
{
	strs_add(args, "pg_restore");
	strs_add(args, "--no-password");
	strs_add(args, "--exit-on-error");
	if (r->one_transaction)
		strs_add(args, "--single-transaction");
	/* Its tables refer to each other, which pg_restore's order of jobs does not know. */
	if (r->jobs > 1 && !r->one_transaction && !strs_has(&r->toc.extensions, "postgis_topology"))
		strs_printf(args, "--jobs=%ld", r->jobs);
	if (r->clean && !r->data_only) {
		strs_add(args, "--clean");
		strs_add(args, "--if-exists");
	}
	if (r->schema_only)
		strs_add(args, "--schema-only");
	if (r->data_only)
		strs_add(args, "--data-only");
	if (r->no_owner || r->bare)
		strs_add(args, "--no-owner");
	if (r->bare) {
		strs_add(args, "--no-privileges");
		strs_add(args, "--no-subscriptions");
	}
	if (r->no_tablespaces)
		strs_add(args, "--no-tablespaces");
	if (r->humble)
		strs_add(args, "--no-security-labels");
	if (r->server_version < 180000)
		strs_add(args, "--no-statistics");
	if (list >= 0)
		strs_printf(args, "--use-list=/proc/self/fd/%d", list);
	/* It can be opened once, and not to find out what it is. */
	if (r->pipe)
		strs_add(args, "--format=custom");
	strs_add(args, r->pipe ? r->pipe : r->path);
}

/* What is left out needs a list of the rest. */
static int open_list(const struct restore *r, struct buf *error)
{
	struct strs kept = restore_rights_kept(r);
	char *list = toc_list(&kept, &r->extensions, &r->schemas, &r->barred);
	int fd = memfd_create("list", 0);

	if (fd < 0 || file_write(fd, list, strlen(list)) != 0)
		buf_printf(error, "cannot hold the list of what to restore: %s", strerror(errno));
	free(list);
	strs_free(&kept);
	return fd;
}

/* What the server refused is its error; what pg_restore could not read is damage. */
static int explain_archive(struct restore *r, const struct program *t, struct buf *error)
{
	const char *state = t->failure.sqlstate;

	if (t->forwarded || t->killed || !*state)
		return program_explain_reader(t, error);
	r->lost = errtext_is_loss(state);
	return restore_rights_explain(r, "pg_restore", t->error.data, &t->failure, &t->notes, error);
}

static void on_tick(void *arg)
{
	restore_progress_tick(arg);
}

static int run_archive(struct restore *r, const struct target *target, struct buf *error)
{
	int fd = r->extensions.n || r->mute.n || r->filling.lines.n || restore_is_partial(r)
	                 ? open_list(r, error)
	                 : -1,
	    rc = error->len ? CANNOT_WRITE : 0;
	struct strs args = { 0 };
	struct restore_progress progress;
	struct program t = { .job = { .program = pg_restore_main, .args = &args, .output = -1,
		                   .conninfo = &target->conninfo, .keep_fd = fd,
		                   .edit = restore_edit, .arg = r },
		          .tick = on_tick, .arg = &progress };

	arguments(r, fd, &args);
	restore_progress_begin(&progress, &r->progress, conninfo_get(&target->conninfo, "dbname"),
	                       r->pipe ? r->pipe : r->path);
	t.job.meter = progress.meter;
	if (!rc && program_run(&t) != 0)
		rc = explain_archive(r, &t, error);
	restore_progress_end(&progress);
	if (fd >= 0)
		close(fd);
	program_free(&t);
	strs_free(&args);
	return rc;
}

/* --- SQL --- */

struct sql_errors {
	struct buf words;
	struct strs notes; /* of edit_sql's */
	struct engine_failure failure;
	struct restore_progress progress;
};

static void on_sql_tick(void *arg)
{
	restore_progress_tick(&((struct sql_errors *)arg)->progress);
}

/* psql's words for a server that is gone are no ERROR. */
static void take_error(const char *line, void *arg)
{
	struct sql_errors *errors = arg;
	struct buf *words = &errors->words;

	if (engine_told(line))
		strs_add(&errors->notes, engine_told(line));
	else if (!engine_failed(line, &errors->failure) && words->len < 1000 &&
	         (strstr(line, "ERROR") || strstr(line, "FATAL") || strstr(line, "error") ||
	          strstr(line, "connection")))
		buf_printf(words, "%s%s", words->len ? "; " : "", line);
}

/* In the script's transaction. */
static int make_room_first(struct pg_conn *conn, void *arg, struct buf *error)
{
	const struct target target = { .kind = TARGET_PG };
	struct restore *r = arg;
	struct db db = DB_INIT;
	int rc = 0;

	db_borrow(&db, &target, conn);
	for (size_t i = 0; i < r->room.n && !rc; i++)
		rc = db_execute(&db, r->room.v[i], clock_after(ASK_MS));
	if (rc)
		buf_puts(error, db_error(&db));
	return rc ? NO : 0;
}

/* psql/settings.h: EXIT_BADCONN and EXIT_USER */
#define PSQL_LOST 2
#define PSQL_ERROR 3

/* psql_start says what the child exits with. */
static int explain_sql(struct restore *r, const struct ending *ending, const struct sql_errors *errors,
                       struct buf *error)
{
	const char *words = errors->words.data;

	if (ending->status == PSQL_ERROR && *errors->failure.sqlstate && !ending->forwarded)
		return restore_rights_explain(r, "psql", words, &errors->failure, &errors->notes, error);
	buf_printf(error, "psql: %s", *words ? words : "it failed without a word");
	if (ending->forwarded)
		return BY_SIGNAL + ending->forwarded;
	if (ending->by_signal && !proc_is_crash(ending->by_signal))
		return NO;
	return r->lost                                               ? UNAVAILABLE
	       : ending->status == BAD_USAGE || ending->status == NO ? ending->status
	                                                             : BAD_DATA;
}

static int run_sql(struct restore *r, const struct target *target, struct buf *error)
{
	struct strs files = { 0 };
	struct sql_errors errors = { .words = BUF_INIT };
	struct psql_job job = { .conninfo = &target->conninfo, .files = &files, .restricted = true,
		                .one_transaction = true, .keep_fd = -1, .begun = make_room_first,
		                .edit = restore_edit_sql, .arg = r };
	struct child child = { .watched = -1,
		               .tell = take_error,
		               .tick = on_sql_tick,
		               .arg = &errors,
		               .patience = 1000 };
	struct ending ending = { .status = CANNOT_RUN };
	int rc = 0;

	strs_add(&files, r->path);
	restore_progress_begin(&errors.progress, &r->progress, conninfo_get(&target->conninfo, "dbname"),
	                       r->path);
	job.meter = errors.progress.meter;
	child.pid = psql_start(&job, &child.messages);
	if (child.pid >= 0)
		ending = child_watch(&child);
	restore_progress_end(&errors.progress);
	r->lost = ending.status == PSQL_LOST || (ending.status && errtext_is_loss(errors.failure.sqlstate));
	if (ending.status != DONE)
		rc = explain_sql(r, &ending, &errors, error);
	restore_rights_note(r, &errors.notes);
	buf_free(&errors.words);
	strs_free(&errors.notes);
	strs_free(&files);
	return rc;
}

int restore_run(struct restore *r, const struct target *target, struct buf *error)
{
	return restore_is_archive(r) ? run_archive(r, target, error) : run_sql(r, target, error);
}
