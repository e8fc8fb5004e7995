/* extension_rows - the rows that a backup has for an extension's own tables. */
#include "restore/extension_rows.h"

#include <string.h>

#include "base/banned.h"
#include "base/clock.h"

#define ASK_MS 30000

/* Last first: PostGIS's layers refer to its topologies. */
static const char find[] =
	"SELECT e.extname, n.nspname || ' ' || c.relname, c.relname,"
	"  CASE WHEN c.relkind <> 'S' THEN format('DELETE"
	" FROM %I.%I %s', n.nspname, c.relname, u.condition) END,"
	"  CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'UPDATE')"
	"   ELSE has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'DELETE') END"
	" FROM pg_catalog.pg_extension e,"
	"  unnest(e.extconfig, e.extcondition) WITH ORDINALITY AS u(relation, condition, place),"
	"  pg_catalog.pg_class c, pg_catalog.pg_namespace n"
	" WHERE c.oid = u.relation AND n.oid = c.relnamespace ORDER BY e.extname, u.place DESC";

enum { EXTENSION, KEY, NAME, DELETE, MAY };

static bool is_wanted(const struct extension_rows *e, const struct rows *rows, size_t i)
{
	return (!e->tables || !e->tables->n || strs_has(e->tables, rows_text(rows, i, NAME))) &&
	       toc_fills(e->toc, rows_text(rows, i, KEY));
}

static void leave_out(const struct extension_rows *e, const struct rows *rows, size_t i, struct strs *barred,
                      struct strs *notes)
{
	const char *name = rows_text(rows, i, NAME), *key = rows_text(rows, i, KEY);
	int64_t n = toc_count_rows(e->toc, e->path, key);

	strs_add(barred, key);
	if (n)
		strs_printf(notes, "extension %s: %lld row%s of its table %s %s left out: this role may not "
		            "write there; a superuser can: --clean --data-only --tables %s",
		            rows_text(rows, i, EXTENSION),
		            (long long)n, n == 1 ? "" : "s", name, n == 1 ? "is" : "are", name);
}

int extension_rows_look(const struct extension_rows *e, struct db *db, struct strs *barred, struct strs *room,
                 struct strs *notes)
{
	struct rows rows = { 0 };
	int rc = db_read(db, (struct sql){ .pg = find }, NULL, 0, clock_after(ASK_MS), &rows);

	for (size_t i = 0; i < rows.n && !rc; i++) {
		if (!is_wanted(e, &rows, i))
			continue;
		if (!rows_true(&rows, i, MAY))
			leave_out(e, &rows, i, barred, notes);
		else if (rows_get(&rows, i, DELETE))
			strs_add(room, rows_text(&rows, i, DELETE));
	}
	rows_free(&rows);
	return rc;
}
