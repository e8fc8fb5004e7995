/* sqlite_fault - why an SQLite file cannot be used. */
#include "db/sqlite_fault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/path.h"
#include "base/status.h"

static const struct sqlite_fault none = { .reach = CONNECTED };

/* Of the files that SQLite keeps beside a database. */
static const char *const suffixes[] = { "-wal", "-shm", "-journal" };

static struct sqlite_fault lasting(enum connect_state reach, int final)
{
	return (struct sqlite_fault){ .reach = reach, .final = final, .lasting = true };
}

static struct sqlite_fault certain(int final)
{
	return (struct sqlite_fault){ .reach = CONNECT_FAILED, .final = final, .lasting = true,
		                      .certain = true };
}

/* --- what is in the way --- */

/* Appends why access(2) refuses, by errno. */
static void explain(struct buf *error, const char *what, const char *path)
{
	int err = errno;
	struct stat st;

	buf_printf(error, "cannot %s '%s': ", what, path);
	if (err == EROFS)
		buf_puts(error, "read-only file system: mount it writable");
	else if (err == EPERM)
		buf_puts(error, "operation not permitted: is it immutable (chattr +i)?");
	else if (err == EACCES && stat(path, &st) == 0)
		buf_printf(error,
		           "permission denied: it belongs to uid %ld (mode %04o), and this runs as uid %ld",
		           (long)st.st_uid, (unsigned)st.st_mode & 07777, (long)geteuid());
	else
		buf_puts(error, file_reason(err));
}

/* Finds the first of the folders above path that cannot be entered, by errno. The caller frees it; NULL: all
 * can. */
static char *find_barrier(const char *path)
{
	for (const char *slash = strchr(path + (*path == '/'), '/'); slash; slash = strchr(slash + 1, '/')) {
		char *folder = xasprintf("%.*s/", (int)(slash - path), path);

		if (access(folder, X_OK) != 0) {
			folder[slash - path] = '\0';
			return folder;
		}
		free(folder);
	}
	return NULL;
}

static struct sqlite_fault absent(const char *path, struct buf *error)
{
	char to[4096], *folder = find_barrier(path);
	ssize_t len = readlink(path, to, sizeof(to) - 1);
	struct sqlite_fault fault = { .reach = CONNECT_NO_DATABASE, .final = UNAVAILABLE };

	if (folder) {
		buf_printf(error, "no folder '%s' found: correct the path, or mount it", folder);
		fault.lasting = true;
	} else if (len >= 0) {
		buf_printf(error, "it is a symlink to '%.*s', which does not exist", (int)len, to);
	} else {
		buf_puts(error, file_reason(ENOENT));
	}
	free(folder);
	return fault;
}

/* By errno, of a stat(2) that failed. */
static struct sqlite_fault out_of_reach(const char *path, struct buf *error)
{
	int err = errno;
	struct sqlite_fault fault = err == EACCES ? lasting(CONNECT_DENIED, DENIED)
	                         : err == ENOTDIR || err == ELOOP || err == ENAMETOOLONG
	                                 ? certain(UNAVAILABLE)
	                                 : (struct sqlite_fault){ .reach = CONNECT_FAILED };
	char *folder;

	if (err == ENOENT)
		return absent(path, error);
	folder = find_barrier(path);
	if (err == ENOTDIR && folder)
		buf_printf(error, "'%s' is a file, not a folder", folder);
	else if (err == EACCES && folder)
		explain(error, "enter folder", folder);
	else
		buf_puts(error, file_reason(err));
	free(folder);
	return fault;
}

/* SQLite opens what lies beside a database without following symlinks (os_unix.c, unixOpen), and reports a
 * directory there as an I/O error. Says so in error. */
static void check_sides(const char *path, struct buf *error)
{
	char *real = file_follow(path);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes) && !error->len; i++) {
		char *beside = xasprintf("%s%s", real, suffixes[i]);
		struct stat st;

		if (lstat(beside, &st) == 0 && !S_ISREG(st.st_mode))
			buf_printf(error,
			           "SQLite file '%s': '%s' beside it is %s: SQLite keeps a file of its own "
			           "there: remove it, "
			           "and mount the folder, not single files",
			           path, beside,
			           S_ISDIR(st.st_mode)   ? "a directory"
			           : S_ISLNK(st.st_mode) ? "a symlink"
			                                 : "not a regular file");
		free(beside);
	}
	free(real);
}

struct sqlite_fault sqlite_fault_path(const char *path, struct buf *error)
{
	struct stat st;

	buf_cut(error, 0);
	buf_printf(error, "SQLite file '%s': ", path);
	if (stat(path, &st) != 0)
		return out_of_reach(path, error);
	if (S_ISDIR(st.st_mode))
		buf_puts(error, "it is a directory: Docker makes one in place of a file that it is to mount "
		                "and does not find: "
		                "remove it, and mount the folder, or make the file first");
	else if (!S_ISREG(st.st_mode))
		buf_puts(error, "it is not a regular file");
	else
		buf_cut(error, 0);
	if (!error->len)
		check_sides(path, error);
	return error->len ? certain(UNAVAILABLE) : none;
}

struct sqlite_fault sqlite_fault_folder(const char *path, struct buf *error)
{
	char *real = file_follow(path), *folder = path_prefix(real);
	const char *shown = *folder ? folder : ".";
	struct sqlite_fault fault = none;

	buf_cut(error, 0);
	if (folder[0] && folder[1])
		folder[strlen(folder) - 1] = '\0';
	if (access(shown, W_OK | X_OK) != 0) {
		fault = lasting(errno == EACCES ? CONNECT_DENIED : CONNECT_FAILED, CANNOT_WRITE);
		if (errno == ENOENT)
			buf_printf(error, "no folder '%s' found: make it, or mount it", shown);
		else
			explain(error, "write to folder", shown);
	}
	free(folder);
	free(real);
	return fault;
}

/* Whether a file that SQLite keeps beside path is there and may not be written to; error says so then. */
static bool is_side_barred(const char *path, struct buf *error)
{
	char *real = file_follow(path);
	bool barred = false;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes) && !barred; i++) {
		char *beside = xasprintf("%s%s", real, suffixes[i]);

		barred = access(beside, R_OK | W_OK) != 0 && errno != ENOENT;
		if (barred)
			explain(error, "write to", beside);
		free(beside);
	}
	free(real);
	return barred;
}

/* SQLite, 'Database File Format', 1.3.3: the file format read version. */
static bool has_wal(const char *path)
{
	struct buf head = BUF_INIT;
	bool wal = file_head(path, &head, 20) == 0 && head.len == 20 && head.data[19] == 2;

	buf_free(&head);
	return wal;
}

/* Not one block is left to those who are not root: no page can be added, to the journal, the WAL or the file.
 */
static bool is_full(const char *path, struct buf *error)
{
	struct statvfs fs;
	bool full = statvfs(path, &fs) == 0 && fs.f_blocks && !(geteuid() == 0 ? fs.f_bfree : fs.f_bavail);

	if (full) {
		buf_cut(error, 0);
		buf_printf(error, "cannot write to '%s': %s", path, file_reason(ENOSPC));
	}
	return full;
}

/* --- judging --- */

/* SQLite says no more than that it cannot open or write something. Keeps its message where nothing is found.
 */
static struct sqlite_fault judge_access(struct lite *lite, const char *path, struct sqlite_fault otherwise)
{
	struct buf why = BUF_INIT;
	struct sqlite_fault fault = otherwise;

	if (access(path, R_OK) != 0) {
		explain(&why, "read", path);
		fault = lasting(CONNECT_DENIED, DENIED);
	} else if (is_side_barred(path, &why)) {
		fault = lasting(CONNECT_FAILED, CANNOT_WRITE);
	} else if (sqlite_fault_folder(path, &why).reach != CONNECTED) {
		fault = lasting(CONNECT_FAILED, CANNOT_WRITE);
		if (has_wal(path))
			buf_puts(&why,
			         "; a database in WAL mode needs a folder that may be written to, even for "
			         "reading "
			         "(else set PRAGMA journal_mode = DELETE once, where it may be written)");
	} else if (fault.final && access(path, W_OK) != 0) {
		explain(&why, "write to", path);
	}
	if (why.len) {
		buf_cut(&lite->error, 0);
		buf_puts(&lite->error, why.data);
	}
	buf_free(&why);
	return fault;
}

struct sqlite_fault sqlite_fault_judge(struct lite *lite, const char *path)
{
	static const struct sqlite_fault failed = { .reach = CONNECT_FAILED };

	switch (lite_failure(lite)) {
	case LITE_BUSY:
		return (struct sqlite_fault){ .reach = CONNECT_FULL };
	case LITE_NO_DATABASE:
		buf_puts(&lite->error, ": it is encrypted, damaged, or another kind of file");
		return certain(BAD_DATA);
	case LITE_DAMAGED:
		return lasting(CONNECT_FAILED, BAD_DATA);
	case LITE_UNOPENED:
		return judge_access(lite, path, failed);
	case LITE_UNWRITABLE:
		return judge_access(lite, path, lasting(CONNECT_FAILED, CANNOT_WRITE));
	case LITE_UNSUPPORTED:
		return lasting(CONNECT_FAILED, UNAVAILABLE);
	default: /* an I/O error: the -shm of a WAL cannot be made on a full disk, either */
		return is_full(path, &lite->error) ? lasting(CONNECT_FAILED, CANNOT_WRITE) : failed;
	}
}

static bool is_wal(struct lite *lite)
{
	struct rows rows = { 0 };
	bool wal = lite_query(lite, "PRAGMA journal_mode", NULL, 0, &rows) == 0 &&
	           strcmp(rows_text(&rows, 0, 0), "wal") == 0;

	rows_free(&rows);
	return wal;
}

/* A rollback journal is made with the first page that is written (pager.c, pager_open_journal). One that is
 * kept (journal_mode PERSIST, TRUNCATE) needs no more than that it may be written. Says in error what is in
 * the way. */
static bool is_journal_barred(const char *path, struct buf *error)
{
	char *real = file_follow(path), *journal = xasprintf("%s-journal", real);
	bool barred = access(journal, R_OK | W_OK) != 0;

	if (barred && errno == ENOENT) {
		barred = sqlite_fault_folder(path, error).reach != CONNECTED;
		if (barred)
			buf_puts(error, "; SQLite keeps its journal there");
	} else if (barred) {
		explain(error, "write to", journal);
	}
	free(journal);
	free(real);
	return barred;
}

struct sqlite_fault sqlite_fault_writable(struct lite *lite, const char *path)
{
	struct buf why = BUF_INIT;

	if (!lite_is_readonly(lite)) {
		if (!is_full(path, &why) && !is_wal(lite))
			is_journal_barred(path, &why);
	} else if (access(path, W_OK) != 0) {
		explain(&why, "write to", path);
	} else {
		buf_printf(&why, "'%s' can only be opened for reading", path);
	}
	if (!why.len)
		return none;
	buf_free(&lite->error);
	lite->error = why;
	return lasting(CONNECT_FAILED, CANNOT_WRITE);
}
