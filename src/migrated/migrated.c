/* migrated - what a migration tool has applied, by its own table. */
#include "migrated/migrated.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/file.h"
#include "db/relation.h"
#include "migrated/alembic.h"
#include "migrated/django.h"
#include "migrated/drizzle.h"

#define ROWS "20000" /* more are not read: no tool has so many */

static const struct migration_tool *const tools[] = {
	&migration_alembic,
	&migration_django,
	&migration_drizzle,
};

#define TOOLS (sizeof(tools) / sizeof(*tools))

const struct migration_tool *migrated_tool(const char *name, size_t len)
{
	for (size_t i = 0; i < TOOLS; i++)
		if (strlen(tools[i]->name) == len && memcmp(tools[i]->name, name, len) == 0)
			return tools[i];
	return NULL;
}

/* Where else a table of that name is; "" where nowhere. */
static void add_hint(struct db *db, const struct migration *m, int64_t deadline, struct buf *why)
{
	static const struct sql elsewhere = {
		.pg = "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
		      " WHERE c.relname = $1 AND c.relkind IN ('r', 'p') ORDER BY 1 LIMIT 1",
	};
	struct rows rows = { 0 };

	if (db_is_pg(db) && db_read(db, elsewhere, (const char *const *)&m->table, 1, deadline, &rows) == 0 &&
	    rows.n)
		buf_printf(why, "; there is one in schema %s: migrated=%s:%s.%s", rows_text(&rows, 0, 0),
		           m->tool->name, rows_text(&rows, 0, 0), m->table);
	rows_free(&rows);
}

static void no_table(struct db *db, const struct migration *m, const char *schema, int64_t deadline,
                     struct finding *f)
{
	struct buf hint = BUF_INIT;

	add_hint(db, m, deadline, &hint);
	finding_set(f, FAIL, "%s has applied nothing: there is no table %s%s%s%s", m->tool->name,
	            schema ? schema : "", schema ? "." : "", m->table, hint.data);
	buf_free(&hint);
}

static int read_columns(struct db *db, const struct migration *m, const char *columns,
                        const char *schema, struct rows *rows)
{
	struct buf sql = BUF_INIT;
	int rc;

	buf_printf(&sql, "SELECT %s FROM ", columns);
	db_identifier(db, &sql, schema);
	buf_putc(&sql, '.');
	db_identifier(db, &sql, m->table);
	buf_printf(&sql, " AS t ORDER BY %s LIMIT " ROWS, m->tool->order);
	rc = db_query(db, (struct sql){ sql.data, sql.data }, NULL, 0, rows);
	buf_free(&sql);
	return rc;
}

/* In the transaction that is open. */
static int read_rows(struct db *db, const struct migration *m, const char *schema, struct rows *rows)
{
	const struct migration_tool *tool = m->tool;

	if (db_is_pg(db))
		return read_columns(db, m, tool->columns.pg, schema, rows);
	if (read_columns(db, m, tool->columns.lite, schema, rows) == 0)
		return 0;
	return tool->older ? read_columns(db, m, tool->older, schema, rows) : -1;
}

static void judge(const struct migration *m, const struct rows *rows, int64_t deadline,
                  struct finding *f)
{
	if (m->dir)
		m->tool->judge_files(m, rows, deadline, f);
	else if (m->revisions.n)
		m->tool->judge_revisions(m, rows, f);
	else if (rows->n)
		finding_pass(f);
	else
		finding_set(f, FAIL, "%s has applied nothing", m->tool->name);
}

static void read_and_judge(const struct migration *m, struct db *db, const char *schema, int64_t deadline,
                           struct finding *f)
{
	struct rows rows = { 0 };
	int rc;

	if (relation_hold(db, schema, m->table, RELATION_PLAIN, deadline, f) != 0)
		return;
	rc = read_rows(db, m, schema, &rows);
	if (rc)
		finding_unknown(f, db);
	db_rollback(db);
	if (!rc)
		judge(m, &rows, deadline, f);
	rows_free(&rows);
}

static void find_and_judge(const struct migration *m, struct db *db, const char *wanted, int64_t deadline,
                           struct finding *f)
{
	char *schema = NULL;

	if (relation_find(db, wanted, m->table, deadline, &schema))
		finding_unknown(f, db);
	else if (!schema)
		no_table(db, m, wanted, deadline, f);
	else
		read_and_judge(m, db, schema, deadline, f);
	free(schema);
}

void migrated_ask(const struct migration *m, struct db *db, int64_t deadline, struct finding *f)
{
	/* What drizzle calls a schema SQLite has not. */
	const char *schema = db_is_pg(db) || !m->tool->schema ? m->schema : NULL;

	/* Said before there is a table, lest a slip stays unseen until then. */
	if (m->dir && !file_is_dir(m->dir))
		finding_set(f, UNKNOWN, "there is no folder '%s'", m->dir);
	else
		find_and_judge(m, db, schema, deadline, f);
}
