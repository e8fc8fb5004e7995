/*
 * mounts - what a process can tell of the container it runs in.
 *
 * root stands in front of the system's paths: "" for the real ones.
 */
#ifndef CORE_MOUNTS_H
#define CORE_MOUNTS_H

#include <stdbool.h>

/* Whether this is a container: Docker's and Podman's marker files, the control group's
 * name, and the variables that Kubernetes and Podman set. */
bool mounts_container(const char *root, char *const *env);

/*
 * Whether a volume is mounted where images of PostgreSQL before 18 kept their data,
 * /var/lib/postgresql/data, and this is one of 18 or newer (PG_MAJOR) whose data (PGDATA)
 * is not on it: such images keep it in /var/lib/postgresql/MAJOR/docker, and refuse to
 * start, or leave the data in a volume without a name (docker-library/postgres, pull
 * request 1259).
 */
bool mounts_miss_data(const char *root, char *const *env);

#endif
