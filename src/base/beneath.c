/* beneath - files in folders that others may write to. */
#include "base/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/buf.h"
#include "base/guard.h"

/* openat2(2): as in linux/openat2.h. The kernel's headers are not there wherever we are compiled:
 * the image's build has none. */
struct open_how {
	uint64_t flags, mode, resolve;
};
#define RESOLVE_NO_SYMLINKS 0x04
#define RESOLVE_BENEATH 0x08

#define TRIES 16 /* after EAGAIN: somebody renames in the folder */

static struct strs pipes; /* that we have made */

void beneath_guard(const char *dir)
{
	if (*dir)
		guard_add(dir, false);
}

void beneath_guard_beside(const char *path)
{
	guard_add(path, true);
}

bool beneath_is_guarded(const char *path)
{
	const char *rest;
	char *root = guard_find(path, &rest);

	free(root);
	return root;
}

char *beneath_real(const char *path)
{
	const char *rest;
	char *root = guard_find(path, &rest), *real = root ? realpath(root, NULL) : NULL, *whole = NULL;

	if (root)
		whole = xasprintf("%s/%s", !real ? root : strcmp(real, "/") == 0 ? "" : real, rest);
	free(real);
	free(root);
	return whole;
}

/* --- opening --- */

/* Whether a segment of the path, up to a slash or the end, is exactly that. */
static bool has_segment(const char *path, const char *segment)
{
	size_t len = strlen(segment);

	for (;;) {
		size_t n = strcspn(path, "/");

		if (n == len && strncmp(path, segment, n) == 0)
			return true;
		if (!path[n])
			return false;
		path += n + 1;
	}
}

bool beneath_is_confined(const char *path)
{
	return !has_segment(path, "") && !has_segment(path, ".") && !has_segment(path, "..");
}

static int by_kernel(int at, const char *path, int flags, unsigned mode)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags, .mode = flags & O_CREAT ? mode & 07777 : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	long fd = -1;

	for (int i = 0; i < TRIES && fd < 0; i++) {
		fd = syscall(SYS_openat2, at, path, &how, sizeof(how));
		if (fd < 0 && errno != EAGAIN && errno != EINTR)
			break;
	}
	return (int)fd;
}

/* O_DIRECTORY makes ENOTDIR of what O_NOFOLLOW would say. */
static int open_segment(int at, const char *name, int flags, unsigned mode)
{
	int fd = openat(at, name, flags | O_NOFOLLOW, mode);
	struct stat st;

	if (fd < 0 && errno == ENOTDIR)
		errno = fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode) ? ELOOP
		                                                                                : ENOTDIR;
	return fd;
}

static void close_quietly(int fd)
{
	int err = errno;

	if (fd >= 0)
		close(fd);
	errno = err;
}

static int by_steps(int at, const char *path, int flags, unsigned mode)
{
	char *copy = xstrdup(path), *segment = copy, *slash;
	int folder = -1, fd, next;

	while ((slash = strchr(segment, '/'))) {
		*slash = '\0';
		next = *segment ? open_segment(folder < 0 ? at : folder, segment,
		                               O_PATH | O_DIRECTORY | O_CLOEXEC, 0)
		                : fcntl(folder < 0 ? at : folder, F_DUPFD_CLOEXEC, 3);
		close_quietly(folder);
		folder = next;
		segment = slash + 1;
		if (folder < 0)
			break;
	}
	fd = slash ? -1 : open_segment(folder < 0 ? at : folder, *segment ? segment : ".", flags, mode);
	close_quietly(folder);
	free(copy);
	return fd;
}

/* Filters of system calls (seccomp) say EPERM of what they do not know. */
static int open_any(int at, const char *path, int flags, unsigned mode)
{
	int fd;

	flags |= O_CLOEXEC;
	if (has_segment(path, "..")) {
		errno = EXDEV;
		return -1;
	}
	fd = by_kernel(at, path, flags, mode);
	if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN))
		fd = by_steps(at, path, flags, mode);
	return fd;
}

/* A FIFO or device opens without waiting by O_NONBLOCK, and is told here. */
static int check_kind(int fd, bool folders)
{
	struct stat st;
	int err = 0;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) != 0)
		err = errno;
	else if (S_ISDIR(st.st_mode) && !folders)
		err = EISDIR;
	else if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		err = ENXIO;
	if (!err)
		return fd;
	close(fd);
	errno = err;
	return -1;
}

int beneath_open_at(int at, const char *path, int flags, unsigned mode)
{
	if (flags & O_PATH)
		return open_any(at, path, flags, mode);
	return check_kind(open_any(at, path, flags | O_NONBLOCK, mode), true);
}

/* The folder that a guard trusts. */
static int open_root(const char *root)
{
	return open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int open_below(const char *path, int flags, unsigned mode,
                      int (*how)(int, const char *, int, unsigned))
{
	const char *rest;
	char *root = guard_find(path, &rest);
	int at, fd;

	if (!root)
		return open(path, flags | O_CLOEXEC, mode);
	at = open_root(root);
	fd = at < 0 ? -1 : how(at, rest, flags, mode);
	close_quietly(at);
	free(root);
	return fd;
}

int beneath_open(const char *path, int flags, unsigned mode)
{
	return open_below(path, flags, mode, strs_has(&pipes, path) ? open_any : beneath_open_at);
}

int beneath_open_as(const char *path, const char *mode)
{
	int kind = strchr(mode, '+') ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY;
	int make = *mode == 'r' ? 0 : *mode == 'a' ? O_CREAT | O_APPEND : O_CREAT | O_TRUNC;

	if (*mode == 'w' && beneath_is_guarded(path))
		make = O_CREAT | O_EXCL;
	return beneath_open(path, kind | make, 0666);
}

int beneath_open_regular(const char *path)
{
	return check_kind(beneath_open(path, O_RDONLY | O_NONBLOCK, 0), false);
}

/* --- names --- */

/* The folder of a path, to be given to a call of the *at family with the last segment. */
struct spot {
	int at; /* AT_FDCWD, with the whole path as its last: not guarded */
	char *root;
	char *last;
};

static int open_parent(struct spot *s, const char *rest)
{
	char *copy = xstrdup(rest), *slash;
	int root = open_root(s->root), at = root;

	while (*copy && copy[strlen(copy) - 1] == '/')
		copy[strlen(copy) - 1] = '\0';
	slash = strrchr(copy, '/');
	if (slash && root >= 0) {
		*slash = '\0';
		at = open_any(root, copy, O_PATH | O_DIRECTORY, 0);
		close_quietly(root);
	}
	s->last = xstrdup(slash ? slash + 1 : copy);
	free(copy);
	return at;
}

static int spot_find(struct spot *s, const char *path)
{
	const char *rest;

	*s = (struct spot){ .at = AT_FDCWD, .root = guard_find(path, &rest) };
	if (!s->root)
		s->last = xstrdup(path);
	else
		s->at = open_parent(s, rest);
	if (s->root && s->at >= 0 && !beneath_is_confined(s->last)) {
		close_quietly(s->at);
		s->at = -1;
		errno = EXDEV;
	}
	return s->at == -1 ? -1 : 0;
}

/* Gives rc on, and leaves errno as it is. */
static int spot_end(struct spot *s, int rc)
{
	int err = errno;

	if (s->at >= 0)
		close(s->at);
	free(s->root);
	free(s->last);
	errno = err;
	return rc;
}

int beneath_mkdir(const char *path, unsigned mode)
{
	struct spot s;

	return spot_end(&s, spot_find(&s, path) ? -1 : mkdirat(s.at, s.last, mode));
}

int beneath_mkfifo(const char *path)
{
	struct spot s;

	int rc = spot_end(&s, spot_find(&s, path) ? -1 : mkfifoat(s.at, s.last, 0600));

	if (!rc)
		strs_add(&pipes, path);
	return rc;
}

int beneath_unlink(const char *path)
{
	struct spot s;

	return spot_end(&s, spot_find(&s, path) ? -1 : unlinkat(s.at, s.last, 0));
}

int beneath_rmdir(const char *path)
{
	struct spot s;

	return spot_end(&s, spot_find(&s, path) ? -1 : unlinkat(s.at, s.last, AT_REMOVEDIR));
}

int beneath_rename(const char *from, const char *to)
{
	struct spot old, new;
	int rc = spot_find(&old, from);

	if (!rc)
		rc = spot_end(&new, spot_find(&new, to) ? -1 : renameat(old.at, old.last, new.at, new.last));
	return spot_end(&old, rc);
}

int beneath_symlink(const char *target, const char *path)
{
	struct spot s;

	return spot_end(&s, spot_find(&s, path) ? -1 : symlinkat(target, s.at, s.last));
}

int beneath_lstat(const char *path, struct stat *st)
{
	struct spot s;

	return spot_end(&s, spot_find(&s, path) ? -1 : fstatat(s.at, s.last, st, AT_SYMLINK_NOFOLLOW));
}

int beneath_stat(const char *path, struct stat *st)
{
	struct spot s;
	int rc = spot_find(&s, path);

	if (!rc)
		rc = fstatat(s.at, s.last, st, s.root ? AT_SYMLINK_NOFOLLOW : 0);
	if (!rc && s.root && S_ISLNK(st->st_mode)) {
		errno = ELOOP;
		rc = -1;
	}
	return spot_end(&s, rc);
}

char *beneath_readlink(const char *path)
{
	char target[PATH_MAX];
	struct spot s;
	ssize_t n = spot_find(&s, path) ? -1 : readlinkat(s.at, s.last, target, sizeof(target));

	spot_end(&s, 0);
	if (n == (ssize_t)sizeof(target))
		errno = ENAMETOOLONG;
	return n < 0 || n == (ssize_t)sizeof(target) ? NULL : xstrndup(target, (size_t)n);
}

DIR *beneath_opendir(const char *path)
{
	int fd = beneath_open(path, O_RDONLY | O_DIRECTORY, 0);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d)
		close_quietly(fd);
	return d;
}
