/* relation - finds a table, and holds it so that its rows can be read without running its owner's code. */
#include "db/relation.h"

#include <string.h>

#include "base/banned.h"
#include "base/status.h"

/* Which schema holds the relation; of several in the search_path the first. */
static const struct sql find_relation = {
	.pg = "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	      " WHERE c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
	      "  AND CASE WHEN $1 IS NULL THEN n.nspname = ANY ($3::name[])"
	      "      ELSE n.nspname = $1 END"
	      " ORDER BY array_position($3::name[], n.nspname) LIMIT 1",
	.lite = "SELECT 'main' FROM sqlite_schema WHERE type IN ('table', 'view')"
	        " AND lower(name) = lower(?2) AND ifnull(?1, 'main') IN ('main', 'public')"
	        " AND ?3 IS ?3",
};

int relation_find(struct db *db, const char *schema, const char *name, int64_t deadline, char **found)
{
	const char *params[] = { schema, name, NULL };
	struct rows path = { 0 }, rows = { 0 };
	int rc = 0;

	*found = NULL;
	/* The user's own search_path, read before pgbox sets its own. */
	if (db_is_pg(db) && !schema) {
		rc = server_query(&db->pg, "SELECT pg_catalog.current_schemas(false)", NULL, 0, deadline,
		              &path);
		params[2] = rows_get(&path, 0, 0);
	}
	if (!rc)
		rc = db_read(db, find_relation, params, 3, deadline, &rows);
	if (!rc && rows.n)
		*found = xstrdup(rows_text(&rows, 0, 0));
	rows_free(&path);
	rows_free(&rows);
	return rc;
}

/* Why the relation is not to be read, or NULL. 16384: FirstNormalObjectId. */
static const struct sql find_doubt = {
	.pg = "SELECT CASE"
	      " WHEN c.relkind NOT IN ('r', 'p') THEN 'is '"
	      "  || CASE c.relkind WHEN 'v' THEN 'a view' WHEN 'm' THEN 'a materialized view'"
	      "   WHEN 'f' THEN 'a foreign table' ELSE 'not a table' END"
	      " WHEN EXISTS (WITH RECURSIVE below(oid) AS ("
	      "   SELECT inhrelid FROM pg_inherits WHERE inhparent = c.oid"
	      "   UNION SELECT i.inhrelid FROM pg_inherits i JOIN below b ON i.inhparent = b.oid)"
	      "  SELECT FROM below b JOIN pg_class f ON f.oid = b.oid WHERE f.relkind NOT IN ('r', 'p'))"
	      "  THEN 'has foreign tables for parts'"
	      " WHEN $3 = 'plain' AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid"
	      "  AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid >= 16384)"
	      "  THEN 'has columns of types that are not built in' END"
	      " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	      " WHERE n.nspname = $1 AND c.relname = $2",
	.lite = "SELECT CASE WHEN type <> 'table' THEN 'is a view' END FROM sqlite_schema"
	        " WHERE ?1 = ?1 AND lower(name) = lower(?2) AND type IN ('table', 'view') AND ?3 = ?3",
};

static int look(struct db *db, const char *schema, const char *name, enum relation_trust trust,
                struct finding *f)
{
	const char *const params[] = { schema, name, trust == RELATION_PLAIN ? "plain" : "table" };
	struct rows rows = { 0 };
	int rc = db_query(db, find_doubt, params, 3, &rows);

	if (rc) {
		finding_unknown(f, db);
	} else if (!rows.n) {
		finding_set(f, UNKNOWN, "the table was dropped meanwhile");
		rc = -1;
	} else if (rows_get(&rows, 0, 0)) {
		finding_set(f, UNKNOWN, "'%s.%s' %s, and reading it may run its owner's code: name a table%s",
		            schema, name, rows_get(&rows, 0, 0),
		            trust == RELATION_PLAIN ? "" : ", or use the check rows-of-view= of waitdb, "
		                                           "healthz or seedonce, if you trust that owner");
		f->final = BAD_USAGE;
		f->certain = true;
		rc = -1;
	}
	rows_free(&rows);
	return rc;
}

/* Nobody can put a view in its place then. Locking runs nothing. */
static int lock(struct db *db, const char *schema, const char *name, struct finding *f)
{
	struct buf sql = BUF_INIT;
	int rc;

	buf_puts(&sql, "LOCK TABLE ");
	db_identifier(db, &sql, schema);
	buf_putc(&sql, '.');
	db_identifier(db, &sql, name);
	buf_puts(&sql, " IN ACCESS SHARE MODE");
	rc = db_query(db, (struct sql){ .pg = sql.data }, NULL, 0, NULL);
	if (rc)
		finding_unknown(f, db);
	buf_free(&sql);
	return rc;
}

int relation_hold(struct db *db, const char *schema, const char *name, enum relation_trust trust,
                  int64_t deadline, struct finding *f)
{
	static const struct sql filter = { .pg = "SET LOCAL row_security = on", .lite = "SELECT 1" };
	int rc = db_begin(db, DB_READ, deadline) || db_query(db, filter, NULL, 0, NULL);

	if (rc)
		finding_unknown(f, db);
	if (!rc && trust != RELATION_ANY) {
		rc = look(db, schema, name, trust, f);
		if (!rc && db_is_pg(db))
			rc = lock(db, schema, name, f) || look(db, schema, name, trust, f);
	}
	if (rc)
		db_rollback(db);
	return rc ? -1 : 0;
}
