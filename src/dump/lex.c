/* lex - the words of a statement. */
#include "dump/lex.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "ext/script.h"

/* The bytes of what is between quote and quote; a doubled one is part of it, and with
 * escapes what is behind a backslash. */
static size_t quoted(const char *at, bool escapes)
{
	const char *end = at + 1;

	for (; *end; end++) {
		bool pair = *end == *at ? end[1] == *at : escapes && *end == '\\' && end[1];

		if (*end == *at && !pair)
			return (size_t)(end + 1 - at);
		end += pair;
	}
	return (size_t)(end - at);
}

/* $tag$ ... $tag$, or the dollar alone. */
static size_t dollar_quoted(const char *at)
{
	size_t tag = 1;
	const char *end;
	char *mark;

	while (isalnum((unsigned char)at[tag]) || at[tag] == '_')
		tag++;
	if (at[tag] != '$')
		return 1;
	mark = xstrndup(at, tag + 1);
	end = strstr(at + tag + 1, mark);
	free(mark);
	return end ? (size_t)(end - at) + tag + 1 : strlen(at);
}

bool lex_is_word_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (c & 0x80);
}

size_t lex_piece(const char *at)
{
	size_t len = 0;

	if (!*at)
		return 0;
	if (strncmp(at, "--", 2) == 0)
		return strcspn(at, "\n");
	if (strncmp(at, "/*", 2) == 0)
		return (size_t)(script_behind_comment(at) - at);
	if (*at == '"' || *at == '\'')
		return quoted(at, false);
	if ((*at == 'E' || *at == 'e') && at[1] == '\'')
		return 1 + quoted(at + 1, true);
	if (*at == '$')
		return dollar_quoted(at);
	while (lex_is_word_byte(at[len]))
		len++;
	return len ? len : 1;
}

size_t lex_statement(const char *sql)
{
	const char *at = sql;
	int depth = 0;

	while (*at) {
		size_t len = lex_piece(at);

		depth += (*at == '(') - (*at == ')');
		at += len;
		if (depth <= 0 && len == 1 && at[-1] == ';')
			return (size_t)(at - sql) + (*at == '\n');
	}
	return (size_t)(at - sql);
}

char *lex_name_of(const char *at, size_t len)
{
	struct buf name = BUF_INIT;

	for (size_t i = 0; i < len && *at != '"' && *at != '\''; i++)
		buf_putc(&name, (char)(at[i] >= 'A' && at[i] <= 'Z' ? at[i] + ('a' - 'A') : at[i]));
	for (size_t i = 1; i + 1 < len && (*at == '"' || *at == '\''); i++) {
		buf_putc(&name, at[i]);
		i += at[i] == *at;
	}
	return buf_detach(&name);
}

char *lex_name(const char *at, size_t *len)
{
	*len = lex_piece(at);
	return lex_name_of(at, *len);
}

const char *lex_after(const char *statement, const char *words)
{
	const char *at = script_first_word(statement);

	for (;;) {
		size_t len = strcspn(words, " ");

		if (lex_piece(at) != len || strncasecmp(at, words, len) != 0)
			return NULL;
		at = script_first_word(at + len);
		if (!words[len])
			return at;
		words += len + 1;
	}
}

const char *lex_skip(const char *statement, const char *words)
{
	const char *rest = lex_after(statement, words);

	return rest ? rest : statement;
}

const char *lex_after_name(const char *at)
{
	at = script_first_word(at + lex_piece(at));
	while (*at == '.') {
		at = script_first_word(at + 1);
		at = script_first_word(at + lex_piece(at));
	}
	return at;
}
