/* litedump - reads SQL that sqlite3 wrote into a database. */
#include "ext/litedump.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/status.h"
#include "ext/lite.h"
#include "ext/pack.h"
#include "ext/script.h"

/* How long a dump may take: so long, and a millisecond for each KiB of it, which a slow disk does ten times
 * as fast. */
#define LEAST_MS 300000
#define BYTES_PER_MS 1024

enum inside { IN_NOTHING, IN_QUOTES, IN_LINE_COMMENT, IN_COMMENT, IN_SHELL_COMMAND };

struct dump_reading {
	struct lite lite;
	struct buf text;     /* what has been read and not been run yet */
	size_t begin, at;    /* of the statement in it, and what has been looked at of that */
	size_t last;         /* behind its last semicolon, which may be one in a trigger's body; 0: none */
	bool trigger;        /* it makes a trigger; known at its first semicolon */
	bool fresh;          /* only blanks and comments of it so far */
	enum inside inside;
	char quote;          /* that ends the quotes */
	long line;           /* of its beginning */
	bool open, closed;   /* the dump's bracket is; the last one was closed */
	bool begun;          /* our own transaction is */
	int64_t until;       /* when it is stopped, but for the bytes of it */
	size_t bytes;        /* read so far */
	struct buf *error;
	int rc;
};

static int fail(struct dump_reading *r, int rc, const char *why)
{
	buf_printf(r->error, "the statement at line %ld: %s", r->line, why);
	r->rc = rc;
	return -1;
}

/* --- running --- */

static bool begins(const char *at, const char *word)
{
	return strncasecmp(at, word, strlen(word)) == 0;
}

/* The encoding and the size of the pages are set before the first table is made, in no transaction. */
static int begin(struct dump_reading *r, const char *text)
{
	if (r->begun || begins(script_lite_first_word(text), "PRAGMA"))
		return 0;
	r->begun = true;
	return lite_query(&r->lite, "BEGIN", NULL, 0, NULL);
}

static int run(struct dump_reading *r, const char *text)
{
	if (begin(r, text) || lite_script(&r->lite, text, false)) {
		bool refused = lite_failure(&r->lite) == LITE_REFUSED;

		if (refused)
			buf_puts(&r->lite.error, ": no dump needs that (ATTACH, DETACH, VACUUM)");
		return fail(r,
		            refused                  ? BAD_DATA
		            : lite_is_full(&r->lite) ? CANNOT_WRITE
		                                     : NO,
		            r->lite.error.data);
	}
	if (r->begun && lite_autocommit(&r->lite))
		return fail(r, BAD_DATA, "it ends the transaction of the dump");
	return 0;
}

static int take_statement(struct dump_reading *r, const char *text)
{
	bool was_open = r->open;

	if (r->fresh)
		return 0;
	switch (script_within(script_lite_first_word(text), &r->open)) {
	case SCRIPT_REFUSE:
		return fail(r, BAD_DATA,
		            "it ends the transaction of the dump: sqlite3 writes ROLLBACK when it cannot "
		            "read the database to its end");
	case SCRIPT_DROP:
		r->closed = was_open && !r->open;
		return 0;
	default:
		return run(r, text);
	}
}

/* .recover begins so, since what it writes to the schema is written as a whole. */
static int take_command(struct dump_reading *r, const char *text)
{
	const char *first = script_lite_first_word(text);

	return begins(first, ".dbconfig defensive off")
	             ? 0
	             : fail(r, BAD_DATA, "commands of the sqlite3 shell are not run");
}

/* --- reading --- */

static bool is_word(const char *at, const char *word)
{
	size_t len = strlen(word);

	return begins(at, word) && strchr(" \t\r\n\f\v/-;\"'`[", at[len]);
}

static bool makes_trigger(const char *at)
{
	at = script_lite_first_word(at);
	if (!is_word(at, "CREATE"))
		return false;
	at = script_lite_first_word(at + strlen("CREATE"));
	if (is_word(at, "TEMP") || is_word(at, "TEMPORARY"))
		at = script_lite_first_word(at + strcspn(at, " \t\r\n\f\v/-"));
	return is_word(at, "TRIGGER");
}

/* At a semicolon: whether the statement is whole. A trigger ends with END after a semicolon (complete.c).
 * Each byte is looked at once, however many semicolons there are. */
static bool ends_statement(struct dump_reading *r)
{
	const char *text = r->text.data;
	size_t last = r->last;

	if (!last)
		r->trigger = makes_trigger(text + r->begin);
	r->last = r->at + 1;
	return !r->trigger || (last && is_word(script_lite_first_word(text + last), "END"));
}

static void enter(struct dump_reading *r, enum inside inside, char quote)
{
	r->inside = inside;
	r->quote = quote;
}

/* A byte that is in nothing yet, whose successor is there. True when it ends a statement. */
static bool look(struct dump_reading *r, const char *c)
{
	bool fresh = r->fresh;

	if (strncmp(c, "--", 2) == 0) {
		enter(r, IN_LINE_COMMENT, 0);
		return false;
	}
	if (strncmp(c, "/*", 2) == 0) {
		enter(r, IN_COMMENT, 0);
		r->at += 2; /* its star does not end it */
		return false;
	}
	r->fresh = fresh && strchr(" \t\r\n\f\v", *c);
	if (fresh && *c == '.')
		enter(r, IN_SHELL_COMMAND, 0);
	else if (strchr("'\"`[", *c))
		enter(r, IN_QUOTES, *c == '[' ? ']' : *c);
	return *c == ';' && ends_statement(r);
}

/* True when the byte ends a statement or a command. A quote that is doubled ends the quotes and begins
 * others. */
static bool step(struct dump_reading *r)
{
	const char *c = r->text.data + r->at;
	bool ends = (r->inside == IN_QUOTES && *c == r->quote) ||
	            (r->inside == IN_LINE_COMMENT && *c == '\n') ||
	            (r->inside == IN_COMMENT && *c == '/' && c[-1] == '*');

	if (r->inside == IN_NOTHING)
		return look(r, c);
	if (ends)
		enter(r, IN_NOTHING, 0);
	return r->inside == IN_SHELL_COMMAND && *c == '\n';
}

static long count_lines(const char *from, const char *end)
{
	long n = 0;

	for (; from < end; from++)
		n += *from == '\n';
	return n;
}

/* Runs the statement that ends before r->at, and begins the next. */
static int take_whole(struct dump_reading *r)
{
	char *text = r->text.data + r->begin, *end = r->text.data + r->at, after = *end;
	const char *first;
	int rc;

	*end = '\0';
	first = script_lite_first_word(text);
	r->line += count_lines(text, first);
	rc = r->inside == IN_SHELL_COMMAND ? take_command(r, first) : take_statement(r, text);
	r->line += count_lines(first, end);
	*end = after;
	r->begin = r->at;
	r->last = 0;
	r->fresh = true;
	enter(r, IN_NOTHING, 0);
	return rc;
}

/* Forgets what has been run. */
static void shift(struct dump_reading *r)
{
	struct buf rest = BUF_INIT;

	buf_add(&rest, r->text.data + r->begin, r->text.len - r->begin);
	buf_free(&r->text);
	r->text = rest;
	r->at -= r->begin;
	r->last -= r->last ? r->begin : 0;
	r->begin = 0;
}

static int take(void *arg, const char *piece, size_t len)
{
	struct dump_reading *r = arg;
	int rc = 0;

	if (memchr(piece, '\0', len))
		return fail(r, BAD_DATA, "it has a NUL byte in it");
	buf_add(&r->text, piece, len);
	r->bytes += len;
	r->lite.until = r->until + (int64_t)(r->bytes / BYTES_PER_MS);
	while (!rc && r->at + 1 < r->text.len) {
		bool ends = step(r);

		r->at++;
		rc = ends ? take_whole(r) : 0;
	}
	if (!rc && r->begin)
		shift(r);
	return rc;
}

static int finish(struct dump_reading *r)
{
	if (take(r, "\n", 1) != 0)
		return -1;
	if (!r->fresh || r->inside == IN_COMMENT)
		return fail(r, BAD_DATA, "the file is cut off there");
	if (r->open || !r->closed)
		return fail(r, BAD_DATA, "the file is cut off there: the COMMIT that ends a dump is missing");
	if (lite_query(&r->lite, r->begun ? "COMMIT" : "SELECT 1", NULL, 0, NULL) == 0)
		return 0;
	return fail(r, lite_is_full(&r->lite) ? CANNOT_WRITE : NO, r->lite.error.data);
}

static int open_new(struct dump_reading *r, const char *to)
{
	if (lite_open(&r->lite, to, LITE_CREATE, 0) ||
	    lite_query(&r->lite, "PRAGMA journal_mode = OFF", NULL, 0, NULL) ||
	    lite_query(&r->lite, "PRAGMA synchronous = OFF", NULL, 0, NULL)) {
		buf_printf(r->error, "cannot make '%s': %s", to, r->lite.error.data);
		return CANNOT_WRITE;
	}
	lite_confine(&r->lite);
	lite_limit(&r->lite, LEAST_MS);
	r->until = r->lite.until;
	return 0;
}

int litedump_load(const char *path, const char *to, struct buf *error)
{
	struct dump_reading r = {
		.lite = LITE_INIT, .text = BUF_INIT, .line = 1, .fresh = true, .error = error
	};
	int rc = open_new(&r, to);

	if (!rc && unpack_each(path, take, &r) != 0 && !r.rc) {
		rc = errno == EBADMSG ? BAD_DATA : NO_INPUT;
		buf_puts(error, rc == BAD_DATA ? "it is damaged or cut off" : file_reason(errno));
	} else if (!rc && !r.rc) {
		finish(&r);
	}
	buf_free(&r.text);
	lite_free(&r.lite);
	return rc ? rc : r.rc;
}
