/* dir_lock - the lock of a folder of backups. */
#include "repo/dir_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"

#define LOCK_LOOK_MS 100

/* The holder's words, for those that wait. */
static void sign(int fd)
{
	char host[256] = "";
	struct stat st;
	char *now = clock_iso(clock_wall()), *words;

	gethostname(host, sizeof(host) - 1);
	words = xasprintf("pid %ld on %s since %s\n", (long)getpid(), host, now);
	/* Somebody may have given another file this name, too. */
	if (fstat(fd, &st) == 0 && st.st_nlink == 1 && ftruncate(fd, 0) == 0)
		file_write(fd, words, strlen(words));
	free(words);
	free(now);
}

static int wait_for_lock(struct dir_lock *l, int64_t deadline,
                         void (*tell)(const char *holder, void *arg), void *arg)
{
	bool told = false;

	while (flock(l->fd, LOCK_EX | LOCK_NB) != 0) {
		struct buf holder = BUF_INIT;

		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK || !clock_left(deadline))
			return -1;
		if (!told) {
			file_read(l->path, &holder, 1024);
			buf_trim(&holder);
			tell(holder.len ? holder.data : "one that has just started", arg);
			buf_free(&holder);
		}
		told = true;
		clock_sleep(LOCK_LOOK_MS, deadline);
	}
	return 0;
}

int dir_lock_take(struct dir_lock *l, const char *dir, int64_t deadline,
                 void (*tell)(const char *holder, void *arg), void *arg, struct buf *error)
{
	char *own = xasprintf("%s/.pgbox", dir);
	struct buf holder = BUF_INIT;
	int rc = 0;

	beneath_guard(dir);
	*l = (struct dir_lock){ .fd = -1, .path = xasprintf("%s/lock", own) };
	if (file_make_folders(dir, 0700) != 0)
		rc = file_cannot(error, "make the folder", dir);
	else if (file_make_folders(own, 0700) != 0)
		rc = file_cannot(error, "write in the folder", dir);
	else if ((l->fd = beneath_open(l->path, O_RDWR | O_CREAT, 0600)) < 0)
		rc = file_cannot(error, "open the lock file", l->path);
	else if (wait_for_lock(l, deadline, tell, arg) != 0) {
		buf_printf(error, "'%s' is locked by another run: ", dir);
		if (file_read(l->path, &holder, 1024) != 0 || !holder.len)
			buf_puts(&holder, "one that has just started");
		buf_trim(&holder);
		buf_puts(error, holder.data);
		rc = LOCKED;
	} else {
		sign(l->fd);
	}
	free(own);
	buf_free(&holder);
	if (rc)
		dir_lock_release(l);
	return rc;
}

void dir_lock_release(struct dir_lock *l)
{
	if (l->fd >= 0)
		close(l->fd);
	free(l->path);
	*l = (struct dir_lock){ .fd = -1 };
}
