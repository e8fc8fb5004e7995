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
#define DOCKER_JSON_LABEL "pgbox.restore.stop"

enum docker_json_column {
	DOCKER_JSON_NAME,
	DOCKER_JSON_ID,
	DOCKER_JSON_RUNS,
	DOCKER_JSON_PROJECT,
	DOCKER_JSON_SERVICE,
	DOCKER_JSON_DEPENDS,
	DOCKER_JSON_LABELLED,
	DOCKER_JSON_SELF
};

struct docker_json {
	struct rows rows; /* columns as above */
	long *place;      /* of each: the lowest is stopped first, and started last */
};

/* Reads the list of containers. host is this host's name: in a container it is the beginning of
 * the container's id. 0, or UNAVAILABLE with a message in error when the list is not what the API
 * promises, is too long, or cannot be sorted by the deadline. docker_json_free after both. */
int docker_json_read(struct docker_json *f, const char *json, const char *host, int64_t deadline,
                     struct buf *error);

/* A column of the container in row i, "" where it has none. */
const char *docker_json_get(const struct docker_json *f, size_t i, enum docker_json_column column);

/* The row of the container of that name; -1: there is none. */
long docker_json_find(const struct docker_json *f, const char *name);

void docker_json_free(struct docker_json *f);

/* One container, as ContainerInspect describes it. */
struct docker_json_state {
	bool known;    /* the description could be read */
	bool removed;  /* it is deleted when it stops (--rm) */
	bool runs;
	int64_t grace; /* ms that it is given to stop */
	char *health;  /* healthy, unhealthy, starting, none; NULL: it has no health check */
};

/* Reads such a description. docker_json_state_free after it. */
void docker_json_inspect(struct docker_json_state *s, const char *json);

void docker_json_state_free(struct docker_json_state *s);

#endif
