/*
 * docker - the few questions to the Docker Engine's API that are needed to stop containers
 * and to start them again: list, inspect, stop and start. A socket proxy may forbid the rest.
 *
 * Paths are without a version, which stands for the engine's own (Engine API, 'Versioned
 * API'); Podman's service answers them as well. Containers are named, never numbered: one
 * that was made anew has another id.
 */
#ifndef WATCH_DOCKER_H
#define WATCH_DOCKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define DOCKER_SOCKET "/var/run/docker.sock"

struct docker {
	char *socket; /* path, or NULL */
	char *base;   /* of the URLs */
	/* Asked while an answer is waited for; false breaks it off. May be NULL. */
	bool (*go_on)(void *arg);
	void *arg;
};

/* Reads what DOCKER_HOST means: unix:///path or tcp://host:port; NULL or "" is the default
 * socket. 0, or BAD_CONFIG with a sentence in error. docker_free after both. */
int docker_open(struct docker *d, const char *host, struct buf *error);

/* Whether the engine lets a container have that name (moby, daemon/names): a letter or digit, then
 * those and `_.-`, 255 at most. No other is ever sent. */
bool docker_is_name(const char *name);

/* These give 0; NO_INPUT when no such container is found, or that is not a name; UNAVAILABLE when the engine
 * does not answer by the deadline, or refuses, with a sentence in error. */

/* All containers, as the API's JSON. */
int docker_list(const struct docker *d, int64_t deadline, struct buf *json, struct buf *error);

/* One container, as the API's JSON. */
int docker_inspect(const struct docker *d, const char *name, int64_t deadline, struct buf *json,
                   struct buf *error);

/* Stops it, with the time that it was made to be given, or starts it. One that is stopped, or
 * runs, already is fine. */
int docker_stop(const struct docker *d, const char *name, int64_t deadline, struct buf *error);
int docker_start(const struct docker *d, const char *name, int64_t deadline, struct buf *error);

void docker_free(struct docker *d);

#endif
