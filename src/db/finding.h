/*
 * finding - what a question about a database or its surroundings found.
 *
 * Who could not find out says UNKNOWN, and unknown is never a pass.
 */
#ifndef DB_FINDING_H
#define DB_FINDING_H

#include "db/db.h"

enum verdict { PASS, FAIL, UNKNOWN };

/* finding_free after it; it may be used for many questions before. */
struct finding {
	enum verdict verdict;
	enum connect_state reach; /* how far it got: CONNECTED when it was answered */
	int final;        /* an exit code when waiting will hardly help, else 0 */
	bool lasting;     /* final is the code at a deadline, too */
	bool certain;     /* waiting will not help at all: no grace */
	bool near;        /* FAIL, but something of nearly that name is there: why names it */
	int64_t value;    /* what was measured, in the unit of the kind of check; -1: nothing */
	struct buf why;   /* one sentence fragment; always set unless PASS */
};

#define FINDING_INIT { .value = -1, .why = BUF_INIT }

/* Makes it what it is before a question: UNKNOWN, without a reason. */
void finding_reset(struct finding *f);

/* Sets the verdict and the reason. */
void finding_set(struct finding *f, enum verdict verdict, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Sets PASS without a reason. */
void finding_pass(struct finding *f);

/* Sets UNKNOWN with the message of the database's last failure. final is DENIED where a privilege is missing,
 * UNAVAILABLE behind a pooler that pools statements. */
void finding_unknown(struct finding *f, struct db *db);

void finding_free(struct finding *f);

#endif
