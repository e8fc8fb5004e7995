/* extension_make - makes a backup's extensions in a new database. */
#include "restore/extension_make.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "dump/lex.h"
#include "ext/pack.h"

#define MAKE_MS 600000
#define HEAD (8 << 20) /* extensions are among the first that pg_dump writes */

/* --- what there is --- */

/* pg_dump.c, dumpExtension: CREATE EXTENSION IF NOT EXISTS name WITH SCHEMA name; */
static void take_statement(struct extension_make *list, const char *line, const struct manifest *m)
{
	const char *at = skip_prefix(line, "CREATE EXTENSION IF NOT EXISTS "), *with;
	char *name, *schema;
	size_t len;

	if (!at)
		return;
	name = lex_name(at, &len);
	with = skip_prefix(at + len, " WITH SCHEMA ");
	schema = with ? lex_name(with, &len) : xstrdup("public");
	if ((!m->extensions.n || strs_has(&m->extensions, name)) && !strs_has(&list->names, name)) {
		strs_add(&list->names, name);
		strs_add(&list->schemas, schema);
	}
	free(name);
	free(schema);
}

static void take_text(struct extension_make *list, const char *text, const struct manifest *m)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		take_statement(list, line, m);
	}
}

static int take_head(void *arg, const char *piece, size_t len)
{
	struct buf *head = arg;

	buf_add(head, piece, len);
	return head->len < HEAD ? 0 : -1;
}

int extension_make_read(struct extension_make *list, const char *path, const struct toc *toc,
                        const struct manifest *m, struct buf *error)
{
	struct buf entries = BUF_INIT, text = BUF_INIT;
	int rc = 0;

	*list = (struct extension_make){ 0 };
	for (size_t i = 0; toc && i < toc->lines.n; i++)
		if (toc_is(toc->lines.v[i], "EXTENSION -"))
			buf_printf(&entries, "%s\n", toc->lines.v[i]);
	if (entries.len)
		rc = toc_ask(path, "--file=-", NULL, entries.data, &text, error);
	else if (!toc)
		unpack_each(path, take_head, &text);
	if (!rc)
		take_text(list, text.data, m);
	buf_free(&entries);
	buf_free(&text);
	return rc;
}

/* --- making --- */

static int make_schema(struct db *db, const char *schema, const char *owner)
{
	struct buf sql = BUF_INIT;
	int rc;

	buf_puts(&sql, "CREATE SCHEMA IF NOT EXISTS ");
	server_identifier(&db->pg, &sql, schema);
	buf_puts(&sql, " AUTHORIZATION ");
	server_identifier(&db->pg, &sql, owner);
	rc = db_execute(db, sql.data, clock_after(MAKE_MS));
	buf_free(&sql);
	return rc;
}

static int make_one(struct db *db, const char *name, const char *schema, const char *owner)
{
	bool there = strcmp(schema, "public") == 0 || strcmp(schema, "pg_catalog") == 0;
	struct buf sql = BUF_INIT;
	int rc = there ? 0 : make_schema(db, schema, owner);

	buf_puts(&sql, "CREATE EXTENSION IF NOT EXISTS ");
	server_identifier(&db->pg, &sql, name);
	buf_puts(&sql, " WITH SCHEMA ");
	server_identifier(&db->pg, &sql, schema);
	rc = rc ? rc : db_execute(db, sql.data, clock_after(MAKE_MS));
	buf_free(&sql);
	return rc;
}

/* The tables of which a dump has rows (pg_extension_config_dump), and their sequences. */
static int grant_rows(struct db *db, const char *owner)
{
	static const struct sql find = {
		.pg = "SELECT format(CASE c.relkind WHEN 'S' THEN 'GRANT ALL ON SEQUENCE %I.%I TO %I'"
		      "  ELSE 'GRANT SELECT, INSERT, UPDATE, DELETE ON %I.%I TO %I' END,"
		      "  n.nspname, c.relname, $1)"
		      " FROM pg_extension e, unnest(e.extconfig) u(relation), pg_class c, pg_namespace n"
		      " WHERE c.oid = u.relation AND n.oid = c.relnamespace AND c.relkind IN ('r', 'p', 'S')"
		      "  AND pg_has_role(c.relowner, 'USAGE')",
	};
	struct rows rows = { 0 };
	int rc = db_read(db, find, &owner, 1, clock_after(MAKE_MS), &rows);

	for (size_t i = 0; i < rows.n && !rc; i++)
		rc = db_execute(db, rows_text(&rows, i, 0), clock_after(MAKE_MS));
	rows_free(&rows);
	return rc;
}

int extension_make_all(const struct extension_make *list, struct db *db, const char *owner, struct buf *error)
{
	for (size_t i = 0; i < list->names.n; i++) {
		const char *name = list->names.v[i];

		if (make_one(db, name, list->schemas.v[i], owner) == 0 ||
		    strcmp(db_sqlstate(db), "42501") == 0)
			continue;
		buf_printf(error, "%s: cannot create extension %s: %s",
		           db->target->shown, name, db_error(db));
		return UNAVAILABLE;
	}
	if (grant_rows(db, owner) == 0)
		return 0;
	buf_printf(error, "%s: cannot grant the tables of extensions: %s", db->target->shown, db_error(db));
	return UNAVAILABLE;
}

void extension_make_free(struct extension_make *list)
{
	strs_free(&list->names);
	strs_free(&list->schemas);
}
