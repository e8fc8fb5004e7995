/* grant - the roles that the statements of a dump name. */
#include "core/grant.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"

#define BLANKS " \t\r\n"

/* --- words --- */

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

static bool is_word_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (c & 0x80);
}

size_t grant_piece(const char *at)
{
	size_t len = 0;

	if (!*at)
		return 0;
	if (strncmp(at, "--", 2) == 0)
		return strcspn(at, "\n");
	if (*at == '"' || *at == '\'')
		return quoted(at, false);
	if ((*at == 'E' || *at == 'e') && at[1] == '\'')
		return 1 + quoted(at + 1, true);
	if (*at == '$')
		return dollar_quoted(at);
	while (is_word_byte(at[len]))
		len++;
	return len ? len : 1;
}

/* The same before an end, which no piece passes, whatever it opens. */
static size_t piece(const char *at, const char *end)
{
	size_t len = at < end ? grant_piece(at) : 0, left = (size_t)(end - at);

	return len < left ? len : left;
}

/* The bytes of blanks, before the end. */
static size_t blanks(const char *at, const char *end)
{
	size_t len = 0;

	while (at + len < end && at[len] && strchr(BLANKS, at[len]))
		len++;
	return len;
}

static bool is_word(const char *at, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(at, word, len) == 0;
}

size_t grant_statement(const char *sql)
{
	const char *at = sql;
	int depth = 0;

	while (*at) {
		size_t len = grant_piece(at);

		depth += (*at == '(') - (*at == ')');
		at += len;
		if (depth <= 0 && len == 1 && at[-1] == ';')
			return (size_t)(at - sql) + (*at == '\n');
	}
	return (size_t)(at - sql);
}

/* --- lists of roles --- */

/* Behind blanks and comments. */
static const char *begin(const char *at)
{
	for (at += strspn(at, BLANKS); strncmp(at, "--", 2) == 0; at += strspn(at, BLANKS))
		at += strcspn(at, "\n");
	return at;
}

static bool may_name_roles(const char *statement)
{
	const char *at = begin(statement);

	return skip_prefix(at, "GRANT ") || skip_prefix(at, "REVOKE ") || skip_prefix(at, "CREATE POLICY ") ||
	       skip_prefix(at, "ALTER ");
}

/* Where a list of roles begins: behind the next TO, FROM or ROLE (of FOR ROLE) from `at` on;
 * NULL when there is none before the end. */
static const char *next_list(const char *at, const char *end)
{
	bool owner = false, alter = skip_prefix(begin(at), "ALTER "), privileges = false;
	int depth = 0;

	while (at < end) {
		size_t len = piece(at, end);
		bool to = is_word(at, len, "TO") || is_word(at, len, "FROM");

		depth += (*at == '(') - (*at == ')');
		privileges = privileges || is_word(at, len, "PRIVILEGES");
		/* Of the ALTERs those of an owner and of default privileges. */
		if (depth == 0 && ((to && (!alter || owner || privileges)) || (privileges && is_word(at, len, "ROLE"))))
			return at + len + blanks(at + len, end);
		if (!strchr(BLANKS, *at))
			owner = is_word(at, len, "OWNER");
		at += len;
	}
	return NULL;
}

static char *name_of(const char *at, size_t len)
{
	struct buf name = BUF_INIT;

	if (*at != '"')
		return xstrndup(at, len);
	for (size_t i = 1; i + 1 < len; i++) {
		buf_putc(&name, at[i]);
		i += at[i] == '"';
	}
	return buf_detach(&name);
}

char *grant_name(const char *at, size_t *len)
{
	*len = grant_piece(at);
	return name_of(at, *len);
}

/* Whether it can be the name of a role, and is not a sign, a comment or nothing at all. */
static bool is_name(const char *at, size_t len)
{
	return len > 0 && (is_word_byte(*at) || *at == '"');
}

/* Gives each role of a list, and where it is, to hear; returns where the list ends. */
static const char *each_role(const char *at, const char *end,
                             void (*hear)(void *arg, const char *name, const char *at, size_t len), void *arg)
{
	for (;;) {
		size_t len = piece(at, end);
		char *name;

		if (!is_name(at, len))
			return at;
		name = name_of(at, len);
		hear(arg, *at != '"' && strcasecmp(name, "public") == 0 ? NULL : name, at, len);
		free(name);
		at += len;
		if (at == end || *at != ',')
			return at;
		at += 1 + blanks(at + 1, end);
	}
}

static void add_role(void *arg, const char *name, const char *at, size_t len)
{
	struct strs *roles = arg;

	(void)at, (void)len;
	if (name && !strs_has(roles, name))
		strs_add(roles, name);
}

/* ALTER DEFAULT PRIVILEGES has two lists: each is looked for behind the one before. */
static const char *behind_list(const char *statement, const char *list, const char *end)
{
	const char *rest = skip_prefix(begin(statement), "ALTER DEFAULT PRIVILEGES") ? list : end;

	while (rest < end && !skip_prefix(rest, "GRANT ") && !skip_prefix(rest, "REVOKE "))
		rest += piece(rest, end);
	return rest;
}

void grant_roles(const char *statement, size_t len, struct strs *roles)
{
	const char *end = statement + len, *list;

	if (!may_name_roles(statement))
		return;
	list = next_list(statement, end);
	for (; list; list = next_list(behind_list(statement, list, end), end))
		list = each_role(list, end, add_role, roles);
}

/* --- leaving some out --- */

struct left {
	const struct strs *roles;
	struct buf kept; /* those that stay, as they are written */
	bool some;       /* one has been left out */
};

static void keep_role(void *arg, const char *name, const char *at, size_t len)
{
	struct left *left = arg;

	if (name && strs_has(left->roles, name)) {
		left->some = true;
		return;
	}
	buf_printf(&left->kept, "%s%.*s", left->kept.len ? ", " : "", (int)len, at);
}

char *grant_without(const char *statement, size_t len, const struct strs *roles)
{
	const char *end = statement + len, *from = statement, *list, *rest;
	struct buf text = BUF_INIT;
	bool some = false, empty = false;

	list = may_name_roles(statement) ? next_list(statement, end) : NULL;
	for (; list; list = next_list(behind_list(statement, from, end), end)) {
		struct left left = { .roles = roles, .kept = BUF_INIT };

		rest = each_role(list, end, keep_role, &left);
		buf_printf(&text, "%.*s%s", (int)(list - from), from, left.kept.data);
		some = some || left.some;
		empty = empty || !left.kept.len;
		from = rest;
		buf_free(&left.kept);
	}
	buf_add(&text, from, (size_t)(end - from));
	if (empty)
		buf_cut(&text, 0);
	if (some)
		return buf_detach(&text);
	buf_free(&text);
	return NULL;
}
