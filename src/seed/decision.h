/*
 * decision - what the marker of a seed means for a start of it.
 */
#ifndef SEED_DECISION_H
#define SEED_DECISION_H

#include "seed/seed.h"

enum decision {
	DECISION_SKIP,  /* it is done */
	DECISION_RUN,
	DECISION_ADOPT, /* it is taken for done */
	DECISION_STOP   /* with an exit code in *rc */
};

/* Decides with the lock held, so that whoever wrote `running` is gone. Asks the checks in the session,
 * which is open. Tells the reasons. */
enum decision decision_of(const struct seed *s, struct db *db, const struct marker *m, int *rc);

/* Decides on a marker that is done or adopted, which needs no lock. */
enum decision decision_of_done(const struct seed *s, const struct marker *m, int *rc);

#endif
