/* lite - an SQLite database file. */
#include "ext/lite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/file.h"
#include "ext/lite_parts.h"
#include "ext/pragma.h"
#include "ext/script.h"

#define STEPS_BETWEEN_LOOKS 1000 /* virtual machine steps; well under a millisecond */

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

int lite_fail(struct lite *lite, int code)
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
	int flags = mode == LITE_STILL ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
	          : mode == LITE_PEEK
	                  ? SQLITE_OPEN_READONLY
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
		lite_fail(lite, lite->db ? sqlite3_extended_errcode(lite->db) : code);
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
static int authorize(void *arg, int action, const char *a, const char *b, const char *schema,
                     const char *within)
{
	static const char *const pragmas[] = { "writable_schema",   "encoding",     "page_size",
		                               "auto_vacuum",       "user_version", "application_id",
		                               "legacy_alter_table" };

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
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },    { SQLITE_DBCONFIG_DQS_DDL, 1 },
		{ SQLITE_DBCONFIG_DQS_DML, 1 },
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
			return lite_fail(lite, SQLITE_TOOBIG);
	}
	if (rows)
		rows->changed = sqlite3_changes(lite->db);
	return code == SQLITE_DONE ? 0 : lite_fail(lite, code);
}

int lite_query(struct lite *lite, const char *sql, const char *const *params, int n,
               struct rows *rows)
{
	sqlite3_stmt *statement = NULL;
	int code, rc;

	if (rows)
		rows_free(rows);
	if (!lite->db)
		return lite_fail(lite, SQLITE_MISUSE);
	if (lite->limit)
		lite->until = clock_after(lite->limit);
	code = sqlite3_prepare_v2(lite->db, sql, -1, &statement, NULL);
	if (code != SQLITE_OK)
		return lite_fail(lite, code);
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
		rc = code == SQLITE_OK ? 0 : lite_fail(lite, code);
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

void lite_patience(struct lite *lite, int busy_ms)
{
	if (lite->db)
		sqlite3_busy_timeout(lite->db, busy_ms);
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
