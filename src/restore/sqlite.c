/* sqlite - puts a backup in the place of an SQLite database file. */
#include "restore/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/status.h"
#include "db/db.h"
#include "db/emptiness.h"
#include "db/sqlite_fault.h"
#include "ext/litecheck.h"
#include "restore/sqlite_kept.h"
#include "restore/sqlite_pages.h"

#define LOOK_MS 20

/* A restore at work. */
struct replacing {
	const struct sqlite_file *f;
	struct target target; /* where the links lead */
	char *part;           /* a file beside it, of this run's alone */
	int fd;               /* whose lock says so; -1 */
	bool named;           /* it has its final name, and the old one may be another run's */
	char *before;         /* where the old content is kept, or NULL */
	int64_t deadline;
	struct buf *error;
};

/* --- where it is --- */

/* Whoever may write in the database's folder puts nothing in the way of what is made beside it. */
static void guard(const char *path)
{
	char *part = xasprintf("%s.", path), *side = xasprintf("%s-", path), *kept = xasprintf("%s_", path);

	beneath_guard_beside(part);
	beneath_guard_beside(side);
	beneath_guard_beside(kept);
	free(part);
	free(side);
	free(kept);
}

static void start(struct replacing *w, const struct sqlite_file *f, struct buf *error)
{
	*w = (struct replacing){ .f = f, .fd = -1, .error = error, .deadline = clock_within(f->wait) };
	w->target.kind = TARGET_SQLITE;
	w->target.path = file_follow(f->path);
	guard(w->target.path);
	w->target.shown = xasprintf("sqlite:%s", f->path);
	w->part = xasprintf("%s.part", w->target.path);
}

/* The lock holds off other restores, and what one that died has left is taken over. */
static int take_part(struct replacing *w)
{
	struct stat own, named;

	for (;;) {
		w->fd = beneath_open(w->part, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
		if (w->fd < 0)
			return file_cannot(w->error, "write", w->part);
		if (flock(w->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
			buf_printf(w->error, "%s: another restore is at work on it", w->target.shown);
			close(w->fd);
			w->fd = -1;
			return LOCKED;
		}
		/* Whoever made it could still write to it: one of another user's is deleted, and made
		 * anew. */
		if (fstat(w->fd, &own) == 0 && own.st_uid != geteuid() && beneath_unlink(w->part) != 0)
			return file_cannot(w->error, "delete", w->part);
		if (own.st_uid == geteuid() && stat(w->part, &named) == 0 && own.st_ino == named.st_ino &&
		    own.st_dev == named.st_dev)
			break;
		close(w->fd);
	}
	return ftruncate(w->fd, 0) == 0 ? DONE : file_cannot(w->error, "write", w->part);
}

static void finish(struct replacing *w)
{
	if (w->fd >= 0 && !w->named)
		unlink(w->part);
	if (w->fd >= 0)
		close(w->fd);
	free(w->part);
	free(w->before);
	target_free(&w->target);
}

/* --- a new file --- */

/* Whoever may use what was there, or its folder, may use the part. */
static int dress(struct replacing *w)
{
	if (file_take_after(w->fd, w->target.path) != 0)
		return file_cannot(w->error, "give away", w->part);
	return fsync(w->fd) == 0 ? DONE : file_cannot(w->error, "write", w->part);
}

static int write_part(struct replacing *w, struct lite *source)
{
	if (lite_backup(source, w->part) == 0)
		return dress(w);
	buf_printf(w->error, "cannot write '%s': %s", w->part, source->error.data);
	return CANNOT_WRITE;
}

/* Not over a file that came to be meanwhile. Not every file system can say so. */
static int name_part(struct replacing *w, const char *name)
{
	char *folder = path_prefix(name);
	int rc = renameat2(AT_FDCWD, w->part, AT_FDCWD, name, RENAME_NOREPLACE);

	if (rc != 0 && (errno == EINVAL || errno == ENOSYS) && !file_exists(name))
		rc = rename(w->part, name);
	w->named = rc == 0;
	if (rc != 0)
		rc = file_cannot(w->error, "make", name);
	else
		file_sync(*folder ? folder : ".");
	free(folder);
	return rc;
}

static int place(struct replacing *w, struct lite *source)
{
	int rc = sqlite_kept_stale(w->target.path, w->error);

	if (!rc)
		rc = write_part(w, source);
	return rc ? rc : name_part(w, w->target.path);
}

/* With what belongs to it. */
static int move(const char *path, const char *to, struct buf *error)
{
	static const char *const suffixes[] = { "-wal", "-shm", "-journal", "" };
	int rc = 0;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes) && !rc; i++) {
		char *old = xasprintf("%s%s", path, suffixes[i]), *new = xasprintf("%s%s", to, suffixes[i]);

		if (rename(old, new) != 0 && errno != ENOENT)
			rc = file_cannot(error, "move away", old);
		free(old);
		free(new);
	}
	return rc;
}

/* What is there is no database. */
static int place_instead(struct replacing *w, struct lite *source, char **before)
{
	struct buf ignored = BUF_INIT;
	char *name = sqlite_kept_name(w->target.path);
	int rc = write_part(w, source);

	if (!rc && (rc = move(w->target.path, name, w->error)) == DONE)
		rc = name_part(w, w->target.path);
	if (rc)
		move(name, w->target.path, &ignored);
	else
		*before = xstrdup(name);
	buf_free(&ignored);
	free(name);
	return rc;
}

/* --- the content of a file that is there --- */

static int busy_or(const struct lite *lite, int status)
{
	return lite_is_busy(lite) ? LOCKED : lite_is_full(lite) ? CANNOT_WRITE : status;
}

/* What cannot be asked is not empty. */
static bool is_empty(struct replacing *w)
{
	struct target target = { .kind = TARGET_SQLITE, .path = w->part, .shown = w->part };
	struct db db = { .pg = SERVER_INIT, .lite = LITE_INIT, .target = &target };
	struct rows rows = { 0 };
	bool empty = lite_open(&db.lite, w->part, LITE_STILL, 0) == 0 &&
	             emptiness_ask(&db, CLOCK_NEVER, &rows) == 0 && !rows.n;

	rows_free(&rows);
	db_free(&db);
	return empty;
}

/* Called when the old content is in the part and nobody can change it any more: whether it is
 * empty is known for good only now. */
static int keep(void *arg)
{
	struct replacing *w = arg;
	char *name;
	int rc;

	if (is_empty(w))
		return DONE;
	if (!w->f->replace) {
		buf_printf(w->error, "%s: not empty any more: somebody has just filled it", w->target.shown);
		return NO;
	}
	rc = dress(w);
	name = sqlite_kept_name(w->target.path);
	if (!rc)
		rc = name_part(w, name);
	if (!rc)
		w->before = xstrdup(name);
	free(name);
	return rc;
}

static int exchange(struct replacing *w, struct db *db, struct lite *source)
{
	int rc = sqlite_pages_match(&db->lite, source, w->part, w->target.shown, w->error);

	if (rc)
		return rc;
	rc = lite_exchange(&db->lite, source, w->part, w->deadline, keep, w);

	if (rc && w->before) {
		unlink(w->before);
		free(w->before);
		w->before = NULL;
	}
	if (rc >= 0)
		return rc;
	buf_printf(w->error, "%s: cannot write: %s; nothing has changed", w->target.shown, db_error(db));
	return busy_or(&db->lite, CANNOT_WRITE);
}

enum holding { NOTHING, SOMETHING, NO_DATABASE, IN_USE };

/* SQLite, 'Database File Format', 1.3: told without opening a file that is none as a
 * database, which would delete a -wal beside it. */
static bool looks_like_one(const char *path)
{
	struct buf head = BUF_INIT;
	bool looks;

	file_head(path, &head, 16);
	looks = !head.len || (head.len == 16 && memcmp(head.data, "SQLite format 3", 16) == 0);
	buf_free(&head);
	return looks;
}

static enum holding holds(struct replacing *w, struct db *db)
{
	struct rows rows = { 0 };
	bool empty;

	if (!looks_like_one(w->target.path))
		return NO_DATABASE;
	while (db_open(db, &w->target, DB_WRITE, w->deadline) != CONNECTED ||
	       emptiness_ask(db, CLOCK_NEVER, &rows) != 0) {
		if (lite_is_corrupt(&db->lite)) {
			db_close(db);
			return NO_DATABASE;
		}
		if (!lite_is_busy(&db->lite) || !clock_left(w->deadline))
			return IN_USE;
		clock_sleep(LOOK_MS, w->deadline);
	}
	empty = !rows.n;
	rows_free(&rows);
	return empty ? NOTHING : SOMETHING;
}

/* What is kept, and the new file, are made in the folder. */
static int try_to_write(struct replacing *w, struct db *db)
{
	struct buf why = BUF_INIT;
	bool writable = sqlite_fault_folder(w->target.path, &why).reach == CONNECTED;

	if (writable && db_is_open(db)) {
		writable = sqlite_fault_writable(&db->lite, w->target.path).reach == CONNECTED;
		buf_puts(&why, db_error(db));
	}
	if (!writable)
		buf_printf(w->error, "%s: %s", w->target.shown, why.data);
	buf_free(&why);
	return writable ? DONE : CANNOT_WRITE;
}

/* db stays open on a database that is there. */
static int look(struct replacing *w, struct db *db, enum holding *found)
{
	int rc = DONE;

	*found = NOTHING;
	if (!file_exists(w->target.path))
		rc = sqlite_kept_stale(w->target.path, w->error);
	else
		*found = holds(w, db);
	if (*found == IN_USE) {
		buf_printf(w->error, "%s: cannot be opened: %s", w->target.shown, db_error(db));
		rc = lite_is_busy(&db->lite) ? LOCKED : db->final ? db->final : CANNOT_WRITE;
	} else if (*found != NOTHING && !w->f->replace) {
		buf_printf(w->error, "%s: %s: say --replace to put the backup in its place (the old content "
		           "is kept)", w->target.shown, *found == SOMETHING ? "not empty" : "no database");
		rc = NO;
	}
	return rc ? rc : try_to_write(w, db);
}

static int restore(struct replacing *w, struct lite *source, char **before)
{
	struct db db = DB_INIT;
	enum holding found;
	int rc = look(w, &db, &found);

	if (!rc)
		rc = take_part(w);
	if (rc)
		goto out;
	if (db_is_open(&db))
		rc = exchange(w, &db, source);
	else
		rc = found == NO_DATABASE ? place_instead(w, source, before) : place(w, source);
	if (!rc && w->before && w->f->drop_old)
		unlink(w->before);
	else if (!rc && w->before)
		*before = xstrdup(w->before);
out:
	db_free(&db);
	return rc;
}

int sqlite_restore(const struct sqlite_file *f, const char *from, char **before, struct buf *error)
{
	struct lite source = LITE_INIT;
	struct replacing w;
	int rc;

	*before = NULL;
	start(&w, f, error);
	if (lite_open(&source, from, LITE_STILL, 0) != 0) {
		buf_printf(error, "cannot read '%s': %s", from, source.error.data);
		rc = NO_INPUT;
	} else {
		rc = restore(&w, &source, before);
	}
	lite_free(&source);
	finish(&w);
	return rc;
}

/* --- undo --- */

/* What was moved away because it was no database is not put back by this. */
static int check_kept(const char *kept, struct buf *error)
{
	struct buf why = BUF_INIT;
	int64_t tables, rows;
	int rc = sqlite_kept_stale(kept, error);

	if (!rc && lite_check(kept, &tables, &rows, &why) != 0) {
		buf_printf(error, "'%s' is not put back: it is not a sound database: %s", kept, why.data);
		rc = BAD_DATA;
	}
	buf_free(&why);
	return rc;
}

int sqlite_undo(const struct sqlite_file *f, char **before, struct buf *error)
{
	char *path = file_follow(f->path), *kept = sqlite_kept_newest(path);
	int rc = NO_INPUT;

	*before = NULL;
	guard(path);
	if (!kept)
		buf_printf(error, "no '%s_before_TIME' found to put back", path);
	else if ((rc = check_kept(kept, error)) == DONE &&
	         (rc = sqlite_restore(f, kept, before, error)) == DONE)
		beneath_unlink(kept);
	free(kept);
	free(path);
	return rc;
}

int sqlite_check(const struct sqlite_file *f, struct buf *error)
{
	struct db db = DB_INIT;
	enum holding found;
	struct replacing w;
	int rc;

	start(&w, f, error);
	rc = look(&w, &db, &found);
	db_free(&db);
	finish(&w);
	return rc;
}
