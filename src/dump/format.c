/* format - what a file is, told by what is in it. */
#include "dump/format.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/status.h"
#include "ext/pack.h"

#define HEAD 65536
#define TAR_MAGIC 257 /* POSIX.1-2017, pax, 'ustar Interchange Format' */

const char *format_name(enum format content)
{
	static const char *const names[] = {
		[FORMAT_CUSTOM] = "a custom archive", [FORMAT_TAR] = "a tar archive",
		[FORMAT_DIRECTORY] = "a directory archive", [FORMAT_SQL] = "SQL",
		[FORMAT_CLUSTER] = "SQL of pg_dumpall", [FORMAT_SQLITE] = "an SQLite database",
		[FORMAT_DUMP] = "SQL of an SQLite database (.dump)",
	};

	return names[content];
}

bool format_is_lite(enum format content)
{
	return content == FORMAT_SQLITE || content == FORMAT_DUMP;
}

bool format_is_converted(const char *bytes, size_t len)
{
	bool any = false;

	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != '\n')
			continue;
		if (!i || bytes[i - 1] != '\r')
			return false;
		any = true;
	}
	return any;
}

void format_explain_damage(const char *path, struct buf *error)
{
	struct buf head = BUF_INIT;

	if (file_head(path, &head, HEAD) == 0 && format_is_converted(head.data, head.len))
		buf_puts(error, FORMAT_CONVERTED);
	buf_free(&head);
}

/* --- SQL --- */

/* Behind a comment, which may have others in it; NULL: it is not closed. */
static const char *skip_comment(const char *at)
{
	int depth = 0;

	do {
		if (!*at)
			return NULL;
		if (strncmp(at, "/*", 2) == 0)
			depth++;
		else if (strncmp(at, "*/", 2) == 0)
			depth--;
		else
			at--;
		at += 2;
	} while (depth);
	return at;
}

/* Behind blanks and comments (lexical structure, 4.1.5); NULL inside an open one. */
static const char *skip_comments(const char *at)
{
	for (;;) {
		at += strspn(at, " \t\r\n\f");
		if (strncmp(at, "--", 2) == 0)
			at += strcspn(at, "\n");
		else if (strncmp(at, "/*", 2) == 0)
			at = skip_comment(at);
		else
			return at;
		if (!at)
			return NULL;
	}
}

/* Behind a byte order mark, which some editors and PowerShell write. */
static const char *skip_mark(const char *text)
{
	const char *rest = skip_prefix(text, "\357\273\277");

	return rest ? rest : text;
}

/* Whether text begins with a line, whose end, where it has one, may be LF or CR LF. */
static bool begins_line(const char *text, const char *line)
{
	size_t len = strcspn(line, "\n");

	if (strncmp(text, line, len) != 0)
		return false;
	return !line[len] || text[len] == '\n' || (text[len] == '\r' && text[len + 1] == '\n');
}

/* Whether a line of the comments at the beginning begins so; in what follows it may be data. */
static bool has_header(const char *head, const char *line)
{
	const char *end;

	head = skip_mark(head);
	end = skip_comments(head);
	while (head && (!end || head < end)) {
		if (begins_line(head, line))
			return true;
		head = strchr(head, '\n');
		head = head ? head + 1 : NULL;
	}
	return false;
}

/* How a script may begin: a command of PostgreSQL's or of psql's. */
static bool begins_command(const char *at)
{
	static const char *const words[] = {
		"alter", "analyze", "begin", "call", "checkpoint", "cluster", "comment", "commit",
		"copy", "create", "deallocate", "delete", "discard", "do", "drop", "end", "execute",
		"explain", "grant", "import", "insert", "listen", "load", "lock", "merge", "notify",
		"prepare", "reassign", "refresh", "reindex", "reset", "revoke", "rollback",
		"savepoint", "security", "select", "set", "show", "start", "table", "truncate",
		"update", "vacuum", "values", "with",
	};
	size_t len = 0;

	if (*at == '\\' || *at == ';' || *at == '(')
		return true;
	while (isalpha((unsigned char)at[len]))
		len++;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i]) == len && strncasecmp(words[i], at, len) == 0)
			return true;
	return false;
}

static bool begins_bracket(const char *at)
{
	return strncasecmp(at, "BEGIN", 5) == 0 && strchr("; \t\r\n", at[5]);
}

/* How sqlite3 begins (shell.c, .dump and .recover), maybe after a BEGIN; PostgreSQL has no PRAGMA. */
static bool begins_lite(const char *at)
{
	if (begins_bracket(at) && strchr(at, ';'))
		at = skip_comments(strchr(at, ';') + 1);
	if (!at)
		return false;
	return (strncasecmp(at, "PRAGMA", 6) == 0 && isspace((unsigned char)at[6])) ||
	       skip_prefix(at, ".dbconfig ");
}

/* What the head of other products' files says. */
static const char *other_product(const char *head)
{
	if (has_header(head, "-- MySQL dump ") || has_header(head, "-- MariaDB dump "))
		return "a dump of MySQL or MariaDB";
	if (strncmp(head, "PK\003\004", 4) == 0)
		return "a zip file: unpack it first";
	if (strncmp(head, "\375""7zXZ", 5) == 0 || strncmp(head, "BZh", 3) == 0)
		return "packed with xz or bzip2: unpack it first";
	if (skip_prefix(head, "\377\376") || skip_prefix(head, "\376\377"))
		return "text in UTF-16, as PowerShell's > writes: convert it to UTF-8, or dump with --file";
	return NULL;
}

static int look_text(const struct buf *head, enum format *content, const char **what)
{
	const char *at;

	*what = other_product(head->data);
	if (*what)
		return BAD_DATA;
	*what = "no text, and no backup that pgbox knows";
	if (memchr(head->data, '\0', head->len))
		return BAD_DATA;
	at = skip_comments(skip_mark(head->data));
	*content = FORMAT_DUMP;
	if (at && begins_lite(at))
		return DONE;
	*what = "a text that begins with no SQL command";
	if (at && *at && !begins_command(at))
		return BAD_DATA;
	*what = "a text without any SQL command";
	if (at && !*at && head->len < HEAD)
		return BAD_DATA;
	*content = has_header(head->data, "-- PostgreSQL database cluster dump\n") ? FORMAT_CLUSTER
	                                                                        : FORMAT_SQL;
	return DONE;
}

/* --- files --- */

static int take_head(void *arg, const char *piece, size_t len)
{
	struct buf *head = arg;
	size_t room = HEAD - head->len;

	buf_add(head, piece, len < room ? len : room);
	errno = 0; /* no error: enough has been read */
	return head->len < HEAD ? 0 : -1;
}

static bool is_sqlite(const struct buf *head)
{
	/* SQLite, 'Database File Format', 1.3.1: with its NUL. */
	return head->len >= 16 && memcmp(head->data, "SQLite format 3", 16) == 0;
}

/* pg_dump's tar archives begin with their table of contents. */
static bool is_tar(const struct buf *head)
{
	return head->len > TAR_MAGIC + 5 && memcmp(head->data + TAR_MAGIC, "ustar", 5) == 0;
}

static int look_head(const struct buf *head, enum format *content, const char **what)
{
	if (!head->len) {
		*what = "empty";
		return BAD_DATA;
	}
	if (skip_prefix(head->data, "PGDMP"))
		*content = FORMAT_CUSTOM;
	else if (is_sqlite(head))
		*content = FORMAT_SQLITE;
	else if (is_tar(head) && strcmp(head->data, "toc.dat") == 0)
		*content = FORMAT_TAR;
	else if (is_tar(head))
		*what = "a tar file, but none of pg_dump's";
	else
		return look_text(head, content, what);
	return *what ? BAD_DATA : DONE;
}

static int look_file(const char *path, enum format *content, bool *packed, struct buf *error)
{
	struct buf head = BUF_INIT;
	const char *what = NULL;
	int rc = DONE;

	*packed = unpack_is_packed(path);
	if (unpack_each(path, take_head, &head) != 0 && errno) {
		rc = errno == EBADMSG ? BAD_DATA : NO_INPUT;
		buf_printf(error, "'%s': %s",
		           path, rc == BAD_DATA ? "it is damaged or cut off" : file_reason(errno));
		if (rc == BAD_DATA)
			format_explain_damage(path, error);
	} else if ((rc = look_head(&head, content, &what)) != DONE) {
		buf_printf(error, "'%s' is no backup: %s%s", path, *packed ? "unpacked, it is " : "it is ",
		           what);
	}
	buf_free(&head);
	return rc;
}

int format_look(const char *path, enum format *content, bool *packed, struct buf *error)
{
	char *file;
	bool whole;

	if (!file_is_dir(path))
		return look_file(path, content, packed, error);
	file = xasprintf("%s/toc.dat", path);
	whole = file_is_regular(file);
	free(file);
	*content = FORMAT_DIRECTORY;
	*packed = false;
	if (!whole)
		buf_printf(error, "'%s' is no backup: it is a folder without a toc.dat", path);
	return whole ? DONE : BAD_DATA;
}

bool format_is_dump(const char *path)
{
	struct buf head = BUF_INIT;
	bool is;

	unpack_each(path, take_head, &head);
	is = has_header(head.data, "-- PostgreSQL database dump\n");
	buf_free(&head);
	return is;
}

bool format_may_be_lite(const char *path)
{
	struct buf head = BUF_INIT;
	const char *at;
	bool may;

	unpack_each(path, take_head, &head);
	at = skip_comments(skip_mark(head.data));
	may = at && begins_bracket(at) && !has_header(head.data, "-- PostgreSQL database dump\n");
	buf_free(&head);
	return may;
}

/* The value of the line that pg_dump writes before anything else (pg_backup_archiver.c,
 * _doSetFixedOutputState); people write it otherwise. */
static char *encoding_of(const char *line)
{
	const char *at = line + strspn(line, " \t"), *words[] = { "SET", "client_encoding" };
	size_t len;

	for (size_t i = 0; i < 2; i++) {
		if (strncasecmp(at, words[i], strlen(words[i])) != 0)
			return NULL;
		at += strlen(words[i]);
		at += strspn(at, " \t");
	}
	at += *at == '=' ? 1 : strncasecmp(at, "TO ", 3) == 0 ? 3 : 0;
	at += strspn(at, " \t'\"");
	len = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
	return len ? xstrndup(at, len) : NULL;
}

char *format_encoding(const char *path)
{
	struct buf head = BUF_INIT;
	char *found = NULL;

	unpack_each(path, take_head, &head);
	for (const char *line = head.data; line && !found; line = strchr(line, '\n')) {
		line += *line == '\n';
		found = encoding_of(line);
	}
	buf_free(&head);
	return found;
}
