/*
 * containers - stops those that use a database while it is restored, and starts exactly
 * those again, whatever happens meanwhile.
 *
 * Which they are is in the journal before the first is stopped, and each is noted there
 * when it runs again: whoever comes after a kill, or a reboot, starts what is owed.
 *
 * A name goes to the engine only when it is one (docker_is_name), wherever it comes from; one of
 * a journal that others could write only when it is configured here, or has the label.
 */
#ifndef WATCH_CONTAINERS_H
#define WATCH_CONTAINERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/teller.h"
#include "repo/journal.h"

/* What is wanted. */
struct containers {
	struct strs stop;  /* the names of those to stop */
	struct strs start; /* of others to start after a restore that was good */
	const char *host;  /* DOCKER_HOST; NULL or "": the default socket */
	const char *dir;   /* the folder that is watched: journals may be shared; NULL: whatever it is */
	int64_t healthy;   /* ms that each row of them gets to become healthy */

	const struct teller *tell;
	const volatile int *stopping; /* not 0: this process is to end, and waits for nobody's health */
};

/* Whether an engine has to be asked: containers are named, or an engine is, or the default
 * socket may be used. */
bool containers_wanted(const struct containers *c);

/* Checks the names and DOCKER_HOST. 0, or BAD_CONFIG with a sentence in error. */
int containers_check(const struct containers *c, struct buf *error);

/* Whether containers_stop would do it, as far as that can be known: nothing is touched. As
 * containers_stop. */
int containers_look(const struct containers *c, struct buf *error);

/*
 * Stops those that run, those that depend on others first (Compose's depends_on), after it has
 * noted them in the journal as run's. Nothing is touched when one that is named does not exist
 * (NO_INPUT), would be deleted by being stopped, or is this one (BAD_CONFIG), or when the
 * journal cannot be written (CANNOT_WRITE); UNAVAILABLE when the engine fails. With a sentence
 * in error. go_on (may be NULL) is asked meanwhile: false breaks it off. containers_start after
 * all of these.
 */
int containers_stop(const struct containers *c, struct journal *j, int64_t run,
                    bool (*go_on)(void *arg), void *arg, struct buf *error);

/* Starts what is owed, of all runs, those that others depend on first, and waits until it is healthy;
 * with good the other ones, too. What cannot be started is told, and stays owed, unless it
 * is no more or not a container's name. How many are owed still; -1 when the journal cannot say. */
long containers_start(const struct containers *c, struct journal *j, int64_t run, bool good);

#endif
