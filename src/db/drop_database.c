/* drop_database - drops a database. */
#include "db/drop_database.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/teller.h"

#define STEP_MS 5000    /* between two looks at what it waits for */
#define HELD_MS 60000   /* that others may hold it up */
#define LONGEST_MS 600000 /* it begins with a checkpoint, which may be long */
#define ASK_MS 5000

struct dropping {
	struct db *db, look; /* look: a second session, which sees what the first waits for */
	struct target target; /* of both */
	const char *name;
	char *sql;
	struct buf held;      /* by whom; "" when by nobody that can be seen */
	const struct teller *tell;
};

/* Once it waits for that signal: the sessions that talk to their clients in a statement, as in COPY. */
static const struct sql find_holders = {
	.pg = "SELECT coalesce((SELECT string_agg('pid ' || a.pid || ' (' || coalesce(a.datname, '')"
	      "   || coalesce(', ' || a.usename, '') || coalesce(', ' || nullif(a.application_name, ''), '')"
	      "   || coalesce(', from ' || host(a.client_addr), '') || ')', ', ' ORDER BY a.pid)"
	      "  FROM pg_stat_activity a WHERE a.state = 'active' AND a.wait_event_type = 'Client'),"
	      "  'a session that this role may not see')"
	      " FROM pg_stat_activity w WHERE w.query = $1 AND w.wait_event = 'ProcSignalBarrier' LIMIT 1",
};

static const struct sql cancel = {
	.pg = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = $1 AND pid <> "
	      "pg_backend_pid()",
};

static bool can_look(struct dropping *d)
{
	return db_is_open(&d->look) ||
	       db_open(&d->look, &d->target, DB_READ, clock_after(ASK_MS)) == CONNECTED;
}

/* Finds out what holds it up. */
static void look(struct dropping *d)
{
	const char *sql = d->sql;
	struct rows rows = { 0 };

	buf_cut(&d->held, 0);
	if (can_look(d) && db_read(&d->look, find_holders, &sql, 1, clock_after(ASK_MS), &rows) == 0 &&
	    rows_get(&rows, 0, 0))
		buf_puts(&d->held, rows_get(&rows, 0, 0));
	rows_free(&rows);
}

static void say(const struct dropping *d)
{
	char *words = xasprintf("waiting to drop database '%s'%s%s%s", d->name,
	                        d->held.len ? ": the server waits for " : "", d->held.data,
	                        d->held.len ? ", in COPY with a client that stalls or is gone" : "");

	teller_say(d->tell, MSG_INFO, words);
	free(words);
}

/* It could not be told to stop by the session that waits for it. */
static void give_up(struct dropping *d)
{
	const char *sql = d->sql;

	if (can_look(d))
		db_read(&d->look, cancel, &sql, 1, clock_after(ASK_MS), NULL);
	server_resume(&d->db->pg, clock_after(ASK_MS), NULL);
	if (server_busy(&d->db->pg))
		db_close(d->db);
}

/* 0; -1 with the server's error; 1 when it waited in vain. */
static int wait_for(struct dropping *d)
{
	int64_t last = clock_after(LONGEST_MS), held_until = clock_after(HELD_MS);
	int rc = server_query(&d->db->pg, d->sql, NULL, 0, clock_after(STEP_MS), NULL);

	while (rc && server_busy(&d->db->pg)) {
		look(d);
		if (!clock_left(last) || (d->held.len && !clock_left(held_until))) {
			give_up(d);
			return 1;
		}
		say(d);
		rc = server_resume(&d->db->pg, clock_after(STEP_MS), NULL);
	}
	return rc;
}

/* WITH (FORCE) is 13's: a pooler, or a client that is gone, keeps sessions open that we had there. */
static char *statement(struct db *db, const char *name)
{
	struct buf sql = BUF_INIT;

	buf_puts(&sql, "DROP DATABASE IF EXISTS ");
	server_identifier(&db->pg, &sql, name);
	buf_puts(&sql, server_version(&db->pg) >= 130000 ? " WITH (FORCE)" : "");
	return buf_detach(&sql);
}

int database_drop(struct db *db, const char *name, const struct teller *tell,
               struct buf *error)
{
	struct dropping d = { .db = db, .look = DB_INIT, .name = name, .held = BUF_INIT, .tell = tell,
		              .sql = statement(db, name) };
	int rc;

	target_copy(&d.target, db->target, server_database(&db->pg));
	rc = wait_for(&d);
	if (rc < 0)
		buf_printf(error, "cannot drop database '%s': %s", name, db_error(db));
	else if (rc && d.held.len)
		buf_printf(error,
		           "cannot drop database '%s': waited %d s for %s, in COPY with a client that stalls "
		           "or is "
		           "gone: end it with pg_terminate_backend(), then %s",
		           name, HELD_MS / 1000, d.held.data, d.sql);
	else if (rc)
		buf_printf(error, "cannot drop database '%s': it took more than %d s: %s", name,
		           LONGEST_MS / 1000, d.sql);
	db_free(&d.look);
	target_free(&d.target);
	buf_free(&d.held);
	free(d.sql);
	return rc ? -1 : 0;
}
