/* catalog - what the journal knows of the backups in one folder. */
#include "repo/catalog_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/env.h"
#include "base/file.h"
#include "base/teller.h"
#include "repo/folder.h"

#define NOW "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"

static bool is_bucket(const char *dir)
{
	return skip_prefix(dir, "s3://");
}

/* A journal beside the backups may be seen under other paths by other containers. */
static void name_folder(struct catalog *c, const char *dir)
{
	char *real = is_bucket(dir) ? xstrdup(dir) : realpath(dir, NULL);
	struct buf ignored = BUF_INIT;
	const char *elsewhere = NULL;

	*c = (struct catalog){ .root = xstrdup(dir) };
	if (!is_bucket(dir))
		beneath_guard(dir);
	env_get("PGBOX_JOURNAL", &elsewhere, &ignored);
	c->dir = xstrdup((!elsewhere || !*elsewhere) && !is_bucket(dir) ? "." : real ? real : dir);
	buf_free(&ignored);
	free(real);
}

/* The journal of what is in dir: beside it, or this machine's for a bucket. The caller frees it. */
static char *journal_of(const char *dir)
{
	return is_bucket(dir) ? xstrdup(JOURNAL_DEFAULT) : xasprintf("%s/" JOURNAL_BESIDE, dir);
}

int catalog_open(struct catalog *c, const char *dir, bool create)
{
	char *path = journal_of(dir);
	int rc;

	name_folder(c, dir);
	rc = journal_open(&c->journal, path, create);
	free(path);
	return rc;
}

int catalog_reopen(struct catalog *c)
{
	char *root = xstrdup(c->root);
	int rc;

	catalog_free(c);
	rc = catalog_open(c, root, false);
	free(root);
	return rc;
}

int catalog_peek(struct catalog *c, const char *dir, int busy_ms)
{
	char *path = journal_of(dir);
	int rc;

	name_folder(c, dir);
	rc = journal_peek(&c->journal, path, busy_ms);
	free(path);
	return rc;
}

int catalog_imagine(struct catalog *c, const char *dir)
{
	*c = (struct catalog){ .dir = xstrdup("."), .root = xstrdup(dir) };
	if (!is_bucket(dir))
		beneath_guard(dir);
	return journal_open_memory(&c->journal);
}

int catalog_renew(struct catalog *c, const struct teller *tell)
{
	char *aside = xasprintf("%s.damaged", c->journal.path), *dir = xstrdup(c->root);
	char *words = xasprintf("%s: it is moved aside, to '%s'", c->journal.error.data, aside);
	int rc = -1;

	if (lite_is_corrupt(&c->journal.lite) && beneath_rename(c->journal.path, aside) == 0) {
		teller_say(tell, MSG_WARNING, words);
		catalog_free(c);
		rc = catalog_open(c, dir, true);
	}
	free(words);
	free(aside);
	free(dir);
	return rc;
}

int catalog_open_anew(struct catalog *c, const char *dir, const struct teller *tell)
{
	int rc = catalog_open(c, dir, true);

	return rc < 0 ? catalog_renew(c, tell) : rc;
}

bool catalog_is_open(const struct catalog *c)
{
	return c->journal.lite.db;
}

static char *number(int64_t value)
{
	return xasprintf("%lld", (long long)value);
}

int catalog_query(struct catalog *c, const char *sql, const char *a, const char *b, const char *d,
                  struct rows *rows)
{
	const char *params[] = { c->dir, a, b, d };

	return journal_query(&c->journal, sql, params, 4, rows);
}

/* --- backups --- */

bool catalog_knows(struct catalog *c)
{
	struct rows rows = { 0 };
	bool known;

	catalog_query(c,
	      "SELECT 1 FROM runs WHERE applet = '" APPLET "' AND dir = ?1"
	      " UNION ALL SELECT 1 FROM files WHERE dir = ?1 LIMIT 1",
	      NULL, NULL, NULL, &rows);
	known = rows.n > 0;
	rows_free(&rows);
	return known;
}

static int list(struct catalog *c, const char *sql, struct strs *texts)
{
	struct rows rows = { 0 };
	int rc = catalog_query(c, sql, NULL, NULL, NULL, &rows);

	for (size_t i = 0; i < rows.n; i++)
		strs_add(texts, rows_text(&rows, i, 0));
	rows_free(&rows);
	return rc;
}

bool catalog_is_there(const struct catalog *c, const char *path)
{
	char *full = xasprintf("%s/%s", c->root, path), *manifest = xasprintf("%s.json", full);
	bool there = is_bucket(c->root) || (file_exists(full) && file_exists(manifest));

	free(full);
	free(manifest);
	return there;
}

/* Whether it is there, and no file that has been cut since. */
static bool is_whole(const struct catalog *c, const char *path, int64_t bytes)
{
	char *full = xasprintf("%s/%s", c->root, path);
	struct stat st;
	bool cut = beneath_stat(full, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < bytes;

	free(full);
	return !cut && catalog_is_there(c, path);
}

/* What `gone` says of a backup that is about to appear. */
#define PROMISED "promised"

static int add(struct catalog *c, int64_t run, const char *path, const char *folder,
               const struct manifest *m, bool verified, const char *gone)
{
	char *id = number(run), *bytes = number(m->bytes), *made = number(m->started),
	     *tables = number(m->tables);
	char *when = verified ? clock_iso(m->verified ? m->verified : clock_wall()) : NULL;
	const char *params[] = { c->dir, id,   path,   m->kind, folder,
		                 bytes,  m->sha256, when, made,    tables, m->suspect ? "1" : "0",
		                 m->compression, gone, m->system_id };
	int rc = journal_query(
		&c->journal,
		"INSERT INTO files (dir, run, path, kind, database, bytes, sha256, verified, made,"
		"  tables, suspect, compression, gone, system)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
		" ON CONFLICT (dir, path) DO UPDATE SET kind = ?4, database = ?5, bytes = ?6,"
		"  sha256 = ?7, verified = ?8, made = ?9, tables = ?10, suspect = ?11,"
		"  compression = ?12, gone = ?13, system = ?14, reason = NULL",
		params, 14, NULL);

	free(id);
	free(bytes);
	free(made);
	free(tables);
	free(when);
	return rc;
}

int catalog_add(struct catalog *c, const char *path, const char *folder, const struct manifest *m,
                bool verified)
{
	return add(c, 0, path, folder, m, verified, NULL);
}

int catalog_promise(struct catalog *c, int64_t run, const char *path, const char *folder,
                    const struct manifest *m)
{
	char *id = number(run), *bytes = number(m->bytes);
	int rc = add(c, run, path, folder, m, true, PROMISED);

	if (!rc)
		rc = catalog_query(c, "UPDATE runs SET bytes = ?2, sha256 = ?3 WHERE dir = ?1 AND id = ?4",
		           bytes, m->sha256, id, NULL);
	free(id);
	free(bytes);
	return rc;
}

int catalog_keep_promises(struct catalog *c)
{
	struct strs paths = { 0 };
	int rc = list(c, "SELECT path FROM files WHERE dir = ?1 AND gone = '" PROMISED "'", &paths);

	for (size_t i = 0; i < paths.n && !rc; i++)
		rc = catalog_query(c,
		           beneath_is_confined(paths.v[i]) && catalog_is_there(c, paths.v[i])
		                   ? "UPDATE files SET gone = NULL WHERE dir = ?1 AND path = ?2"
		                   : "DELETE FROM files WHERE dir = ?1 AND path = ?2",
		           paths.v[i], NULL, NULL, NULL);
	strs_free(&paths);
	return rc;
}

bool catalog_is_verified(struct catalog *c, const char *path, bool *known)
{
	struct rows rows = { 0 };
	bool verified;

	catalog_query(c, "SELECT verified FROM files WHERE dir = ?1 AND path = ?2 AND gone IS NULL", path,
	      NULL, NULL, &rows);
	*known = rows.n > 0;
	verified = rows_get(&rows, 0, 0);
	rows_free(&rows);
	return verified;
}

int catalog_judge(struct catalog *c, const char *path, bool whole, const char *reason)
{
	return catalog_query(c,
	             "UPDATE files SET verified = iif(?3 = '1', " NOW ", NULL), reason = ?4"
	             " WHERE dir = ?1 AND path = ?2",
	             path, whole ? "1" : "0", reason, NULL);
}

int catalog_gone(struct catalog *c, const char *path, const char *reason)
{
	return catalog_query(c,
	             "UPDATE files SET gone = " NOW ", reason = ?3 WHERE dir = ?1 AND path = ?2",
	             path, reason, NULL, NULL);
}

/* Older servers do not say who they are; theirs are taken for the ones that are meant. */
#define OF_SYSTEM(parameter) "(" parameter " IS NULL OR system IS NULL OR system = " parameter ")"

int catalog_past(struct catalog *c, const char *folder, const char *system_id, struct past **past,
                 size_t *n, struct strs *paths)
{
	struct rows rows = { 0 };
	int rc = catalog_query(c,
	               "SELECT path, made, verified IS NOT NULL FROM files WHERE dir = ?1"
	               " AND database = ?2 AND gone IS NULL AND " OF_SYSTEM("?3")
	               " ORDER BY made DESC, path DESC",
	               folder, system_id, NULL, &rows);

	*n = 0;
	*past = rows.n ? xcalloc(rows.n, sizeof(**past)) : NULL;
	for (size_t i = 0; i < rows.n; i++) {
		if (!folder_lies_in(rows_text(&rows, i, 0), folder))
			continue;
		strs_add(paths, rows_text(&rows, i, 0));
		(*past)[*n] = (struct past){ .made = atoll(rows_text(&rows, i, 1)),
			                     .verified = rows_true(&rows, i, 2),
			                     .id = *n };
		++*n;
	}
	rows_free(&rows);
	return rc;
}

int catalog_newest(struct catalog *c, const char *folder, const char *system_id, int64_t not_after,
                   struct newest *newest)
{
	char *limit = number(not_after);
	struct rows rows = { 0 };
	int rc = catalog_query(c,
	               "SELECT path, made, bytes, ifnull(tables, 0), kind, ifnull(compression, ''), suspect"
	               " FROM files WHERE dir = ?1 AND database = ?2 AND made <= CAST(?3 AS INTEGER)"
	               "  AND " OF_SYSTEM("?4")
	               "  AND gone IS NULL AND verified IS NOT NULL ORDER BY made DESC, path DESC",
	               folder, limit, system_id, &rows);
	size_t i = 0;

	*newest = (struct newest){ 0 };
	while (i < rows.n && !(folder_lies_in(rows_text(&rows, i, 0), folder) &&
	                       is_whole(c, rows_get(&rows, i, 0), atoll(rows_text(&rows, i, 2)))))
		i++;
	if (i < rows.n) {
		newest->made = atoll(rows_text(&rows, i, 1));
		newest->bytes = atoll(rows_text(&rows, i, 2));
		newest->tables = atoll(rows_text(&rows, i, 3));
		newest->suspect = rows_true(&rows, i, 6);
		snprintf(newest->kind, sizeof(newest->kind), "%s", rows_get(&rows, i, 4));
		snprintf(newest->compression, sizeof(newest->compression), "%s", rows_get(&rows, i, 5));
	}
	rows_free(&rows);
	free(limit);
	return rc;
}

#define NOT_THERE "not there"
#define OUTSIDE "not a backup of this folder"

static int note_missing(struct catalog *c, const char *path, const struct teller *tell)
{
	char *words = xasprintf("%s: is not there any more", path);
	int rc = catalog_gone(c, path, NOT_THERE);

	teller_say(tell, MSG_WARNING, words);
	free(words);
	return rc;
}

/* Somebody else has written it. */
static int note_outside(struct catalog *c, const char *path, const struct teller *tell)
{
	char *words = xasprintf("the journal names '%s', which is " OUTSIDE ": it is left alone", path);
	int rc = catalog_gone(c, path, OUTSIDE);

	teller_say(tell, MSG_WARNING, words);
	free(words);
	return rc;
}

int catalog_missing(struct catalog *c, const char *folder, const struct teller *tell)
{
	struct rows rows = { 0 };
	int rc = catalog_query(c,
	               "SELECT path, gone IS NOT NULL, ifnull(database, '') FROM files WHERE dir = ?1"
	               " AND (?2 IS NULL OR database = ?2)"
	               " AND (gone IS NULL OR reason = '" NOT_THERE "') ORDER BY path",
	               folder, NULL, NULL, &rows);

	for (size_t i = 0; i < rows.n && !rc; i++) {
		const char *path = rows_text(&rows, i, 0);
		bool lies = folder_lies_in(path, rows_text(&rows, i, 2));
		bool gone = rows_true(&rows, i, 1), there = lies && catalog_is_there(c, path);

		if (!gone && !lies)
			rc = note_outside(c, path, tell);
		else if (!gone && !there)
			rc = note_missing(c, path, tell);
		else if (gone && there)
			rc = catalog_query(c, "UPDATE files SET gone = NULL, reason = NULL WHERE dir = ?1 "
			                      "AND path = ?2",
			           path, NULL, NULL, NULL);
	}
	rows_free(&rows);
	return rc;
}

int catalog_folders(struct catalog *c, struct strs *folders, struct strs *systems)
{
	struct rows rows = { 0 };
	int rc = catalog_query(c,
	               "SELECT DISTINCT database, ifnull(system, '') FROM files WHERE dir = ?1"
	               " AND gone IS NULL ORDER BY 1, 2",
	               NULL, NULL, NULL, &rows);

	for (size_t i = 0; i < rows.n; i++) {
		strs_add(folders, rows_text(&rows, i, 0));
		strs_add(systems, rows_text(&rows, i, 1));
	}
	rows_free(&rows);
	return rc;
}

char *catalog_made_by(struct catalog *c, const char *run)
{
	struct rows rows = { 0 };
	char *path = NULL;

	if (catalog_is_open(c) &&
	    catalog_query(c, "SELECT path FROM files WHERE dir = ?1 AND run = ?2 AND gone IS NULL", run, NULL,
	                  NULL, &rows) == 0 &&
	    rows.n && folder_is_path(rows_text(&rows, 0, 0)))
		path = xstrdup(rows_text(&rows, 0, 0));
	rows_free(&rows);
	return path;
}

int catalog_read_through(struct catalog *c)
{
	return journal_query(&c->journal,
	                     "SELECT (SELECT count(*) FROM runs WHERE applet || name || target || started "
	                     "|| finished"
	                     "  || status || sha256 || error || host || dir || about = ''),"
	                     " (SELECT count(*) FROM files WHERE path || kind || database || sha256 || "
	                     "verified || dir"
	                     "  || system || compression || gone || reason || remote = '')",
	                     NULL, 0, NULL);
}

void catalog_free(struct catalog *c)
{
	journal_free(&c->journal);
	free(c->dir);
	free(c->root);
	*c = (struct catalog){ .journal = JOURNAL_INIT };
}
