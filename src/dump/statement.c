/* statement - what a statement of a dump is about. */
#include "dump/statement.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "dump/lex.h"
#include "ext/script.h"

static bool ends(const char *at)
{
	return !*at || (*at == ';' && !*script_first_word(at + 1));
}

static char *name_at(const char *at)
{
	size_t len;

	return *at && *at != ';' ? lex_name(at, &len) : NULL;
}

/* Behind the next piece that is that word, in no brackets; NULL: there is none. */
static const char *find_word(const char *at, const char *word)
{
	const char *rest;
	int depth = 0;

	for (at = script_first_word(at); *at; at = script_first_word(at + lex_piece(at))) {
		depth += (*at == '(') - (*at == ')');
		if (!depth && (rest = lex_after(at, word)))
			return rest;
	}
	return NULL;
}

/* --- schemas and extensions --- */

char *statement_schema(const char *statement)
{
	const char *at = lex_after(statement, "CREATE SCHEMA"), *name, *role;

	if (!at)
		return NULL;
	name = at = lex_skip(at, "IF NOT EXISTS");
	role = lex_after(at, "AUTHORIZATION");
	if (role) {
		name = role;
	} else {
		at = lex_after_name(at);
		role = lex_after(at, "AUTHORIZATION");
	}
	return ends(role ? lex_after_name(role) : at) ? name_at(name) : NULL;
}

char *statement_place(const char *statement)
{
	static const char *const before[] = { "OR REPLACE",
	                                     "UNLOGGED", "FOREIGN", "MATERIALIZED", "RECURSIVE" };
	static const char *const types[] = { "TABLE",     "VIEW", "SEQUENCE", "FUNCTION",
		                             "PROCEDURE", "TYPE", "DOMAIN",   "AGGREGATE" };
	const char *at = lex_after(statement, "CREATE"), *name = NULL;

	if (!at)
		return NULL;
	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++)
		at = lex_skip(at, before[i]);
	for (size_t i = 0; i < sizeof(types) / sizeof(*types) && !name; i++)
		name = lex_after(at, types[i]);
	name = name ? lex_skip(name, "IF NOT EXISTS") : NULL;
	return name && *script_first_word(name + lex_piece(name)) == '.' ? name_at(name) : NULL;
}

char *statement_on_schema(const char *statement)
{
	const char *at = lex_after(statement, "ALTER SCHEMA");

	if (at)
		return lex_after(lex_after_name(at), "OWNER TO") ? name_at(at) : NULL;
	if (lex_after(statement, "GRANT") || lex_after(statement, "REVOKE"))
		at = find_word(statement, "ON SCHEMA");
	return at ? name_at(at) : NULL;
}

char *statement_extension(const char *statement, char **schema)
{
	const char *at = lex_after(statement, "CREATE EXTENSION"), *in;

	*schema = NULL;
	if (!at)
		return NULL;
	at = lex_skip(at, "IF NOT EXISTS");
	in = find_word(lex_after_name(at), "SCHEMA");
	*schema = in ? name_at(in) : NULL;
	return name_at(at);
}

bool statement_gives(const char *statement)
{
	return lex_after(statement, "ALTER") ? find_word(statement, "OWNER TO") != NULL
	                                           : lex_after(statement, "CREATE SCHEMA") != NULL;
}

/* --- settings --- */

static void add_setting(struct strs *names, const char *at)
{
	size_t len;
	char *name = lex_name(lex_skip(lex_skip(at, "SESSION"), "LOCAL"), &len);

	if (*name && !strs_has(names, name))
		strs_add(names, name);
	free(name);
}

static bool makes_routine(const char *statement)
{
	const char *at = lex_after(statement, "CREATE");

	at = at ? lex_skip(at, "OR REPLACE") : NULL;
	return at && (lex_after(at, "FUNCTION") || lex_after(at, "PROCEDURE"));
}

void statement_settings(const char *statement, struct strs *names)
{
	const char *at = lex_after(statement, "SET");

	if (at)
		add_setting(names, at);
	if (!makes_routine(statement))
		return;
	/* A body that is no string ends the clauses. */
	for (at = script_first_word(statement); *at && !lex_after(at, "BEGIN ATOMIC");
	     at = script_first_word(at + lex_piece(at)))
		if (lex_after(at, "SET"))
			add_setting(names, lex_after(at, "SET"));
}

/* --- tablespaces --- */

/* Where the value of SET [SESSION | LOCAL] default_tablespace or temp_tablespaces begins; NULL for others. */
static const char *tablespace_setting(const char *statement)
{
	const char *at = lex_after(statement, "SET"), *value;

	if (!at)
		return NULL;
	at = lex_skip(lex_skip(at, "SESSION"), "LOCAL");
	value = lex_after(at, "default_tablespace");
	value = value ? value : lex_after(at, "temp_tablespaces");
	if (!value)
		return NULL;
	return *value == '=' ? script_first_word(value + 1) : lex_after(value, "TO");
}

static void add_tablespace(struct strs *names, const char *at)
{
	size_t len;
	char *name = lex_name(at, &len);

	if (*name && strcmp(name, "pg_default") != 0 && strcmp(name, "default") != 0 &&
	    !strs_has(names, name))
		strs_add(names, name);
	free(name);
}

struct piece {
	const char *at;
	size_t len;
};

static bool is(struct piece p, const char *word)
{
	return p.at && strlen(word) == p.len && strncasecmp(p.at, word, p.len) == 0;
}

/* A table, a column, an index may have that name as well. */
static bool opens_clause(const char *statement, const struct piece *before, int depth)
{
	static const char *const names[] = { "ON",    "ONLY", ".",      ",",           "TABLE",
		                             "INDEX", "VIEW", "EXISTS", "CONCURRENTLY" };

	if (is(before[0], "INDEX") && is(before[1], "USING"))
		return true;
	if (depth || lex_after(statement, "ALTER"))
		return !depth && is(before[0], "SET");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (is(before[0], names[i]))
			return false;
	return true;
}

static bool may_name_tablespace(const char *statement)
{
	static const char *const words[] = {
		"CREATE TABLE", "CREATE UNLOGGED TABLE", "CREATE MATERIALIZED VIEW", "CREATE INDEX",
		"CREATE UNIQUE INDEX", "ALTER TABLE", "ALTER INDEX", "ALTER MATERIALIZED VIEW", NULL
	};

	for (size_t i = 0; words[i]; i++)
		if (lex_after(statement, words[i]))
			return true;
	return false;
}

/* The next name of a tablespace from there on, which is in the statement; NULL: there is none. What a query
 * says of tablespaces, or a condition, is something else. */
static const char *next_tablespace(const char *statement, const char *from)
{
	struct piece before[2] = { { 0 } }, now;
	const char *at;
	int depth = 0;

	if (!may_name_tablespace(statement))
		return NULL;
	for (at = script_first_word(statement); *at; at = script_first_word(at + now.len)) {
		now = (struct piece){ at, lex_piece(at) };
		depth += (*at == '(') - (*at == ')');
		if (!depth && (is(now, "AS") || is(now, "WHERE")))
			return NULL;
		if (at >= from && is(now, "TABLESPACE") && opens_clause(statement, before, depth))
			return script_first_word(at + now.len);
		before[1] = before[0];
		before[0] = now;
	}
	return NULL;
}

void statement_tablespaces(const char *statement, struct strs *names)
{
	const char *at = tablespace_setting(statement);

	for (; at && *at && *at != ';'; at = *at == ',' ? script_first_word(at + 1) : at) {
		add_tablespace(names, at);
		at = script_first_word(at + lex_piece(at));
		if (*at != ',')
			return;
	}
	for (at = statement; (at = next_tablespace(statement, at)); at += lex_piece(at))
		add_tablespace(names, at);
}

/* What comes before a tablespace and goes with it: USING INDEX TABLESPACE; SET TABLESPACE goes as a whole. */
static void cut_clause(struct buf *text)
{
	static const char *const words[] = { "TABLESPACE", "INDEX", "USING" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t len = text->len, n = strlen(words[i]);

		while (len && strchr(" \t\r\n", text->data[len - 1]))
			len--;
		if (len < n || strncasecmp(text->data + len - n, words[i], n) != 0)
			return;
		buf_cut(text, len - n);
	}
}

char *statement_without_tablespaces(const char *statement)
{
	const char *from = statement, *at;
	struct strs names = { 0 };
	struct buf text = BUF_INIT;
	bool none;

	statement_tablespaces(statement, &names);
	none = !names.n;
	strs_free(&names);
	if (none)
		return NULL;
	if (tablespace_setting(statement) || find_word(statement, "SET TABLESPACE"))
		return xstrdup("");
	for (at = statement; (at = next_tablespace(statement, at)); from = at) {
		buf_add(&text, from, (size_t)(at - from));
		cut_clause(&text);
		at += lex_piece(at);
	}
	buf_puts(&text, from);
	return buf_detach(&text);
}

/* --- transactions --- */

bool statement_stands_alone(const char *statement)
{
	static const char *const words[] = {
		"VACUUM", "ALTER SYSTEM", "CREATE TABLESPACE", "DROP TABLESPACE", "CREATE INDEX CONCURRENTLY",
		"CREATE UNIQUE INDEX CONCURRENTLY", "DROP INDEX CONCURRENTLY",
		                                    "REINDEX DATABASE", "REINDEX SYSTEM",
		"REINDEX SCHEMA", "REINDEX TABLE CONCURRENTLY", "REINDEX INDEX CONCURRENTLY"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (lex_after(statement, words[i]))
			return true;
	return false;
}

/* --- what is dropped --- */

/* What ALTER changes that has parts which pg_dump drops (pg_dump.c, dropStmt). */
static const char *const wholes[] = {
	"ALTER TABLE", "ALTER FOREIGN TABLE", "ALTER DOMAIN", "ALTER VIEW", "ALTER MATERIALIZED VIEW",
	"ALTER PUBLICATION", NULL
};

static bool alters_away(const char *statement)
{
	const char *at = NULL;

	for (size_t i = 0; wholes[i] && !at; i++)
		at = lex_after(statement, wholes[i]);
	if (!at)
		return false;
	at = lex_skip(lex_skip(at, "IF EXISTS"), "ONLY");
	at = lex_skip(lex_after_name(at), "*");
	if (lex_after(at, "ALTER")) {
		at = lex_skip(lex_after(at, "ALTER"), "COLUMN");
		at = lex_after_name(at);
	}
	return lex_after(at, "DROP") != NULL;
}

bool statement_drops(const char *statement)
{
	const char *at = script_first_word(statement);

	return lex_after(at, "DROP") || alters_away(at) || skip_prefix(at, "SELECT pg_catalog.lo_unlink(") ||
	       (skip_prefix(at, "CREATE OR REPLACE VIEW ") && strstr(at, " AS\nSELECT\n    NULL::"));
}
