/* owner_comments - the comments of a backup that only an owner may change. */
#include "restore/owner_comments.h"

#include <stdlib.h>

#include "base/banned.h"
#include "base/clock.h"
#include "dump/lex.h"
#include "dump/toc.h"

#define ASK_MS 30000

int owner_comments_find(struct db *db, bool fresh, struct strs *list)
{
	/* Since 15 the database's owner owns schema public, too (pg_database_owner). */
	static const struct sql of_new = {
		.pg = "SELECT u.name FROM (VALUES ('EXTENSION plpgsql', 0), ('SCHEMA public', 150000))"
		      " u(name, since)"
		      " WHERE NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)"
		      "  AND (since = 0 OR current_setting('server_version_num')::int < since)",
	};
	static const struct sql of_this = {
		.pg = "SELECT 'EXTENSION ' || extname FROM pg_catalog.pg_extension"
		      " WHERE NOT pg_has_role(extowner, 'USAGE')"
		      " UNION ALL SELECT 'SCHEMA ' || nspname FROM pg_catalog.pg_namespace"
		      " WHERE NOT pg_has_role(nspowner, 'USAGE')",
	};
	struct rows rows = { 0 };
	int rc = db_read(db, fresh ? of_new : of_this, NULL, 0, clock_after(ASK_MS), &rows);

	for (size_t i = 0; i < rows.n; i++)
		strs_add(list, rows_text(&rows, i, 0));
	rows_free(&rows);
	return rc ? -1 : 0;
}

bool owner_comments_has(const struct strs *list, const char *line)
{
	const char *on = toc_is(line, "COMMENT -");

	for (size_t i = 0; on && i < list->n; i++) {
		const char *rest = skip_prefix(on, list->v[i]);

		if (rest && (!*rest || *rest == ' '))
			return true;
	}
	return false;
}

char *owner_comments_name(const struct strs *list, const char *statement)
{
	static const char *const types[] = { "EXTENSION", "SCHEMA" };
	const char *on = lex_after(statement, "COMMENT ON");

	for (size_t i = 0; on && i < sizeof(types) / sizeof(*types); i++) {
		const char *at = lex_after(on, types[i]);
		char *name, *full;
		size_t len;

		if (!at)
			continue;
		name = lex_name(at, &len);
		full = xasprintf("%s %s", types[i], name);
		free(name);
		if (strs_has(list, full))
			return full;
		free(full);
	}
	return NULL;
}
