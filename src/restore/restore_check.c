/* restore_check - what stands in the way of a restore, and what it will do differently. */
#include "restore/restore_check.h"

#include <stdlib.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "restore/clean_rights.h"
#include "restore/extension_rows.h"
#include "restore/needs.h"
#include "restore/privileged.h"
#include "restore/public_schema.h"
#include "restore/restore_rights.h"
#include "restore/subset.h"
#include "seed/marker.h"

#define ASK_MS 30000

static int ask(struct db *db, const char *sql, const char *a, struct rows *rows)
{
	return db_read(db, (struct sql){ .pg = sql }, &a, a ? 1 : 0, clock_after(ASK_MS), rows);
}

/* The first column. */
static int ask_list(struct db *db, const char *sql, struct strs *list)
{
	struct rows rows = { 0 };
	int rc = ask(db, sql, NULL, &rows);

	for (size_t i = 0; i < rows.n; i++)
		strs_add(list, rows_text(&rows, i, 0));
	rows_free(&rows);
	return rc;
}

/* --- what stands in the way --- */

/* Version, whether the role is a superuser, its name. */
struct self {
	bool superuser, makes_roles;
	bool provided; /* who provides the server decides what it may do */
	char *name;
};

static int look_for_extension(struct db *db, const struct self *self, const char *name,
                           struct strs *problems)
{
	/* Before 13 no extension was trusted. */
	bool trust = server_version(&db->pg) >= 130000;
	struct rows rows = { 0 };
	int rc = ask(db,
	             trust ? "SELECT bool_or(trusted OR NOT superuser) FROM pg_catalog"
	                     ".pg_available_extension_versions WHERE name = $1 HAVING count(*) > 0"
	                   : "SELECT bool_or(NOT superuser) FROM pg_catalog"
	                     ".pg_available_extension_versions WHERE name = $1 HAVING count(*) > 0",
	             name, &rows);

	if (!rc && !rows.n)
		strs_printf(problems, "extension %s: this server does not ship it: use an image that does",
		            name);
	else if (!rc && !self->superuser && !self->provided && !rows_true(&rows, 0, 0))
		strs_printf(problems, "extension %s: only a superuser may create it: restore as one, or with "
		            "--clean into a database that has it", name);
	rows_free(&rows);
	return rc;
}

static int check_extensions(struct restore *r, struct db *db, const struct self *self, bool fresh,
                            struct strs *problems, struct strs *notes)
{
	const struct extension_rows e = { .toc = &r->toc, .path = r->path, .tables = r->tables };
	int rc = 0;

	if (!fresh)
		rc = ask_list(db, "SELECT extname FROM pg_catalog.pg_extension", &r->extensions) ||
		     ask_list(db,
		              "SELECT n.nspname FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_depend d"
		              " ON d.classid = 'pg_catalog.pg_namespace'::regclass AND d.objid = n.oid"
		              "  AND d.deptype = 'e'"
		              " UNION SELECT n.nspname FROM pg_catalog.pg_extension e"
		              " JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace"
		              " WHERE n.nspname NOT IN ('pg_catalog', 'public')", &r->schemas) ||
		     ask_list(db, "SELECT 'SCHEMA ' || nspname FROM pg_catalog.pg_namespace"
		              " WHERE NOT pg_has_role(nspowner, 'USAGE')", &r->barred);
	for (size_t i = 0; i < r->outline.extensions.n && !rc; i++) {
		const char *name = r->outline.extensions.v[i];

		if (strs_has(&r->extensions, name))
			strs_printf(notes, "extension %s: is there already and is kept", name);
		else
			rc = look_for_extension(db, self, name, problems);
	}
	if (!rc && r->extensions.n && !r->schema_only && restore_is_archive(r))
		rc = extension_rows_look(&e, db, &r->barred, &r->room, notes);
	return rc;
}

/* All that belongs to the tables comes along, where what it needs is there. */
static int choose_part(struct restore *r, struct strs *notes, struct buf *error)
{
	struct strs left_out = { 0 };
	int rc = subset_choose(r->path, r->tables, !r->clean, &r->chosen, &left_out, error);

	for (size_t i = 0; i < left_out.n; i++)
		strs_printf(notes, "left out, as it needs what is not restored: %s", left_out.v[i]);
	strs_free(&left_out);
	return rc;
}

static void note(struct strs *list, const char *name)
{
	if (!strs_has(list, name))
		strs_add(list, name);
}

/* The roles that the backup names which are missing, and the owners that this role may not act for. */
static void sort_roles(struct restore *r, const struct strs *roles, const struct strs *usable,
                       struct strs *foreign)
{
	const struct outline *o = &r->outline;

	for (size_t i = 0; i < o->owners.n && !r->no_owner; i++) {
		if (!strs_has(roles, o->owners.v[i]))
			note(&r->missing_roles, o->owners.v[i]);
		else if (!strs_has(usable, o->owners.v[i]))
			note(foreign, o->owners.v[i]);
	}
	for (size_t i = 0; i < o->roles.n; i++)
		if (!strs_has(roles, o->roles.v[i]))
			note(&r->missing_roles, o->roles.v[i]);
	for (size_t i = 0; i < r->database_roles.n; i++)
		if (!strs_has(roles, r->database_roles.v[i]))
			note(&r->missing_roles, r->database_roles.v[i]);
}

static int check_roles(struct restore *r, struct db *db, const struct self *self, bool fresh,
                       struct strs *problems)
{
	struct strs roles = { 0 }, usable = { 0 }, foreign = { 0 };
	int rc = ask_list(db, "SELECT rolname FROM pg_catalog.pg_roles", &roles) ||
	         ask_list(db, privileged_usable(db), &usable);

	/* A member of which is who makes the database. */
	if (fresh)
		strs_add(&usable, "pg_database_owner");
	if (!rc)
		sort_roles(r, &roles, &usable, &foreign);
	for (size_t i = 0; i < foreign.n; i++)
		strs_printf(problems, "objects belong to role %s, of which this role is no member, or not "
		            "with its rights: restore as a superuser, or %s --no-owner",
		            foreign.v[i], restore_is_archive(r) ? "with" : "dump it with");
	for (size_t i = 0; i < r->missing_roles.n && r->roles == ROLES_FAIL; i++)
		strs_printf(problems, "role %s: is missing: restore the roles first, or say --roles create "
		            "or --roles skip", r->missing_roles.v[i]);
	for (size_t i = 0; i < r->outline.made.n && !r->humble && !self->makes_roles; i++)
		strs_printf(problems, "role %s: the file makes it, and this role may not create roles "
		            "(CREATEROLE): restore as a superuser, or take that out of the file",
		            r->outline.made.v[i]);
	for (size_t i = 0; i < r->missing_roles.n && r->roles == ROLES_CREATE && !self->makes_roles; i++)
		strs_printf(problems, "role %s: is missing, and this role may not create roles (CREATEROLE): "
		            "restore as a superuser, or say --roles skip", r->missing_roles.v[i]);
	strs_free(&roles);
	strs_free(&usable);
	strs_free(&foreign);
	return rc;
}

/* What the backup, or the part of it that is restored, names. */
static int read_outline(struct restore *r, struct strs *notes, struct buf *error)
{
	int rc = 0;

	if (restore_is_partial(r) && choose_part(r, notes, error) != 0)
		return BAD_DATA;
	if (!r->outlined && !r->data_only)
		rc = restore_is_archive(r)
		             ? outline_of_archive(&r->outline, r->path,
		                                  restore_is_partial(r) ? &r->chosen : &r->toc.lines, error)
		             : outline_of_sql(&r->outline, r->path, error);
	r->outlined = true;
	return rc;
}

/* Rows alone come into tables whose foreign keys are there. */
static int check_filling(struct restore *r, struct db *db, struct strs *problems, struct strs *notes)
{
	int rc = fill_order_look(&r->filling, db, restore_rights_entries(r), r->content == FORMAT_TAR,
	                         problems);

	if (!rc && r->filling.refers && r->jobs > 1) {
		strs_add(notes, "--jobs: restored by one job, as the tables refer to each other");
		r->jobs = 1;
	}
	return rc;
}

int restore_check(struct restore *r, struct db *db, bool fresh, struct strs *problems,
                  struct strs *notes, struct buf *error)
{
	struct rows rows = { 0 };
	struct self self = { 0 };
	int rc = read_outline(r, notes, error);

	if (rc)
		return rc;
	rc = ask(db, "SELECT rolsuper, rolname, rolsuper OR rolcreaterole FROM pg_catalog.pg_roles"
	         " WHERE rolname = current_user", NULL, &rows);
	r->server_version = server_version(&db->pg);
	if (!rc && !fresh && !r->clean && !r->data_only)
		rc = marker_drops(db, clock_after(ASK_MS), &r->room);
	if (!rc && !fresh && !r->data_only)
		rc = public_schema_needed(db, clock_after(ASK_MS), &r->room);
	self.superuser = r->superuser = rows_true(&rows, 0, 0);
	self.makes_roles = rows_true(&rows, 0, 2);
	if (!rc)
		rc = privileged_has_provider(db, &self.provided);
	if (!rc)
		rc = check_extensions(r, db, &self, fresh, problems, notes);
	if (!rc)
		rc = needs_check(r, db, fresh, problems, notes);
	if (!rc)
		rc = check_roles(r, db, &self, fresh, problems);
	if (!rc && r->clean)
		rc = clean_rights_check(db, &r->toc, r->tables, r->data_only, problems);
	if (!rc)
		rc = restore_rights_check(r, db, fresh, problems, notes);
	if (!rc && !fresh && (r->data_only || fill_order_is_rows(restore_rights_entries(r))))
		rc = check_filling(r, db, problems, notes);
	for (size_t i = 0; i < r->missing_roles.n && r->roles != ROLES_FAIL; i++)
		strs_printf(notes, r->roles == ROLES_SKIP ? "role %s: is missing: what it owns belongs to "
		                                            "this role, its rights and policies are left out"
		                                          : "role %s: is missing: it is made, without login",
		            r->missing_roles.v[i]);
	if (r->toc.statistics && r->server_version < 180000)
		strs_printf(notes, "statistics: servers before 18 cannot take them; the database is "
		                   "analyzed");
	if (rc)
		buf_printf(error, "%s: cannot look at the server: %s", db->target->shown, db_error(db));
	rows_free(&rows);
	return rc ? UNAVAILABLE : 0;
}

/* --- the missing roles --- */

/* Who is no superuser gives objects only to roles of which he is a member. */
static int make_role(const struct restore *r, struct db *db, const char *name)
{
	struct buf sql = BUF_INIT;
	int rc;

	buf_puts(&sql, "CREATE ROLE ");
	server_identifier(&db->pg, &sql, name);
	rc = db_execute(db, sql.data, clock_after(ASK_MS));
	buf_cut(&sql, 0);
	buf_puts(&sql, "GRANT ");
	server_identifier(&db->pg, &sql, name);
	buf_puts(&sql, " TO CURRENT_USER");
	if (!rc && !r->superuser)
		rc = db_execute(db, sql.data, clock_after(ASK_MS));
	buf_free(&sql);
	return rc;
}

int restore_make_roles(struct restore *r, struct db *db, struct buf *error)
{
	int rc = 0;

	for (size_t i = 0; i < r->missing_roles.n && r->roles == ROLES_CREATE && !rc; i++) {
		rc = make_role(r, db, r->missing_roles.v[i]);
		if (!rc)
			strs_printf(&r->made_roles, "role %s: was made, and stays", r->missing_roles.v[i]);
		else
			buf_printf(error, "cannot make role %s: %s", r->missing_roles.v[i], db_error(db));
	}
	return !rc ? 0 : db_failure(db) == UNAVAILABLE ? UNAVAILABLE : DENIED;
}
