/* litefile - puts a backup in the place of an SQLite database file. */
#include "core/litefile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "core/db.h"
#include "core/emptiness.h"

#define BUSY_MS 10000

/* A name that no file has: seconds are moved on. The caller frees it. */
static char *before_name(const char *path)
{
	time_t now = time(NULL);
	char stamp[32], *name = NULL;
	struct tm at;

	do {
		free(name);
		gmtime_r(&now, &at);
		strftime(stamp, sizeof(stamp), "%Y%m%d_%H%M%S", &at);
		name = xasprintf("%s_before_%s", path, stamp);
		now++;
	} while (file_exists(name));
	return name;
}

/* A database that is opened beside them would take them for its own. */
static int check_stale(const char *path, struct buf *error)
{
	static const char *const suffixes[] = { "-wal", "-shm", "-journal" };
	int rc = 0;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes) && !rc; i++) {
		char *beside = xasprintf("%s%s", path, suffixes[i]);

		if (file_exists(beside)) {
			buf_printf(error, "'%s' is there, left by another database: move it away", beside);
			rc = NO;
		}
		free(beside);
	}
	return rc;
}

/* A new file, which appears whole; its owner is the folder's. */
static int place(const char *from, const char *path, struct buf *error)
{
	char *part = xasprintf("%s.part", path), *folder = xstrndup(path, strlen(path) - strlen(file_base(path)));
	struct lite source = LITE_INIT;
	struct stat st;
	int rc = check_stale(path, error);

	unlink(part);
	if (rc)
		goto out;
	if (lite_open(&source, from, LITE_STILL, 0) || lite_backup(&source, part)) {
		buf_printf(error, "cannot write '%s': %s", part, source.error.data);
		rc = CANNOT_WRITE;
	} else if (stat(*folder ? folder : ".", &st) == 0 && geteuid() == 0 &&
	           chown(part, st.st_uid, st.st_gid) != 0) {
		rc = file_cannot(error, "give away", part);
	} else if (chmod(part, 0640) != 0 || file_sync(part) != 0 || rename(part, path) != 0) {
		rc = file_cannot(error, "make", path);
	} else {
		file_sync(*folder ? folder : ".");
	}
out:
	unlink(part);
	lite_free(&source);
	free(part);
	free(folder);
	return rc;
}

/* With what belongs to it. */
static int move_away(const char *path, const char *to, struct buf *error)
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

static int busy_or(const struct db *db, int status)
{
	return lite_is_busy(&db->lite) ? LOCKED : lite_is_full(&db->lite) ? CANNOT_WRITE : status;
}

static int exchange(struct db *db, const char *from, const char *to, struct buf *error)
{
	struct stat st;

	if (lite_backup(&db->lite, to) != 0 || file_sync(to) != 0) {
		buf_printf(error, "cannot keep the old content in '%s': %s", to, db_error(db));
		unlink(to);
		return busy_or(db, CANNOT_WRITE);
	}
	/* Whoever may read the one may read the other. */
	if (stat(db->target->path, &st) == 0 && chmod(to, st.st_mode & 0777) == 0 && geteuid() == 0 &&
	    chown(to, st.st_uid, st.st_gid) != 0)
		return file_cannot(error, "give away", to);
	if (lite_restore(&db->lite, from) != 0) {
		buf_printf(error, "%s: cannot write: %s; nothing has changed", db->target->shown, db_error(db));
		unlink(to);
		return busy_or(db, CANNOT_WRITE);
	}
	return 0;
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

static enum holding holds(struct db *db, const struct target *target)
{
	struct rows rows = { 0 };
	bool empty;

	if (!looks_like_one(target->path))
		return NO_DATABASE;
	if (db_open(db, target, DB_WRITE, clock_after(BUSY_MS)) != REACHED ||
	    emptiness_ask(db, clock_after(BUSY_MS), &rows) != 0)
		return lite_is_corrupt(&db->lite) ? NO_DATABASE : IN_USE;
	empty = !rows.n;
	rows_free(&rows);
	return empty ? NOTHING : SOMETHING;
}

/* Puts it into a file that is there. */
static int replace_content(struct db *db, const char *from, enum holding found, const char *before,
                           struct buf *error)
{
	const char *path = db->target->path;
	int rc;

	if (found != NO_DATABASE)
		return exchange(db, from, before, error);
	db_close(db);
	rc = move_away(path, before, error);
	return rc ? rc : place(from, path, error);
}

int litefile_restore(const char *from, const char *path, bool replace, char **before,
                     struct buf *error)
{
	struct target target = { .kind = TARGET_SQLITE, .path = xstrdup(path),
		                 .shown = xasprintf("sqlite:%s", path) };
	struct db db = { .pg = SERVER_INIT, .lite = LITE_INIT, .target = &target };
	enum holding found = NOTHING;
	int rc = litefile_check(path, replace, error);

	*before = NULL;
	if (!rc && !file_exists(path)) {
		rc = place(from, path, error);
	} else if (!rc) {
		found = holds(&db, &target);
		*before = before_name(path);
		rc = replace_content(&db, from, found, *before, error);
		if (!rc && found == NOTHING)
			unlink(*before);
	}
	if (rc || found == NOTHING) {
		free(*before);
		*before = NULL;
	}
	db_free(&db);
	target_free(&target);
	return rc;
}

int litefile_check(const char *path, bool replace, struct buf *error)
{
	struct target target = { .kind = TARGET_SQLITE, .path = xstrdup(path),
		                 .shown = xasprintf("sqlite:%s", path) };
	struct db db = { .pg = SERVER_INIT, .lite = LITE_INIT, .target = &target };
	enum holding found = NOTHING;
	int rc = DONE;

	if (!file_exists(path))
		rc = check_stale(path, error);
	else
		found = holds(&db, &target);
	if (found == IN_USE) {
		buf_printf(error, "%s: cannot be opened: %s", target.shown, db_error(&db));
		rc = busy_or(&db, CANNOT_WRITE);
	} else if (found != NOTHING && !replace) {
		buf_printf(error, "%s: %s: say --replace to put the backup in its place (the old content is "
		           "kept)", target.shown, found == SOMETHING ? "not empty" : "no database");
		rc = NO;
	}
	db_free(&db);
	target_free(&target);
	return rc;
}
