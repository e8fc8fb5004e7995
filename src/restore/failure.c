/* failure - what it means that a statement of a restore failed. */
#include "restore/failure.h"

#include <string.h>

#include "base/banned.h"
#include "base/status.h"

/* SQLSTATEs by their beginnings, the first that fits. */
static const struct failure_meaning {
	const char *state;
	int status;
	const char *words, *hint;
} meanings[] = {
	{ "08", UNAVAILABLE, "the connection was lost", NULL },
	{ "57P0", UNAVAILABLE, "the server went away", NULL },
	{ "53100", CANNOT_WRITE, "the server's disk is full", NULL },
	{ "53", UNAVAILABLE, "the server has not enough memory or connections", NULL },
	{ "55P03", LOCKED, "a table is locked", "stop the application meanwhile, or use --replace" },
	{ "40P01", LOCKED, "other sessions were in the way",
	 "stop the application meanwhile, or use --replace" },
	{ "28", DENIED, "the login was refused", NULL },
	{ "42501", DENIED, "the role that restores lacks a right", NULL },
	{ "25006", UNAVAILABLE, "the server is read-only", "give the primary's address" },
	{ "58P01", UNAVAILABLE, "the server lacks a file that the backup needs",
	  "use an image that ships the extension" },
	{ "0A000", UNAVAILABLE, "the server does not support what the backup needs",
	  "use an image that ships the extension, or a newer server" },
	{ "22P04", BAD_DATA, "the rows are damaged", NULL },
	{ "22021", BAD_DATA, "the text is not in the encoding that it claims", NULL },
};

#define SEARCH_PATH                                                                                          \
	"a function or query in the backup finds names by search_path only, which is empty in a restore: "   \
	"use "                                                                                               \
	"--search-path (with public, for instance), or repair it in the database that was dumped (ALTER "    \
	"FUNCTION ... SET "                                                                                  \
	"search_path), as indexes and materialized views must be for PostgreSQL 17 and newer"

/* What is not found: a function, a table, a schema, a type or configuration, a column. */
static bool is_missing(const char *state)
{
	static const char *const states[] = { "42883", "42P01", "3F000", "42704", "42703" };

	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
		if (strcmp(state, states[i]) == 0)
			return true;
	return false;
}

static const char *hint_for(const struct failure *m)
{
	const char *state = m->failure.sqlstate;

	if (is_missing(state) && m->failure.within)
		return SEARCH_PATH;
	if (is_missing(state) && m->rows_only)
		return "--data-only needs the tables as they were backed up: restore them first "
		       "(--schema-only)";
	if (strcmp(state, "23503") == 0 && m->rows_only)
		return "the rows that it refers to are not there: restore that table as well";
	if (strcmp(state, "23505") == 0 && m->rows_only)
		return "--data-only adds to what is there: empty the tables first, and drop large objects "
		       "(lo_unlink)";
	/* Syntax and names that the server does not know. */
	return skip_prefix(state, "42") ? m->newer : NULL;
}

int failure_explain(const struct failure *m, struct buf *error)
{
	const struct failure_meaning *found = NULL;
	const char *hint;

	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings) && !found; i++)
		found = skip_prefix(m->failure.sqlstate, meanings[i].state) ? &meanings[i] : NULL;
	hint = found ? found->hint : hint_for(m);
	if (strcmp(m->failure.sqlstate, "42501") == 0)
		hint = m->advice;
	if (found)
		buf_printf(error, "%s: ", found->words);
	buf_printf(error, "%s: %s", m->program, m->words);
	if (hint && *hint)
		buf_printf(error, "; hint: %s", hint);
	return found ? found->status : NO;
}
