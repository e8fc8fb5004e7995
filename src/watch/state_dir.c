/* state_dir - the folder in which `pgrestore watch` keeps its journal. */
#include "watch/state_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/env.h"
#include "base/file.h"
#include "base/path.h"
#include "base/status.h"

#define NAME "journal.db"
#define OLD_MOST (64 << 20)
#define OLD_MS 10000 /* for reading it, whatever it is made of */

/* --- where --- */

int state_dir_find(struct state_dir *s, const char *file, const char *dir, struct buf *error)
{
	const char *variable;
	char *folder;
	int rc;

	*s = (struct state_dir){ 0 };
	rc = env_get("PGBOX_JOURNAL", &variable, error);
	if (rc)
		return rc;
	if (variable && *variable)
		s->journal = xstrdup(variable);
	else if (file && *file)
		s->journal = xstrdup(file);
	else
		s->journal = xasprintf("%s/" NAME, dir && *dir ? dir : STATE_DIR_DEFAULT);
	folder = path_folder(s->journal);
	if (file_make_folders(folder, 0700) != 0) {
		rc = file_cannot(error, "make the folder", folder);
		buf_puts(error, ": mount a volume there that this user may write to, or set RESTORE_STATE_DIR");
	}
	free(folder);
	return rc;
}

/* --- who else --- */

static bool is_private(const struct stat *st)
{
	return (st->st_uid == geteuid() || st->st_uid == 0) && !(st->st_mode & S_IWGRP);
}

/* In a folder above, what is ours cannot be exchanged when the folder is sticky (/tmp). */
static bool is_open_to_all(const struct stat *st, bool above)
{
	return S_ISDIR(st->st_mode) && (st->st_mode & S_IWOTH) && !(above && (st->st_mode & S_ISVTX));
}

/* path is absolute and without links, and is put back as it was. The folder above or at path that
 * everybody may write to; NULL: none. The caller frees it. */
static char *open_folder(char *path)
{
	struct stat st;

	for (char *at = path + strlen(path); at > path; at = strrchr(path, '/')) {
		char cut = *at;

		*at = '\0';
		if (lstat(path, &st) == 0 && is_open_to_all(&st, cut != '\0'))
			return xstrdup(path);
	}
	return NULL;
}

int state_dir_check(const struct state_dir *s, struct buf *warning, struct buf *error)
{
	char *folder = path_folder(s->journal), *real = realpath(folder, NULL), *open = NULL;
	struct stat st;
	int rc = 0;

	if (real && lstat(real, &st) == 0 && !is_private(&st))
		buf_printf(warning, "the folder of the journal, '%s', belongs to uid %ld and has mode %03o: whoever else may "
		           "write there can have containers started", folder, (long)st.st_uid,
		           (unsigned)st.st_mode & 0777);
	if (lstat(s->journal, &st) == 0 && (!S_ISREG(st.st_mode) || (st.st_mode & S_IWOTH)))
		open = xstrdup(s->journal);
	if (!open && real)
		open = open_folder(real);
	if (open) {
		buf_printf(error, "others may write to '%s', and the journal there says which containers to start: set "
		           "RESTORE_STATE_DIR to a folder of mode 0700", open);
		rc = BAD_CONFIG;
	}
	free(open);
	free(real);
	free(folder);
	return rc;
}

/* --- the one in the drop folder --- */

/* Whoever drops files may have put anything there; watch/inbox guards the folder. */
static int open_old(const char *base)
{
	char *path = xasprintf("%s/" JOURNAL_BESIDE, base);
	int fd = beneath_open(path, O_RDONLY | O_NOFOLLOW, 0);

	free(path);
	return fd;
}

static bool is_same_file(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int copy_old(int fd, const char *to, struct buf *error)
{
	struct buf bytes = BUF_INIT;
	struct stat st;
	ssize_t n = 1;
	int rc = -1;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > OLD_MOST) {
		buf_puts(error, "it is not a regular file, or too large");
		return -1;
	}
	while (n > 0 && bytes.len <= OLD_MOST) {
		n = read(fd, buf_room(&bytes, 65536), 65536);
		bytes.len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0 || file_write_new(to, bytes.data, bytes.len) != 0)
		buf_printf(error, "cannot copy it to '%s': %s", to, strerror(errno));
	else
		rc = 0;
	buf_free(&bytes);
	return rc;
}

/* Plain tables and their indexes only: nothing in it is computed when it is read. */
static const char sound_sql[] =
	"SELECT (SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')"
	"  OR lower(sql) GLOB '*virtual*' OR lower(sql) GLOB '*generated*' OR lower(sql) GLOB '* as (*') = 0"
	" AND (SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('runs', 'stops')) = 2";

static const char stops_sql[] =
	"SELECT name, place, substr(planned, 1, 40) FROM stops WHERE started IS NULL AND typeof(name) = 'text'"
	" AND length(name) < 256 AND typeof(place) = 'integer' AND typeof(planned) = 'text' ORDER BY id DESC LIMIT 100";

static const char runs_sql[] =
	"SELECT applet, substr(name, 1, 255), substr(target, 1, 255), substr(started, 1, 40), substr(finished, 1, 40),"
	" iif(status IN ('done', 'failed'), status, 'interrupted'), substr(error, 1, 1000)"
	" FROM runs WHERE applet IN ('watch', 'pgrestore') ORDER BY id LIMIT 1000";

/* A journal that pgbackup writes as well stays where it is. */
static const char whose_sql[] =
	"SELECT count(*) FILTER (WHERE applet NOT IN ('watch', 'pgrestore')) = 0 FROM runs";

struct old {
	struct lite lite;
	struct rows stops, runs;
	bool only_ours;
};

static int read_old(struct old *o, const char *path, struct buf *error)
{
	int64_t deadline = clock_after(OLD_MS);
	struct rows sound = { 0 }, whose = { 0 };
	int rc = lite_open(&o->lite, path, LITE_STILL, 0);

	if (!rc) {
		lite_deadline(&o->lite, &deadline);
		rc = lite_query(&o->lite, "PRAGMA trusted_schema = OFF", NULL, 0, NULL) ||
		     lite_query(&o->lite, sound_sql, NULL, 0, &sound);
	}
	if (!rc && !rows_true(&sound, 0, 0)) {
		buf_puts(error, "it is not a journal of pgbox's");
		rc = -1;
	} else if (!rc) {
		rc = lite_query(&o->lite, stops_sql, NULL, 0, &o->stops) ||
		     lite_query(&o->lite, runs_sql, NULL, 0, &o->runs) ||
		     lite_query(&o->lite, whose_sql, NULL, 0, &whose);
		o->only_ours = rows_true(&whose, 0, 0);
	}
	if (rc && !error->len)
		buf_puts(error, o->lite.error.data);
	rows_free(&sound);
	rows_free(&whose);
	lite_close(&o->lite);
	return rc ? -1 : 0;
}

static void old_free(struct old *o)
{
	lite_free(&o->lite);
	rows_free(&o->stops);
	rows_free(&o->runs);
}

static int write_runs(struct journal *j, const struct old *o, const char *dir)
{
	int rc = 0;

	for (size_t i = 0; i < o->runs.n && !rc; i++) {
		const char *params[8] = { dir };

		for (size_t k = 0; k < 7; k++)
			params[k + 1] = rows_get(&o->runs, i, k);
		rc = journal_query(j, "INSERT INTO runs (dir, applet, name, target, started, finished, status, error)"
		                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", params, 8, NULL);
	}
	return rc;
}

static int write_stops(struct journal *j, const struct old *o, int64_t run)
{
	char *id = xasprintf("%lld", (long long)run);
	int rc = 0;

	for (size_t i = o->stops.n; i-- > 0 && !rc;) {
		const char *params[] = { id, rows_get(&o->stops, i, 0), rows_get(&o->stops, i, 1),
			                 rows_get(&o->stops, i, 2) };

		rc = journal_query(j, "INSERT INTO stops (run, name, place, planned) VALUES (?1, ?2, ?3, ?4)", params, 4,
		                   NULL);
	}
	free(id);
	return rc;
}

static int write_all(struct journal *j, const struct old *o, const char *dir, struct buf *error)
{
	struct run run = { .applet = "watch", .name = NAME, .status = "adopted", .attempt = 1, .dir = dir };
	int64_t id;
	int rc = journal_query(j, "BEGIN IMMEDIATE", NULL, 0, NULL);

	rc = rc ? rc : write_runs(j, o, dir);
	rc = rc ? rc : journal_start(j, &run, &id);
	rc = rc ? rc : write_stops(j, o, id);
	rc = rc ? rc : journal_query(j, "COMMIT", NULL, 0, NULL);
	if (rc)
		buf_puts(error, j->error.data);
	return rc;
}

static bool is_in_use(struct journal *j, const char *dir)
{
	struct rows rows = { 0 };
	bool used = journal_query(j, "SELECT 1 FROM runs WHERE applet = 'watch' AND dir = ?1 LIMIT 1", &dir, 1, &rows) != 0 ||
	            rows.n;

	rows_free(&rows);
	return used;
}

int state_dir_adopt(struct state_dir *s, const char *base, const char *dir, struct journal *j, struct buf *error)
{
	struct old o = { .lite = LITE_INIT };
	char *copy = xasprintf("%s.adopted", s->journal);
	int rc = 0, fd = open_old(base);

	if (fd < 0 && errno != ENOENT && errno != ENOTDIR) {
		buf_puts(error, file_reason(errno));
		rc = -1;
	}
	if (fd >= 0 && !is_same_file(fd, s->journal) && !is_in_use(j, dir)) {
		rc = copy_old(fd, copy, error);
		rc = rc ? rc : read_old(&o, copy, error);
		unlink(copy);
		rc = rc ? rc : write_all(j, &o, dir, error);
		s->leftover = !rc && o.only_ours;
	}
	if (fd >= 0)
		close(fd);
	old_free(&o);
	free(copy);
	return rc;
}

void state_dir_remove_old(struct state_dir *s, const char *base)
{
	static const char *const suffixes[] = { "-journal", "" };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes) && s->leftover; i++) {
		char *path = xasprintf("%s/" JOURNAL_BESIDE "%s", base, suffixes[i]);

		beneath_unlink(path);
		free(path);
	}
	s->leftover = false;
}

void state_dir_free(struct state_dir *s)
{
	free(s->journal);
	*s = (struct state_dir){ 0 };
}
