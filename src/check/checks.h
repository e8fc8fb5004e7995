/*
 * checks - the checks of a command line or a variable, and the databases that they are about.
 */
#ifndef CHECK_CHECKS_H
#define CHECK_CHECKS_H

#include "check/check.h"

/* Checks in the order given, and the targets they look at. */
struct checks {
	struct check *v;
	size_t n;
	struct target *targets;
	struct db *dbs; /* one session per target, opened when first needed */
	size_t targets_n;
	bool once; /* a server that could not be logged in to is not tried again */
	struct strs warnings;
};

/*
 * Reads checks. lines are checks, or `url=TARGET` that applies to the checks
 * after it; checks before the first `url=` apply to each of urls, or to the
 * environment's target when there is none. A target without a check gets
 * `fallback`. Blanks around a line do not count, nor do lines of blanks or that
 * begin with #. 0, or BAD_USAGE/BAD_CONFIG with a message in error. checks_free
 * after both.
 */
int checks_read(struct checks *c, const struct strs *lines, const struct strs *urls,
                const char *fallback, struct buf *error);

/* What checks_read returned, as an exit code and message that blame the variable where one of its lines
 * cannot be read: lines are what it holds. */
int checks_blame(int rc, const struct strs *lines, const char *variable, struct buf *error);

/* Reads checks that are all asked of the database of target, which is copied, or of elsewhere.
 * 0, or BAD_USAGE with a sentence in error. checks_free after both. */
int checks_read_of(struct checks *c, const struct strs *lines, const struct target *target,
                   struct buf *error);

/* Asks check i. The session stays open for the next call, but for one with a
 * server that is about to restart. */
void checks_ask(struct checks *c, size_t i, int64_t deadline, struct finding *f);

/* Whether its server was tried in vain, so that checks_ask knows at once. */
bool checks_is_lost(const struct checks *c, size_t i);

/* The deadline of one look among many: that one, or 3 s from now. */
int64_t checks_soon(int64_t deadline);

/* Closes the sessions; a check that is asked again opens them anew. */
void checks_rest(struct checks *c);

/* Where check i looks: its target as shown, or "" when its argument says it. */
const char *checks_target(const struct checks *c, size_t i);

void checks_free(struct checks *c);

#endif
