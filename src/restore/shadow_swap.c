/* shadow_swap - puts a shadow database in the place of another, and back. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/status.h"
#include "base/teller.h"
#include "restore/shadow.h"
#include "restore/shadow_parts.h"

#define ASK_MS SHADOW_ASK_MS
#define SWAP_MS SHADOW_SWAP_MS

/* --- what cannot be swapped --- */

int shadow_check_swap(struct shadow *s, struct buf *error)
{
	static const char find[] =
		"SELECT why, denied FROM pg_catalog.pg_database d, pg_catalog.pg_roles r, LATERAL (VALUES"
		" (1, EXISTS (SELECT FROM pg_catalog.pg_prepared_xacts WHERE database = $1), false,"
		"  'it has prepared transactions: commit or roll them back first'),"
		" (2, EXISTS (SELECT FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d"
		"   ON d.oid = s.subdbid WHERE d.datname = $1), false,"
		"  'it has subscriptions: drop them first, or use --clean'),"
		" (3, EXISTS (SELECT FROM pg_catalog.pg_replication_slots WHERE database = $1), false,"
		"  'it has logical replication slots: drop them first, or use --clean'),"
		" (4, NOT pg_has_role(d.datdba, 'USAGE'), true,"
		"  'this role does not own it: do it as ' || pg_get_userbyid(d.datdba)),"
		" (5, NOT r.rolsuper AND EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s"
		"   LEFT JOIN LATERAL unnest(s.setconfig) c ON true"
		"   LEFT JOIN pg_catalog.pg_settings p ON p.name = split_part(c, '=', 1)"
		"   WHERE s.setdatabase = d.oid AND ((s.setrole <> 0 AND NOT pg_has_role(s.setrole, 'USAGE'))"
		"    OR p.context = 'superuser'"
		/* A placeholder's right may only be granted since 15. */
		"    OR (p.name IS NULL AND current_setting('server_version_num')::int >= 150000))), true,"
		"  'it has settings that this role may not carry over: do it as a superuser, or use"
		" --clean'),"
		" (6, NOT r.rolcreatedb AND NOT r.rolsuper, true,"
		"  'this role may not make databases (CREATEDB): let another do it, or use --clean,"
		" which needs none, where the backup is an archive')"
		") AS w (step, holds, denied, why) WHERE d.datname = $1 AND r.rolname = current_user"
		" AND holds"
		" ORDER BY step LIMIT 1";
	struct rows rows = { 0 };
	int rc = shadow_ask(s, find, shadow_own_name(s), NULL, &rows);

	if (strcmp(server_database(&s->db.pg), shadow_own_name(s)) == 0) {
		buf_printf(error, "%s: cannot be replaced: this role may not log in to another database "
		           "(postgres, template1): use --clean", s->target->shown);
		rc = DENIED;
	} else if (rc)
		rc = shadow_failed(s, "look at it", error);
	else if (rows_get(&rows, 0, 0)) {
		buf_printf(error, "%s: cannot be replaced: %s", s->target->shown, rows_text(&rows, 0, 0));
		rc = rows_true(&rows, 0, 1) ? DENIED : NO;
	}
	rows_free(&rows);
	return rc;
}

/* --- ending sessions --- */

/* One session that this role may not end would make the whole statement fail. Names and oids: as
 * soon as the databases have their new names nobody's session is ended any more. */
static const char end_sessions[] =
	"SELECT pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a"
	" JOIN pg_catalog.pg_roles me ON me.rolname = current_user"
	" LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid"
	" WHERE (a.datname, a.datid::text) IN (($1, $3), ($2, $4)) AND a.pid <> pg_backend_pid()"
	" AND (me.rolsuper"
	"  OR pg_has_role(a.usesysid, 'USAGE')"
	"  OR (pg_has_role('pg_signal_backend', 'USAGE') AND NOT coalesce(r.rolsuper, true)))";

/* Under the lock of a transaction: its statement began, and took its snapshot, with that held. */
static void end_once(struct db *db, const char *const *databases, const char *key)
{
	int64_t deadline = clock_after(ASK_MS);

	if (server_begin(&db->pg, "READ WRITE", true, deadline) == 0 &&
	    server_query(&db->pg, "SELECT pg_advisory_xact_lock_shared($1::bigint)", &key, 1, deadline,
	                 NULL) == 0)
		server_query(&db->pg, end_sessions, databases, 4, deadline, NULL);
	server_rollback(&db->pg);
}

static _Noreturn void end_for_ever(struct shadow *s, const char *const *databases, const char *key)
{
	struct target door;
	struct db db = DB_INIT;

	target_copy(&door, s->target, conninfo_get(&s->target->conninfo, "dbname"));
	conninfo_set(&door.conninfo, "dbname", server_database(&s->db.pg));
	if (db_open(&db, &door, DB_WRITE, clock_after(ASK_MS)) == CONNECTED &&
	    server_settle(&db.pg, false, clock_after(ASK_MS)) == 0)
		while (server_is_open(&db.pg)) {
			end_once(&db, databases, key);
			clock_sleep(5, CLOCK_NEVER);
		}
	_exit(NO);
}

static void choose_key(char *key, size_t size)
{
	int64_t number;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
		number = clock_wall() * 65536 + getpid();
	snprintf(key, size, "%lld", (long long)number);
}

/* A child that ends the sessions of a database until it is killed: the rename waits five
 * seconds for them to be gone (dbcommands.c, CountOtherDBBackends). */
struct shadow_ending shadow_start_ending(struct shadow *s, const char *a, const char *b)
{
	static const char find[] = "SELECT (SELECT oid FROM pg_catalog.pg_database WHERE datname = $1),"
	                           " (SELECT oid FROM pg_catalog.pg_database WHERE datname = $2)";
	const char *databases[] = { a, b, NULL, NULL };
	struct shadow_ending ending;
	pid_t parent = getpid();
	struct rows rows = { 0 };

	choose_key(ending.key, sizeof(ending.key));
	if (server_query(&s->db.pg, find, databases, 2, clock_after(ASK_MS), &rows) == 0 && rows.n) {
		databases[2] = rows_get(&rows, 0, 0);
		databases[3] = rows_get(&rows, 0, 1);
	}
	ending.pid = fork();
	if (ending.pid == 0) {
		proc_die_with_parent(parent);
		proc_close_all_but(-1);
		end_for_ever(s, databases, ending.key);
	}
	rows_free(&rows);
	return ending;
}

/* Whether its session holds the lock no more; it is ended if it does. True, too, where nobody can tell. */
static bool is_gone(struct shadow *s, const char *key)
{
	static const char end_holder[] =
		"SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_locks"
		" WHERE locktype = 'advisory' AND granted AND objsubid = 1"
		" AND pid <> pg_catalog.pg_backend_pid()"
		"  AND (classid::bigint << 32 | objid::bigint) = $1::bigint";
	struct rows rows = { 0 };
	bool gone = shadow_ask(s, "SELECT pg_catalog.pg_try_advisory_xact_lock($1::bigint)", key, NULL,
	                       &rows) != 0 ||
	            rows_true(&rows, 0, 0);

	rows_free(&rows);
	if (!gone)
		shadow_ask(s, end_holder, key, NULL, NULL);
	return gone;
}

static void await_gone(struct shadow *s, const char *key)
{
	int64_t deadline = clock_after(SWAP_MS);
	struct buf ignored = BUF_INIT;
	bool gone = shadow_stay_open(s, &ignored) != 0;

	while (!gone && !(gone = is_gone(s, key)) && clock_left(deadline))
		clock_sleep(20, deadline);
	if (!gone)
		teller_say(s->tell, MSG_WARNING,
		           "a session that ends others did not stop in time: it may end the next "
		        "session of the database");
	buf_free(&ignored);
}

/* What has failed before stays in the session's error. */
void shadow_stop_ending(struct shadow *s, const struct shadow_ending *ending)
{
	struct server *pg = &s->db.pg;
	struct buf error = pg->error;
	char state[sizeof(pg->sqlstate)];
	bool lost = pg->lost;

	if (ending->pid <= 0)
		return;
	kill(ending->pid, SIGKILL);
	waitpid(ending->pid, NULL, 0);
	memcpy(state, pg->sqlstate, sizeof(state));
	pg->error = (struct buf)BUF_INIT;
	await_gone(s, ending->key);
	buf_free(&pg->error);
	pg->error = error;
	memcpy(pg->sqlstate, state, sizeof(state));
	pg->lost = lost;
}

/* --- swapping --- */

/* The shadow database says what it is by its comment until the moment that it is none. */
static int pass_comment(struct shadow *s, const char *from, const char *own)
{
	const char *words[] = { own, s->comment };
	struct rows rows = { 0 };
	int rc;

	if (s->comment)
		return shadow_run(s, ASK_MS, "COMMENT ON DATABASE %I IS %L", words);
	rc = shadow_ask(s,
	         "SELECT format('COMMENT ON DATABASE %I IS %s', $1, coalesce(quote_literal("
	         "(SELECT shobj_description(oid, 'pg_database') FROM pg_catalog.pg_database"
	         " WHERE datname = $2)), 'NULL'))",
	         own, from ? from : "", &rows);
	if (!rc)
		rc = shadow_ask(s, rows_text(&rows, 0, 0), NULL, NULL, NULL);
	rows_free(&rows);
	return rc;
}

/* Both renames or none; the old one's comment goes with its name. */
static int rename_both(struct shadow *s, const char *from, const char *to, const char *in)
{
	const char *const first[] = { from, to }, *const second[] = { in, from };
	int rc = server_query(&s->db.pg, "BEGIN READ WRITE", NULL, 0, clock_after(ASK_MS), NULL) ||
	         (s->exists && shadow_run(s, SWAP_MS, "ALTER DATABASE %I RENAME TO %I", first)) ||
	         shadow_run(s, SWAP_MS, "ALTER DATABASE %I RENAME TO %I", second) ||
	         (s->name && pass_comment(s, s->exists ? to : NULL, from)) ||
	         server_query(&s->db.pg, "COMMIT", NULL, 0, clock_after(ASK_MS), NULL);

	return rc ? -1 : 0;
}

/* The answer to COMMIT may be lost: the name that is swapped in is gone then. */
static bool was_swapped(struct shadow *s, const char *in)
{
	struct buf ignored = BUF_INIT;
	struct rows rows = { 0 };
	bool gone = shadow_stay_open(s, &ignored) == 0 &&
	            shadow_ask(s, "SELECT FROM pg_catalog.pg_database WHERE datname = $1", in, NULL,
	                       &rows) == 0 &&
	            !rows.n;

	rows_free(&rows);
	buf_free(&ignored);
	return gone;
}

/* object_in_use: the sessions came back faster than they were ended, or are others'. */
static int swap(struct shadow *s, const char *in, const char *to, struct buf *error)
{
	const char *own = shadow_own_name(s);
	/* In the new one a pooler may keep those open that we had. */
	struct shadow_ending ending = shadow_start_ending(s, own, in);
	int64_t deadline = clock_after(SWAP_MS);
	bool busy, lost = false;
	int rc;

	do {
		rc = rename_both(s, own, to, in) ? -1 : DONE;
		busy = rc && strcmp(db_sqlstate(&s->db), "55006") == 0;
		if (rc) {
			lost = !db_is_open(&s->db);
			buf_cut(error, 0);
			rc = shadow_failed(s, "swap the new database in", error);
			server_rollback(&s->db.pg);
		}
	} while (rc && busy && clock_left(deadline));
	shadow_stop_ending(s, &ending);
	if (lost && was_swapped(s, in))
		rc = DONE;
	if (!rc)
		buf_cut(error, 0);
	return rc && busy ? LOCKED : rc;
}

int shadow_swap(struct shadow *s, char **before, struct buf *error)
{
	int rc = shadow_stay_open(s, error);
	char *to = s->exists && !rc ? shadow_free_name(s, "before") : NULL;

	*before = NULL;
	rc = rc ? rc : swap(s, s->name, to, error);
	if (rc) {
		free(to);
		return rc;
	}
	*before = to;
	free(s->name);
	s->name = NULL;
	s->exists = true;
	return DONE;
}

/* They hold a database as sessions do, and nobody can end them from outside. */
static int check_prepared(struct shadow *s, const char *other, struct buf *error)
{
	struct rows rows = { 0 };
	int rc = shadow_ask(s, "SELECT DISTINCT database FROM pg_catalog.pg_prepared_xacts"
	                       " WHERE database IN ($1, $2)",
	                  shadow_own_name(s), other, &rows);

	if (rc) {
		rc = shadow_failed(s, "look for prepared transactions", error);
	} else if (rows.n) {
		buf_printf(error, "%s: cannot be swapped back: database '%s' has prepared transactions: "
		           "commit or roll them back first", s->target->shown, rows_text(&rows, 0, 0));
		rc = NO;
	}
	rows_free(&rows);
	return rc;
}

int shadow_undo(struct shadow *s, char **current, struct buf *error)
{
	struct rows rows = { 0 };
	char *pattern = shadow_name(shadow_own_name(s), "before", 0);
	int rc;

	*current = NULL;
	pattern[strlen(pattern) - 15] = '\0';
	rc = shadow_ask(s,
	         "SELECT datname FROM pg_catalog.pg_database WHERE left(datname, length($1)) = $1"
	         " AND substr(datname, length($1) + 1) ~ '^[0-9]{8}_[0-9]{6}$' AND datconnlimit <> -2"
	         " ORDER BY datname DESC LIMIT 1",
	         pattern, NULL, &rows);
	if (rc) {
		rc = shadow_failed(s, "look for what it was before", error);
	} else if (!rows.n) {
		buf_printf(error, "%s: there is no database '%sTIME' to go back to",
		           s->target->shown, pattern);
		rc = NO_INPUT;
	} else if ((rc = check_prepared(s, rows_text(&rows, 0, 0), error)) == 0) {
		*current = s->exists ? shadow_free_name(s, "before") : NULL;
		rc = swap(s, rows_text(&rows, 0, 0), *current, error);
	}
	rows_free(&rows);
	free(pattern);
	return rc;
}
