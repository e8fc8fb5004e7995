/* litecheck - whether an SQLite database file is sound. */
#include "ext/litecheck.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "ext/lite.h"

#define CHECK_MS 300000 /* for the check of any file, and */
#define CHECK_BYTES 1024 /* a millisecond for so many bytes more: slow disks read a MiB a second */

/* A query of one number. */
static int count(struct lite *lite, const char *sql, int64_t *number)
{
	struct rows rows = { 0 };
	int rc = lite_query(lite, sql, NULL, 0, &rows);

	if (!rc && rows_get(&rows, 0, 0))
		*number = atoll(rows_get(&rows, 0, 0));
	rows_free(&rows);
	return rc;
}

static int count_rows(struct lite *lite, int64_t *total)
{
	struct rows tables = { 0 };
	int rc = lite_query(lite, "SELECT name FROM pragma_table_list WHERE schema = 'main'"
	                    " AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
	                    NULL, 0, &tables);

	*total = 0;
	for (size_t i = 0; i < tables.n && !rc; i++) {
		struct buf sql = BUF_INIT;
		int64_t n = 0;

		buf_puts(&sql, "SELECT count(*) FROM ");
		lite_identifier(&sql, rows_get(&tables, i, 0));
		rc = count(lite, sql.data, &n);
		*total += n;
		buf_free(&sql);
	}
	rows_free(&tables);
	return rc;
}

/* As one that distrusts it: a backup may be anybody's. */
static int open_check(struct lite *lite, const char *path)
{
	struct stat st;

	if (lite_open(lite, path, LITE_STILL, 0) != 0)
		return -1;
	lite_distrust(lite);
	lite_limit(lite, CHECK_MS + (beneath_stat(path, &st) == 0 ? (int64_t)st.st_size / CHECK_BYTES : 0));
	return 0;
}

int lite_check(const char *path, int64_t *tables, int64_t *rows, struct buf *error)
{
	struct lite lite = LITE_INIT;
	struct rows found = { 0 };
	int rc = open_check(&lite, path) ||
	         lite_query(&lite, "PRAGMA integrity_check(3)", NULL, 0, &found) ||
	         count(&lite, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main'"
	               " AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
	               tables) ||
	         count_rows(&lite, rows);

	if (rc) {
		buf_puts(error, lite.error.data);
	} else if (!rows_get(&found, 0, 0) || strcmp(rows_get(&found, 0, 0), "ok") != 0) {
		buf_puts(error, rows_get(&found, 0, 0) ? rows_get(&found, 0, 0) : "no answer");
		rc = -1;
	}
	rows_free(&found);
	lite_free(&lite);
	return rc ? -1 : 0;
}
