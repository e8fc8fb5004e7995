/* check_server - the checks that ask how a server is doing. */
#include <stdlib.h>

#include "base/banned.h"
#include "base/clock.h"
#include "check/kinds.h"

/*
 * The columns used and allowed. Whose session it is shows to everybody, of which kind only
 * to its role and to pg_read_all_stats: of others' sessions all count that have a role
 * and a database, a few workers of parallel queries too. Slots that are reserved
 * are none that an app can have.
 */
static const char count_sessions[] =
	"SELECT count(*), current_setting('max_connections')::int"
	"  - current_setting('superuser_reserved_connections')::int"
	"  - coalesce(current_setting('reserved_connections', true), '0')::int"
	" FROM pg_stat_activity WHERE datid IS NOT NULL AND usesysid IS NOT NULL"
	"  AND coalesce(backend_type, 'client backend') = 'client backend'";

/* Before 10. */
static const char count_old_sessions[] =
	"SELECT count(*), current_setting('max_connections')::int"
	"  - current_setting('superuser_reserved_connections')::int"
	" FROM pg_stat_activity WHERE datid IS NOT NULL AND usesysid IS NOT NULL";

static bool is_old(const struct db *db)
{
	return server_version(&db->pg) < 100000;
}

void check_connections(const struct check *check, struct db *db, int64_t deadline, struct finding *f)
{
	struct rows rows = { 0 };
	long used, allowed;

	if (!db_is_pg(db)) {
		finding_set(f, PASS, "SQLite has no limit");
		return;
	}
	if (db_read(db, (struct sql){ is_old(db) ? count_old_sessions : count_sessions, NULL }, NULL, 0,
	            deadline, &rows)) {
		finding_unknown(f, db);
	} else {
		used = atol(rows_text(&rows, 0, 0));
		allowed = atol(rows_text(&rows, 0, 1));
		f->value = allowed > 0 ? (used * 100 + allowed - 1) / allowed : 100;
		finding_set(f, f->value < check->below ? PASS : FAIL, "%ld of %ld used (%lld%%)%s", used,
		            allowed, (long long)f->value,
		            used > allowed ? ": those reserved for superusers are in use, too" : "");
	}
	rows_free(&rows);
}

/* --- lag --- */

/*
 * The columns in recovery, ms behind (NULL: not known) and connected. All that was received
 * is replayed: no lag, however long ago the last transaction was, provided that somebody
 * receives; else a standby that has lost its primary would look fine for ever. After a restart
 * less may have been "received" (the beginning of a segment) than was replayed.
 * The pid of the receiver is all of it that every role may see.
 */
static const char measure_lag[] =
	"WITH r AS (SELECT EXISTS (SELECT 1 FROM pg_stat_wal_receiver WHERE pid IS NOT NULL) AS receives)"
	" SELECT pg_is_in_recovery(),"
	"  CASE WHEN receives AND pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn() THEN 0"
	"   ELSE (extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::int8 END,"
	"  receives FROM r";

/* Before 10; since 9.2. */
static const char measure_old_lag[] =
	"SELECT pg_is_in_recovery(),"
	" CASE WHEN pg_xlog_location_diff(pg_last_xlog_receive_location(),"
	"   pg_last_xlog_replay_location()) <= 0 THEN 0"
	"  ELSE (extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::int8 END,"
	" true";

static void judge_lag(const struct check *check, const struct rows *rows, struct finding *f)
{
	const char *behind = rows_get(rows, 0, 1);
	int64_t ms = behind ? atoll(behind) : 0;
	char *age;

	if (!rows_true(rows, 0, 0)) {
		f->value = 0;
		finding_set(f, PASS, "a primary, which has none");
		return;
	}
	if (!behind) {
		finding_set(f, UNKNOWN, "nothing has been replayed since the server was started");
		return;
	}
	ms = ms < 0 ? 0 : ms; /* the clocks of two machines */
	age = clock_age(ms);
	f->value = ms / 1000;
	finding_set(f, ms < check->below ? PASS : FAIL, "%s behind", age);
	if (f->verdict == FAIL && !rows_true(rows, 0, 2))
		buf_puts(&f->why, ", and not connected to a primary");
	free(age);
}

void check_lag(const struct check *check, struct db *db, int64_t deadline, struct finding *f)
{
	struct rows rows = { 0 };

	if (!db_is_pg(db))
		finding_set(f, PASS, "SQLite has no standbys");
	else if (db_read(db, (struct sql){ is_old(db) ? measure_old_lag : measure_lag, NULL }, NULL, 0,
	                 deadline, &rows))
		finding_unknown(f, db);
	else
		judge_lag(check, &rows, f);
	rows_free(&rows);
}
