/* lite_copy - the content of an SQLite database file into another. */
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/file.h"
#include "ext/lite.h"
#include "ext/lite_parts.h"

#define BUSY_MS 5000 /* somebody repairs the WAL of a writer that was killed */

/* 0, or -1 with code and error in to. */
static int copy(struct lite *from, struct lite *to)
{
	sqlite3_backup *backup = sqlite3_backup_init(to->db, "main", from->db, "main");
	int code;

	if (!backup)
		return lite_fail(to, sqlite3_errcode(to->db));
	sqlite3_backup_step(backup, -1);
	code = sqlite3_backup_finish(backup);
	return code == SQLITE_OK ? 0 : lite_fail(to, code);
}

int lite_backup(struct lite *from, const char *path)
{
	struct lite to = LITE_INIT;
	int rc;

	rc = lite_open(&to, path, LITE_CREATE, 0);
	/* The copy counts only when it is whole, so it needs no journal of its own. */
	if (!rc)
		rc = lite_query(&to, "PRAGMA journal_mode = OFF", NULL, 0, NULL) ||
		     lite_query(&to, "PRAGMA synchronous = OFF", NULL, 0, NULL) || copy(from, &to);
	if (rc) {
		from->code = to.code;
		buf_cut(&from->error, 0);
		buf_puts(&from->error, to.error.data);
	}
	lite_free(&to);
	return rc ? -1 : 0;
}

/* Sleeps so little that it gets in between two transactions of a busy writer. */
static int wait_a_little(void *deadline, int times)
{
	static const struct timespec pause = { .tv_nsec = 100000 };

	(void)times;
	nanosleep(&pause, NULL);
	return clock_left(*(const int64_t *)deadline) > 0;
}

static int fail_file(struct lite *lite, const char *path)
{
	lite->code = errno == ENOSPC || errno == EDQUOT ? SQLITE_FULL : SQLITE_IOERR;
	buf_cut(&lite->error, 0);
	buf_printf(&lite->error, "'%s': %s", path, file_reason(errno));
	return -1;
}

/* Byte by byte, while nobody may write: the file is all there is of the database then. */
static int copy_file(struct lite *lite, int from, const char *path)
{
	char piece[65536];
	off_t at = 0;
	ssize_t n = 0;
	int fd = beneath_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int rc = fd < 0 ? -1 : 0;

	while (!rc && (n = pread(from, piece, sizeof(piece), at)) > 0) {
		rc = file_write(fd, piece, (size_t)n);
		at += n;
	}
	if (rc || n < 0)
		rc = fail_file(lite, path);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* SQLite, 'Database File Format', 1.3.3: the file format read version. */
static bool has_wal(int fd)
{
	char version = 0;

	return pread(fd, &version, 1, 19) == 1 && version == 2;
}

/* The content of a database that a backup into it has locked and not changed yet. With a WAL
 * others read on, without one nobody may. */
static int keep(struct lite *lite, int fd, const char *kept)
{
	struct lite old = LITE_INIT;
	int rc;

	if (!has_wal(fd))
		return copy_file(lite, fd, kept);
	rc = lite_open(&old, sqlite3_db_filename(lite->db, "main"), LITE_READ, BUSY_MS);
	if (!rc)
		rc = lite_backup(&old, kept);
	if (rc) {
		lite->code = old.code;
		buf_cut(&lite->error, 0);
		buf_puts(&lite->error, old.error.data);
	}
	lite_free(&old);
	return rc;
}

int lite_exchange(struct lite *to, struct lite *from, const char *kept, int64_t deadline,
                  int (*agree)(void *arg), void *arg)
{
	const char *path = sqlite3_db_filename(to->db, "main");
	int fd = beneath_open(path, O_RDONLY, 0), rc, code;
	sqlite3_backup *backup = NULL;

	sqlite3_busy_handler(to->db, wait_a_little, &deadline);
	if (fd < 0)
		rc = fail_file(to, path);
	else if (!(backup = sqlite3_backup_init(to->db, "main", from->db, "main")))
		rc = lite_fail(to, sqlite3_errcode(to->db));
	else
		rc = 0;
	/* A step of no pages begins the transaction: a database without a WAL is locked for
	 * readers, too. */
	if (!rc && (code = sqlite3_backup_step(backup, 0)) != SQLITE_OK) {
		to->code = code;
		buf_cut(&to->error, 0);
		buf_puts(&to->error, code == SQLITE_DONE ? "the backup has no pages" : sqlite3_errstr(code));
		rc = -1;
	}
	if (!rc)
		rc = keep(to, fd, kept);
	if (!rc)
		rc = agree(arg);
	if (!rc)
		sqlite3_backup_step(backup, -1);
	code = sqlite3_backup_finish(backup);
	if (!rc && code != SQLITE_OK)
		rc = lite_fail(to, code);
	lite_close(to);
	if (fd >= 0)
		close(fd);
	return rc;
}
