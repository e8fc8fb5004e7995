/* liveness - tells the runs of a journal whose process lives from those that died. */
#include "repo/liveness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/buf.h"

int liveness_open(const char *journal, int create)
{
	char *path = xasprintf("%s.running", journal);
	int flags = (create ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK;
	int fd = beneath_open(path, flags, 0);

	if (fd < 0 && errno == ENOENT && create) {
		fd = beneath_open(path, flags | O_CREAT | O_EXCL, 0600);
		/* Another process may have made it just now. */
		if (fd < 0 && errno == EEXIST)
			fd = beneath_open(path, flags, 0);
	}
	free(path);
	return fd;
}

static int control(int fd, int command, short type, int64_t run, struct flock *l)
{
	*l = (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = run, .l_len = 1 };
	return fcntl(fd, command, l);
}

void liveness_hold(int fd, int64_t run)
{
	struct flock l;

	if (fd >= 0)
		control(fd, F_OFD_SETLK, F_WRLCK, run, &l);
}

void liveness_release(int fd, int64_t run)
{
	struct flock l;

	if (fd >= 0)
		control(fd, F_OFD_SETLK, F_UNLCK, run, &l);
}

enum liveness liveness_look(int fd, int64_t run)
{
	struct flock l;

	if (fd < 0 || control(fd, F_OFD_GETLK, F_WRLCK, run, &l) != 0)
		return LIVENESS_UNKNOWN;
	return l.l_type == F_UNLCK ? LIVENESS_DEAD : LIVENESS_ALIVE;
}
