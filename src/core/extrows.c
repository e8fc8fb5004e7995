/* extrows - the rows that a backup has for an extension's own tables. */
#include "core/extrows.h"

#include <string.h>

#include "base/banned.h"
#include "base/clock.h"

#define ASK_MS 30000

/* Last first: PostGIS's layers refer to its topologies. */
static const char find[] =
	"SELECT e.extname, n.nspname || ' ' || c.relname, c.relname,"
	"  CASE WHEN c.relkind <> 'S' THEN format('DELETE FROM %I.%I %s', n.nspname, c.relname, u.condition) END,"
	"  CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'UPDATE')"
	"   ELSE has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'DELETE') END"
	" FROM pg_catalog.pg_extension e,"
	"  unnest(e.extconfig, e.extcondition) WITH ORDINALITY AS u(relation, condition, place),"
	"  pg_catalog.pg_class c, pg_catalog.pg_namespace n"
	" WHERE c.oid = u.relation AND n.oid = c.relnamespace ORDER BY e.extname, u.place DESC";

enum { EXTENSION, KEY, NAME, DELETE, MAY };

static void look_at(struct extrows *e, const struct rows *rows, size_t i, const struct toc *toc,
                    const char *path, struct strs *notes)
{
	const char *key = rows_get(rows, i, KEY), *delete = rows_get(rows, i, DELETE);
	int64_t n;

	if (!toc_fills(toc, key))
		return;
	if (rows_true(rows, i, MAY)) {
		if (delete)
			strs_add(&e->deletes, delete);
		return;
	}
	strs_add(&e->barred, key);
	n = delete ? toc_count_rows(toc, path, key) : 0;
	if (n)
		strs_printf(notes, "extension %s: %lld row%s of its table %s %s left out: this role may not write"
		            " there; a superuser can: --clean --data-only --tables %s", rows_get(rows, i, EXTENSION),
		            (long long)n, n == 1 ? "" : "s", rows_get(rows, i, NAME), n == 1 ? "is" : "are",
		            rows_get(rows, i, NAME));
}

int extrows_look(struct extrows *e, struct db *db, const struct toc *toc, const char *path,
                 const struct strs *tables, struct strs *notes)
{
	struct rows rows = { 0 };
	int rc = server_query(&db->pg, find, NULL, 0, clock_after(ASK_MS), &rows);

	for (size_t i = 0; i < rows.n && !rc; i++)
		if (!tables || !tables->n || strs_has(tables, rows_get(&rows, i, NAME)))
			look_at(e, &rows, i, toc, path, notes);
	rows_free(&rows);
	return rc;
}

char *extrows_before(struct extrows *e, const char *statement)
{
	struct buf sql = BUF_INIT;

	if (!e->deletes.n || (!skip_prefix(statement, "CREATE ") && !skip_prefix(statement, "COPY ")))
		return NULL;
	for (size_t i = 0; i < e->deletes.n; i++)
		buf_printf(&sql, "%s; ", e->deletes.v[i]);
	buf_puts(&sql, statement);
	strs_free(&e->deletes);
	return buf_detach(&sql);
}

void extrows_free(struct extrows *e)
{
	strs_free(&e->barred);
	strs_free(&e->deletes);
}
