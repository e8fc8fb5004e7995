/*
 * docker_json - what the Docker Engine says about its containers, read from the JSON of its API
 * (Engine API, ContainerList and ContainerInspect).
 *
 * The engine is not ours: its answers are bounded in number, size and time here, and a name
 * that no engine accepts is never passed on.
 */
#ifndef WATCH_DOCKER_JSON_H
#define WATCH_DOCKER_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/rows.h"

/* Containers that bear it (with any value but false, no and 0) are stopped, too; where this
 * process is in a container of a Compose project, only those of that project. */
#define FLEET_LABEL "pgbox.restore.stop"

enum fleet_column { FLEET_NAME, FLEET_ID, FLEET_RUNS, FLEET_PROJECT, FLEET_SERVICE, FLEET_DEPENDS, FLEET_LABELLED, FLEET_SELF };

struct fleet {
	struct rows rows; /* columns as above */
	long *place;      /* of each: the lowest is stopped first, and started last */
};

/* Reads the list of containers. host is this host's name: in a container it is the beginning of
 * the container's id. 0, or UNAVAILABLE with a message in error when the list is not what the API
 * promises, is too long, or cannot be sorted by the deadline. fleet_free after both. */
int fleet_read(struct fleet *f, const char *json, const char *host, int64_t deadline, struct buf *error);

/* A column of the container in row i, "" where it has none. */
const char *fleet_get(const struct fleet *f, size_t i, enum fleet_column column);

/* The row of the container of that name; -1: there is none. */
long fleet_find(const struct fleet *f, const char *name);

void fleet_free(struct fleet *f);

/* One container, as ContainerInspect describes it. */
struct fleet_state {
	bool known;    /* the description could be read */
	bool removed;  /* it is deleted when it stops (--rm) */
	bool runs;
	int64_t grace; /* ms that it is given to stop */
	char *health;  /* healthy, unhealthy, starting, none; NULL: it has no health check */
};

/* Reads such a description. fleet_state_free after it. */
void fleet_inspect(struct fleet_state *s, const char *json);

void fleet_state_free(struct fleet_state *s);

#endif
