/* script - what a statement of a script that is restored does to its transaction. */
#include "ext/script.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/buf.h"

/* Comments may hold others (scan.l, xcomment). */
const char *script_behind_comment(const char *at)
{
	int depth = 0;

	do {
		bool opens = strncmp(at, "/*", 2) == 0, closes = strncmp(at, "*/", 2) == 0;

		depth += opens - closes;
		at += opens || closes ? 2 : 1;
	} while (depth && *at);
	return at;
}

/* Behind blanks and comments. */
const char *script_first_word(const char *at)
{
	for (;;) {
		at += strspn(at, " \t\r\n\f\v");
		if (strncmp(at, "--", 2) == 0)
			at += strcspn(at, "\r\n");
		else if (strncmp(at, "/*", 2) == 0)
			at = script_behind_comment(at);
		else
			return at;
	}
}

const char *script_lite_first_word(const char *at)
{
	for (;;) {
		at += strspn(at, " \t\r\n\f\v");
		if (strncmp(at, "--", 2) == 0)
			at += strcspn(at, "\n");
		else if (strncmp(at, "/*", 2) == 0)
			at = strstr(at + 2, "*/") ? strstr(at + 2, "*/") + 2 : at + strlen(at);
		else if (strncmp(at, "\357\273\277", 3) == 0)
			at += 3;
		else
			return at;
	}
}

static bool is_word(const char *at, const char *word)
{
	size_t len = strlen(word);

	return strncasecmp(at, word, len) == 0 && !isalnum((unsigned char)at[len]) && at[len] != '_';
}

/* Behind a word and the noise that may follow it: WORK, TRANSACTION. */
static const char *behind(const char *at, const char *word)
{
	at = script_first_word(at + strlen(word));
	if (is_word(at, "WORK"))
		return script_first_word(at + strlen("WORK"));
	return is_word(at, "TRANSACTION") ? script_first_word(at + strlen("TRANSACTION")) : at;
}

static enum script_kind judge_opening(const char *at)
{
	const char *end = strchr(at, ';');

	return end && *script_first_word(end + 1) ? SCRIPT_OTHER : SCRIPT_BRACKET;
}

/* COMMIT alone, or COMMIT with more. */
static enum script_kind judge_closing(const char *at, const char *word)
{
	const char *rest = behind(at, word);

	return !*rest || strcmp(rest, ";") == 0 ? SCRIPT_BRACKET : SCRIPT_BREAKS;
}

enum script_kind script_judge(const char *statement)
{
	const char *at = script_first_word(statement), *next = script_first_word(at + strcspn(at, " \t\r\n"));

	if (is_word(at, "BEGIN") || is_word(at, "START"))
		return judge_opening(at);
	if (is_word(at, "COMMIT") || is_word(at, "END"))
		return judge_closing(at, is_word(at, "END") ? "END" : "COMMIT");
	if (is_word(at, "ABORT"))
		return SCRIPT_BREAKS;
	if (is_word(at, "ROLLBACK"))
		return is_word(behind(at, "ROLLBACK"), "TO") ? SCRIPT_OTHER : SCRIPT_BREAKS;
	if (is_word(at, "PREPARE"))
		return is_word(next, "TRANSACTION") ? SCRIPT_BREAKS : SCRIPT_OTHER;
	if ((is_word(at, "CREATE") || is_word(at, "DROP")) && is_word(next, "DATABASE"))
		return SCRIPT_DATABASE;
	if (is_word(at, "SET") && is_word(next, "client_encoding"))
		return SCRIPT_ENCODING;
	if (skip_prefix(at, "SELECT * FROM pg_catalog.pg_restore_relation_stats(") ||
	    skip_prefix(at, "SELECT * FROM pg_catalog.pg_restore_attribute_stats("))
		return SCRIPT_STATISTICS;
	return SCRIPT_OTHER;
}

/* The value that SET [SESSION | LOCAL] gives that setting, behind = or TO and a quote; NULL: it sets another.
 */
static const char *value_of(const char *statement, const char *setting)
{
	const char *at = script_first_word(statement);

	if (!is_word(at, "SET"))
		return NULL;
	at = script_first_word(at + strlen("SET"));
	if (is_word(at, "SESSION") || is_word(at, "LOCAL"))
		at = script_first_word(at + strcspn(at, " \t\r\n"));
	if (!is_word(at, setting))
		return NULL;
	at = script_first_word(at + strlen(setting));
	at = script_first_word(at + (*at == '=' ? 1 : is_word(at, "TO") ? 2 : 0));
	return at + strspn(at, "'\"");
}

char *script_client_encoding(const char *statement)
{
	const char *value = value_of(statement, "client_encoding");

	return value ? xstrndup(value, strcspn(value, "'\"; \t\r\n")) : NULL;
}

void script_strings(const char *statement, bool *backslashes)
{
	const char *value = value_of(statement, "standard_conforming_strings");

	if (value)
		*backslashes = is_word(value, "off") || is_word(value, "false") || is_word(value, "no") ||
		               is_word(value, "0");
}

/* COPY ... WITH (ENCODING 'SQL_ASCII'), or without brackets and quotes. */
static bool has_raw_option(const char *statement)
{
	for (const char *at = statement; (at = strcasestr(at, "ENCODING")); at++) {
		const char *value = at + strlen("ENCODING");

		value += strspn(value, " \t\r\n'\"");
		if (is_word(value, "SQL_ASCII"))
			return true;
	}
	return false;
}

bool script_is_unchecked(const char *statement, const char *client, const char *server)
{
	return client && server && strcmp(server, "SQL_ASCII") != 0 &&
	       is_word(script_first_word(statement), "COPY") &&
	       (strcmp(client, "SQL_ASCII") == 0 || has_raw_option(statement));
}

enum script_fate script_within(const char *statement, bool *open)
{
	const char *at = script_first_word(statement);

	switch (script_judge(statement)) {
	case SCRIPT_BRACKET:
		if (is_word(at, "BEGIN") || is_word(at, "START")) {
			*open = true;
			return SCRIPT_DROP;
		}
		if (!*open)
			return SCRIPT_REFUSE;
		*open = false;
		return SCRIPT_DROP;
	case SCRIPT_BREAKS:
		return SCRIPT_REFUSE;
	default:
		return SCRIPT_SEND;
	}
}

/* --- SQLite's statements (lang.html, "SQL Language Expressions"; complete.c) --- */

/* Behind a string, a name or a [name] that begins there; a quote in it is doubled. */
static const char *behind_quoted(const char *at)
{
	char end = *at == '[' ? ']' : *at;

	for (at++; *at; at++)
		if (*at == end && (end == ']' || at[1] != end))
			return at + 1;
		else if (*at == end)
			at++;
	return at;
}

/* Behind the next semicolon that is in no string, name or comment. */
static const char *behind_semicolon(const char *at)
{
	while (*at) {
		if (strchr("'\"`[", *at))
			at = behind_quoted(at);
		else if (strncmp(at, "--", 2) == 0)
			at += strcspn(at, "\n");
		else if (strncmp(at, "/*", 2) == 0)
			at = strstr(at + 2, "*/") ? strstr(at + 2, "*/") + 2 : at + strlen(at);
		else if (*at++ == ';')
			return at;
	}
	return at;
}

static const char *next_word(const char *at)
{
	return script_lite_first_word(at + strcspn(at, " \t\r\n\f\v/-"));
}

static bool makes_trigger(const char *at)
{
	at = script_lite_first_word(at);
	if (is_word(at, "EXPLAIN"))
		at = next_word(at);
	if (!is_word(at, "CREATE"))
		return false;
	at = next_word(at);
	if (is_word(at, "TEMP") || is_word(at, "TEMPORARY"))
		at = next_word(at);
	return is_word(at, "TRIGGER");
}

const char *script_lite_end(const char *at)
{
	bool trigger = makes_trigger(at);

	at = behind_semicolon(at);
	while (trigger && *at && !is_word(script_lite_first_word(at), "END"))
		at = behind_semicolon(at);
	return trigger ? behind_semicolon(at) : at;
}
