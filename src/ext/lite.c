/* lite - an SQLite database file. */
#include "ext/lite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/file.h"
#include "ext/pragma.h"
#include "ext/script.h"

#define STEPS_BETWEEN_LOOKS 1000 /* virtual machine steps; well under a millisecond */
#define BUSY_MS 5000 /* somebody repairs the WAL of a writer that was killed */

/* --- SQLite's files --- */

/* SQLite, 'sqlite3_vfs', xSetSystemCall: its calls for files below a guard, as open(2) and unlink(2). */
static int open_guarded(const char *path, int flags, int mode)
{
	return beneath_open(path, flags, (unsigned)mode);
}

static sqlite3_vfs *system_vfs;

/* vdbeaux.c, vdbeCommit: NAME-mjXXXXXX9XX, in capital hexadecimal digits. */
static bool is_super_name(const char *name)
{
	static const char form[] = "-mjxxxxxx9xx";
	size_t len = name ? strlen(name) : 0, end = sizeof(form) - 1;

	if (len <= end)
		return false;
	for (size_t i = 0; i < end; i++) {
		char c = name[len - end + i];

		if (form[i] == 'x' ? !strchr("0123456789ABCDEF", c) : c != form[i])
			return false;
	}
	return true;
}

/* pager.c, pager_delsuper: SQLite reads the file that a rollback journal names as its super-journal, and
 * deletes it when it finds no name in it. Anybody's file could be named there. */
static int open_vfs(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
	(void)vfs;
	if ((flags & SQLITE_OPEN_SUPER_JOURNAL) && !(flags & SQLITE_OPEN_CREATE) && !is_super_name(name)) {
		file->pMethods = NULL;
		return SQLITE_CANTOPEN;
	}
	return system_vfs->xOpen(system_vfs, name, file, flags, out);
}

static void set_files(void)
{
	static sqlite3_vfs ours;

	if (system_vfs || !(system_vfs = sqlite3_vfs_find(NULL)))
		return;
	system_vfs->xSetSystemCall(system_vfs, "open", (sqlite3_syscall_ptr)open_guarded);
	system_vfs->xSetSystemCall(system_vfs, "unlink", (sqlite3_syscall_ptr)beneath_unlink);
	ours = *system_vfs;
	ours.zName = "pgbox";
	ours.pNext = NULL;
	ours.xOpen = open_vfs;
	sqlite3_vfs_register(&ours, 1);
}

/* --- opening --- */

static int fail(struct lite *lite, int code)
{
	lite->code = code;
	buf_cut(&lite->error, 0);
	if (lite->db && sqlite3_extended_errcode(lite->db) == SQLITE_CANTOPEN_SYMLINK)
		buf_puts(&lite->error, "a symlink is in the way, and none is followed here");
	else if (code == SQLITE_INTERRUPT && lite->limit)
		buf_puts(&lite->error, "stopped, for it takes longer than any sound file does");
	else if (code == SQLITE_TOOBIG && lite->most)
		return lite_refuse(lite, "stopped, for it holds larger values than any sound file does");
	else
		buf_puts(&lite->error, lite->db ? sqlite3_errmsg(lite->db) : sqlite3_errstr(code));
	return -1;
}

/* SQLite, 'Uniform Resource Identifiers'. */
static char *still_uri(const char *path)
{
	struct buf uri = BUF_INIT;

	buf_puts(&uri, "file:");
	for (; *path; path++)
		if (strchr("%?#", *path))
			buf_printf(&uri, "%%%02X", (unsigned char)*path);
		else
			buf_putc(&uri, *path);
	buf_puts(&uri, "?immutable=1");
	return buf_detach(&uri);
}

/* SQLite follows symlinks before it opens what they lead to, unless it may not meet any. */
static char *name_of(const char *path, enum lite_mode mode, int *flags)
{
	char *real = strcmp(path, ":memory:") == 0 ? NULL : beneath_real(path), *name;

	if (real)
		*flags |= SQLITE_OPEN_NOFOLLOW;
	name = mode == LITE_STILL ? still_uri(real ? real : path) : xstrdup(real ? real : path);
	free(real);
	return name;
}

int lite_open(struct lite *lite, const char *path, enum lite_mode mode, int busy_ms)
{
	int flags = mode == LITE_STILL  ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
	            : mode == LITE_PEEK ? SQLITE_OPEN_READONLY
	                                : SQLITE_OPEN_READWRITE | (mode == LITE_CREATE ? SQLITE_OPEN_CREATE : 0);
	char *name;
	int code;

	set_files();
	lite_close(lite);
	lite->mode = mode;
	name = name_of(path, mode, &flags);
	code = sqlite3_open_v2(name, &lite->db, flags, NULL);
	free(name);
	if (code != SQLITE_OK) {
		fail(lite, lite->db ? sqlite3_extended_errcode(lite->db) : code);
		lite_close(lite);
		return -1;
	}
	sqlite3_extended_result_codes(lite->db, 1);
	sqlite3_busy_timeout(lite->db, busy_ms);
	if (mode == LITE_READ)
		lite_query_only(lite, true);
	return 0;
}

struct lite_setting {
	int option, value;
};

static void set_options(struct lite *lite, const struct lite_setting *settings, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sqlite3_db_config(lite->db, settings[i].option, settings[i].value, (int *)NULL);
}

void lite_distrust(struct lite *lite)
{
	static const struct lite_setting settings[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 }, { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 }, { SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
	};

	set_options(lite, settings, sizeof(settings) / sizeof(*settings));
}

/* SQLite, 'Compile-Time Authorization Callbacks'. */
static int authorize(void *arg, int action, const char *a, const char *b, const char *schema, const char *within)
{
	static const char *const pragmas[] = { "writable_schema", "encoding", "page_size", "auto_vacuum", "user_version",
		                               "application_id", "legacy_alter_table" };

	(void)arg, (void)b, (void)schema, (void)within;
	if (action == SQLITE_ATTACH || action == SQLITE_DETACH)
		return SQLITE_DENY;
	if (action != SQLITE_PRAGMA)
		return SQLITE_OK;
	for (size_t i = 0; i < sizeof(pragmas) / sizeof(*pragmas); i++)
		if (sqlite3_stricmp(a, pragmas[i]) == 0)
			return SQLITE_OK;
	return SQLITE_IGNORE;
}

void lite_confine(struct lite *lite)
{
	static const struct lite_setting settings[] = {
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 }, { SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 }, { SQLITE_DBCONFIG_DQS_DDL, 1 }, { SQLITE_DBCONFIG_DQS_DML, 1 },
	};

	set_options(lite, settings, sizeof(settings) / sizeof(*settings));
	sqlite3_set_authorizer(lite->db, authorize, NULL);
}

static int look_at_clock(void *deadline)
{
	return clock_left(*(const int64_t *)deadline) == 0;
}

void lite_limit(struct lite *lite, int64_t ms)
{
	lite->limit = ms;
	lite->until = clock_after(ms);
	sqlite3_progress_handler(lite->db, STEPS_BETWEEN_LOOKS, look_at_clock, &lite->until);
}

void lite_bound(struct lite *lite, int value, size_t answer)
{
	lite->most = answer;
	sqlite3_limit(lite->db, SQLITE_LIMIT_LENGTH, value);
}

void lite_query_only(struct lite *lite, bool on)
{
	sqlite3_exec(lite->db,
	             on || lite->mode == LITE_READ ? "PRAGMA query_only = 1"
	                                           : "PRAGMA query_only = 0",
	             NULL, NULL, NULL);
}

/* Its bytes. */
static size_t take_row(sqlite3_stmt *statement, struct rows *rows)
{
	size_t bytes = 0;

	rows->columns = (size_t)sqlite3_column_count(statement);
	for (size_t i = 0; i < rows->columns; i++) {
		rows_add(rows, rows->n * rows->columns + i,
		         (const char *)sqlite3_column_text(statement, (int)i));
		bytes += (size_t)sqlite3_column_bytes(statement, (int)i);
	}
	rows->n++;
	return bytes;
}

static int step_all(struct lite *lite, sqlite3_stmt *statement, struct rows *rows)
{
	size_t bytes = 0;
	int code;

	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		bytes += rows ? take_row(statement, rows) : 0;
		if (lite->most && bytes > lite->most)
			return fail(lite, SQLITE_TOOBIG);
	}
	if (rows)
		rows->changed = sqlite3_changes(lite->db);
	return code == SQLITE_DONE ? 0 : fail(lite, code);
}

int lite_query(struct lite *lite, const char *sql, const char *const *params, int n,
               struct rows *rows)
{
	sqlite3_stmt *statement = NULL;
	int code, rc;

	if (rows)
		rows_free(rows);
	if (!lite->db)
		return fail(lite, SQLITE_MISUSE);
	if (lite->limit)
		lite->until = clock_after(lite->limit);
	code = sqlite3_prepare_v2(lite->db, sql, -1, &statement, NULL);
	if (code != SQLITE_OK)
		return fail(lite, code);
	for (int i = 0; i < n; i++)
		sqlite3_bind_text(statement, i + 1, params[i], -1, SQLITE_STATIC);
	rc = step_all(lite, statement, rows);
	sqlite3_finalize(statement);
	return rc;
}

static int line_of(const char *script, const char *at)
{
	int line = 1;

	for (; script < at; script++)
		line += *script == '\n';
	return line;
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t\r\n");
}

/* What rehearse_lite refuses does not come here; if it did, the transaction would be over. */
static bool is_bracket(sqlite3_stmt *statement, bool *open)
{
	return script_within(script_lite_first_word(sqlite3_sql(statement)), open) == SCRIPT_DROP;
}

int lite_script(struct lite *lite, const char *script, bool one_transaction)
{
	const char *at = skip_blanks(script);
	bool open = false;

	while (*at) {
		sqlite3_stmt *statement = NULL;
		const char *next = at;
		int code, rc;

		/* Some take effect, or fail, when they are compiled. */
		if (one_transaction && pragma_judge(at) != PRAGMA_NONE) {
			at = skip_blanks(script_lite_end(at));
			continue;
		}
		code = sqlite3_prepare_v2(lite->db, at, -1, &statement, &next);
		rc = code == SQLITE_OK ? 0 : fail(lite, code);
		if (!rc && statement && !(one_transaction && is_bracket(statement, &open)))
			rc = step_all(lite, statement, NULL);
		sqlite3_finalize(statement);
		if (!rc && one_transaction && lite_autocommit(lite)) {
			buf_cut(&lite->error, 0);
			buf_puts(&lite->error, "the file ends the transaction by itself");
			rc = -1;
		}
		if (rc) {
			buf_printf(&lite->error, " (line %d)", line_of(script, at));
			return rc;
		}
		at = skip_blanks(next);
	}
	return 0;
}

/* 0, or -1 with code and error in to. */
static int copy(struct lite *from, struct lite *to)
{
	sqlite3_backup *backup = sqlite3_backup_init(to->db, "main", from->db, "main");
	int code;

	if (!backup)
		return fail(to, sqlite3_errcode(to->db));
	sqlite3_backup_step(backup, -1);
	code = sqlite3_backup_finish(backup);
	return code == SQLITE_OK ? 0 : fail(to, code);
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

void lite_patience(struct lite *lite, int busy_ms)
{
	if (lite->db)
		sqlite3_busy_timeout(lite->db, busy_ms);
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
		rc = fail(to, sqlite3_errcode(to->db));
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
		rc = fail(to, code);
	lite_close(to);
	if (fd >= 0)
		close(fd);
	return rc;
}

bool lite_autocommit(const struct lite *lite)
{
	return sqlite3_get_autocommit(lite->db);
}

void lite_identifier(struct buf *b, const char *name)
{
	char *quoted = sqlite3_mprintf("\"%w\"", name);

	buf_puts(b, quoted ? quoted : "");
	sqlite3_free(quoted);
}

void lite_deadline(struct lite *lite, const int64_t *deadline)
{
	union {
		const int64_t *in;
		void *out;
	} arg = { .in = deadline };

	sqlite3_progress_handler(lite->db, deadline ? STEPS_BETWEEN_LOOKS : 0, look_at_clock,
	                         arg.out);
}

enum lite_failure lite_failure(const struct lite *lite)
{
	switch (lite->code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
		return LITE_BUSY;
	case SQLITE_NOTADB:
		return LITE_NO_DATABASE;
	case SQLITE_CORRUPT:
		return LITE_DAMAGED;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return LITE_UNOPENED;
	case SQLITE_READONLY:
	case SQLITE_FULL:
		return LITE_UNWRITABLE;
	case SQLITE_AUTH:
		return LITE_REFUSED;
	case SQLITE_ERROR:
		return LITE_UNSUPPORTED;
	default:
		return LITE_PASSING;
	}
}

bool lite_is_busy(const struct lite *lite)
{
	return lite_failure(lite) == LITE_BUSY;
}

bool lite_is_corrupt(const struct lite *lite)
{
	return lite_failure(lite) == LITE_DAMAGED || lite_failure(lite) == LITE_NO_DATABASE;
}

bool lite_is_readonly(const struct lite *lite)
{
	return sqlite3_db_readonly(lite->db, "main") == 1;
}

int lite_refuse(struct lite *lite, const char *why)
{
	lite->code = SQLITE_CORRUPT;
	buf_cut(&lite->error, 0);
	buf_puts(&lite->error, why);
	return -1;
}

bool lite_is_full(const struct lite *lite)
{
	return (lite->code & 0xff) == SQLITE_FULL;
}

void lite_close(struct lite *lite)
{
	sqlite3_close(lite->db);
	lite->db = NULL;
	lite->limit = 0;
	lite->most = 0;
}

void lite_free(struct lite *lite)
{
	lite_close(lite);
	buf_free(&lite->error);
}
