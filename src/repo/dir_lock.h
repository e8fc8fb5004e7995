/*
 * dir_lock - the lock of a folder of backups: one run at a time.
 */
#ifndef REPO_DIR_LOCK_H
#define REPO_DIR_LOCK_H

#include <stdint.h>

#include "base/buf.h"

struct dir_lock {
	int fd;     /* -1: not held; children may inherit it */
	char *path;
};

/* Makes DIR and DIR/.pgbox, mode 0700, where they are missing, and waits for the lock
 * until the deadline; tell hears once who holds it. 0; LOCKED or CANNOT_WRITE with a
 * sentence in error. */
int dir_lock_take(struct dir_lock *l, const char *dir, int64_t deadline,
                 void (*tell)(const char *holder, void *arg), void *arg, struct buf *error);
void dir_lock_release(struct dir_lock *l);

#endif
