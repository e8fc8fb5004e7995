/* clean_rights - whether a role may do what --clean does to tables that are there. */
#include "restore/clean_rights.h"

#include <stdlib.h>

#include "base/banned.h"
#include "base/clock.h"

#define ASK_MS 30000

/* Tables of users', and what else pg_dump reads; those of extensions are not theirs. */
#define RELATIONS                                                                                            \
	"SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c"                                    \
	" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"                                          \
	" WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'"                                   \
	"  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = "                            \
	"'pg_catalog.pg_class'::regclass"                                                                    \
	"   AND d.objid = c.oid AND d.deptype = 'e')"

/* pg_dump locks tables and reads their rows, and reads sequences. */
static const char unreadable[] =
	RELATIONS " AND c.relkind IN ('r', 'p', 'm', 'S')"
	" AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')) ORDER BY 1";

/* DROP TABLE is the table's or the schema's owner's (its reference). */
static const char undroppable[] =
	RELATIONS " AND c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S')"
	" AND NOT (pg_has_role(c.relowner, 'USAGE') OR pg_has_role(n.nspowner, 'USAGE')) ORDER BY 1";

static bool is_meant(const struct toc *toc, const struct strs *tables, const char *name)
{
	bool all = !tables || !tables->n;

	for (size_t i = 0; i < toc->lines.n; i++) {
		bool found = all && toc_is_relation(toc->lines.v[i], name);

		for (size_t k = 0; !all && !found && k < tables->n; k++)
			found = toc_is_relation(toc->lines.v[i], name) &&
			        toc_is_relation(toc->lines.v[i], tables->v[k]);
		if (found)
			return true;
	}
	return false;
}

/* The names that are found, of the archive's alone where toc is given. */
static int find(struct db *db, const char *sql, const struct toc *toc, const struct strs *tables,
                struct strs *names)
{
	struct rows rows = { 0 };
	int rc = db_read(db, (struct sql){ .pg = sql }, NULL, 0, clock_after(ASK_MS), &rows);

	for (size_t i = 0; i < rows.n; i++)
		if (!toc || is_meant(toc, tables, rows_text(&rows, i, 0)))
			strs_add(names, rows_text(&rows, i, 0));
	rows_free(&rows);
	return rc;
}

static void say(const struct strs *names, const char *what, struct strs *problems)
{
	char *more = names->n > 1 ? xasprintf(" (and %zu more)", names->n - 1) : xstrdup("");

	if (names->n)
		strs_printf(problems, "%s%s: %s: restore as its owner or as a superuser",
		            names->v[0], more, what);
	free(more);
}

int clean_rights_check(struct db *db, const struct toc *toc, const struct strs *tables, bool rows_only,
                    struct strs *problems)
{
	struct strs names = { 0 };
	int rc = find(db, unreadable, NULL, NULL, &names);

	say(&names, "this role may not read it, and --clean makes a backup of all that is there first",
	    problems);
	strs_free(&names);
	if (!rc && !rows_only)
		rc = find(db, undroppable, toc, tables, &names);
	say(&names, "this role does not own it, and --clean would drop it", problems);
	strs_free(&names);
	return rc;
}
