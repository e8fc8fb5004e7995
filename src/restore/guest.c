/* guest - a throw-away role, as which the code of a restored database runs. */
#include "restore/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/banned.h"
#include "base/clock.h"

#define COMMENT "pgbox: a role of a restore test"
#define SECRET_BYTES 24

/* --- what a role may do --- */

int guest_rights(struct db *db, const char *owner, int64_t deadline, struct guest_rights *r)
{
	/* Whoever owns the session's database is a member of pg_database_owner. */
	static const struct sql find = {
		.pg = "SELECT me.rolsuper, me.rolsuper OR me.rolcreaterole,"
		      "  me.rolsuper OR (me.rolcreaterole AND NOT coalesce(o.rolcreaterole, false))"
		      "  OR (me.rolreplication AND NOT coalesce(o.rolreplication, false))"
		      "  OR (me.rolbypassrls AND NOT coalesce(o.rolbypassrls, false))"
		      "  OR EXISTS (SELECT FROM pg_roles g"
		      "   WHERE g.oid <> me.oid AND g.rolname <> 'pg_database_owner'"
		      "    AND pg_has_role(me.oid, g.oid, 'MEMBER')"
		      "    AND NOT coalesce(pg_has_role(o.oid, g.oid, 'MEMBER'), false))"
		      " FROM pg_roles me LEFT JOIN pg_roles o ON o.rolname = $1"
		      " WHERE me.rolname = current_user",
	};
	struct rows rows = { 0 };
	int rc = db_read(db, find, &owner, 1, deadline, &rows);

	*r = (struct guest_rights){ .superuser = rows_true(&rows, 0, 0),
		                    .makes_roles = rows_true(&rows, 0, 1),
		                    .wider = rows_true(&rows, 0, 2) };
	rows_free(&rows);
	return rc;
}

/* --- making --- */

/* Hexadecimal digits; NULL: the kernel has no random bytes. The caller frees it. */
static char *make_password(void)
{
	unsigned char bytes[SECRET_BYTES];
	struct buf text = BUF_INIT;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return NULL;
	for (size_t i = 0; i < sizeof(bytes); i++)
		buf_printf(&text, "%02x", bytes[i]);
	return buf_detach(&text);
}

/* Runs a statement with the role's name, quoted, between its two halves. */
static int on_role(struct db *db, const char *verb, const char *name, const char *rest)
{
	struct buf sql = BUF_INIT;
	int rc;

	buf_printf(&sql, "%s ", verb);
	server_identifier(&db->pg, &sql, name);
	buf_puts(&sql, rest);
	rc = db_query(db, (struct sql){ .pg = sql.data }, NULL, 0, NULL);
	buf_free(&sql);
	return rc;
}

static int create(struct db *db, const struct guest *g)
{
	struct buf how = BUF_INIT;
	int rc = server_verifier(&db->pg, &how, g->name, g->password);

	if (!rc) {
		struct buf rest = BUF_INIT;

		buf_puts(&rest, " LOGIN PASSWORD ");
		server_literal(&db->pg, &rest, how.data);
		rc = on_role(db, "CREATE ROLE", g->name, rest.data);
		buf_free(&rest);
	}
	buf_free(&how);
	return rc ? rc : on_role(db, "COMMENT ON ROLE", g->name, " IS '" COMMENT "'");
}

/* Who makes a role since 16 administers it, but is not a member that may act as it. */
static int join(struct db *db, const char *name)
{
	return on_role(db, "GRANT", name, server_version(&db->pg) >= 160000
	                                          ? " TO CURRENT_USER WITH INHERIT TRUE, SET TRUE"
	                                          : " TO CURRENT_USER");
}

int guest_make(struct guest *g, struct db *db, const char *name, int64_t deadline)
{
	struct guest_rights rights;
	int rc = guest_rights(db, NULL, deadline, &rights);

	*g = (struct guest){ .name = xstrdup(name), .password = make_password() };
	if (!g->password) {
		server_complain(&db->pg, "no random bytes for a password");
		rc = -1;
	}
	/* All of it or nothing: a role without the comment would be nobody's to drop. */
	rc = rc || db_begin(db, DB_WRITE, deadline) || create(db, g) ||
	     (!rights.superuser && join(db, name)) || db_commit(db);
	if (rc) {
		db_rollback(db);
		guest_free(g);
	}
	return rc ? -1 : 0;
}

void guest_target(const struct guest *g, const struct target *from, const char *database,
                  struct target *t)
{
	target_copy(t, from, database);
	target_login(t, g->name, g->password);
}

/* --- dropping --- */

static int run(struct db *db, const char *verb, const char *name, const char *rest, int64_t deadline)
{
	int rc = db_begin(db, DB_WRITE, deadline) || on_role(db, verb, name, rest) || db_commit(db);

	if (rc)
		db_rollback(db);
	return rc ? -1 : 0;
}

int guest_drop(struct db *db, const char *name, int64_t deadline)
{
	if (run(db, "DROP ROLE IF EXISTS", name, "", deadline) == 0)
		return 0;
	/* Its own code may have made it own something elsewhere. */
	if (db_is_open(db) && strcmp(db_sqlstate(db), "2BP01") == 0 &&
	    run(db, "DROP OWNED BY", name, " CASCADE", deadline) == 0 &&
	    run(db, "DROP ROLE IF EXISTS", name, "", deadline) == 0)
		return 0;
	if (db_is_open(db)) {
		struct buf why = BUF_INIT;

		buf_puts(&why, db_error(db));
		run(db, "ALTER ROLE", name, " NOLOGIN PASSWORD NULL", deadline);
		server_complain(&db->pg, why.data);
		buf_free(&why);
	}
	return -1;
}

void guest_drop_stale(struct db *db, const char *prefix, int64_t deadline)
{
	static const struct sql find = {
		.pg = "SELECT r.rolname FROM pg_roles r"
		      " WHERE left(r.rolname, length($1)) = $1"
		      "  AND substr(r.rolname, length($1) + 1) ~ '^[0-9]{1,12}_[0-9]{1,10}$'"
		      "  AND shobj_description(r.oid, 'pg_authid') = '" COMMENT "'"
		      "  AND NOT EXISTS (SELECT FROM pg_database d WHERE d.datname = r.rolname)"
		      "  AND NOT EXISTS (SELECT FROM pg_stat_activity a"
		      " WHERE a.application_name = r.rolname)",
	};
	struct rows rows = { 0 };

	db_read(db, find, &prefix, 1, deadline, &rows);
	for (size_t i = 0; i < rows.n; i++)
		guest_drop(db, rows_text(&rows, i, 0), deadline);
	rows_free(&rows);
}

void guest_free(struct guest *g)
{
	free(g->name);
	free(g->password);
	*g = (struct guest){ 0 };
}
