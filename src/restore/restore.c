/* restore - puts a backup's content into a database that is there. */
#include "restore/restore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/status.h"
#include "dump/roles.h"
#include "ext/errtext.h"
#include "ext/script.h"
#include "restore/clean_rights.h"
#include "restore/extension_rows.h"
#include "restore/needs.h"
#include "restore/privileged.h"
#include "restore/public_schema.h"
#include "restore/restore_parts.h"
#include "restore/restore_rights.h"
#include "restore/subset.h"
#include "seed/marker.h"

#define ASK_MS 30000
#define NAME_BYTES 63 /* NAMEDATALEN - 1: the server would cut what is longer */

static bool is_archive(const struct restore *r)
{
	return r->content != CONTENT_SQL;
}

static bool has_part(const struct restore *r)
{
	return r->tables && r->tables->n;
}

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

static int check_extension(struct db *db, const struct self *self, const char *name,
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
		strs_printf(problems, "extension %s: this server does not ship it: use an image that does", name);
	else if (!rc && !self->superuser && !self->provided && !rows_true(&rows, 0, 0))
		strs_printf(problems, "extension %s: only a superuser may create it: restore as one, or with --clean "
		    "into a database that has it", name);
	rows_free(&rows);
	return rc;
}

static int check_extensions(struct restore *r, struct db *db, const struct self *self, bool fresh,
                            struct strs *problems, struct strs *notes)
{
	const struct extrows e = { .toc = &r->toc, .path = r->path, .tables = r->tables };
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
			rc = check_extension(db, self, name, problems);
	}
	if (!rc && r->extensions.n && !r->schema_only && is_archive(r))
		rc = extrows_look(&e, db, &r->barred, &r->room, notes);
	return rc;
}

/* All that belongs to the tables comes along, where what it needs is there. */
static int choose_part(struct restore *r, struct strs *notes, struct buf *error)
{
	struct strs left_out = { 0 };
	int rc = part_choose(r->path, r->tables, !r->clean, &r->chosen, &left_out, error);

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

static int check_roles(struct restore *r, struct db *db, const struct self *self, bool fresh, struct strs *problems)
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
		strs_printf(problems, "objects belong to role %s, of which this role is no member, or not with its rights: restore "
		            "as a superuser, or %s --no-owner", foreign.v[i], is_archive(r) ? "with" : "dump it with");
	for (size_t i = 0; i < r->missing_roles.n && r->roles == ROLES_FAIL; i++)
		strs_printf(problems, "role %s: is missing: restore the roles first, or say --roles create "
		            "or --roles skip", r->missing_roles.v[i]);
	for (size_t i = 0; i < r->outline.made.n && !r->humble && !self->makes_roles; i++)
		strs_printf(problems, "role %s: the file makes it, and this role may not create roles (CREATEROLE): restore as "
		            "a superuser, or take that out of the file", r->outline.made.v[i]);
	for (size_t i = 0; i < r->missing_roles.n && r->roles == ROLES_CREATE && !self->makes_roles; i++)
		strs_printf(problems, "role %s: is missing, and this role may not create roles (CREATEROLE): restore as a "
		            "superuser, or say --roles skip", r->missing_roles.v[i]);
	strs_free(&roles);
	strs_free(&usable);
	strs_free(&foreign);
	return rc;
}

/* What the backup, or the part of it that is restored, names. */
static int read_outline(struct restore *r, struct strs *notes, struct buf *error)
{
	int rc = 0;

	if (has_part(r) && choose_part(r, notes, error) != 0)
		return BAD_DATA;
	if (!r->outlined && !r->data_only)
		rc = is_archive(r) ? outline_of_archive(&r->outline, r->path, has_part(r) ? &r->chosen : &r->toc.lines, error)
		                   : outline_of_sql(&r->outline, r->path, error);
	r->outlined = true;
	return rc;
}

/* Rows alone come into tables whose foreign keys are there. */
static int check_filling(struct restore *r, struct db *db, struct strs *problems, struct strs *notes)
{
	int rc = filling_look(&r->filling, db, rights_entries(r), r->content == CONTENT_TAR, problems);

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
		rc = public_needed(db, clock_after(ASK_MS), &r->room);
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
		rc = ownership_check(db, &r->toc, r->tables, r->data_only, problems);
	if (!rc)
		rc = rights_check(r, db, fresh, problems, notes);
	if (!rc && !fresh && (r->data_only || filling_is_rows(rights_entries(r))))
		rc = check_filling(r, db, problems, notes);
	for (size_t i = 0; i < r->missing_roles.n && r->roles != ROLES_FAIL; i++)
		strs_printf(notes, r->roles == ROLES_SKIP ? "role %s: is missing: what it owns belongs to this role, "
		                                            "its rights and policies are left out"
		                                          : "role %s: is missing: it is made, without login",
		            r->missing_roles.v[i]);
	if (r->toc.statistics && r->server_version < 180000)
		strs_printf(notes, "statistics: servers before 18 cannot take them; the database is analyzed");
	if (rc)
		buf_printf(error, "%s: cannot look at the server: %s", db->target->shown, db_error(db));
	rows_free(&rows);
	return rc ? UNAVAILABLE : 0;
}

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

/* --- archives --- */

static void arguments(const struct restore *r, int list, struct strs *args)
{
	strs_add(args, "pg_restore");
	strs_add(args, "--no-password");
	strs_add(args, "--exit-on-error");
	if (r->one_transaction)
		strs_add(args, "--single-transaction");
	/* Its tables refer to each other, which pg_restore's order of jobs does not know. */
	if (r->jobs > 1 && !r->one_transaction && !strs_has(&r->toc.extensions, "postgis_topology"))
		strs_printf(args, "--jobs=%ld", r->jobs);
	if (r->clean && !r->data_only) {
		strs_add(args, "--clean");
		strs_add(args, "--if-exists");
	}
	if (r->schema_only)
		strs_add(args, "--schema-only");
	if (r->data_only)
		strs_add(args, "--data-only");
	if (r->no_owner || r->bare)
		strs_add(args, "--no-owner");
	if (r->bare) {
		strs_add(args, "--no-privileges");
		strs_add(args, "--no-subscriptions");
	}
	if (r->no_tablespaces)
		strs_add(args, "--no-tablespaces");
	if (r->humble)
		strs_add(args, "--no-security-labels");
	if (r->server_version < 180000)
		strs_add(args, "--no-statistics");
	if (list >= 0)
		strs_printf(args, "--use-list=/proc/self/fd/%d", list);
	/* It can be opened once, and not to find out what it is. */
	if (r->pipe)
		strs_add(args, "--format=custom");
	strs_add(args, r->pipe ? r->pipe : r->path);
}

/* What is left out needs a list of the rest. */
static int open_list(const struct restore *r, struct buf *error)
{
	struct strs kept = rights_kept(r);
	char *list = toc_list(&kept, &r->extensions, &r->schemas, &r->barred);
	int fd = memfd_create("list", 0);

	if (fd < 0 || file_write(fd, list, strlen(list)) != 0)
		buf_printf(error, "cannot hold the list of what to restore: %s", strerror(errno));
	free(list);
	strs_free(&kept);
	return fd;
}

/* What the server refused is its error; what pg_restore could not read is damage. */
static int explain_archive(struct restore *r, const struct tool *t, struct buf *error)
{
	const char *state = t->failure.sqlstate;

	if (t->forwarded || t->killed || !*state)
		return tool_explain_reader(t, error);
	r->lost = errtext_is_loss(state);
	return rights_explain(r, "pg_restore", t->error.data, &t->failure, &t->notes, error);
}

static void on_tick(void *arg)
{
	headway_tick(arg);
}

static int run_archive(struct restore *r, const struct target *target, struct buf *error)
{
	int fd = r->extensions.n || r->mute.n || r->filling.lines.n || has_part(r) ? open_list(r, error) : -1, rc = error->len ? CANNOT_WRITE : 0;
	struct strs args = { 0 };
	struct headway headway;
	struct tool t = { .job = { .program = pg_restore_main, .args = &args, .output = -1,
		                   .conninfo = &target->conninfo, .keep_fd = fd,
		                   .edit = restore_edit, .arg = r },
		          .tick = on_tick, .arg = &headway };

	arguments(r, fd, &args);
	headway_begin(&headway, &r->headway, conninfo_get(&target->conninfo, "dbname"), r->pipe ? r->pipe : r->path);
	t.job.meter = headway.meter;
	if (!rc && tool_run(&t) != 0)
		rc = explain_archive(r, &t, error);
	headway_end(&headway);
	if (fd >= 0)
		close(fd);
	tool_free(&t);
	strs_free(&args);
	return rc;
}

/* --- SQL --- */

struct sql_errors {
	struct buf words;
	struct strs notes; /* of edit_sql's */
	struct engine_failure failure;
	struct headway headway;
};

static void on_sql_tick(void *arg)
{
	headway_tick(&((struct sql_errors *)arg)->headway);
}

/* psql's words for a server that is gone are no ERROR. */
static void take_error(const char *line, void *arg)
{
	struct sql_errors *errors = arg;
	struct buf *words = &errors->words;

	if (engine_told(line))
		strs_add(&errors->notes, engine_told(line));
	else if (!engine_failed(line, &errors->failure) && words->len < 1000 &&
	    (strstr(line, "ERROR") || strstr(line, "FATAL") || strstr(line, "error") || strstr(line, "connection")))
		buf_printf(words, "%s%s", words->len ? "; " : "", line);
}

/* In the script's transaction. */
static int make_room_first(struct pg_conn *conn, void *arg, struct buf *error)
{
	const struct target target = { .kind = TARGET_PG };
	struct restore *r = arg;
	struct db db = DB_INIT;
	int rc = 0;

	db_borrow(&db, &target, conn);
	for (size_t i = 0; i < r->room.n && !rc; i++)
		rc = db_execute(&db, r->room.v[i], clock_after(ASK_MS));
	if (rc)
		buf_puts(error, db_error(&db));
	return rc ? NO : 0;
}

/* psql/settings.h: EXIT_BADCONN and EXIT_USER */
#define PSQL_LOST 2
#define PSQL_ERROR 3

/* psql_start says what the child exits with. */
static int explain_sql(struct restore *r, const struct ending *ending, const struct sql_errors *errors, struct buf *error)
{
	const char *words = errors->words.data;

	if (ending->status == PSQL_ERROR && *errors->failure.sqlstate && !ending->forwarded)
		return rights_explain(r, "psql", words, &errors->failure, &errors->notes, error);
	buf_printf(error, "psql: %s", *words ? words : "it failed without a word");
	if (ending->forwarded)
		return BY_SIGNAL + ending->forwarded;
	if (ending->by_signal && !proc_is_crash(ending->by_signal))
		return NO;
	return r->lost ? UNAVAILABLE : ending->status == BAD_USAGE || ending->status == NO ? ending->status : BAD_DATA;
}

static int run_sql(struct restore *r, const struct target *target, struct buf *error)
{
	struct strs files = { 0 };
	struct sql_errors errors = { .words = BUF_INIT };
	struct psql_job job = { .conninfo = &target->conninfo, .files = &files, .restricted = true,
		                .one_transaction = true, .keep_fd = -1, .begun = make_room_first,
		                .edit = restore_edit_sql, .arg = r };
	struct child child = { .watched = -1, .tell = take_error, .tick = on_sql_tick, .arg = &errors, .patience = 1000 };
	struct ending ending = { .status = CANNOT_RUN };
	int rc = 0;

	strs_add(&files, r->path);
	headway_begin(&errors.headway, &r->headway, conninfo_get(&target->conninfo, "dbname"), r->path);
	job.meter = errors.headway.meter;
	child.pid = psql_start(&job, &child.messages);
	if (child.pid >= 0)
		ending = child_watch(&child);
	headway_end(&errors.headway);
	r->lost = ending.status == PSQL_LOST || (ending.status && errtext_is_loss(errors.failure.sqlstate));
	if (ending.status != DONE)
		rc = explain_sql(r, &ending, &errors, error);
	rights_note(r, &errors.notes);
	buf_free(&errors.words);
	strs_free(&errors.notes);
	strs_free(&files);
	return rc;
}

int restore_run(struct restore *r, const struct target *target, struct buf *error)
{
	return is_archive(r) ? run_archive(r, target, error) : run_sql(r, target, error);
}

/* Whether it is of one database, and all of it is SQL. */
static int suits_text(struct restore *r, const char *name, struct buf *error)
{
	int rc = outline_of_sql(&r->outline, r->path, error);

	r->outlined = true;
	if (r->outline.database && *r->outline.database == '\\') {
		buf_printf(error, "'%s' is for several databases (%s), or was made by pg_dump --create: dump each database "
		           "without that, or run the file with psql", name, r->outline.database);
		rc = BAD_USAGE;
	} else if (r->outline.database) {
		buf_printf(error, "'%s' makes its database itself (%s), as pg_dump --create has it: dump it without that, or "
		           "run it with psql", name, r->outline.database);
		rc = BAD_USAGE;
	} else if (r->outline.command) {
		buf_printf(error, "'%s' has a backslash command of psql's (\\%s), which is not run here", name,
		           r->outline.command);
		rc = BAD_DATA;
	} else if (r->outline.breaks) {
		buf_printf(error, "'%s' ends its transaction in a way that cannot be one with the rest (%s): remove that", name,
		           r->outline.breaks);
		rc = BAD_DATA;
	} else if (r->outline.alone) {
		buf_printf(error, "'%s' is restored in one transaction, and has a statement that runs in none (%s): remove that, "
		           "or run the file with psql", name, r->outline.alone);
		rc = NO;
	}
	return rc;
}

int restore_suits(struct restore *r, const char *name, const struct target *target, bool into,
                  struct buf *error)
{
	bool lite = target->kind == TARGET_SQLITE, partly = has_part(r) || r->schema_only || r->data_only;

	if (r->content == CONTENT_CLUSTER)
		buf_printf(error, "'%s' is of pg_dumpall, for a whole server: restore it with psql, or make a backup "
		           "of each database", name);
	else if (content_is_lite(r->content) != lite)
		buf_printf(error, "'%s' is %s%s, which goes into %s only, and the target is %s", name,
		           content_name(r->content), r->content == CONTENT_SQL && content_is_dump(r->path) ? " of pg_dump" : "",
		           lite ? "PostgreSQL" : "an SQLite file", target->shown);
	else if (lite && (r->clean || into || partly || r->no_owner || r->no_tablespaces))
		buf_puts(error, "of the modes only --replace is for SQLite");
	else if (r->content == CONTENT_SQL && (r->clean || partly || r->no_owner))
		buf_printf(error, "--clean, --tables, --schema-only, --data-only and --no-owner are for archives; "
		           "'%s' is SQL", name);
	else if (!lite && strlen(conninfo_get(&target->conninfo, "dbname")) > NAME_BYTES)
		buf_puts(error, "the name of a database has at most 63 bytes");
	else if (r->pipe && r->clean)
		buf_printf(error, "'%s' is only known to be whole when it has been restored, which is no way to begin "
		           "--clean: make room for it (--stage)", name);
	if (error->len)
		return BAD_USAGE;
	if (r->content == CONTENT_SQL)
		return suits_text(r, name, error);
	for (size_t i = 0; has_part(r) && i < r->tables->n; i++)
		if (!toc_has(&r->toc, r->tables->v[i])) {
			buf_printf(error, "--tables: the backup has no table '%s'", r->tables->v[i]);
			return NO_INPUT;
		}
	if (r->content == CONTENT_TAR || r->pipe)
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
	filling_free(&r->filling);
	strs_free(&r->left_out);
	strs_free(&r->room);
}
