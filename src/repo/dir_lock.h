/*
 * dir_lock - the lock of a folder of backups: one run at a time.
 */
#ifndef REPO_DIR_LOCK_H
#define REPO_DIR_LOCK_H

#include <stdint.h>

#include "base/buf.h"

struct folder_lock {
	int fd;     /* -1: not held; children may inherit it */
	char *path;
};

/* Makes DIR and DIR/.pgbox, mode 0700, where they are missing, and waits for the lock
 * until the deadline; tell hears once who holds it. 0; LOCKED or CANNOT_WRITE with a
 * sentence in error. */
int folder_take(struct folder_lock *l, const char *dir, int64_t deadline,
                 void (*tell)(const char *holder, void *arg), void *arg, struct buf *error);
void folder_release(struct folder_lock *l);

#endif
