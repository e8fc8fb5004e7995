/* journal - the local record of what pgbox did. */
#include "repo/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/env.h"
#include "base/file.h"
#include "base/msg.h"
#include "repo/liveness.h"

/* Two hundred writers at once queue for the lock; each takes some milliseconds. No
 * seed waits longer than this for a journal that somebody else keeps locked. */
#define BUSY_MS 30000

/* No statement on a journal of ours takes so long. */
#define STATEMENT_MS 60000

/* None of ours has such values, or so many: what is read is held in memory. */
#define VALUE_MOST (1 << 20)
#define ANSWER_MOST ((size_t)128 << 20)
#define ERROR_MOST (64 << 10) /* of an error, which a server or a tool may have sent */

/* Step i brings a file of user_version i to i + 1. Steps are never edited. */
static const char *const steps[] = {
	"CREATE TABLE runs ("
	" id INTEGER PRIMARY KEY,"
	" applet TEXT NOT NULL,"
	" name TEXT,"            /* of the seed, or the database */
	" target TEXT,"          /* user@host:port/db, never a secret */
	" started TEXT NOT NULL," /* UTC, ISO 8601, milliseconds */
	" finished TEXT,"
	" status TEXT NOT NULL," /* running done failed interrupted adopted */
	" attempt INTEGER,"
	" bytes INTEGER,"
	" sha256 TEXT,"
	" error TEXT,"
	" host TEXT,"
	" pid INTEGER);"
	"CREATE TABLE files ("
	" id INTEGER PRIMARY KEY,"
	" run INTEGER NOT NULL REFERENCES runs (id),"
	" path TEXT NOT NULL,"
	" kind TEXT NOT NULL,"
	" database TEXT,"
	" bytes INTEGER NOT NULL,"
	" sha256 TEXT NOT NULL,"
	" verified TEXT);"
	"CREATE INDEX files_run ON files (run);",
	/* Backups; for what repo/catalog says. Moments are ms since 1970. */
	"ALTER TABLE runs ADD COLUMN dir TEXT;"      /* the folder of the backups */
	"ALTER TABLE runs ADD COLUMN about TEXT;"    /* which databases: a hash of the settings */
	"ALTER TABLE runs ADD COLUMN part_of INTEGER;" /* of a database: its run */
	"ALTER TABLE runs ADD COLUMN due INTEGER;"   /* of a run: the moment it counts for */
	"ALTER TABLE files ADD COLUMN dir TEXT;"     /* path is relative to it */
	"ALTER TABLE files ADD COLUMN made INTEGER;" /* when its run started */
	"ALTER TABLE files ADD COLUMN system TEXT;"  /* whose database: see dump/manifest */
	"ALTER TABLE files ADD COLUMN compression TEXT;"
	"ALTER TABLE files ADD COLUMN tables INTEGER;"
	"ALTER TABLE files ADD COLUMN suspect INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE files ADD COLUMN gone TEXT;"    /* when it was deleted, or missed */
	"ALTER TABLE files ADD COLUMN reason TEXT;"
	"CREATE UNIQUE INDEX files_path ON files (dir, path);"
	"CREATE INDEX runs_due ON runs (applet, dir, due);",
	/* Backups in S3; for what repo/push says. */
	"ALTER TABLE files ADD COLUMN remote TEXT;"
	"CREATE TABLE uploads ("
	" place TEXT NOT NULL," /* the bucket */
	" key TEXT NOT NULL,"
	" upload TEXT NOT NULL);",
	/* Containers that a restore stops; for what watch/containers says. */
	"CREATE TABLE stops ("
	" id INTEGER PRIMARY KEY,"
	" run INTEGER NOT NULL REFERENCES runs (id),"
	" name TEXT NOT NULL,"
	" container TEXT,"         /* its id when it was stopped */
	" place INTEGER NOT NULL," /* in which row: those of the lowest are stopped first */
	" planned TEXT NOT NULL,"
	" started TEXT,"           /* when it ran again, or was found to be no more; NULL: owed */
	" gone TEXT);"             /* why it could not be started any more */
	"CREATE INDEX stops_owed ON stops (started);",
};

#define STEPS ((long)(sizeof(steps) / sizeof(*steps)))
#define MEMORY ":memory:"
#define NOW "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"

static int failed(struct journal *j)
{
	buf_cut(&j->error, 0);
	buf_printf(&j->error, "journal '%s': %s", j->path, j->lite.error.data);
	lite_close(&j->lite);
	return -1;
}

/* Others may be able to write the file. */
static void distrust(struct journal *j)
{
	lite_distrust(&j->lite);
	lite_limit(&j->lite, STATEMENT_MS);
	lite_bound(&j->lite, VALUE_MOST, ANSWER_MOST);
}

static int query(struct journal *j, const char *sql)
{
	return lite_query(&j->lite, sql, NULL, 0, NULL);
}

/* All that is in a file, one row at least; ANALYZE may have added its tables. */
static const char find_schema[] =
	"SELECT user_version, ifnull(type, ''), ifnull(name, ''), ifnull(tbl_name, ''), ifnull(sql, '')"
	" FROM pragma_user_version LEFT JOIN sqlite_schema ON name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\'"
	" ORDER BY type, name";

/* What should be in a file of that version. */
static int expect_schema(long version, struct rows *rows)
{
	struct lite lite = LITE_INIT;
	int rc = lite_open(&lite, ":memory:", LITE_CREATE, 0);

	for (long i = 0; i < version && !rc; i++)
		rc = lite_script(&lite, steps[i], false);
	rc = rc ? rc : lite_query(&lite, find_schema, NULL, 0, rows);
	lite_free(&lite);
	return rc;
}

/* Whether a row of one file's schema is the other's, too. */
static bool is_same_row(const struct rows *a, size_t i, const struct rows *b, size_t k)
{
	for (size_t column = 1; column < a->columns; column++)
		if (strcmp(rows_text(a, i, column), rows_text(b, k, column)) != 0)
			return false;
	return true;
}

/* A table of somebody else's, or its index, which nobody here looks at. */
static bool is_harmless(const struct rows *found, size_t row, const struct rows *ours)
{
	const char *type = rows_get(found, row, 1);

	for (size_t i = 0; i < ours->n; i++)
		if (strcasecmp(rows_text(found, row, 3), rows_text(ours, i, 3)) == 0)
			return false;
	return strcmp(type, "table") == 0 || strcmp(type, "index") == 0;
}

/* What is in the file and should not be, or the other way round. "" when all is as it should be. */
static void compare_schema(const struct rows *found, const struct rows *expected, const struct rows *ours,
                           struct buf *what)
{
	size_t next = 0;

	for (size_t i = 0; i < found->n && !what->len; i++)
		if (next < expected->n && is_same_row(found, i, expected, next))
			next++;
		else if (*rows_text(found, i, 1) && !is_harmless(found, i, ours))
			buf_printf(what, "it has a %s '%s' that is not pgbox's", rows_get(found, i, 1),
			           rows_get(found, i, 2));
	if (!what->len && next < expected->n && *rows_text(expected, next, 1))
		buf_printf(what, "it lacks pgbox's %s '%s'", rows_get(expected, next, 1),
		           rows_get(expected, next, 2));
}

/* Others may be able to write the file: what is in it and could run, or is not as it should be, is taken for
 * damage, in whose place pgbackup sync makes a new one. */
static int check_schema(struct journal *j, long *version)
{
	static struct rows ours; /* of the newest version, for as long as the process runs */
	struct rows found = { 0 }, expected = { 0 };
	struct buf what = BUF_INIT;
	int rc = lite_query(&j->lite, find_schema, NULL, 0, &found);

	*version = rc ? 0 : atol(rows_text(&found, 0, 0));
	if (!rc && *version > STEPS) {
		buf_cut(&j->lite.error, 0);
		buf_puts(&j->lite.error, "it was written by a newer pgbox");
		rc = -1;
	} else if (!rc && (ours.n || !expect_schema(STEPS, &ours)) &&
	           (*version == STEPS || !expect_schema(*version, &expected))) {
		compare_schema(&found, *version == STEPS ? &ours : &expected, &ours, &what);
		rc = what.len ? lite_refuse(&j->lite, what.data) : 0;
	}
	rows_free(&found);
	rows_free(&expected);
	buf_free(&what);
	return rc;
}

/* In one transaction: two processes may open a new journal at the same moment. */
static int migrate(struct journal *j)
{
	struct buf sql = BUF_INIT;
	long version;
	int rc = query(j, "BEGIN IMMEDIATE");

	rc = rc ? rc : check_schema(j, &version);
	for (; !rc && version < STEPS; version++)
		rc = lite_script(&j->lite, steps[version], false);
	buf_printf(&sql, "PRAGMA user_version = %ld", STEPS);
	if (!rc)
		rc = query(j, sql.data) || query(j, "COMMIT") ? -1 : 0;
	buf_free(&sql);
	return rc;
}

/* SQLite would make it with the mode that the umask leaves. */
static void make_file(const char *path)
{
	int fd = beneath_open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (fd >= 0)
		close(fd);
}

#define AS_WHOM " (this runs as uid %ld)"

/* SQLite says no more than that it cannot open a file. One that is made may well be missing. */
static void explain(struct journal *j, bool create)
{
	if (access(j->path, R_OK) == 0 || (create && errno != EACCES))
		return;
	buf_cut(&j->lite.error, 0);
	buf_puts(&j->lite.error, strerror(errno));
	if (errno == EACCES)
		buf_printf(&j->lite.error, AS_WHOM, (long)geteuid());
}

/* Whether the folder of a journal is there: 0, 1 where it is missing, or -1 with the error where nobody
 * can tell. */
static int find_folder(struct journal *j, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? xstrndup(path, (size_t)(slash - path) + 1) : NULL;
	int rc = folder && !file_is_dir(folder);

	if (rc && !file_exists(folder) && errno != ENOENT && errno != ENOTDIR) {
		buf_printf(&j->error, "journal '%s': %s" AS_WHOM, path, strerror(errno), (long)geteuid());
		rc = -1;
	}
	free(folder);
	return rc;
}

static int open_path(struct journal *j, const char *path, bool create)
{
	long version;

	j->path = xstrdup(path);
	if (create && strcmp(path, MEMORY) != 0)
		make_file(path);
	if (lite_open(&j->lite, j->path, create ? LITE_CREATE : LITE_WRITE, BUSY_MS)) {
		explain(j, create);
		return failed(j);
	}
	distrust(j);
	/* One that is as it should be is opened without taking its write lock. */
	if (query(j, "PRAGMA synchronous = FULL") || check_schema(j, &version) ||
	    (version < STEPS && migrate(j)))
		return failed(j);
	return 0;
}

int journal_open_file(struct journal *j, const char *path)
{
	*j = (struct journal)JOURNAL_INIT;
	return open_path(j, path, false);
}

int journal_open_memory(struct journal *j)
{
	*j = (struct journal)JOURNAL_INIT;
	return open_path(j, MEMORY, true);
}

int journal_peek(struct journal *j, const char *fallback, int busy_ms)
{
	const char *path;
	long version;

	*j = (struct journal)JOURNAL_INIT;
	if (env_get("PGBOX_JOURNAL", &path, &j->error) != 0)
		return -1;
	j->path = xstrdup(path && *path ? path : fallback);
	if (!file_exists(j->path)) {
		if (errno == ENOENT || errno == ENOTDIR)
			return 1;
		buf_printf(&j->error, "journal '%s': %s", j->path, strerror(errno));
		return -1;
	}
	if (lite_open(&j->lite, j->path, LITE_PEEK, busy_ms))
		return failed(j);
	distrust(j);
	if (check_schema(j, &version))
		return failed(j);
	if (version == STEPS)
		return 0;
	buf_puts(&j->lite.error, "it was written by another version of pgbox");
	return failed(j);
}

int journal_open(struct journal *j, const char *fallback, bool create)
{
	const char *path;
	int missing;

	*j = (struct journal)JOURNAL_INIT;
	if (env_get("PGBOX_JOURNAL", &path, &j->error) != 0)
		return -1;
	if ((!path || !*path) && (missing = find_folder(j, fallback)) != 0)
		return missing;
	return open_path(j, path && *path ? path : fallback, create);
}

/* The words of a server may hold what no journal should. The caller frees it. */
static char *masked(const char *words)
{
	struct buf text = BUF_INIT;

	if (!words)
		return NULL;
	buf_puts(&text, words);
	msg_mask(&text);
	if (text.len > ERROR_MOST)
		buf_cut(&text, ERROR_MOST);
	return buf_detach(&text);
}

/* A number as a parameter; NULL for 0. The caller frees it. */
static char *number(int64_t value)
{
	return value ? xasprintf("%lld", (long long)value) : NULL;
}

static void hold(struct journal *j, int64_t id)
{
	if (j->running < 0 && strcmp(j->path, MEMORY) != 0)
		j->running = liveness_open(j->path, true);
	liveness_hold(j->running, id);
}

int journal_start(struct journal *j, const struct run *r, int64_t *id)
{
	char host[256] = "", pid[32], attempt[32];
	char *part_of = number(r->part_of), *due = number(r->due);
	const char *params[] = { r->applet, r->name, r->target, r->status, attempt, r->sha256,
		                 host,      pid,     r->dir,    part_of,   due,     r->about };
	bool begins = j->lite.db && lite_autocommit(&j->lite);
	struct rows rows = { 0 };
	int rc = 0;

	*id = 0;
	/* It is held before anybody can see the run. The caller may have begun a transaction itself. */
	if (begins && query(j, "BEGIN IMMEDIATE"))
		rc = failed(j);
	gethostname(host, sizeof(host) - 1);
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	snprintf(attempt, sizeof(attempt), "%ld", r->attempt);
	if (j->lite.db &&
	    lite_query(&j->lite,
	               "INSERT INTO runs (applet, name, target, status, attempt, sha256, host,"
	               " pid, dir, part_of, due, about, started, finished) VALUES (?1, ?2, ?3, ?4, ?5,"
	               " ?6, ?7, ?8, ?9, ?10, ?11, ?12, " NOW ", iif(?4 = 'running', NULL, " NOW "))"
	               " RETURNING id",
	               params, 12, &rows))
		rc = failed(j);
	else if (rows.n)
		*id = atoll(rows_text(&rows, 0, 0));
	if (*id && strcmp(r->status, "running") == 0)
		hold(j, *id);
	if (*id && begins && query(j, "COMMIT"))
		rc = failed(j);
	*id = rc ? 0 : *id;
	rows_free(&rows);
	free(part_of);
	free(due);
	return rc;
}

int journal_finish(struct journal *j, int64_t id, const char *status, const char *why)
{
	char number[32], *error = masked(why);
	const char *params[] = { number, status, error };
	int rc = 0;

	snprintf(number, sizeof(number), "%lld", (long long)id);
	if (j->lite.db && id &&
	    lite_query(&j->lite,
	               "UPDATE runs SET status = ?2, error = ?3, finished = " NOW " WHERE id = ?1",
	               params, 3, NULL))
		rc = failed(j);
	if (!rc)
		liveness_release(j->running, id);
	free(error);
	return rc;
}

int journal_query(struct journal *j, const char *sql, const char *const *params, int n,
                  struct rows *rows)
{
	if (!j->lite.db)
		return -1;
	return lite_query(&j->lite, sql, params, n, rows) ? failed(j) : 0;
}

int journal_interrupted(struct journal *j, const struct run *r)
{
	const char *params[] = { r->applet, r->name, r->target };

	if (!j->lite.db)
		return 0;
	if (lite_query(&j->lite,
	               "UPDATE runs SET status = 'interrupted' WHERE status = 'running'"
	               " AND applet = ?1 AND name IS ?2 AND target IS ?3",
	               params, 3, NULL))
		return failed(j);
	return 0;
}

char *journal_dead(struct journal *j)
{
	struct rows rows = { 0 };
	struct buf dead = BUF_INIT;
	int fd = j->path ? liveness_open(j->path, false) : -1;
	/* A run would have made it. */
	bool none = fd < 0 && errno == ENOENT;

	if (j->lite.db)
		lite_query(&j->lite, "SELECT id FROM runs WHERE status = 'running'", NULL, 0, &rows);
	buf_putc(&dead, '[');
	for (size_t i = 0; i < rows.n; i++)
		if (none || liveness_look(fd, atoll(rows_text(&rows, i, 0))) == LIVENESS_DEAD)
			buf_printf(&dead, "%s%s", dead.len > 1 ? "," : "", rows_text(&rows, i, 0));
	buf_putc(&dead, ']');
	if (fd >= 0)
		close(fd);
	rows_free(&rows);
	return buf_detach(&dead);
}

int journal_bury(struct journal *j, const char *id)
{
	return journal_query(j, "UPDATE runs SET status = 'interrupted', error = '" JOURNAL_DEAD "'"
	                     " WHERE id = ?1 AND status = 'running'", &id, 1, NULL);
}

int journal_last(struct journal *j, long n, bool json, struct rows *rows)
{
	static const char text[] =
		"SELECT started, applet, ifnull(name, '-'), ifnull(target, '-'), status,"
		" ifnull(attempt, '-'), ifnull(seconds, '-'), ifnull(error, '')"
		" FROM last ORDER BY id";
	static const char object[] =
		"SELECT json_object('id', id, 'applet', applet, 'name', name, 'target', target,"
		" 'started', started, 'finished', finished, 'seconds', seconds, 'status', status,"
		" 'attempt', attempt, 'bytes', bytes, 'sha256', sha256, 'error', error,"
		" 'host', host, 'pid', pid) FROM last ORDER BY id";
	char *sql = xasprintf("WITH dead AS (SELECT value AS id FROM json_each(?1)), last AS (SELECT id, "
	                      "applet, name,"
	                      " target, started, finished, round((julianday(finished) - julianday(started)) "
	                      "* 86400,"
	                      " 1) AS seconds, iif(id IN dead, 'interrupted', status) AS status, attempt, "
	                      "bytes,"
	                      " sha256, iif(id IN dead, '" JOURNAL_DEAD "', error) AS error, host, pid"
	                      " FROM runs ORDER BY id DESC LIMIT %ld) %s",
	                      n, json ? object : text);
	char *dead = journal_dead(j);
	int rc = lite_query(&j->lite, sql, (const char *const *)&dead, 1, rows);

	free(dead);
	free(sql);
	return rc ? failed(j) : 0;
}

void journal_free(struct journal *j)
{
	lite_free(&j->lite);
	if (j->running >= 0)
		close(j->running);
	buf_free(&j->error);
	free(j->path);
	*j = (struct journal)JOURNAL_INIT;
}
