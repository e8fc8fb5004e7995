/* restore - what is restored, and whether it goes with its target. */
#include "restore/restore.h"

#include <string.h>

#include "base/banned.h"
#include "base/status.h"

#define NAME_BYTES 63 /* NAMEDATALEN - 1: the server would cut what is longer */

bool restore_is_archive(const struct restore *r)
{
	return r->content != FORMAT_SQL;
}

bool restore_is_partial(const struct restore *r)
{
	return r->tables && r->tables->n;
}

/* Whether it is of one database, and all of it is SQL. */
static int suits_text(struct restore *r, const char *name, struct buf *error)
{
	int rc = outline_of_sql(&r->outline, r->path, error);

	r->outlined = true;
	if (r->outline.database && *r->outline.database == '\\') {
		buf_printf(error, "'%s' is for several databases (%s), or was made by pg_dump --create: dump "
		           "each database without that, or run the file with psql",
		           name, r->outline.database);
		rc = BAD_USAGE;
	} else if (r->outline.database) {
		buf_printf(error, "'%s' makes its database itself (%s), as pg_dump --create has it: dump it "
		           "without that, or run it with psql", name, r->outline.database);
		rc = BAD_USAGE;
	} else if (r->outline.command) {
		buf_printf(error, "'%s' has a backslash command of psql's (\\%s), which is not run here",
		           name,
		           r->outline.command);
		rc = BAD_DATA;
	} else if (r->outline.breaks) {
		buf_printf(error, "'%s' ends its transaction in a way that cannot be one with the rest (%s): "
		           "remove that", name,
		           r->outline.breaks);
		rc = BAD_DATA;
	} else if (r->outline.alone) {
		buf_printf(error, "'%s' is restored in one transaction, and has a statement that runs in "
		           "none (%s): remove that, or run the file with psql", name, r->outline.alone);
		rc = NO;
	}
	return rc;
}

int restore_suits(struct restore *r, const char *name, const struct target *target, bool into,
                  struct buf *error)
{
	bool lite = target->kind == TARGET_SQLITE,
	     partly = restore_is_partial(r) || r->schema_only || r->data_only;

	if (r->content == FORMAT_CLUSTER)
		buf_printf(error, "'%s' is of pg_dumpall, for a whole server: restore it with psql, or make "
		           "a backup of each database", name);
	else if (format_is_lite(r->content) != lite)
		buf_printf(error, "'%s' is %s%s, which goes into %s only, and the target is %s", name,
		           format_name(r->content),
		           r->content == FORMAT_SQL && format_is_dump(r->path) ? " of pg_dump" : "",
		           lite ? "PostgreSQL" : "an SQLite file", target->shown);
	else if (lite && (r->clean || into || partly || r->no_owner || r->no_tablespaces))
		buf_puts(error, "of the modes only --replace is for SQLite");
	else if (r->content == FORMAT_SQL && (r->clean || partly || r->no_owner))
		buf_printf(error, "--clean, --tables, --schema-only, --data-only and --no-owner are for "
		           "archives; '%s' is SQL", name);
	else if (!lite && strlen(conninfo_get(&target->conninfo, "dbname")) > NAME_BYTES)
		buf_puts(error, "the name of a database has at most 63 bytes");
	else if (r->pipe && r->clean)
		buf_printf(error, "'%s' is only known to be whole when it has been restored, which is no way "
		           "to begin --clean: make room for it (--stage)", name);
	if (error->len)
		return BAD_USAGE;
	if (r->content == FORMAT_SQL)
		return suits_text(r, name, error);
	for (size_t i = 0; restore_is_partial(r) && i < r->tables->n; i++)
		if (!toc_has(&r->toc, r->tables->v[i])) {
			buf_printf(error, "--tables: the backup has no table '%s'", r->tables->v[i]);
			return NO_INPUT;
		}
	if (r->content == FORMAT_TAR || r->pipe)
		r->jobs = 1;
	return 0;
}

void restore_free(struct restore *r)
{
	toc_free(&r->toc);
	outline_free(&r->outline);
	strs_free(&r->missing_roles);
	strs_free(&r->database_roles);
	strs_free(&r->made_roles);
	strs_free(&r->extensions);
	strs_free(&r->schemas);
	strs_free(&r->chosen);
	strs_free(&r->lacking);
	strs_free(&r->barred);
	strs_free(&r->mute);
	fill_order_free(&r->filling);
	strs_free(&r->left_out);
	strs_free(&r->room);
}
