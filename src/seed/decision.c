/* decision - what the marker of a seed means for a start of it. */
#include "seed/decision.h"

#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"

/* Returns the verdict; tells the reason of all but PASS. */
static enum verdict ask_check(const struct seed *s, const struct seed_check *check, struct db *db)
{
	struct finding f = FINDING_INIT;
	enum verdict verdict;

	check->ask(check->arg, db, clock_after(SEED_ASK_MS), &f);
	verdict = f.verdict;
	if (verdict != PASS)
		seed_tell(s, verdict == UNKNOWN ? MSG_ERROR : f.near ? MSG_WARNING : MSG_INFO, "%s %s: %s",
		          check->shown, verdict == FAIL ? "does not hold" : "cannot be checked", f.why.data);
	finding_free(&f);
	return verdict;
}

enum decision decision_of_done(const struct seed *s, const struct marker *m, int *rc)
{
	if (s->always)
		return DECISION_RUN;
	if (!marker_differs(m, &s->marker) || strcmp(s->on_change, "ignore") == 0) {
		seed_tell(s, MSG_INFO, "seed '%s' is %s since %s", s->name,
		          marker_state_name(m->state), m->finished ? m->finished : m->started);
		return DECISION_SKIP;
	}
	if (strcmp(s->on_change, "rerun") == 0)
		return DECISION_RUN;
	if (strcmp(s->on_change, "warn") == 0) {
		seed_tell(s, MSG_WARNING, "seed '%s' has changed since it ran; it is not run again "
		          "(--on-change rerun would)", s->name);
		return DECISION_SKIP;
	}
	seed_tell(s, MSG_ERROR, "seed '%s' has changed since it ran (--on-change fail)", s->name);
	*rc = BAD_DATA;
	return DECISION_STOP;
}

/* Nobody holds the lock, so whoever wrote `running` is gone. */
static enum decision decide_interrupted(const struct seed *s, struct db *db, const struct marker *m, int *rc)
{
	if (strcmp(s->on_interrupted, "fail") == 0) {
		seed_tell(s, MSG_ERROR, "seed '%s' was interrupted: it began at %s on %s (attempt %ld) "
		          "and did not end: look at the data, then use --on-interrupted rerun, --mark or "
		          "--reset", s->name, m->started, m->host, m->attempt);
		*rc = BROKEN_OFF;
		return DECISION_STOP;
	}
	if (strcmp(s->on_interrupted, "verify") == 0) {
		enum verdict verdict = ask_check(s, s->verify, db);

		if (verdict == PASS)
			return DECISION_ADOPT;
		if (verdict == UNKNOWN) {
			*rc = UNAVAILABLE;
			return DECISION_STOP;
		}
	}
	seed_tell(s, MSG_WARNING, "seed '%s' was interrupted in attempt %ld: running it again", s->name,
	          m->attempt);
	return DECISION_RUN;
}

static enum decision decide_fresh(const struct seed *s, struct db *db, int *rc)
{
	enum verdict verdict = s->unless ? ask_check(s, s->unless, db) : FAIL;

	if (verdict == UNKNOWN)
		*rc = UNAVAILABLE;
	return verdict == PASS ? DECISION_ADOPT : verdict == UNKNOWN ? DECISION_STOP : DECISION_RUN;
}

enum decision decision_of(const struct seed *s, struct db *db, const struct marker *m, int *rc)
{
	switch (m->state) {
	case MARKER_DONE:
	case MARKER_ADOPTED:
		return decision_of_done(s, m, rc);
	case MARKER_RUNNING:
		return decide_interrupted(s, db, m, rc);
	case MARKER_FAILED:
		seed_tell(s, MSG_INFO, "seed '%s' failed in attempt %ld: running it again", s->name,
		          m->attempt);
		return DECISION_RUN;
	default:
		return decide_fresh(s, db, rc);
	}
}
