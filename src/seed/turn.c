/* turn - waits for a seed's turn. */
#include "seed/turn.h"

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/teller.h"
#include "seed/decision.h"

#define POLL_MS 250 /* between two tries for the lock, at first */
#define POLL_MAX_MS 1000

void turn_holder(const struct seed *s, enum msg_level level, const char *what)
{
	struct buf who = BUF_INIT;

	lock_holder(s->lock, clock_after(SEED_ASK_MS), &who);
	seed_tell(s, level, "%s another runner of seed '%s'%s%s%s", what, s->name, who.len ? " (" : "",
	          who.data, who.len ? ")" : "");
	buf_free(&who);
}

/* Whether the marker says that there is nothing to do, so that the lock need not
 * even be tried for. */
static bool is_done(const struct seed *s, struct db *db, int *rc)
{
	struct marker m;
	bool done = false;

	*rc = seed_read(s, db, &m);
	if (!*rc && !s->always && (m.state == MARKER_DONE || m.state == MARKER_ADOPTED))
		done = decision_of_done(s, &m, rc) != DECISION_RUN;
	marker_free(&m);
	return done || *rc;
}

/* One try for the lock, or for the marker that makes it needless. LOCKED also while
 * the server has no connection to spare. */
static int try_once(const struct seed *s, struct db *db, struct buf *error)
{
	int rc = db_reopen(db, s->target, clock_after(SEED_ASK_MS), error);

	if (rc)
		return rc == UNAVAILABLE ? LOCKED : rc;
	if (is_done(s, db, &rc))
		return rc;
	/* Who holds one connection while it asks for another can deadlock a pool. */
	db_close(db);
	rc = lock_try(s->lock, clock_after(SEED_ASK_MS), error);
	return rc == UNAVAILABLE && s->lock->db.reach == CONNECT_FULL ? LOCKED : rc;
}

int turn_take(const struct seed *s, struct db *db)
{
	int64_t deadline = clock_after(s->patience), pause = POLL_MS;
	struct buf error = BUF_INIT;
	bool told = false;
	int rc;

	while ((rc = try_once(s, db, &error)) == LOCKED && clock_left(deadline)) {
		if (!told && error.len)
			teller_say(s->tell, MSG_INFO, error.data);
		else if (!told)
			turn_holder(s, MSG_INFO, "waiting for");
		told = true;
		buf_cut(&error, 0);
		lock_rest(s->lock);
		clock_sleep(pause, deadline);
		pause = pause * 2 > POLL_MAX_MS ? POLL_MAX_MS : pause * 2;
	}
	if (rc && error.len)
		teller_say(s->tell, MSG_ERROR, error.data);
	else if (rc == LOCKED)
		turn_holder(s, MSG_ERROR, "gave up waiting for");
	buf_free(&error);
	return rc;
}
