/* outline - what a backup's statements name of the server and the database that they are for. */
#include "restore/outline.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "dump/lex.h"
#include "dump/roles.h"
#include "dump/statement.h"
#include "ext/rehearsal.h"
#include "ext/script.h"
#include "restore/privileged.h"

static void add(struct strs *list, const char *name)
{
	if (!strs_has(list, name))
		strs_add(list, name);
}

/* CREATE ROLE, or a DO block that has that somewhere: which roles it makes is not known, but it names
 * them. */
static void take_maker(struct outline *o, const char *statement)
{
	static const char *const words[] = { "CREATE ROLE", "CREATE USER", "CREATE GROUP" };
	const char *at = NULL;
	size_t len;

	if (lex_after(statement, "DO") && strcasestr(statement, "CREATE")) {
		buf_printf(&o->makers, "%s\n", statement);
		return;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words) && !at; i++)
		at = lex_after(statement, words[i]);
	if (at && !lex_after(statement, "CREATE USER MAPPING")) {
		char *name = lex_name(at, &len);

		add(&o->made, name);
		free(name);
	}
}

static bool makes(const struct outline *o, const char *role)
{
	return strs_has(&o->made, role) || (o->makers.len && strstr(o->makers.data, role));
}

/* Of a schema that the text does not make: it keeps its owner where the role may not be used
 * (restore/schemas). Before 15 public belongs to whoever made the server, which pg_dump says. */
static bool is_optional(const struct outline *o, const char *statement)
{
	char *schema = lex_after(statement, "ALTER SCHEMA") ? statement_on_schema(statement) : NULL;
	bool optional = schema && !strs_has(&o->schemas, schema);

	free(schema);
	return optional;
}

static void take_roles(struct outline *o, const char *statement)
{
	struct strs roles = { 0 };
	bool gives = statement_gives(statement), acts = lex_after(statement, "SET");

	if (!is_optional(o, statement))
		roles_named(statement, strlen(statement), &roles);
	for (size_t i = 0; i < roles.n; i++) {
		if (makes(o, roles.v[i]))
			continue;
		if (gives || acts)
			add(&o->owners, roles.v[i]);
		if (!gives)
			add(&o->roles, roles.v[i]);
	}
	strs_free(&roles);
}

static void take_extension(struct outline *o, const char *statement)
{
	char *schema, *name = statement_extension(statement, &schema);

	if (name && !strs_has(&o->extensions, name)) {
		strs_add(&o->extensions, name);
		strs_add(&o->extension_schemas, schema ? schema : "");
	}
	free(name);
	free(schema);
}

static void take_schema(struct outline *o, const char *statement)
{
	char *name = statement_schema(statement), *place = statement_place(statement);

	if (name)
		add(&o->schemas, name);
	if (place)
		add(&o->places, place);
	free(name);
	free(place);
}

#define SHOWN 60 /* bytes of a statement in a message */

static char *shorten(const char *statement)
{
	const char *at = script_first_word(statement);
	size_t len = strcspn(at, ";\n");

	return xasprintf("%.*s%s", (int)(len < SHOWN ? len : SHOWN), at, len < SHOWN ? "" : "...");
}

static void take_drop(struct outline *o, const char *statement)
{
	if (!statement_drops(statement))
		return;
	if (!o->drops++)
		o->dropped = shorten(statement);
}

/* There may be a statement for each row. */
static void take_rows(struct outline *o, const char *statement)
{
	const char *at = lex_after(statement, "COPY");
	char *name;

	at = at ? at : lex_after(statement, "INSERT INTO");
	if (!at)
		return;
	name = xstrndup(at, (size_t)(lex_after_name(at) - at));
	name[strcspn(name, " \t\r\n")] = '\0';
	if (!o->filled.n || strcmp(o->filled.v[o->filled.n - 1], name) != 0)
		add(&o->filled, name);
	free(name);
}

#define KEPT 4000 /* bytes of a statement: what it is for comes soon after its name */

static void take_privileged(struct outline *o, const char *statement)
{
	if (privileged_advice(statement))
		strs_printf(&o->privileged, "%.*s", KEPT, script_first_word(statement));
}

static int take_statement(struct outline *o, const char *statement)
{
	enum script_kind kind = script_judge(statement);

	if (kind == SCRIPT_DATABASE)
		o->database = shorten(statement);
	if (kind == SCRIPT_BREAKS && !o->breaks)
		o->breaks = shorten(statement);
	if (!o->alone && statement_stands_alone(statement))
		o->alone = shorten(statement);
	take_maker(o, statement);
	take_roles(o, statement);
	take_extension(o, statement);
	take_schema(o, statement);
	take_drop(o, statement);
	take_rows(o, statement);
	take_privileged(o, statement);
	statement_settings(statement, &o->settings);
	statement_tablespaces(statement, &o->tablespaces);
	return o->database ? -1 : 0;
}

static int take(void *arg, const char *statement, const char *command)
{
	struct outline *o = arg;

	if (!command)
		return take_statement(o, statement);
	if (strcmp(command, "connect") == 0 || strcmp(command, "c") == 0)
		o->database = xasprintf("\\%s", command);
	else if (strcmp(command, "restrict") != 0 && strcmp(command, "unrestrict") != 0)
		o->command = xstrdup(command);
	return o->database || o->command ? -1 : 0;
}

int outline_of_sql(struct outline *o, const char *path, struct buf *error)
{
	*o = (struct outline)OUTLINE_INIT;
	return rehearse_each(path, NULL, take, o, error);
}

int outline_of_archive(struct outline *o, const char *path, const struct strs *lines, struct buf *error)
{
	struct buf list = BUF_INIT, sql = BUF_INIT;
	int rc;

	*o = (struct outline)OUTLINE_INIT;
	for (size_t i = 0; i < lines->n; i++)
		buf_printf(&list, "%s\n", lines->v[i]);
	rc = list.len ? toc_ask(path, "--file=-", "--schema-only", list.data, &sql, error) : 0;
	if (!rc && list.len)
		rc = rehearse_each(NULL, sql.data, take, o, error);
	buf_free(&list);
	buf_free(&sql);
	return rc;
}

void outline_free(struct outline *o)
{
	strs_free(&o->roles);
	strs_free(&o->owners);
	strs_free(&o->tablespaces);
	strs_free(&o->schemas);
	strs_free(&o->places);
	strs_free(&o->privileged);
	strs_free(&o->settings);
	strs_free(&o->filled);
	strs_free(&o->extensions);
	strs_free(&o->extension_schemas);
	strs_free(&o->made);
	buf_free(&o->makers);
	free(o->dropped);
	free(o->database);
	free(o->breaks);
	free(o->alone);
	free(o->command);
}
