/* shadow - a database beside another, to restore into and then to swap in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/utf8.h"
#include "db/drop_database.h"
#include "ext/hash.h"
#include "restore/shadow_parts.h"

#define ASK_MS SIDE_ASK_MS
#define NAME_BYTES 63   /* NAMEDATALEN - 1 */
#define MAKE_MS 600000  /* CREATE DATABASE may wait for a checkpoint */
#define COMMENT "pgbox: being restored"
/* What a side database is made with, so that one is told also before it has the comment: no
 * statement does both. side_dress sets the right one. */
#define MARK " CONNECTION LIMIT 7919"

/* Names that begin alike must not be cut to the same. */
static void mark_of(const char *name, char mark[16])
{
	unsigned char digest[HASH_BYTES];
	struct hash h;

	hash_start(&h);
	hash_add(&h, name, strlen(name));
	hash_end(&h, digest);
	snprintf(mark, 16, "_%02x%02x%02x", digest[0], digest[1], digest[2]);
}

char *side_name(const char *database, const char *word, int64_t moment)
{
	time_t seconds = moment / 1000;
	char tail[64], stamp[32], mark[16] = "";
	struct tm at;

	gmtime_r(&seconds, &at);
	strftime(stamp, sizeof(stamp), "%Y%m%d_%H%M%S", &at);
	if (strlen(database) + strlen(word) + strlen(stamp) + 2 > NAME_BYTES)
		mark_of(database, mark);
	snprintf(tail, sizeof(tail), "%s_%s_%s", mark, word, stamp);
	return xasprintf("%.*s%s", (int)utf8_cut(database, NAME_BYTES - strlen(tail)), database, tail);
}

const char *side_own_name(const struct side *s)
{
	return conninfo_get(&s->target->conninfo, "dbname");
}

/* Through a pooler nothing can be set for the session: each question has a transaction. */
static int ask_apart(struct side *s, const char *sql, const char *const *params, int n, struct rows *rows)
{
	int64_t deadline = clock_after(ASK_MS);
	int rc = server_begin(&s->db.pg, "READ WRITE", true, deadline) ||
	         server_query(&s->db.pg, sql, params, n, deadline, rows) || server_commit(&s->db.pg, deadline);

	if (rc)
		server_rollback(&s->db.pg);
	return rc ? -1 : 0;
}

int side_ask(struct side *s, const char *sql, const char *a, const char *b, struct rows *rows)
{
	const char *params[] = { a, b };
	int n = b ? 2 : a ? 1 : 0;

	return s->db.pg.pooled ? ask_apart(s, sql, params, n, rows)
	                       : server_query(&s->db.pg, sql, params, n, clock_after(ASK_MS), rows);
}

int side_failed(struct side *s, const char *what, struct buf *error)
{
	buf_printf(error, "%s: cannot %s: %s", s->target->shown, what, db_error(&s->db));
	return db_failure(&s->db);
}

int side_run(struct side *s, int64_t ms, const char *format, const char *const *words)
{
	char *sql = server_format(&s->db.pg, format, words);
	int rc = server_query(&s->db.pg, sql, NULL, 0, clock_after(ms), NULL);

	free(sql);
	return rc;
}

/* The key of a name's advisory lock, held by the session that makes a database of that name
 * until it ends: who finds it free has found what a killed restore left. */
#define NAME_LOCK(name) "(('x' || substr(md5('pgbox restore ' || " name "), 1, 15))::bit(60)::bigint)"

/* A session's lock, or, as a pooler hands sessions on, that of a transaction which stays open. */
static int lock_name(struct side *s, const char *name, struct rows *locked)
{
	struct target door;
	int rc = 0;

	if (!s->db.pg.pooled)
		return side_ask(s, "SELECT pg_try_advisory_lock" NAME_LOCK("$1"), name, NULL, locked);
	if (!db_is_open(&s->claims)) {
		target_copy(&door, s->target, s->door);
		rc = db_open(&s->claims, &door, DB_WRITE, clock_after(ASK_MS)) != REACHED ||
		     server_begin(&s->claims.pg, "READ ONLY", true, CLOCK_NEVER) ||
		     server_settle(&s->claims.pg, true, clock_after(ASK_MS));
		target_free(&door);
		s->claims.target = s->target;
	}
	return rc ? -1 : server_query(&s->claims.pg, "SELECT pg_try_advisory_xact_lock" NAME_LOCK("$1"), &name, 1,
	                              clock_after(ASK_MS), locked);
}

/* Locked first and looked for then: who had the lock before may have made it. */
static bool claim(struct side *s, const char *name, const char *limit)
{
	struct rows locked = { 0 }, later = { 0 };
	int rc = lock_name(s, name, &locked);

	if (!rc)
		rc = side_ask(s, "SELECT FROM pg_catalog.pg_database WHERE datname >= $1 AND datname < $2"
		         " AND length(datname) = length($1)", name, limit, &later);
	/* A session that cannot ask will say so where the name is used. */
	rc = rc || (rows_true(&locked, 0, 0) && !later.n);
	rows_free(&locked);
	rows_free(&later);
	return rc;
}

/* A name that comes behind those that are there and that no other restore has claimed:
 * seconds are moved on. Those that are an hour ahead are from a clock that was wrong. The
 * caller frees it. */
char *side_free_name(struct side *s, const char *word)
{
	int64_t moment = clock_wall();
	char *limit = side_name(side_own_name(s), word, moment + 3600000);
	char *name = side_name(side_own_name(s), word, moment);

	while (!claim(s, name, limit)) {
		free(name);
		moment += 1000;
		name = side_name(side_own_name(s), word, moment);
	}
	free(limit);
	return name;
}

/* --- the session --- */

static int look(struct side *s, struct buf *error)
{
	struct rows rows = { 0 };
	int rc = side_ask(s, "SELECT FROM pg_catalog.pg_database WHERE datname = $1", side_own_name(s), NULL, &rows);

	s->exists = rows.n > 0;
	rows_free(&rows);
	return rc ? side_failed(s, "look for it", error) : 0;
}

int side_open(struct side *s, const struct target *target, int64_t deadline, struct buf *error)
{
	const char *const doors[] = { "postgres", "template1", conninfo_get(&target->conninfo, "dbname") };
	int rc = UNAVAILABLE;

	*s = (struct side)SIDE_INIT;
	s->target = target;
	for (size_t i = 0; i < 3 && rc; i++) {
		struct target door;

		if (i < 2 && strcmp(doors[i], side_own_name(s)) == 0)
			continue;
		buf_cut(error, 0);
		target_copy(&door, target, doors[i]);
		rc = db_reopen(&s->db, &door, deadline, error);
		target_free(&door);
		s->door = doors[i];
		s->db.target = target;
		if (rc && s->db.reach != REACH_NO_DATABASE && s->db.reach != REACH_DENIED)
			return rc;
	}
	if (!rc && server_settle(&s->db.pg, false, clock_after(ASK_MS)) != 0)
		return side_failed(s, "prepare the session", error);
	return rc ? rc : look(s, error);
}

/* The session may have been lost meanwhile. */
int side_stay_open(struct side *s, struct buf *error)
{
	struct target target;
	int rc;

	if (db_is_open(&s->db))
		return 0;
	target_copy(&target, s->target, s->door);
	rc = db_reopen(&s->db, &target, clock_after(ASK_MS), error);
	target_free(&target);
	s->db.target = s->target;
	if (!rc && server_settle(&s->db.pg, false, clock_after(ASK_MS)) != 0)
		return side_failed(s, "prepare the session", error);
	return rc;
}

/* --- leftovers --- */

static void drop_leftover(struct side *s, const char *name,
                          void (*tell)(enum msg_level level, const char *words))
{
	struct buf error = BUF_INIT;
	int rc;
	char *words = xasprintf("dropped '%s', which an interrupted restore had left", name);

	s->tell = tell;
	rc = side_drop(s, name, &error);
	tell(rc ? MSG_WARNING : MSG_INFO, rc ? error.data : words);
	buf_free(&error);
	free(words);
}

/* The lock is of the side database's name, so it is free when its restore is gone; whose sessions may
 * not be: of a client that was killed with its host they wait in COPY for data. What DROP DATABASE has
 * begun with can only be dropped (dbcommands.c, DATCONNLIMIT_INVALID_DB). */
void side_drop_leftovers(struct side *s, const struct strs *names,
                         void (*tell)(enum msg_level level, const char *words))
{
	struct rows rows = { 0 };
	struct buf list = BUF_INIT;
	char *pattern = side_name(side_own_name(s), "restore", 0), *before = side_name(side_own_name(s), "before", 0);

	/* Less the moment: it has fifteen bytes. */
	pattern[strlen(pattern) - 15] = before[strlen(before) - 15] = '\0';
	buf_printf(&list, "%s\n", before);
	for (size_t i = 0; i < names->n; i++)
		buf_printf(&list, "%s\n", names->v[i]);
	if (side_ask(s,
	        "SELECT d.datname FROM pg_catalog.pg_database d, split_part($2, E'\\n', 1) AS before"
	        " WHERE ((left(d.datname, length($1)) = $1"
	        "    AND substr(d.datname, length($1) + 1) ~ '^[0-9]{8}_[0-9]{6}$'"
	        "    AND (shobj_description(d.oid, 'pg_database') = '" COMMENT "' OR d.datconnlimit IN (7919, -2)"
	        "     OR d.datname = ANY (string_to_array($2, E'\\n'))))"
	        "   OR (left(d.datname, length(before)) = before AND d.datconnlimit = -2"
	        "    AND substr(d.datname, length(before) + 1) ~ '^[0-9]{8}_[0-9]{6}$'))"
	        "  AND pg_try_advisory_xact_lock" NAME_LOCK("d.datname"),
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
		            "CASE WHEN d.daticurules IS NULL THEN '' ELSE format(' ICU_RULES %L', d.daticurules) END");
	if (version >= 160000)
		return FORM("CASE d.datlocprovider WHEN 'i' THEN format(' LOCALE_PROVIDER icu ICU_LOCALE"
		            " %L', d.daticulocale) ELSE ' LOCALE_PROVIDER libc' END",
		            "CASE WHEN d.daticurules IS NULL THEN '' ELSE format(' ICU_RULES %L', d.daticurules) END");
	if (version >= 150000)
		return FORM("CASE d.datlocprovider WHEN 'i' THEN format(' LOCALE_PROVIDER icu ICU_LOCALE"
		            " %L', d.daticulocale) ELSE ' LOCALE_PROVIDER libc' END",
		            "''");
	return FORM("''", "''");
}

static int create_like_target(struct side *s)
{
	struct rows rows = { 0 };
	int rc = side_ask(s, find_form(server_version(&s->db.pg)), side_own_name(s), NULL, &rows);

	if (!rc)
		rc = side_run(s, MAKE_MS, "CREATE DATABASE %I%s" MARK,
		         (const char *const[]){ s->name, rows_text(&rows, 0, 0) });
	rows_free(&rows);
	return rc;
}

/* Who may not give it away keeps it. */
static int create_like_backup(struct side *s, const struct properties *p, bool near, struct buf *note,
                              struct buf *error)
{
	int rc = properties_create(p, &s->db, s->name, MARK, near, note, error);

	if (!rc && p->owner &&
	    side_run(s, ASK_MS, "ALTER DATABASE %I OWNER TO %I", (const char *const[]){ s->name, p->owner }) != 0)
		buf_printf(note, "%sthe database belongs to this role, not to %s: %s", note->len ? "; " : "",
		           p->owner, db_error(&s->db));
	return rc;
}

void side_plan(struct side *s)
{
	s->name = side_free_name(s, "restore");
	target_copy(&s->at, s->target, s->name);
}

/* With all that an empty database may have: rights, extensions, publications ... */
static int create_copy(struct side *s)
{
	const char *own = side_own_name(s);
	const char *words[] = { s->name, own };
	int64_t deadline = clock_after(SIDE_SWAP_MS);
	struct side_ending ending = side_start_ending(s, own, own);
	int rc;

	do
		rc = side_run(s, MAKE_MS, "CREATE DATABASE %I TEMPLATE %I" MARK, words);
	while (rc && strcmp(db_sqlstate(&s->db), "55006") == 0 && clock_left(deadline)); /* object_in_use */
	side_stop_ending(s, &ending);
	return rc;
}

int side_create(struct side *s, const struct properties *p, bool copy, bool near, struct buf *note,
                struct buf *error)
{
	int rc;

	if (!s->exists) {
		rc = create_like_backup(s, p, near, note, error);
	} else if ((rc = copy ? create_copy(s) : create_like_target(s)) != 0) {
		rc = side_failed(s, strcmp(db_sqlstate(&s->db), "42501") == 0
		                       ? "make a database beside it (the role needs CREATEDB)"
		                       : "make a database beside it", error);
	}
	if (rc) {
		free(s->name);
		s->name = NULL;
		return rc;
	}
	side_run(s, ASK_MS, "COMMENT ON DATABASE %I IS '" COMMENT "'", (const char *const[]){ s->name });
	return 0;
}

int side_drop(struct side *s, const char *name, struct buf *error)
{
	struct buf why = BUF_INIT;
	int rc = dropdb_run(&s->db, name, s->tell, &why);

	/* A template is not dropped (dbcommands.c, dropdb). */
	if (rc && strcmp(db_sqlstate(&s->db), "42809") == 0) {
		buf_cut(&why, 0);
		rc = side_run(s, ASK_MS, "ALTER DATABASE %I IS_TEMPLATE false", (const char *const[]){ name });
		rc = rc ? side_failed(s, "drop a template", &why) : dropdb_run(&s->db, name, s->tell, &why);
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
bool side_is_whole(struct side *s, const char *name)
{
	struct rows rows = { 0 };
	bool whole = side_ask(s, "SELECT FROM pg_catalog.pg_database WHERE datname = $1 AND datconnlimit <> -2", name, NULL,
	                      &rows) == 0 && rows.n;

	rows_free(&rows);
	return whole;
}

/* --- what may be swapped --- */

int side_check_create(struct side *s, struct buf *error)
{
	struct rows rows = { 0 };
	int rc = side_ask(s, "SELECT rolcreatedb OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user",
	             NULL, NULL, &rows);
	bool may = rows_true(&rows, 0, 0);

	rows_free(&rows);
	if (rc || may)
		return DONE;
	buf_printf(error, "%s: this role may not make databases (CREATEDB): let another make it, empty, and "
	           "restore into that", s->target->shown);
	return DENIED;
}

int side_check_swap(struct side *s, struct buf *error)
{
	static const char find[] =
		"SELECT CASE"
		" WHEN EXISTS (SELECT FROM pg_catalog.pg_prepared_xacts WHERE database = $1)"
		"  THEN 'it has prepared transactions: commit or roll them back first'"
		" WHEN EXISTS (SELECT FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d"
		"  ON d.oid = s.subdbid WHERE d.datname = $1)"
		"  THEN 'it has subscriptions: drop them first, or use --clean'"
		" WHEN EXISTS (SELECT FROM pg_catalog.pg_replication_slots WHERE database = $1)"
		"  THEN 'it has logical replication slots: drop them first, or use --clean'"
		" WHEN NOT pg_has_role(d.datdba, 'USAGE')"
		"  THEN 'this role does not own it: do it as ' || pg_get_userbyid(d.datdba)"
		" WHEN NOT r.rolsuper AND EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s"
		"  LEFT JOIN LATERAL unnest(s.setconfig) c ON true"
		"  LEFT JOIN pg_catalog.pg_settings p ON p.name = split_part(c, '=', 1)"
		"  WHERE s.setdatabase = d.oid AND ((s.setrole <> 0 AND NOT pg_has_role(s.setrole, 'USAGE'))"
		"   OR p.context = 'superuser'"
		/* A placeholder's right may only be granted since 15. */
		"   OR (p.name IS NULL AND current_setting('server_version_num')::int >= 150000)))"
		"  THEN 'it has settings that this role may not carry over: do it as a superuser, or use --clean'"
		" WHEN NOT r.rolcreatedb AND NOT r.rolsuper"
		"  THEN 'this role may not make databases (CREATEDB): let another do it, or use --clean,"
		" which needs none, where the backup is an archive'"
		" END FROM pg_catalog.pg_database d, pg_catalog.pg_roles r"
		" WHERE d.datname = $1 AND r.rolname = current_user";
	struct rows rows = { 0 };
	int rc = side_ask(s, find, side_own_name(s), NULL, &rows);

	if (strcmp(server_database(&s->db.pg), side_own_name(s)) == 0) {
		buf_printf(error, "%s: cannot be replaced: this role may not log in to another database "
		           "(postgres, template1): use --clean", s->target->shown);
		rc = DENIED;
	} else if (rc)
		rc = side_failed(s, "look at it", error);
	else if (rows_get(&rows, 0, 0)) {
		buf_printf(error, "%s: cannot be replaced: %s", s->target->shown, rows_text(&rows, 0, 0));
		rc = strstr(rows_text(&rows, 0, 0), "this role") ? DENIED : NO;
	}
	rows_free(&rows);
	return rc;
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

static int dress_like_target(struct side *s)
{
	struct rows rows = { 0 };
	int rc = side_ask(s, find_dress, side_own_name(s), s->name, &rows);

	for (size_t i = 0; i < rows.n && !rc; i++)
		rc = side_ask(s, rows_text(&rows, i, 1), NULL, NULL, NULL);
	rows_free(&rows);
	return rc;
}

int side_dress(struct side *s, const struct properties *p, struct buf *error)
{
	int rc = side_stay_open(s, error);

	if (rc)
		return rc;
	s->comment = s->exists ? NULL : p->comment;
	rc = s->exists ? dress_like_target(s) : properties_apply(p, &s->db, s->name);
	if (rc)
		return side_failed(s, s->exists ? "carry its privileges and settings over" : "give it the backup's rights "
		                   "and settings (--settings none does without)", error);
	return 0;
}

int side_discard(struct side *s, struct buf *error)
{
	int rc = DONE;

	/* Where no door has opened it was not made. */
	if (s->name && s->door && (side_stay_open(s, error) || side_drop(s, s->name, error))) {
		buf_printf(error, "; '%s' is left", s->name);
		rc = NO;
	}

	free(s->name);
	s->name = NULL;
	return rc;
}

void side_free(struct side *s)
{
	struct buf ignored = BUF_INIT;

	side_discard(s, &ignored);
	db_free(&s->db);
	db_free(&s->claims);
	if (s->at.shown)
		target_free(&s->at);
	free(s->name);
	buf_free(&ignored);
	*s = (struct side)SIDE_INIT;
}
