/* shadow_session - the session beside a database: its questions, and the names that it gives. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/utf8.h"
#include "ext/hash.h"
#include "restore/shadow.h"
#include "restore/shadow_parts.h"

#define ASK_MS SHADOW_ASK_MS
#define NAME_BYTES 63   /* NAMEDATALEN - 1 */

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

char *shadow_name(const char *database, const char *word, int64_t moment)
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

const char *shadow_own_name(const struct shadow *s)
{
	return conninfo_get(&s->target->conninfo, "dbname");
}

/* Through a pooler nothing can be set for the session: each question has a transaction. */
static int ask_apart(struct shadow *s, const char *sql, const char *const *params, int n, struct rows *rows)
{
	int64_t deadline = clock_after(ASK_MS);
	int rc = server_begin(&s->db.pg, "READ WRITE", true, deadline) ||
	         server_query(&s->db.pg, sql, params, n, deadline, rows) ||
	         server_commit(&s->db.pg, deadline);

	if (rc)
		server_rollback(&s->db.pg);
	return rc ? -1 : 0;
}

int shadow_ask(struct shadow *s, const char *sql, const char *a, const char *b, struct rows *rows)
{
	const char *params[] = { a, b };
	int n = b ? 2 : a ? 1 : 0;

	return s->db.pg.pooled ? ask_apart(s, sql, params, n, rows)
	                       : server_query(&s->db.pg, sql, params, n, clock_after(ASK_MS), rows);
}

int shadow_failed(struct shadow *s, const char *what, struct buf *error)
{
	buf_printf(error, "%s: cannot %s: %s", s->target->shown, what, db_error(&s->db));
	return db_failure(&s->db);
}

int shadow_run(struct shadow *s, int64_t ms, const char *format, const char *const *words)
{
	char *sql = server_format(&s->db.pg, format, words);
	int rc = server_query(&s->db.pg, sql, NULL, 0, clock_after(ms), NULL);

	free(sql);
	return rc;
}

/* A session's lock, or, as a pooler hands sessions on, that of a transaction which stays open. */
static int lock_name(struct shadow *s, const char *name, struct rows *locked)
{
	struct target door;
	int rc = 0;

	if (!s->db.pg.pooled)
		return shadow_ask(s, "SELECT pg_try_advisory_lock" SHADOW_NAME_LOCK("$1"), name, NULL,
		                  locked);
	if (!db_is_open(&s->claims)) {
		target_copy(&door, s->target, s->door);
		rc = db_open(&s->claims, &door, DB_WRITE, clock_after(ASK_MS)) != CONNECTED ||
		     server_begin(&s->claims.pg, "READ ONLY", true, CLOCK_NEVER) ||
		     server_settle(&s->claims.pg, true, clock_after(ASK_MS));
		target_free(&door);
		s->claims.target = s->target;
	}
	return rc ? -1
	          : server_query(&s->claims.pg, "SELECT pg_try_advisory_xact_lock" SHADOW_NAME_LOCK("$1"),
	                         &name, 1, clock_after(ASK_MS), locked);
}

/* Locked first and looked for then: who had the lock before may have made it. */
static bool claim(struct shadow *s, const char *name, const char *limit)
{
	struct rows locked = { 0 }, later = { 0 };
	int rc = lock_name(s, name, &locked);

	if (!rc)
		rc = shadow_ask(s, "SELECT FROM pg_catalog.pg_database WHERE datname >= $1 AND datname < $2"
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
char *shadow_free_name(struct shadow *s, const char *word)
{
	int64_t moment = clock_wall();
	char *limit = shadow_name(shadow_own_name(s), word, moment + 3600000);
	char *name = shadow_name(shadow_own_name(s), word, moment);

	while (!claim(s, name, limit)) {
		free(name);
		moment += 1000;
		name = shadow_name(shadow_own_name(s), word, moment);
	}
	free(limit);
	return name;
}

static int look(struct shadow *s, struct buf *error)
{
	struct rows rows = { 0 };
	int rc = shadow_ask(s, "SELECT FROM pg_catalog.pg_database WHERE datname = $1", shadow_own_name(s),
	                    NULL, &rows);

	s->exists = rows.n > 0;
	rows_free(&rows);
	return rc ? shadow_failed(s, "look for it", error) : 0;
}

int shadow_open(struct shadow *s, const struct target *target, int64_t deadline, struct buf *error)
{
	const char *const doors[] = { "postgres", "template1", conninfo_get(&target->conninfo, "dbname") };
	int rc = UNAVAILABLE;

	*s = (struct shadow)SHADOW_INIT;
	s->target = target;
	for (size_t i = 0; i < 3 && rc; i++) {
		struct target door;

		if (i < 2 && strcmp(doors[i], shadow_own_name(s)) == 0)
			continue;
		buf_cut(error, 0);
		target_copy(&door, target, doors[i]);
		rc = db_reopen(&s->db, &door, deadline, error);
		target_free(&door);
		s->door = doors[i];
		s->db.target = target;
		if (rc && s->db.reach != CONNECT_NO_DATABASE && s->db.reach != CONNECT_DENIED)
			return rc;
	}
	if (!rc && server_settle(&s->db.pg, false, clock_after(ASK_MS)) != 0)
		return shadow_failed(s, "prepare the session", error);
	return rc ? rc : look(s, error);
}

/* The session may have been lost meanwhile. */
int shadow_stay_open(struct shadow *s, struct buf *error)
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
		return shadow_failed(s, "prepare the session", error);
	return rc;
}
