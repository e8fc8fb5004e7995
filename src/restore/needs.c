/* needs - compares what a backup's statements name with the server and the database. */
#include "restore/needs.h"

#include <string.h>

#include "base/banned.h"
#include "base/clock.h"

#define ASK_MS 30000

struct needs {
	struct restore *r;
	struct db *db;
	bool fresh;
	struct strs *problems, *notes;
};

static int ask(struct needs *n, const char *sql, const char *name, struct rows *rows)
{
	return db_read(n->db, (struct sql){ .pg = sql }, &name, 1, clock_after(ASK_MS), rows);
}

/* --- schemas --- */

/* Whether anything comes into it, as far as is known. */
static bool is_used(const struct needs *n, const char *schema)
{
	const struct outline *o = &n->r->outline;

	for (size_t i = 0; i < o->extensions.n; i++)
		if (strcmp(o->extension_schemas.v[i], schema) == 0 &&
		    !strs_has(&n->r->extensions, o->extensions.v[i]))
			return true;
	return strs_has(&o->places, schema);
}

static void note_schema(struct needs *n, const char *name, bool made, bool owned, bool creates)
{
	if (!creates && is_used(n, name))
		strs_printf(n->problems, "schema %s: is there already, and this role may not create in it: "
		            "GRANT CREATE ON SCHEMA, or restore as its owner or a superuser", name);
	else if (!made)
		return;
	else if (!owned)
		strs_printf(n->notes, "schema %s: is there already and is kept; its owner, comment and "
		            "rights stay as they are, because it is not this role's", name);
	else if (!n->r->clean)
		strs_printf(n->notes, "schema %s: is there already and is kept", name);
}

/* One that the backup makes, or makes something in. Those of extensions that are there are left out as a
 * whole. */
static int check_schema(struct needs *n, const char *name, bool made)
{
	struct rows rows = { 0 };
	int rc;

	if (n->fresh || (made && strs_has(&n->r->schemas, name)))
		return 0;
	rc = ask(n, "SELECT pg_has_role(nspowner, 'USAGE'), has_schema_privilege(oid, 'CREATE')"
	         " FROM pg_namespace WHERE nspname = $1", name, &rows);
	if (!rc && rows.n)
		note_schema(n, name, made, rows_true(&rows, 0, 0), rows_true(&rows, 0, 1));
	rows_free(&rows);
	return rc;
}

/* Schemas that the backup uses, but does not make: pg_dump --exclude-schema, --table. */
static int look_for(struct needs *n, const char *schema, bool *lacks)
{
	struct rows rows = { 0 };
	bool there = !*schema || strcmp(schema, "public") == 0 || strcmp(schema, "pg_catalog") == 0 ||
	             strs_has(&n->r->outline.schemas, schema) || strs_has(&n->r->lacking, schema);
	int rc = there || n->fresh ? 0 : ask(n, "SELECT FROM pg_namespace WHERE nspname = $1", schema, &rows);

	*lacks = !rc && !there && !rows.n;
	if (*lacks)
		strs_add(&n->r->lacking, schema);
	rows_free(&rows);
	return rc;
}

static int check_extension_schemas(struct needs *n)
{
	const struct outline *o = &n->r->outline;
	int rc = 0;

	for (size_t i = 0; i < o->extensions.n && !rc; i++) {
		const char *schema = o->extension_schemas.v[i];
		bool lacks = false;

		if (!strs_has(&n->r->extensions, o->extensions.v[i]))
			rc = look_for(n, schema, &lacks);
		if (lacks)
			strs_printf(n->notes, "schema %s: the backup lacks it, and extension %s needs it: it "
			            "is made", schema,
			            o->extensions.v[i]);
	}
	return rc;
}

/* Extensions may make schemas of their own. */
static int check_places(struct needs *n)
{
	const struct strs *places = &n->r->outline.places;
	int rc = 0;

	for (size_t i = 0; i < places->n && !rc; i++) {
		bool lacks = false;

		rc = look_for(n, places->v[i], &lacks);
		if (lacks)
			strs_printf(n->notes, "schema %s: the backup lacks it: it is made when it is missing",
			            places->v[i]);
	}
	return rc;
}

/* --- tablespaces --- */

static int check_tablespace(struct needs *n, const char *name)
{
	struct rows rows = { 0 };
	int rc = ask(n,
	             "SELECT has_tablespace_privilege(oid, 'CREATE') OR oid = (SELECT dattablespace"
	             " FROM pg_database"
	             "  WHERE datname = current_database()) FROM pg_tablespace WHERE spcname = $1",
	             name, &rows);

	if (!rc && !rows.n)
		strs_printf(n->problems, "tablespace %s: is missing: make it first, or say --no-tablespaces "
		            "to put all into the database's own", name);
	else if (!rc && !rows_true(&rows, 0, 0))
		strs_printf(n->problems, "tablespace %s: this role may not create in it: GRANT CREATE ON "
		            "TABLESPACE, or say --no-tablespaces to put all into the database's own", name);
	rows_free(&rows);
	return rc;
}

/* --- all of it --- */

int needs_check(struct restore *r, struct db *db, bool fresh, struct strs *problems, struct strs *notes)
{
	struct needs n = { .r = r, .db = db, .fresh = fresh, .problems = problems, .notes = notes };
	const struct outline *o = &r->outline;
	int rc = 0;

	for (size_t i = 0; i < o->schemas.n && !rc; i++)
		rc = check_schema(&n, o->schemas.v[i], true);
	for (size_t i = 0; i < o->places.n && !rc; i++)
		if (!strs_has(&o->schemas, o->places.v[i]))
			rc = check_schema(&n, o->places.v[i], false);
	rc = rc ? rc : check_extension_schemas(&n);
	rc = rc ? rc : check_places(&n);
	for (size_t i = 0; i < o->tablespaces.n && !rc && !r->no_tablespaces; i++)
		rc = check_tablespace(&n, o->tablespaces.v[i]);
	if (o->tablespaces.n && r->no_tablespaces)
		strs_printf(notes, "%zu tablespace%s (%s%s): all is put into the database's own",
		            o->tablespaces.n, o->tablespaces.n > 1 ? "s" : "", o->tablespaces.v[0],
		            o->tablespaces.n > 1 ? " "
		                                   "..."
		                                 : "");
	if (o->drops)
		strs_printf(notes, "the file drops %zu object%s first (%s): what is not there is skipped",
		            o->drops,
		            o->drops > 1 ? "s" : "", o->dropped);
	return rc;
}
