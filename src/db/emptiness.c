/* emptiness - what a database holds of its user's. */
#include "db/emptiness.h"

#include "base/banned.h"
#include "base/status.h"

/* Sequences that belong to a column and the row types of tables go with their
 * table. Multiranges, arrays and range constructors go with their type. */
static const struct sql find_objects = {
	.pg = "WITH spaces AS (SELECT oid, nspname FROM pg_namespace"
	      "   WHERE nspname NOT IN ('pg_catalog', 'information_schema')"
	      "    AND nspname !~ '^pg_(toast|temp)'),"
	      " extension_owned AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),"
	      " found AS ("
	      "  SELECT 1 AS rank, 'pg_class'::regclass AS class, c.oid, n.nspname, c.relname AS name,"
	      "   CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table'"
	      "    WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialised view' WHEN 'S' THEN 'sequence'"
	      "    ELSE 'foreign table' END AS kind"
	      "  FROM pg_class c JOIN spaces n ON n.oid = c.relnamespace"
	      "  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')"
	      "   AND NOT (n.nspname = 'pgbox' AND c.relname = 'seed') AND c.relname <> 'pgbox_seed'"
	      "   AND NOT (c.relkind = 'S' AND EXISTS (SELECT FROM pg_depend d"
	      "    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid"
	      "     AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0"
	      "     AND d.deptype IN ('a', 'i')))"
	      "  UNION ALL"
	      "  SELECT 2, 'pg_type'::regclass, t.oid, n.nspname, t.typname, 'type'"
	      "  FROM pg_type t JOIN spaces n ON n.oid = t.typnamespace"
	      "   LEFT JOIN pg_class c ON c.oid = t.typrelid"
	      "  WHERE t.typtype IN ('b', 'd', 'e', 'r', 'c')"
	      "   AND NOT (t.typtype = 'b' AND t.typcategory = 'A')"
	      "   AND NOT (t.typtype = 'c' AND c.relkind <> 'c')"
	      "  UNION ALL"
	      "  SELECT 3, 'pg_proc'::regclass, p.oid, n.nspname, p.proname, 'function'"
	      "  FROM pg_proc p JOIN spaces n ON n.oid = p.pronamespace"
	      "  WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass"
	      "   AND d.objid = p.oid AND d.deptype = 'i')"
	      "  UNION ALL"
	      "  SELECT 4, 'pg_largeobject'::regclass, l.oid, '', l.oid::text::name, 'large object'"
	      "  FROM pg_largeobject_metadata l)"
	      " SELECT f.kind, f.nspname, f.name FROM found f"
	      " WHERE NOT EXISTS (SELECT FROM extension_owned e"
	      "  WHERE e.classid = f.class AND e.objid = f.oid)"
	      " ORDER BY f.rank, f.nspname, f.name",
	.lite = "SELECT type, 'main', name FROM sqlite_schema"
	        " WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
	        "  AND lower(name) <> 'pgbox_seed' ORDER BY type, name",
};

int emptiness_ask(struct db *db, int64_t deadline, struct rows *rows)
{
	return db_read(db, find_objects, NULL, 0, deadline, rows);
}

static int check(const struct target *target, int64_t deadline, struct buf *error)
{
	struct db db = DB_INIT;
	struct rows rows = { 0 };
	int rc = db_reopen(&db, target, deadline, error);

	if (!rc && emptiness_ask(&db, deadline, &rows) != 0) {
		buf_printf(error, "%s: cannot look at it: %s", target->shown, db_error(&db));
		rc = UNAVAILABLE;
	}
	if (!rc && rows.n) {
		buf_printf(error, "%s: not empty: %s %s.%s", target->shown, rows_text(&rows, 0, 0),
		           rows_text(&rows, 0, 1), rows_text(&rows, 0, 2));
		rc = NO;
	}
	rows_free(&rows);
	db_free(&db);
	return rc;
}

int emptiness_check(const struct target *target, const char *database, int64_t deadline, struct buf *error)
{
	struct target other;
	int rc;

	if (!database)
		return check(target, deadline, error);
	target_copy(&other, target, database);
	rc = check(&other, deadline, error);
	target_free(&other);
	return rc;
}
