/* dump_sqlite - an SQLite database, by its online backup. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/path.h"
#include "base/status.h"
#include "dump/dump.h"
#include "dump/dump_parts.h"
#include "ext/litecheck.h"

int dump_look_sqlite(struct dump *d, struct manifest *m, struct buf *error)
{
	char *real = realpath(d->target->path, NULL);
	struct rows rows = { 0 };
	int rc = lite_query(&d->db.lite,
	                    "SELECT sqlite_version(), (SELECT encoding FROM pragma_encoding),"
	                    " page_count * page_size FROM pragma_page_count, pragma_page_size",
	                    NULL, 0, &rows);

	if (rc) {
		buf_printf(error, "%s: %s", d->target->shown, db_error(&d->db));
	} else {
		char *engine = xasprintf("SQLite %s", rows_get(&rows, 0, 0));

		manifest_set(&m->engine, engine);
		manifest_set(&m->server, "SQLite");
		manifest_set(&m->system_id, real ? real : d->target->path);
		manifest_set(&m->encoding, rows_get(&rows, 0, 1));
		manifest_set(&m->database, path_base(d->target->path));
		m->database_bytes = atoll(rows_text(&rows, 0, 2));
		free(engine);
	}
	rows_free(&rows);
	free(real);
	return rc ? UNAVAILABLE : 0;
}

static int pack_file(const char *from_path, const char *to_path, const struct packing *p)
{
	int from = beneath_open_regular(from_path);
	int to = beneath_open(to_path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	int rc = from < 0 || to < 0 ? -1 : pack_copy(from, to, p, NULL, NULL), err = errno;

	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	errno = err;
	return rc;
}

/* SQLite would also write into a file that somebody else has made. */
static int make_file(const char *path)
{
	int fd = beneath_open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	return fd < 0 ? -1 : close(fd);
}

/* A copy is whole before it is packed. */
int dump_make_sqlite(struct dump *d, const char *path, struct manifest *m, struct buf *error)
{
	char *copy = d->packing.method == PACK_NONE
	                     ? xstrdup(path)
	                     : xasprintf("%.*s.copy.part", (int)(strlen(path) - strlen(".part")), path);
	struct buf words = BUF_INIT;
	int rc = 0;

	manifest_set(&m->kind, "sqlite");
	if (make_file(copy) != 0) {
		rc = file_cannot(error, "make", copy);
	} else if (lite_backup(&d->db.lite, copy) != 0) {
		buf_printf(error, "%s: cannot copy: %s", d->target->shown, db_error(&d->db));
		rc = lite_is_busy(&d->db.lite) ? LOCKED
		     : lite_is_full(&d->db.lite) ? CANNOT_WRITE
		     : lite_is_corrupt(&d->db.lite) ? BAD_DATA : NO;
	} else if (lite_check(copy, &m->tables, &m->rows, &words) != 0) {
		buf_printf(error, "%s: the database is damaged: %s", d->target->shown, words.data);
		rc = BAD_DATA;
	} else if (strcmp(copy, path) != 0 && pack_file(copy, path, &d->packing) != 0) {
		rc = file_cannot(error, "write", path);
	}
	if (strcmp(copy, path) != 0)
		file_remove(copy);
	buf_free(&words);
	free(copy);
	return rc;
}
