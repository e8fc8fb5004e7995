/*
 * container - what a process can tell of the container it runs in.
 *
 * root stands in front of the system's paths: "" for the real ones.
 */
#ifndef BASE_CONTAINER_H
#define BASE_CONTAINER_H

#include <stdbool.h>

/* Whether this is a container: Docker's and Podman's marker files, the control group's
 * name, and the variables that Kubernetes and Podman set. */
bool container_detect(const char *root, char *const *env);

/*
 * Whether a volume is mounted where images of PostgreSQL before 18 kept their data,
 * /var/lib/postgresql/data, and this is one of 18 or newer (PG_MAJOR) whose data (PGDATA)
 * is not on it: such images keep it in /var/lib/postgresql/MAJOR/docker, and refuse to
 * start, or leave the data in a volume without a name (docker-library/postgres, pull
 * request 1259).
 */
bool container_misses_data(const char *root, char *const *env);

enum container_storage {
	STORAGE_KEPT,    /* on a volume, on a folder of the host, not in a container, or not to be known */
	STORAGE_LAYER,   /* on the container's own file system, which goes with the container */
	STORAGE_MEMORY,  /* on a tmpfs in a container, which is empty after its next start */
	STORAGE_POD,     /* on an emptyDir of Kubernetes, which goes with the pod */
	STORAGE_NAMELESS /* on a volume without a name of Docker's or Podman's, which the next container does
	                    not get */
};

/*
 * Finds where a path lies, absolute and without symlinks, by /proc/self/mountinfo: the mount that covers it
 * is the container's own layer when it is mounted on `/` and
 *   - is an overlay (overlay2, containerd, podman, fuse-overlayfs, aufs), or
 *   - there is a marker of Docker, Podman or Kubernetes, and it is a folder or subvolume of another file
 *     system (vfs, btrfs and devicemapper drivers) or of a type that only an engine mounts there (zfs,
 *     virtiofs, 9p).
 * A machine whose root is a disk of its own, and an LXC or nspawn container, whose root stays, are
 * STORAGE_KEPT.
 */
enum container_storage container_storage(const char *root, char *const *env, const char *path);

#endif
