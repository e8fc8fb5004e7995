/* pragma - what a PRAGMA of an SQLite script needs to have its effect. */
#include "ext/pragma.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "ext/script.h"

#define BLANKS " \t\r\n\f\v"
#define WORD 32 /* of a name or a value, with its NUL; none that counts is longer */

/* Copies the word at `at`, which may be in quotes, and returns what follows it. */
static const char *take_word(const char *at, char word[WORD])
{
	bool quoted = *at && strchr("'\"`[", *at);
	size_t len = 0;

	at += quoted;
	for (; isalnum((unsigned char)*at) || *at == '_' || *at == '-' || *at == '+'; at++)
		if (len < WORD - 1)
			word[len++] = *at;
	word[len] = '\0';
	at += quoted && *at;
	return script_lite_first_word(at);
}

/* The name without its schema, and the value: `= X` or `(X)`; "" without one. */
static bool read_pragma(const char *text, char name[WORD], char value[WORD])
{
	const char *at = script_lite_first_word(text);

	if (strncasecmp(at, "PRAGMA", 6) != 0 || (!strchr(BLANKS, at[6]) && at[6] != '/' && at[6] != '-'))
		return false;
	at = take_word(script_lite_first_word(at + 6), name);
	if (*at == '.')
		at = take_word(script_lite_first_word(at + 1), name);
	*value = '\0';
	if (*at == '=' || *at == '(')
		take_word(script_lite_first_word(at + 1), value);
	return true;
}

static bool is_any(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcasecmp(word, *words) == 0)
			return true;
	return false;
}

/* pragma.c, getSafetyLevel: what counts as true. */
static bool is_on(const char *value)
{
	static const char *const words[] = { "on", "yes", "true", "full", "extra", NULL };

	return is_any(value, words) || (isdigit((unsigned char)*value) && strspn(value, "0") < strlen(value));
}

enum pragma_kind pragma_judge(const char *text)
{
	static const char *const before[] = { "journal_mode", "page_size",  "auto_vacuum", "encoding",
		                              "synchronous",  "temp_store", NULL };
	static const char *const unsafe[] = { "off", "memory", NULL };
	char name[WORD], value[WORD];

	if (!read_pragma(text, name, value))
		return PRAGMA_NONE;
	if (strcasecmp(name, "wal_checkpoint") == 0)
		return PRAGMA_BEFORE;
	if (!*value)
		return PRAGMA_NONE;
	if (strcasecmp(name, "foreign_keys") == 0)
		return is_on(value) ? PRAGMA_KEYS_ON : PRAGMA_KEYS_OFF;
	if (strcasecmp(name, "journal_mode") == 0 && is_any(value, unsafe))
		return PRAGMA_UNSAFE;
	return is_any(name, before) ? PRAGMA_BEFORE : PRAGMA_NONE;
}
