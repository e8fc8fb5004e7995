/* seed_sqlite - SQL files as a seed for SQLite. */
#include "seed/seed_sqlite.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/status.h"
#include "base/utf8.h"
#include "ext/pragma.h"
#include "ext/rehearsal.h"
#include "ext/script.h"
#include "seed/seed_files.h"

static int line_of(const char *script, const char *at)
{
	int line = 1;

	for (; script < at; script++)
		line += *script == '\n';
	return line;
}

/* --- before anything is run --- */

static int check_text(const char *script, struct buf *error)
{
	const char *at = script;
	size_t n;

	while (*at && (n = utf8_sequence(at)))
		at += n;
	if (!*at)
		return 0;
	buf_printf(error, "line %d: byte 0x%02x is not valid UTF-8, and SQLite would store it as it is: "
	           "convert the file (iconv -f LATIN1 -t UTF-8)", line_of(script, at), (unsigned char)*at);
	return BAD_DATA;
}

static int check(const char *path, bool one_transaction, struct buf *error)
{
	struct buf script = BUF_INIT, why = BUF_INIT;
	int rc = seed_files_read(path, &script, error);

	if (!rc)
		rc = check_text(script.data, &why);
	if (!rc && one_transaction)
		rc = rehearse_lite(script.data, &why);
	if (why.len)
		buf_printf(error, "%s: %s", path, why.data);
	buf_free(&script);
	buf_free(&why);
	return rc;
}

int seed_sqlite_rehearse(const struct strs *files, bool one_transaction, struct buf *error)
{
	int rc = 0;

	for (size_t i = 0; i < files->n && !rc; i++)
		rc = check(files->v[i], one_transaction, error);
	return rc;
}

/* --- PRAGMAs --- */

static void note(struct seed_sqlite *s, const char *path, int line, const char *statement, const char *why)
{
	strs_printf(&s->notes, "%s:%d: %.*s is left out: %s", path, line, (int)strcspn(statement, ";\n"),
	            statement, why);
}

static void take_pragma(struct seed_sqlite *s, const char *path, int line, const char *statement,
                        bool leading)
{
	switch (pragma_judge(statement)) {
	case PRAGMA_KEYS_ON:
		s->keys_on = s->keys_on || leading;
		s->keys_hold = true;
		break;
	case PRAGMA_KEYS_OFF:
		s->keys_off = true;
		break;
	case PRAGMA_UNSAFE:
		note(s, path, line, statement,
		     "a seed that fails could not be rolled back without its journal");
		break;
	case PRAGMA_BEFORE:
		if (leading)
			strs_add(&s->before, statement);
		else
			note(s, path, line, statement,
			     "it has no effect in the transaction that all is run in: put it at the "
			     "beginning of the file, or use --no-transaction");
		break;
	default:
		break;
	}
}

/* Whether PRAGMAs after it are at the beginning all the same. */
static bool is_prelude(const char *statement)
{
	bool open = false;

	return !*statement || strncasecmp(statement, "PRAGMA", 6) == 0 ||
	       script_within(statement, &open) == SCRIPT_DROP;
}

static void read_script(struct seed_sqlite *s, const char *path, const char *script)
{
	bool leading = true;
	const char *end;

	for (const char *at = script; *at; at = end) {
		char *statement;

		at = script_lite_first_word(at);
		end = script_lite_end(at);
		statement = xstrndup(at, (size_t)(end - at));
		if (pragma_judge(statement) != PRAGMA_NONE)
			take_pragma(s, path, line_of(script, at), statement, leading);
		leading = leading && is_prelude(statement);
		free(statement);
	}
}

int seed_sqlite_read(struct seed_sqlite *s, const struct strs *files, struct buf *error)
{
	int rc = 0;

	for (size_t i = 0; i < files->n && !rc; i++) {
		struct buf script = BUF_INIT;

		rc = seed_files_read(files->v[i], &script, error);
		if (!rc)
			read_script(s, files->v[i], script.data);
		buf_free(&script);
	}
	return rc;
}

/* Of each row, as it comes. */
static bool is_enforced(const struct seed_sqlite *s)
{
	return s->keys_on && !s->keys_off;
}

int seed_sqlite_settle(const struct seed_sqlite *s, struct lite *lite, struct buf *why)
{
	int rc = 0;

	for (size_t i = 0; i < s->before.n && !rc; i++) {
		rc = lite_query(lite, s->before.v[i], NULL, 0, NULL);
		if (rc)
			buf_printf(why, "%s: %s", s->before.v[i], lite->error.data);
	}
	if (!rc && is_enforced(s))
		rc = lite_query(lite, "PRAGMA foreign_keys = ON", NULL, 0, NULL);
	return !rc ? 0 : lite_is_busy(lite) ? LOCKED : NO;
}

int seed_sqlite_check(const struct seed_sqlite *s, struct lite *lite, struct buf *why)
{
	struct rows rows = { 0 };
	int rc = 0;

	if (s->keys_hold && !is_enforced(s))
		rc = lite_query(lite, "PRAGMA foreign_key_check", NULL, 0, &rows);
	if (rc)
		buf_puts(why, lite->error.data);
	else if (rows.n)
		buf_printf(why,
		           "foreign keys do not hold: row %s of table '%s' has none in '%s' (%zu such rows)",
		           rows_text(&rows, 0, 1), rows_text(&rows, 0, 0), rows_text(&rows, 0, 2), rows.n);
	rows_free(&rows);
	return why->len ? NO : 0;
}

void seed_sqlite_free(struct seed_sqlite *s)
{
	strs_free(&s->before);
	strs_free(&s->notes);
}

/* --- running --- */

static int run_script(struct lite *lite, const char *path, bool one_transaction, struct buf *why)
{
	struct buf script = BUF_INIT;
	int rc = seed_files_read(path, &script, why);

	if (!rc && lite_script(lite, script.data, one_transaction)) {
		rc = one_transaction && lite_autocommit(lite) ? BROKEN_OFF : NO;
		buf_printf(why, "%s: %s", path, lite->error.data);
	}
	buf_free(&script);
	return rc;
}

int seed_sqlite_run(struct lite *lite, const struct strs *files, bool one_transaction, struct buf *why)
{
	int rc = 0;

	for (size_t i = 0; i < files->n && !rc; i++)
		rc = run_script(lite, files->v[i], one_transaction, why);
	return rc;
}
