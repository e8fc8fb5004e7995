/* rehearsal - reads SQL files as psql and SQLite will, before a statement is sent. */
#include "ext/rehearsal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/banned.h"
#include "base/status.h"
#include "ext/pack.h"

#define REFUSED "would end the transaction that all is run in (COMMIT without its BEGIN, ROLLBACK, " \
                "PREPARE TRANSACTION, \\connect): nothing was run; remove that, or use --no-transaction"
#define LEFT_OPEN "begins a transaction that it does not end: is it cut off?"

/* libpq's strings (libpq/pqexpbuffer.h, which is not installed). */
struct PQExpBufferData {
	char *data;
	size_t len, maxlen;
};
struct PQExpBufferData *createPQExpBuffer(void);
void destroyPQExpBuffer(struct PQExpBufferData *str);
void resetPQExpBuffer(struct PQExpBufferData *str);

/* psql's lexer (fe_utils/psqlscan.h), and what reads a backslash command's name and the rest of
 * its line (bin/psql/psqlscanslash.h). */
struct PsqlScanStateData;
struct PsqlScanCallbacks;
enum { PSCAN_SEMICOLON, PSCAN_BACKSLASH, PSCAN_INCOMPLETE, PSCAN_EOL };
enum { OT_WHOLE_LINE = 4, OT_NO_EVAL };
struct PsqlScanStateData *psql_scan_create(const struct PsqlScanCallbacks *callbacks);
void psql_scan_destroy(struct PsqlScanStateData *state);
void psql_scan_setup(struct PsqlScanStateData *state, const char *line, int len, int encoding,
                     bool std_strings);
void psql_scan_finish(struct PsqlScanStateData *state);
void psql_scan_set_passthrough(struct PsqlScanStateData *state, void *passthrough);
void psql_scan_reset(struct PsqlScanStateData *state);
int psql_scan(struct PsqlScanStateData *state, struct PQExpBufferData *query, int *prompt);
int psql_scan_count_copy_from_stdin(struct PsqlScanStateData *state);
char *real_psql_scan_slash_command(struct PsqlScanStateData *state);
char *psql_scan_slash_option(struct PsqlScanStateData *state, int type, char *quote, bool semicolon);
void psql_scan_slash_command_end(struct PsqlScanStateData *state);

/* No variables: NULL for get_variable. */
static const struct PsqlScanCallbacks {
	char *(*get_variable)(const char *name, int quote, void *arg);
} no_variables = { NULL };

/* psql's stack of \if (fe_utils/conditional.h), in a branch that is not taken: its lexer runs no backticks
 * there. */
static struct if_stack {
	struct if_branch {
		int state;
		int query_len, paren_depth;
		struct if_branch *next;
	} *head;
} no_branch = { &(struct if_branch){ .state = 3 } }; /* IFSTATE_IGNORED */

/* --- one query --- */

/* Judges each statement of text, which has no backslash commands left. Several go together. */
enum script_fate rehearse_query(const char *query, bool *open)
{
	struct PsqlScanStateData *state = psql_scan_create(&no_variables);
	struct PQExpBufferData *part = createPQExpBuffer();
	enum script_fate fate = SCRIPT_SEND, one;
	int n = 0, prompt, result;

	psql_scan_setup(state, query, (int)strlen(query), 0, true);
	do {
		result = psql_scan(state, part, &prompt);
		if (!part->data[strspn(part->data, " \t\r\n")])
			continue;
		one = script_within(part->data, open);
		fate = n++ && (one != SCRIPT_SEND || fate != SCRIPT_SEND) ? SCRIPT_REFUSE : one;
		resetPQExpBuffer(part);
	} while (result == PSCAN_SEMICOLON && fate != SCRIPT_REFUSE);
	psql_scan_finish(state);
	psql_scan_destroy(state);
	destroyPQExpBuffer(part);
	return fate;
}

/* --- files for psql --- */

struct rehearsing {
	struct PsqlScanStateData *state;
	struct PQExpBufferData *query;
	bool open;    /* a bracket is */
	bool unknown; /* what follows is not known before it is run: \if, \i */
	bool over;    /* \q */
	int copies;   /* data of so many COPY FROM STDIN follow */
	const char *why;
	struct buf rest; /* of the text, a line that is not whole yet */
	long line;

	/* Who gets the statements, in place of the judge; what they say of the text to follow is kept then.
	 */
	rehearsal_take *take;
	void *arg;
	bool backslashes; /* standard_conforming_strings is off */
	int encoding;     /* libpq's number; 0 for any that is safe */
};

/* Whether the rest needs no reading. */
static bool is_read(const struct rehearsing *r)
{
	return r->why || r->unknown || r->over;
}

/* psql asks the server for both (mainloop.c). */
static void note_settings(struct rehearsing *r, const char *statement)
{
	char *name = script_client_encoding(statement);
	int number = name ? pg_char_to_encoding(name) : -1;

	if (number >= 0)
		r->encoding = number;
	script_strings(statement, &r->backslashes);
	free(name);
}

static void give(struct rehearsing *r, const char *statement, const char *command)
{
	if (statement)
		note_settings(r, statement);
	r->over = r->take(r->arg, statement, command) != 0;
}

static void judge(struct rehearsing *r)
{
	if (r->take)
		give(r, r->query->data, NULL);
	else if (rehearse_query(r->query->data, &r->open) == SCRIPT_REFUSE)
		r->why = REFUSED;
	r->copies += psql_scan_count_copy_from_stdin(r->state);
	psql_scan_reset(r->state);
	resetPQExpBuffer(r->query);
}

static bool is_any(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

/* What a backslash command does to the query that stands before it, and to what follows. */
static void take_command(struct rehearsing *r, const char *name)
{
	static const char *const sends[] = { "g",     "gx",    "gset",         "gexec",
		                             "gdesc", "watch", "crosstabview", NULL };
	static const char *const clears[] = { "r", "reset", NULL };
	static const char *const connects[] = { "c", "connect", NULL };
	static const char *const hides[] = { "if", "i", "ir", "include", "include_relative", NULL };
	static const char *const ends[] = { "q", "quit", NULL };

	if (is_any(name, sends)) {
		judge(r);
	} else if (is_any(name, clears)) {
		psql_scan_reset(r->state);
		resetPQExpBuffer(r->query);
	} else if (is_any(name, connects)) {
		r->why = REFUSED;
	}
	r->unknown = r->unknown || is_any(name, hides);
	r->over = r->over || is_any(name, ends);
}

/* Its arguments end at the line's end or at another backslash; nothing in them is evaluated. */
static void read_command(struct rehearsing *r)
{
	static const char *const whole[] = { "!", "copy", "help", "h", NULL };
	char *name = real_psql_scan_slash_command(r->state), *option;
	int type = is_any(name, whole) ? OT_WHOLE_LINE : OT_NO_EVAL;

	take_command(r, name);
	while ((option = psql_scan_slash_option(r->state, type, NULL, false)))
		free(option);
	psql_scan_slash_command_end(r->state);
	free(name);
}

/* What is in the way of a restore ends its reading; of others the rest of the line goes as a whole. */
static void give_command(struct rehearsing *r)
{
	char *name = real_psql_scan_slash_command(r->state);

	give(r, NULL, name);
	free(name);
	if (r->over)
		return;
	free(psql_scan_slash_option(r->state, OT_WHOLE_LINE, NULL, false));
	psql_scan_slash_command_end(r->state);
}

static bool ends_copy(const char *line, size_t len)
{
	len -= len && line[len - 1] == '\n';
	len -= len && line[len - 1] == '\r';
	return len == 2 && memcmp(line, "\\.", 2) == 0;
}

static void read_line(struct rehearsing *r, const char *line, size_t len)
{
	int result, prompt;

	r->line++;
	if (r->copies) {
		r->copies -= ends_copy(line, len);
		return;
	}
	psql_scan_setup(r->state, line, (int)len, r->encoding, !r->backslashes);
	do {
		result = psql_scan(r->state, r->query, &prompt);
		if (result == PSCAN_SEMICOLON)
			judge(r);
		else if (result == PSCAN_BACKSLASH && r->take)
			give_command(r);
		else if (result == PSCAN_BACKSLASH)
			read_command(r);
	} while (!is_read(r) && (result == PSCAN_SEMICOLON || result == PSCAN_BACKSLASH));
	psql_scan_finish(r->state);
}

/* Reads the lines that are whole. */
static int read_piece(void *arg, const char *piece, size_t len)
{
	struct rehearsing *r = arg;
	const char *at, *end;
	struct buf rest = BUF_INIT;

	buf_add(&r->rest, piece, len);
	if (!memchr(piece, '\n', len))
		return 0;
	for (at = r->rest.data; (end = strchr(at, '\n')) && !is_read(r); at = end + 1)
		read_line(r, at, (size_t)(end - at) + 1);
	buf_puts(&rest, at);
	buf_free(&r->rest);
	r->rest = rest;
	return is_read(r) ? -1 : 0;
}

/* The last line, without a line end, and the last statement, without a semicolon. */
static void take_end(struct rehearsing *r)
{
	if (r->rest.len)
		read_line(r, r->rest.data, r->rest.len);
	if (!is_read(r) && r->query->data[strspn(r->query->data, " \t\r\n")])
		judge(r);
	if (!r->why && !r->unknown && r->open)
		r->why = LEFT_OPEN;
}

static void begin(struct rehearsing *r)
{
	*r = (struct rehearsing){ .state = psql_scan_create(&no_variables), .query = createPQExpBuffer(),
		               .rest = BUF_INIT };
	psql_scan_set_passthrough(r->state, &no_branch);
}

static void end(struct rehearsing *r)
{
	psql_scan_destroy(r->state);
	destroyPQExpBuffer(r->query);
	buf_free(&r->rest);
}

static int read_file(const char *path, struct buf *error)
{
	struct rehearsing r;
	int rc = 0;

	begin(&r);

	if (unpack_each(path, read_piece, &r) != 0 && !is_read(&r)) {
		buf_printf(error, "cannot read SQL file '%s': %s", path, strerror(errno));
		rc = NO_INPUT;
	} else if (!is_read(&r)) {
		take_end(&r);
	}
	if (r.why) {
		buf_printf(error, "%s:%ld: the file %s", path, r.line, r.why);
		rc = BAD_DATA;
	}
	end(&r);
	return rc;
}

int rehearse_each(const char *path, const char *text, rehearsal_take *take, void *arg, struct buf *error)
{
	struct rehearsing r;
	int rc = 0;

	begin(&r);
	r.take = take;
	r.arg = arg;
	if ((text ? read_piece(&r, text, strlen(text)) : unpack_each(path, read_piece, &r)) != 0 &&
	    !is_read(&r)) {
		buf_printf(error, "cannot read SQL file '%s': %s", path, strerror(errno));
		rc = NO_INPUT;
	} else if (!is_read(&r)) {
		take_end(&r);
	}
	end(&r);
	return rc;
}

int rehearse_files(const struct strs *files, struct buf *error)
{
	int rc = 0;

	for (size_t i = 0; i < files->n && !rc; i++)
		rc = read_file(files->v[i], error);
	return rc;
}

/* --- SQLite --- */

int rehearse_lite(const char *script, struct buf *error)
{
	const char *at = script, *end, *why = NULL;
	bool open = false;
	int line = 1;

	for (; *at && !why; at = end) {
		const char *first = script_lite_first_word(at);
		char *statement;

		for (; at < first; at++)
			line += *at == '\n';
		end = script_lite_end(at);
		statement = xstrndup(at, (size_t)(end - at));
		if (script_within(statement, &open) == SCRIPT_REFUSE)
			why = REFUSED;
		for (const char *c = at; c < end && !why; c++)
			line += *c == '\n';
		free(statement);
	}
	if (!why && open)
		why = LEFT_OPEN;
	if (why)
		buf_printf(error, "line %d: the file %s", line, why);
	return why ? BAD_DATA : 0;
}
