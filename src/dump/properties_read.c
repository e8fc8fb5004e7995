/* properties_read - reads the statements in which an archive says what its database is. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/status.h"
#include "dump/lex.h"
#include "dump/properties.h"
#include "dump/properties_parts.h"
#include "dump/toc.h"

#define SQL_MAX (1 << 20) /* of what no database has so much */

/* --- words --- */

enum kind { END, WORD, NAME, STRING, MARK }; /* NAME: quoted; MARK: one character */

struct property_word {
	enum kind kind;
	char *text; /* without its quotes */
};

struct statement {
	struct property_word *v; /* n of them, and one that is END */
	size_t n, at;
};

/* Less the quotes; a doubled one, and with escapes what follows a backslash, is one byte. */
static char *unquote(const char *at, size_t len, bool escapes)
{
	struct buf text = BUF_INIT;

	for (size_t i = 1; i + 1 < len; i++) {
		bool pair = at[i] == *at || (escapes && at[i] == '\\');

		i += pair && i + 2 < len;
		buf_putc(&text, at[i]);
	}
	return buf_detach(&text);
}

static struct property_word word_of(const char *at, size_t len)
{
	if (*at == '"')
		return (struct property_word){ NAME, unquote(at, len, false) };
	if (*at == '\'')
		return (struct property_word){ STRING, unquote(at, len, false) };
	if ((*at == 'E' || *at == 'e') && at[1] == '\'')
		return (struct property_word){ STRING, unquote(at + 1, len - 1, true) };
	return (struct property_word){ len == 1 && strchr(",;=().+-", *at) ? MARK : WORD, xstrndup(at, len) };
}

static void read_words(struct statement *s, const char *sql, size_t len)
{
	const char *end = sql + len;

	*s = (struct statement){ .v = xcalloc(len + 1, sizeof(*s->v)) };
	while (sql < end) {
		size_t n = lex_piece(sql);

		if (!strchr(" \t\r\n", *sql) && strncmp(sql, "--", 2) != 0)
			s->v[s->n++] = word_of(sql, n);
		sql += n;
	}
}

static void free_words(struct statement *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].text);
	free(s->v);
}

static bool is(const struct statement *s, size_t at, const char *word, size_t len)
{
	const struct property_word *w = &s->v[at < s->n ? at : s->n];

	return (w->kind == WORD || w->kind == MARK) && strlen(w->text) == len &&
	       strncasecmp(w->text, word, len) == 0;
}

/* Goes past these words, parted by blanks, where all of them come next. */
static bool take(struct statement *s, const char *words)
{
	size_t at = s->at;

	while (*words) {
		size_t len = strcspn(words, " ");

		if (!is(s, at++, words, len))
			return false;
		words += len + (words[len] == ' ');
	}
	s->at = at;
	return true;
}

/* The next word whatever it is, of the statement's; NULL at its end. */
static const char *take_any(struct statement *s)
{
	return s->at < s->n && s->v[s->at].kind != MARK ? s->v[s->at++].text : NULL;
}

/* --- statements --- */

/* CREATE DATABASE name WITH TEMPLATE = template0 ENCODING = 'UTF8' ... */
static void read_create(struct properties *p, struct statement *s)
{
	const char *option, *value;

	take(s, "WITH");
	while ((option = take_any(s)) && take(s, "=") && (value = take_any(s))) {
		const struct {
			const char *name;
			char **field;
		} fields[] = {
			{ "ENCODING", &p->encoding },  { "LOCALE_PROVIDER", &p->provider },
			{ "LC_COLLATE", &p->collate }, { "LC_CTYPE", &p->ctype },
			{ "ICU_LOCALE", &p->locale },  { "BUILTIN_LOCALE", &p->locale },
			{ "ICU_RULES", &p->rules },    { "TABLESPACE", &p->tablespace },
			{ "LOCALE", &p->collate },
		};

		for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
			if (strcasecmp(fields[i].name, option) == 0)
				manifest_set(fields[i].field, value);
		if (strcasecmp("LOCALE", option) == 0)
			manifest_set(&p->ctype, value);
	}
}

/* name TO 'value', 'value'; or = */
static void read_set(struct properties *p, struct statement *s, const char *role)
{
	const char *name = take_any(s), *value;
	struct database_setting *setting;

	if (!name || (!take(s, "TO") && !take(s, "=")) || is(s, s->at, "DEFAULT", strlen("DEFAULT")))
		return;
	setting = properties_add_setting(p, role, name);
	while ((value = take_any(s))) {
		strs_add(&setting->values, value);
		take(s, ",");
	}
	if (!setting->values.n)
		properties_drop_setting(p, p->n_settings - 1);
}

static void read_alter(struct properties *p, struct statement *s)
{
	const char *value;

	if (take(s, "OWNER TO"))
		manifest_set(&p->owner, take_any(s));
	else if (take(s, "CONNECTION LIMIT") && (take(s, "="), value = take_any(s)))
		p->connection_limit = atol(value);
	else if (take(s, "IS_TEMPLATE"))
		p->is_template = take(s, "= true");
	else if (take(s, "SET"))
		read_set(p, s, NULL);
}

/* CONNECT,TEMPORARY ON DATABASE name TO role [WITH GRANT OPTION] */
static void read_right(struct properties *p, struct statement *s, bool grant)
{
	bool option = take(s, "GRANT OPTION FOR");
	unsigned privileges = 0;
	const char *role;
	struct database_right *r;

	do {
		const char *name = take_any(s);

		privileges |= name ? properties_privilege(name) : 0;
		take(s, "PRIVILEGES");
	} while (take(s, ","));
	if (!privileges || !take(s, "ON DATABASE") || !take_any(s) || !take(s, grant ? "TO" : "FROM"))
		return;
	do {
		bool everybody = take(s, "PUBLIC");

		role = everybody ? NULL : take_any(s);
		if (!everybody && !role)
			return;
		r = properties_add_right(p);
		*r = (struct database_right){ .grant = grant, .option = option, .privileges = privileges,
			             .role = role ? xstrdup(role) : NULL };
	} while (take(s, ","));
	r->option = r->option || take(s, "WITH GRANT OPTION");
}

static void read_statement(struct properties *p, struct statement *s)
{
	const char *role;

	if (take(s, "SET client_encoding ="))
		manifest_set(&p->client_encoding, take_any(s));
	else if (take(s, "CREATE DATABASE") && take_any(s))
		read_create(p, s);
	else if (take(s, "ALTER DATABASE") && take_any(s))
		read_alter(p, s);
	else if (take(s, "ALTER ROLE") && (role = take_any(s)) && take(s, "IN DATABASE") && take_any(s) &&
	         take(s, "SET"))
		read_set(p, s, role);
	else if (take(s, "COMMENT ON DATABASE") && take_any(s) && take(s, "IS"))
		manifest_set(&p->comment, take_any(s));
	else if (take(s, "GRANT"))
		read_right(p, s, true);
	else if (take(s, "REVOKE"))
		read_right(p, s, false);
}

/* Behind blanks, comments and lines for psql (\connect, \restrict). */
static const char *skip_lines(const char *at)
{
	static const char blanks[] = " \t\r\n";

	for (at += strspn(at, blanks); *at == '\\' || strncmp(at, "--", 2) == 0; at += strspn(at, blanks))
		at += strcspn(at, "\n");
	return at;
}

void properties_parse(struct properties *p, const char *sql)
{
	size_t len;

	for (sql = skip_lines(sql); (len = lex_statement(sql)) > 0; sql = skip_lines(sql + len)) {
		struct statement s;

		read_words(&s, sql, len);
		read_statement(p, &s);
		free_words(&s);
	}
}

/* --- the archive --- */

/* pg_dump.c, dumpDatabase: the entries, and those that hang on them. */
static bool is_of_database(const char *line)
{
	return toc_is(line, "DATABASE") || toc_is(line, "DATABASE PROPERTIES") ||
	       toc_is(line, "ACL - DATABASE") || toc_is(line, "COMMENT - DATABASE");
}

int properties_of_archive(struct properties *p, const char *path, struct buf *error)
{
	struct buf text = BUF_INIT, list = BUF_INIT, sql = BUF_INIT;
	struct strs lines = { 0 };
	int rc = toc_ask(path, "--list", "--create", NULL, &text, error);

	strs_split(&lines, text.data, NULL);
	for (size_t i = 0; i < lines.n; i++)
		if (is_of_database(lines.v[i]))
			buf_printf(&list, "%s\n", lines.v[i]);
	/* With an empty list there is still the encoding. */
	if (!rc)
		rc = toc_ask(path, "--file=-", "--create", list.data, &sql, error);
	if (!rc && sql.len > SQL_MAX) {
		buf_printf(error, "'%s' has over %d KiB of rights and settings of its database",
		           path, SQL_MAX / 1024);
		rc = BAD_DATA;
	}
	if (!rc)
		properties_parse(p, sql.data);
	strs_free(&lines);
	buf_free(&text);
	buf_free(&list);
	buf_free(&sql);
	return rc;
}
