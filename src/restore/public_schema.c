/* public_schema - the schema public of a database that has lost it. */
#include "restore/public_schema.h"

#include "base/banned.h"

/* Since 14 it belongs to whoever owns the database, and since 15 only they may create in it
 * (template1's, initdb.c). */
static const struct sql find_statements = {
	.pg = "SELECT s FROM (VALUES (1, 'CREATE SCHEMA public'),"
	      "  (2, CASE WHEN current_setting('server_version_num')::int >= 140000"
	      "       AND (SELECT pg_has_role(datdba, 'USAGE') FROM pg_database"
	      " WHERE datname = current_database())"
	      "      THEN 'ALTER SCHEMA public OWNER TO pg_database_owner' END),"
	      "  (3, 'GRANT ' || CASE WHEN current_setting('server_version_num')::int >= 150000 THEN 'USAGE'"
	      "      ELSE 'ALL' END || ' ON SCHEMA public TO PUBLIC')) AS v (n, s)"
	      " WHERE s IS NOT NULL AND NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public')"
	      " ORDER BY n",
};

int public_schema_needed(struct db *db, int64_t deadline, struct strs *statements)
{
	struct rows rows = { 0 };
	int rc = db_read(db, find_statements, NULL, 0, deadline, &rows);

	for (size_t i = 0; i < rows.n; i++)
		strs_add(statements, rows_text(&rows, i, 0));
	rows_free(&rows);
	return rc;
}
