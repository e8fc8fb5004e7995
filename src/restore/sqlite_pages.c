/* sqlite_pages - gives a copy the page size of the database that it goes into. */
#include "restore/sqlite_pages.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/status.h"

/* The page size is the default one until something has been read. The caller frees it; ""
 * when there is no answer. */
static char *ask(struct lite *lite, const char *sql)
{
	struct rows rows = { 0 };
	bool answered = lite_query(lite, "SELECT count(*) FROM sqlite_schema", NULL, 0, NULL) == 0 &&
	                lite_query(lite, sql, NULL, 0, &rows) == 0 && rows_get(&rows, 0, 0);
	char *answer = xstrdup(answered ? rows_get(&rows, 0, 0) : "");

	rows_free(&rows);
	return answer;
}

/* VACUUM INTO keeps row ids, as VACUUM does not; but not with another page size from a file
 * that is opened as one that nobody writes. */
static int vacuum(struct lite *source, const char *plain, const char *copy, const char *size)
{
	struct lite lite = LITE_INIT;
	char *set = xasprintf("PRAGMA page_size = %s", size);
	int rc = lite_backup(source, plain) || lite_open(&lite, plain, LITE_WRITE, 0) ||
	         lite_query(&lite, "PRAGMA journal_mode = DELETE", NULL, 0, NULL) ||
	         lite_query(&lite, set, NULL, 0, NULL) ||
	         lite_query(&lite, "VACUUM INTO ?1", &copy, 1, NULL);

	if (lite.error.len)
		buf_puts(&source->error, lite.error.data);
	free(set);
	lite_free(&lite);
	return rc;
}

/* Opens a copy of the source with pages of that size in its place; the file has no name any
 * more then. */
static int change_pages(struct lite *source, const char *part, const char *shown, const char *size,
                        struct buf *error)
{
	char *plain = xasprintf("%s-plain", part), *copy = xasprintf("%s-pages", part);
	int rc;

	unlink(plain);
	unlink(copy);
	rc = vacuum(source, plain, copy, size) || lite_open(source, copy, LITE_STILL, 0);
	if (rc)
		buf_printf(error, "%s: cannot make a copy with pages of %s bytes: %s; nothing has changed",
		           shown, size, source->error.data);
	unlink(plain);
	unlink(copy);
	free(plain);
	free(copy);
	return rc ? CANNOT_WRITE : DONE;
}

int sqlite_pages_match(struct lite *target, struct lite *source, const char *part, const char *shown,
                       struct buf *error)
{
	char *mode = ask(target, "PRAGMA journal_mode"), *size = ask(target, "PRAGMA page_size");
	char *own = ask(source, "PRAGMA page_size");
	int rc = DONE;

	if (strcmp(mode, "wal") == 0 && strcmp(size, own) != 0)
		rc = change_pages(source, part, shown, size, error);
	free(mode);
	free(size);
	free(own);
	return rc;
}
