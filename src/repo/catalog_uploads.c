/* catalog_uploads - what the journal knows of uploads: what still has to go, and what has begun. */
#include <stdlib.h>

#include "base/banned.h"
#include "repo/catalog.h"
#include "repo/folder.h"

/* What `remote` says of a backup that still has to go; else it is where it went. */
#define OWED "owed"

int catalog_owe(struct catalog *c, const char *path)
{
	const char *params[] = { c->dir, path };

	return journal_query(&c->journal, "UPDATE files SET remote = '" OWED "' WHERE dir = ?1 AND path = ?2",
	                     params, 2, NULL);
}

void catalog_owed(struct catalog *c, struct strs *paths)
{
	const char *params[] = { c->dir };
	struct rows rows = { 0 };

	if (catalog_is_open(c))
		journal_query(&c->journal, "SELECT path FROM files WHERE dir = ?1 AND remote = '" OWED "'"
		              " AND gone IS NULL ORDER BY made, path", params, 1, &rows);
	for (size_t i = 0; i < rows.n; i++)
		if (folder_is_path(rows_text(&rows, i, 0)))
			strs_add(paths, rows_text(&rows, i, 0));
	rows_free(&rows);
}

bool catalog_is_owed(struct catalog *c, const char *path)
{
	struct strs paths = { 0 };
	bool owed;

	catalog_owed(c, &paths);
	owed = strs_has(&paths, path);
	strs_free(&paths);
	return owed;
}

void catalog_lag(struct catalog *c, const char *name, const char *folder, struct owed *o)
{
	const char *params[] = { c->dir, folder, name };
	struct rows rows = { 0 };

	*o = (struct owed){ 0 };
	if (catalog_is_open(c) &&
	    journal_query(&c->journal,
	                  "SELECT count(*) FILTER (WHERE remote = '" OWED "' AND gone IS NULL),"
	                  " ifnull(max(made) FILTER (WHERE remote = ?3), 0),"
	                  " ifnull(min(made) FILTER (WHERE remote = '" OWED "'), 0)"
	                  " FROM files WHERE dir = ?1 AND database = ?2",
	                  params, 3, &rows) == 0 && rows.n) {
		o->n = (size_t)atoll(rows_text(&rows, 0, 0));
		o->newest = atoll(rows_text(&rows, 0, 1));
		o->since = o->newest ? o->newest : atoll(rows_text(&rows, 0, 2));
	}
	rows_free(&rows);
}

void catalog_uploaded(struct catalog *c, const char *path, const char *name)
{
	const char *params[] = { c->dir, path, name };

	if (catalog_is_open(c))
		journal_query(&c->journal, "UPDATE files SET remote = ?3 WHERE dir = ?1 AND path = ?2",
		              params, 3, NULL);
}

void catalog_upload_begun(struct catalog *c, const char *place, const char *key, const char *id)
{
	const char *params[] = { place, key, id };

	if (catalog_is_open(c))
		journal_query(&c->journal, "INSERT INTO uploads (place, key, upload) VALUES (?1, ?2, ?3)",
		              params, 3, NULL);
}

void catalog_uploads(struct catalog *c, const char *place, struct rows *rows)
{
	if (catalog_is_open(c))
		journal_query(&c->journal, "SELECT key, upload FROM uploads WHERE place = ?1", &place, 1,
		              rows);
}

void catalog_uploads_over(struct catalog *c, const char *place)
{
	if (catalog_is_open(c))
		journal_query(&c->journal, "DELETE FROM uploads WHERE place = ?1", &place, 1, NULL);
}
