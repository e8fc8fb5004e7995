/* roles - the roles that the statements of a dump name. */
#include "dump/roles.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "dump/lex.h"
#include "ext/script.h"

#define BLANKS " \t\r\n"

/* --- words --- */

/* lex_piece before an end, which no piece passes, whatever it opens. */
static size_t piece(const char *at, const char *end)
{
	size_t len = at < end ? lex_piece(at) : 0, left = (size_t)(end - at);

	return len < left ? len : left;
}

static bool is_word(const char *at, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(at, word, len) == 0;
}

/* --- lists of roles --- */

/* What the statements that name roles begin with, and the words, of which the last may follow others, behind
 * which roles stand (the reference of each). */
static const struct form {
	const char *begins;
	const char *lists[4][2]; /* the word, and the one that must come before it or NULL; none: they stand
	                            there */
} forms[] = {
	{ "GRANT", { { "TO" }, { "BY", "GRANTED" } } },
	{ "REVOKE", { { "FROM" }, { "BY", "GRANTED" } } },
	{ "CREATE POLICY", { { "TO" } } },
	{ "CREATE SCHEMA", { { "AUTHORIZATION" } } },
	{ "CREATE USER MAPPING", { { "FOR" } } },
	{ "DROP USER MAPPING", { { "FOR" } } },
	{ "SET",
	  { { "AUTHORIZATION", "SESSION" }, { "ROLE", "SET" }, { "ROLE", "LOCAL" }, { "ROLE", "SESSION" } } },
	{ "ALTER DEFAULT PRIVILEGES", { { "ROLE", "FOR" }, { "USER", "FOR" }, { "TO" }, { "FROM" } } },
	{ "ALTER USER MAPPING", { { "FOR" } } },
	{ "ALTER POLICY", { { "TO" } } },
	{ "ALTER ROLE", { { NULL } } },
	{ "ALTER USER", { { NULL } } },
	{ "COMMENT ON ROLE", { { NULL } } },
	{ "DROP OWNED BY", { { NULL } } },
	{ "REASSIGN OWNED BY", { { NULL } } },
	{ "ALTER", { { "TO", "OWNER" } } },
};

static const struct form *form_of(const char *statement)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (lex_after(statement, forms[i].begins))
			return &forms[i];
	return NULL;
}

static bool is_list(const struct form *form, const char *word, size_t len, const char *before,
                    size_t before_len)
{
	for (size_t i = 0; i < sizeof(form->lists) / sizeof(*form->lists) && form->lists[i][0]; i++)
		if (is_word(word, len, form->lists[i][0]) &&
		    (form->lists[i][1] ? is_word(before, before_len, form->lists[i][1])
		                       : !is_word(before, before_len, "RENAME")))
			return true;
	return false;
}

/* Behind blanks and comments, before the end. */
static const char *next(const char *at, const char *end)
{
	const char *word = at < end ? script_first_word(at) : end;

	return word < end ? word : end;
}

/* Where a list of roles begins, behind the next of its words from `at` on; NULL when there is none before the
 * end. */
static const char *next_list(const struct form *form, const char *at, const char *end)
{
	const char *before = end;
	size_t before_len = 0;
	int depth = 0;

	for (at = next(at, end); at < end; at = next(at + before_len, end)) {
		size_t len = piece(at, end);

		depth += (*at == '(') - (*at == ')');
		if (depth == 0 && is_list(form, at, len, before, before_len))
			return next(at + len, end);
		before = at;
		before_len = len;
	}
	return NULL;
}

/* Roles are granted without an ON: then those that are stand at the beginning. */
static const char *first_list(const struct form *form, const char *statement, const char *end)
{
	static const struct form on = { NULL, { { "ON" } } };
	static const char *const options[] = { "ADMIN OPTION FOR", "INHERIT OPTION FOR", "SET OPTION FOR" };
	const char *at = lex_after(statement, form->begins), *rest;

	if (!form->lists[0][0])
		return at < end ? at : NULL;
	if ((strcmp(form->begins, "GRANT") != 0 && strcmp(form->begins, "REVOKE") != 0) ||
	    next_list(&on, at, end))
		return next_list(form, statement, end);
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if ((rest = lex_after(at, options[i])))
			at = rest;
	return at < end ? at : NULL;
}

/* Whether it can be the name of a role, and is not a sign, a comment or nothing at all. */
static bool is_name(const char *at, size_t len)
{
	return len > 0 && (lex_is_word_byte(*at) || *at == '"' || *at == '\'');
}

/* What stands in a role's place and is none, unless it is quoted (RoleSpec, gram.y). */
static bool is_keyword(const char *at, size_t len)
{
	static const char *const words[] = { "public", "current_user", "current_role", "session_user", "user",
		                             "default", "none", "to", "all" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (is_word(at, len, words[i]))
			return true;
	return false;
}

/* Gives each role of a list, and where it is, to hear; returns where the list ends. */
static const char *each_role(const char *at, const char *end,
                             void (*hear)(void *arg, const char *name, const char *at, size_t len), void *arg)
{
	for (;;) {
		size_t len = piece(at, end);
		const char *rest = next(at + len, end);
		char *name;

		/* TO GROUP name, as before 8.1. */
		if (is_word(at, len, "GROUP") && is_name(rest, piece(rest, end))) {
			at = rest;
			continue;
		}
		if (!is_name(at, len))
			return at;
		name = lex_name_of(at, len);
		hear(arg, is_keyword(at, len) ? NULL : name, at, len);
		free(name);
		if (rest == end || *rest != ',')
			return at + len;
		at = next(rest + 1, end);
	}
}

static void add_role(void *arg, const char *name, const char *at, size_t len)
{
	struct strs *roles = arg;

	(void)at, (void)len;
	if (name && !strs_has(roles, name))
		strs_add(roles, name);
}

void roles_named(const char *statement, size_t len, struct strs *roles)
{
	const char *end = statement + len, *list;
	const struct form *form = form_of(statement);

	list = form ? first_list(form, statement, end) : NULL;
	for (; list; list = next_list(form, list, end))
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

/* Cuts the words from the end of a text. */
static bool cut_words(struct buf *text, const char *words)
{
	size_t len = strlen(words), kept = text->len;

	while (kept && strchr(BLANKS, text->data[kept - 1]))
		kept--;
	if (kept < len || strncasecmp(text->data + kept - len, words, len) != 0)
		return false;
	kept -= len;
	while (kept && strchr(BLANKS, text->data[kept - 1]))
		kept--;
	buf_cut(text, kept);
	return true;
}

/* Where nobody is left in a list, which was from list to rest: whether the statement goes on without it. */
static bool do_without(const struct form *form, const char *list, const char *rest, struct buf *text)
{
	if (strcmp(form->begins, "SET") == 0) {
		buf_puts(text, cut_words(text, "ROLE") ? " ROLE NONE" : "DEFAULT");
		return true;
	}
	if (strcmp(form->begins, "CREATE SCHEMA") != 0)
		return cut_words(text, "GRANTED BY");
	cut_words(text, "AUTHORIZATION");
	/* Without a name it has the role's. */
	if (!*lex_skip(lex_after(text->data, "CREATE SCHEMA"), "IF NOT EXISTS"))
		buf_printf(text, " %.*s", (int)(rest - list), list);
	return true;
}

char *roles_without(const char *statement, size_t len, const struct strs *roles)
{
	const char *end = statement + len, *from = statement, *list, *rest;
	const struct form *form = form_of(statement);
	struct buf text = BUF_INIT;
	bool some = false, empty = false;

	list = form ? first_list(form, statement, end) : NULL;
	for (; list; list = next_list(form, from, end)) {
		struct left left = { .roles = roles, .kept = BUF_INIT };

		rest = each_role(list, end, keep_role, &left);
		buf_add(&text, from, (size_t)(list - from));
		buf_puts(&text, left.kept.data);
		some = some || left.some;
		empty = empty || (!left.kept.len && (!left.some || !do_without(form, list, rest, &text)));
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
