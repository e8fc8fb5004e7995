/* file - whole reads and writes. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/status.h"
#include "base/path.h"
#include "base/text.h"

#define LINKS_MAX 40 /* as the kernel's */

#define TRIES 16
#define DEPTH_MAX 64 /* folders in folders that are deleted: each has a descriptor open */

int file_write(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Closes fd. */
static int read_all(int fd, struct buf *b, size_t limit)
{
	size_t before = b->len;
	ssize_t n;
	int err = 0;

	if (fd < 0)
		return -1;
	do {
		char *to = buf_room(b, 16384);

		n = read(fd, to, 16384);
		if (n > 0)
			b->len += (size_t)n;
		else if (n < 0 && errno != EINTR)
			err = errno;
		b->data[b->len] = '\0';
		if (b->len - before > limit)
			err = EFBIG;
	} while (!err && n != 0);
	close(fd);
	errno = err;
	return err ? -1 : 0;
}

int file_read(const char *path, struct buf *b, size_t limit)
{
	return read_all(beneath_open(path, O_RDONLY, 0), b, limit);
}

int file_read_regular(const char *path, struct buf *b, size_t limit)
{
	return read_all(beneath_open_regular(path), b, limit);
}

int file_head(const char *path, struct buf *b, size_t limit)
{
	int rc = file_read(path, b, limit);

	return rc && errno == EFBIG ? (buf_cut(b, limit), 0) : rc;
}

static bool has_suffix(const char *text, const char *const *suffixes)
{
	for (; *suffixes; suffixes++)
		if (text_ends_with(text, *suffixes) && strcmp(text, *suffixes) != 0)
			return true;
	return false;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_folder_in(DIR *d, const char *name, bool follow)
{
	struct stat st;

	return fstatat(dirfd(d), name, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static bool is_real_folder(DIR *d, const char *name)
{
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && is_folder_in(d, name, false);
}

/* Whether a guard covers what is in the folder. */
static bool is_below_guard(const char *dir)
{
	char *inside = xasprintf("%s/x", dir);
	bool guarded = beneath_is_guarded(inside);

	free(inside);
	return guarded;
}

/* Files that end in a suffix, or without suffixes the folders. */
static int list(const char *dir, const char *const *suffixes, struct strs *paths)
{
	DIR *d = beneath_opendir(dir);
	size_t first = paths->n;
	struct dirent *entry;
	struct stat st;
	bool follow;

	if (!d)
		return -1;
	/* One that may be read but not searched gives names alone. */
	if (fstatat(dirfd(d), ".", &st, 0) != 0) {
		closedir(d);
		errno = EACCES;
		return -1;
	}
	follow = !is_below_guard(dir);
	while ((entry = readdir(d)))
		if (suffixes ? has_suffix(entry->d_name, suffixes) && !is_folder_in(d, entry->d_name, follow)
		             : is_real_folder(d, entry->d_name))
			strs_printf(paths, "%s/%s", dir, entry->d_name);
	closedir(d);
	if (paths->n > first)
		qsort(paths->v + first, paths->n - first, sizeof(*paths->v), by_bytes);
	return 0;
}

int file_list(const char *dir, const char *const *suffixes, struct strs *paths)
{
	return list(dir, suffixes, paths);
}

int file_folders(const char *dir, struct strs *paths)
{
	return list(dir, NULL, paths);
}

int file_sync(const char *path)
{
	int fd = beneath_open(path, O_RDONLY, 0), rc, err;

	if (fd < 0)
		return -1;
	rc = fsync(fd);
	/* Some network file systems have nothing to flush a directory to. */
	if (rc != 0 && errno == EINVAL)
		rc = 0;
	err = errno;
	close(fd);
	errno = err;
	return rc;
}

/* Somebody may put another file there as soon as the old one is gone. */
static int make_new(const char *path, unsigned mode)
{
	int fd = -1, err;

	for (int i = 0; i < TRIES && fd < 0; i++) {
		fd = beneath_open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
		if (fd < 0 && (errno != EEXIST || (beneath_unlink(path) != 0 && errno != ENOENT)))
			return -1;
	}
	if (fd >= 0 && fchmod(fd, mode) != 0) {
		err = errno;
		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

int file_write_mode(const char *path, unsigned mode, const void *bytes, size_t len)
{
	int fd = make_new(path, mode), err;

	if (fd < 0)
		return -1;
	err = file_write(fd, bytes, len) != 0 || fsync(fd) != 0 ? errno : 0;
	if (close(fd) != 0 && !err)
		err = errno;
	errno = err;
	return err ? -1 : 0;
}

int file_write_new(const char *path, const void *bytes, size_t len)
{
	return file_write_mode(path, 0600, bytes, len);
}

static int empty_folder(int fd, int depth);

static int remove_at(int at, const char *name, int depth)
{
	struct stat st;
	int fd;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISDIR(st.st_mode))
		return unlinkat(at, name, 0);
	if (depth == DEPTH_MAX) {
		errno = ELOOP;
		return -1;
	}
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 || empty_folder(fd, depth + 1) != 0 ? -1 : unlinkat(at, name, AT_REMOVEDIR);
}

/* Each folder is opened before it is emptied: somebody could put a symlink in its place. Closes fd. */
static int empty_folder(int fd, int depth)
{
	DIR *d = fdopendir(fd);
	struct dirent *entry;
	int err = errno;

	if (!d) {
		close(fd);
		errno = err;
		return -1;
	}
	while ((errno = 0, entry = readdir(d)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    remove_at(fd, entry->d_name, depth) != 0)
			break;
	err = errno;
	closedir(d);
	errno = err;
	return err ? -1 : 0;
}

int file_remove(const char *path)
{
	struct stat st;
	int fd;

	if (beneath_lstat(path, &st) != 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISDIR(st.st_mode))
		return beneath_unlink(path);
	fd = beneath_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	return fd < 0 || empty_folder(fd, 0) != 0 ? -1 : beneath_rmdir(path);
}

/* Whether the path up to there ends in a segment that is "..", which is there already. */
static bool ends_in_parent(const char *path, const char *end)
{
	return end - path >= 2 && strncmp(end - 2, "..", 2) == 0 && (end - path == 2 || end[-3] == '/');
}

int file_make_folders(const char *path, unsigned mode)
{
	char *copy = xstrdup(path);
	int rc = 0;

	for (char *at = copy + 1; *at && !rc; at++) {
		if (*at != '/' || ends_in_parent(copy, at))
			continue;
		*at = '\0';
		rc = beneath_mkdir(copy, mode) != 0 && errno != EEXIST && !file_is_dir(copy) ? -1 : 0;
		*at = '/';
	}
	if (!rc)
		rc = beneath_mkdir(copy, mode) != 0 && (errno != EEXIST || !file_is_dir(copy)) ? -1 : 0;
	free(copy);
	return rc;
}

const char *file_reason(int err)
{
	switch (err) {
	case ELOOP: return "a symlink is in the way, and none is followed here";
	case EXDEV: return "it leads out of the folder, or to another file system";
	case ENXIO: return "it is not a regular file";
	default: return strerror(err);
	}
}

int file_cannot(struct buf *error, const char *what, const char *path)
{
	int err = errno;

	buf_printf(error, "cannot %s '%s': %s", what, path, file_reason(err));
	if (err == EACCES || err == EPERM)
		buf_printf(error, " (this runs as uid %ld)", (long)geteuid());
	return CANNOT_WRITE;
}

char *file_follow(const char *path)
{
	char *at = xstrdup(path), *real;

	for (int n = 0; n < LINKS_MAX; n++) {
		char to[4096], *folder, *next;
		ssize_t len = readlink(at, to, sizeof(to) - 1);

		if (len < 0)
			break;
		to[len] = '\0';
		folder = path_prefix(at);
		next = xasprintf("%s%s", *to == '/' ? "" : folder, to);
		free(folder);
		free(at);
		at = next;
	}
	real = realpath(at, NULL);
	if (!real)
		return at;
	free(at);
	return real;
}

/* The mode for a new file, which has `own`, of the one at path, or of its folder; *st is of what was found.
 * -1 with errno. */
static int pattern_mode(const char *path, const struct stat *own, struct stat *st)
{
	char *folder;
	int rc;

	if (stat(path, st) == 0 && (st->st_ino != own->st_ino || st->st_dev != own->st_dev))
		return (int)(st->st_mode & 0777);
	folder = path_prefix(path);
	rc = stat(*folder ? folder : ".", st);
	free(folder);
	return rc != 0 ? -1 : (int)(st->st_mode & (st->st_mode & S_ISVTX ? 0644 : 0666));
}

int file_take_after(int fd, const char *like)
{
	struct stat st, own;
	int mode = fstat(fd, &own) != 0 ? -1 : pattern_mode(like, &own, &st);

	if (mode < 0)
		return -1;
	/* Others may give a file to their groups only. */
	if (own.st_uid != st.st_uid || own.st_gid != st.st_gid) {
		bool root = geteuid() == 0;

		if (fchown(fd, root ? st.st_uid : (uid_t)-1, st.st_gid) != 0 && root)
			return -1;
	}
	return fchmod(fd, (mode_t)mode);
}

bool file_exists(const char *path)
{
	struct stat st;

	return beneath_stat(path, &st) == 0;
}

bool file_is_dir(const char *path)
{
	struct stat st;

	return beneath_stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool file_is_regular(const char *path)
{
	struct stat st;

	return beneath_stat(path, &st) == 0 && S_ISREG(st.st_mode);
}
