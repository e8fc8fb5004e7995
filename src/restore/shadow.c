/* shadow - a database beside another, to restore into and then to swap in. */
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/teller.h"
#include "db/drop_database.h"
#include "restore/shadow.h"
#include "restore/shadow_parts.h"

#define ASK_MS SHADOW_ASK_MS
#define MAKE_MS 600000  /* CREATE DATABASE may wait for a checkpoint */
#define COMMENT "pgbox: being restored"
/* What a shadow database is made with, so that one is told also before it has the comment: no
 * statement does both. shadow_dress sets the right one. */
#define MARK " CONNECTION LIMIT 7919"

/* --- leftovers --- */

static void drop_leftover(struct shadow *s, const char *name, const struct teller *tell)
{
	struct buf error = BUF_INIT;
	int rc;
	char *words = xasprintf("dropped '%s', which an interrupted restore had left", name);

	s->tell = tell;
	rc = shadow_drop(s, name, &error);
	teller_say(tell, rc ? MSG_WARNING : MSG_INFO, rc ? error.data : words);
	buf_free(&error);
	free(words);
}

/* The lock is of the shadow database's name, so it is free when its restore is gone; whose sessions may
 * not be: of a client that was killed with its host they wait in COPY for data. What DROP DATABASE has
 * begun with can only be dropped (dbcommands.c, DATCONNLIMIT_INVALID_DB). */
void shadow_drop_leftovers(struct shadow *s, const struct strs *names, const struct teller *tell)
{
	struct rows rows = { 0 };
	struct buf list = BUF_INIT;
	char *pattern = shadow_name(shadow_own_name(s), "restore", 0),
	     *before = shadow_name(shadow_own_name(s), "before", 0);

	/* Less the moment: it has fifteen bytes. */
	pattern[strlen(pattern) - 15] = before[strlen(before) - 15] = '\0';
	buf_printf(&list, "%s\n", before);
	for (size_t i = 0; i < names->n; i++)
		buf_printf(&list, "%s\n", names->v[i]);
	if (shadow_ask(s,
	               "SELECT d.datname FROM pg_catalog.pg_database d, split_part($2, E'\\n', 1) AS before"
	               " WHERE ((left(d.datname, length($1)) = $1"
	               "    AND substr(d.datname, length($1) + 1) ~ '^[0-9]{8}_[0-9]{6}$'"
	               "    AND (shobj_description(d.oid, 'pg_database') = '" COMMENT "' OR d.datconnlimit "
	                                                                              "IN (7919, -2)"
	               "     OR d.datname = ANY (string_to_array($2, E'\\n'))))"
	               "   OR (left(d.datname, length(before)) = before AND d.datconnlimit = -2"
	               "    AND substr(d.datname, length(before) + 1) ~ '^[0-9]{8}_[0-9]{6}$'))"
	               "  AND pg_try_advisory_xact_lock" SHADOW_NAME_LOCK("d.datname"),
	               pattern, list.data, &rows) == 0)
		for (size_t i = 0; i < rows.n; i++)
			drop_leftover(s, rows_text(&rows, i, 0), tell);
	rows_free(&rows);
	buf_free(&list);
	free(pattern);
	free(before);
}

/* --- creating --- */

/* How the target's database was made, in CREATE DATABASE's words; by version, for the
 * columns have changed. */
static const char *find_form(int version)
{
#define FORM(provider, rules)                                                                      \
	"SELECT format(' TEMPLATE template0 OWNER %I ENCODING %L LC_COLLATE %L LC_CTYPE %L"        \
	"', pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), d.datcollate, d.datctype)"   \
	" || CASE t.spcname WHEN 'pg_default' THEN '' ELSE format(' TABLESPACE %I', t.spcname) END"  \
	" || " provider " || " rules                          \
	" FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace" \
	" WHERE d.datname = $1"
	if (version >= 170000)
		return FORM("CASE d.datlocprovider WHEN 'i' THEN format(' LOCALE_PROVIDER icu ICU_LOCALE"
		            " %L', d.datlocale) WHEN 'b' THEN format(' LOCALE_PROVIDER builtin"
		            " BUILTIN_LOCALE %L', d.datlocale) ELSE ' LOCALE_PROVIDER libc' END",
		            "CASE WHEN d.daticurules IS NULL THEN '' ELSE format(' ICU_RULES %L', "
		            "d.daticurules) END");
	if (version >= 160000)
		return FORM("CASE d.datlocprovider WHEN 'i' THEN format(' LOCALE_PROVIDER icu ICU_LOCALE"
		            " %L', d.daticulocale) ELSE ' LOCALE_PROVIDER libc' END",
		            "CASE WHEN d.daticurules IS NULL THEN '' ELSE format(' ICU_RULES %L', "
		            "d.daticurules) END");
	if (version >= 150000)
		return FORM("CASE d.datlocprovider WHEN 'i' THEN format(' LOCALE_PROVIDER icu ICU_LOCALE"
		            " %L', d.daticulocale) ELSE ' LOCALE_PROVIDER libc' END",
		            "''");
	return FORM("''", "''");
}

static int create_like_target(struct shadow *s)
{
	struct rows rows = { 0 };
	int rc = shadow_ask(s, find_form(server_version(&s->db.pg)), shadow_own_name(s), NULL, &rows);

	if (!rc)
		rc = shadow_run(s, MAKE_MS, "CREATE DATABASE %I%s" MARK,
		         (const char *const[]){ s->name, rows_text(&rows, 0, 0) });
	rows_free(&rows);
	return rc;
}

/* Who may not give it away keeps it. */
static int create_like_backup(struct shadow *s, const struct properties *p, bool near, struct buf *note,
                              struct buf *error)
{
	int rc = properties_create(p, &s->db, s->name, &(struct properties_how){ MARK, near, note }, error);

	if (!rc && p->owner &&
	    shadow_run(s, ASK_MS, "ALTER DATABASE %I OWNER TO %I",
	               (const char *const[]){ s->name, p->owner }) != 0)
		buf_printf(note, "%sthe database belongs to this role, not to %s: %s", note->len ? "; " : "",
		           p->owner, db_error(&s->db));
	return rc;
}

void shadow_plan(struct shadow *s)
{
	s->name = shadow_free_name(s, "restore");
	target_copy(&s->at, s->target, s->name);
}

/* With all that an empty database may have: rights, extensions, publications ... */
static int create_copy(struct shadow *s)
{
	const char *own = shadow_own_name(s);
	const char *words[] = { s->name, own };
	int64_t deadline = clock_after(SHADOW_SWAP_MS);
	struct shadow_ending ending = shadow_start_ending(s, own, own);
	int rc;

	do
		rc = shadow_run(s, MAKE_MS, "CREATE DATABASE %I TEMPLATE %I" MARK, words);
	while (rc && strcmp(db_sqlstate(&s->db), "55006") == 0 && clock_left(deadline)); /* object_in_use */
	shadow_stop_ending(s, &ending);
	return rc;
}

int shadow_create(struct shadow *s, const struct properties *p, bool copy, bool near, struct buf *note,
                struct buf *error)
{
	int rc;

	if (!s->exists) {
		rc = create_like_backup(s, p, near, note, error);
	} else if ((rc = copy ? create_copy(s) : create_like_target(s)) != 0) {
		rc = shadow_failed(s, strcmp(db_sqlstate(&s->db), "42501") == 0
		                       ? "make a database beside it (the role needs CREATEDB)"
		                       : "make a database beside it", error);
	}
	if (rc) {
		free(s->name);
		s->name = NULL;
		return rc;
	}
	shadow_run(s, ASK_MS, "COMMENT ON DATABASE %I IS '" COMMENT "'", (const char *const[]){ s->name });
	return 0;
}

int shadow_drop(struct shadow *s, const char *name, struct buf *error)
{
	struct buf why = BUF_INIT;
	int rc = database_drop(&s->db, name, s->tell, &why);

	/* A template is not dropped (dbcommands.c, dropdb). */
	if (rc && strcmp(db_sqlstate(&s->db), "42809") == 0) {
		buf_cut(&why, 0);
		rc = shadow_run(s, ASK_MS, "ALTER DATABASE %I IS_TEMPLATE false",
		                (const char *const[]){ name });
		rc = rc ? shadow_failed(s, "drop a template",
		                        &why) : database_drop(&s->db, name, s->tell, &why);
	}
	if (rc)
		buf_printf(error, "%s: %s", s->target->shown, why.data);
	/* It begins with a checkpoint, which a full tablespace lets nobody have. */
	if (rc && (strstr(db_error(&s->db), "checkpoint") || strcmp(db_sqlstate(&s->db), "53100") == 0)) {
		buf_puts(error, ": make room on the server's disk, and then DROP DATABASE ");
		server_identifier(&s->db.pg, error, name);
	}
	buf_free(&why);
	return rc ? NO : 0;
}

/* From a certain step on DROP DATABASE cannot be taken back (dbcommands.c, DATCONNLIMIT_INVALID_DB). */
bool shadow_is_whole(struct shadow *s, const char *name)
{
	struct rows rows = { 0 };
	bool whole = shadow_ask(s, "SELECT FROM pg_catalog.pg_database WHERE datname = $1"
	                           " AND datconnlimit <> -2", name, NULL,
	                      &rows) == 0 && rows.n;

	rows_free(&rows);
	return whole;
}

int shadow_check_create(struct shadow *s, struct buf *error)
{
	struct rows rows = { 0 };
	int rc = shadow_ask(s, "SELECT rolcreatedb OR rolsuper FROM pg_catalog.pg_roles"
	                       " WHERE rolname = current_user",
	             NULL, NULL, &rows);
	bool may = rows_true(&rows, 0, 0);

	rows_free(&rows);
	if (rc || may)
		return DONE;
	buf_printf(error, "%s: this role may not make databases (CREATEDB): let another make it, empty, and "
	           "restore into that", s->target->shown);
	return DENIED;
}

/* --- what is carried over --- */

/* Statements that give the database $2 what $1 has. Settings that are lists are stored
 * with their elements quoted (guc_tables.c, GUC_LIST_QUOTE). */
static const char find_dress[] =
	"WITH old AS (SELECT * FROM pg_catalog.pg_database WHERE datname = $1),"
	" acl AS (SELECT (aclexplode(datacl)).* FROM old),"
	" settings AS (SELECT s.setrole, split_part(c, '=', 1) AS name,"
	"   substr(c, strpos(c, '=') + 1) AS value"
	"  FROM pg_catalog.pg_db_role_setting s JOIN old ON old.oid = s.setdatabase,"
	"   unnest(s.setconfig) c)"
	" SELECT 1, format('REVOKE ALL ON DATABASE %I FROM PUBLIC, %I', $2, pg_get_userbyid(datdba))"
	"  FROM old WHERE datacl IS NOT NULL"
	" UNION ALL"
	" SELECT 2, format('GRANT %s ON DATABASE %I TO %s%s', privilege_type, $2,"
	"  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,"
	"  CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) FROM acl"
	" UNION ALL"
	" SELECT 3, format('ALTER %s SET %I TO %s', CASE setrole"
	"   WHEN 0 THEN format('DATABASE %I', $2)"
	"   ELSE format('ROLE %I IN DATABASE %I', pg_get_userbyid(setrole), $2) END, name,"
	"  CASE WHEN name IN ('local_preload_libraries', 'search_path', 'session_preload_libraries',"
	"   'shared_preload_libraries', 'temp_tablespaces', 'unix_socket_directories')"
	"   THEN coalesce(nullif(nullif(value, ''), '\"\"'), '''''') ELSE quote_literal(value) END)"
	"  FROM settings"
	" UNION ALL"
	" SELECT 4, format('ALTER DATABASE %I CONNECTION LIMIT %s', $2, datconnlimit) FROM old"
	" UNION ALL"
	" SELECT 5, format('ALTER DATABASE %I IS_TEMPLATE true', $2) FROM old WHERE datistemplate"
	"  ORDER BY 1";

static int dress_like_target(struct shadow *s)
{
	struct rows rows = { 0 };
	int rc = shadow_ask(s, find_dress, shadow_own_name(s), s->name, &rows);

	for (size_t i = 0; i < rows.n && !rc; i++)
		rc = shadow_ask(s, rows_text(&rows, i, 1), NULL, NULL, NULL);
	rows_free(&rows);
	return rc;
}

int shadow_dress(struct shadow *s, const struct properties *p, struct buf *error)
{
	int rc = shadow_stay_open(s, error);

	if (rc)
		return rc;
	s->comment = s->exists ? NULL : p->comment;
	rc = s->exists ? dress_like_target(s) : properties_apply(p, &s->db, s->name);
	if (rc)
		return shadow_failed(s,
		                     s->exists ? "carry its privileges and settings over"
		                               : "give it the backup's rights "
		                                 "and settings (--settings none does without)",
		                     error);
	return 0;
}

int shadow_discard(struct shadow *s, struct buf *error)
{
	int rc = DONE;

	/* Where no door has opened it was not made. */
	if (s->name && s->door && (shadow_stay_open(s, error) || shadow_drop(s, s->name, error))) {
		buf_printf(error, "; '%s' is left", s->name);
		rc = NO;
	}

	free(s->name);
	s->name = NULL;
	return rc;
}

void shadow_free(struct shadow *s)
{
	struct buf ignored = BUF_INIT;

	shadow_discard(s, &ignored);
	db_free(&s->db);
	db_free(&s->claims);
	if (s->at.shown)
		target_free(&s->at);
	free(s->name);
	buf_free(&ignored);
	*s = (struct shadow)SHADOW_INIT;
}
