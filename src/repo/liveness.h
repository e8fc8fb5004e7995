/*
 * liveness - tells the runs of a journal whose process lives from those that died.
 *
 * For each run that it has begun and not ended, a process holds a lock on one byte of the file
 * JOURNAL.running, at the offset that is the run's id. The kernel gives the lock back when the
 * process ends, however it ends, and shows it to every container of the host that sees the file
 * (fcntl_locking(2), open file description locks): process ids would mean nothing there. Runs of
 * other hosts are seen where the file system passes locks on, as NFS does.
 */
#ifndef REPO_LIVENESS_H
#define REPO_LIVENESS_H

#include <stdint.h>

enum liveness { LIVENESS_UNKNOWN, LIVENESS_ALIVE, LIVENESS_DEAD };

/* Opens the file of that journal (its path) to hold locks in it, and makes it with mode 0600 where it is
 * missing; with create false, to look at them. A descriptor, or -1 with errno. */
int liveness_open(const char *journal, int create);

/* Takes the lock of a run, and gives it back; fd is of liveness_open with create. What fails leaves the run
 * without a lock: it is taken for dead. */
void liveness_hold(int fd, int64_t run);
void liveness_release(int fd, int64_t run);

/* Looks at the lock of a run; fd is of liveness_open, or -1. */
enum liveness liveness_look(int fd, int64_t run);

#endif
