/* file - whole reads and writes. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/msg.h"
#include "base/status.h"

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

int file_read(const char *path, struct buf *b, size_t limit)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
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

int file_head(const char *path, struct buf *b, size_t limit)
{
	int rc = file_read(path, b, limit);

	return rc && errno == EFBIG ? (buf_cut(b, limit), 0) : rc;
}

static bool has_suffix(const char *text, const char *const *suffixes)
{
	size_t len = strlen(text);

	for (; *suffixes; suffixes++) {
		size_t end = strlen(*suffixes);

		if (len > end && strcmp(text + len - end, *suffixes) == 0)
			return true;
	}
	return false;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_real_folder(const char *path, const char *name)
{
	struct stat st;

	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && lstat(path, &st) == 0 &&
	       S_ISDIR(st.st_mode);
}

/* Files that end in a suffix, or without suffixes the folders. */
static int list(const char *dir, const char *const *suffixes, struct strs *paths)
{
	DIR *d = opendir(dir);
	size_t first = paths->n;
	struct dirent *entry;

	if (!d)
		return -1;
	while ((entry = readdir(d))) {
		char *path = xasprintf("%s/%s", dir, entry->d_name);

		if (suffixes ? has_suffix(entry->d_name, suffixes) && !file_is_dir(path)
		             : is_real_folder(path, entry->d_name))
			strs_add(paths, path);
		free(path);
	}
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
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc, err;

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

int file_write_new(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), err;

	if (fd < 0)
		return -1;
	err = file_write(fd, bytes, len) != 0 || fsync(fd) != 0 ? errno : 0;
	if (close(fd) != 0 && !err)
		err = errno;
	errno = err;
	return err ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

int file_remove(const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISDIR(st.st_mode))
		return unlink(path);
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int file_make_folders(const char *path, unsigned mode)
{
	char *copy = xstrdup(path);
	int rc = 0;

	for (char *at = copy + 1; *at && !rc; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		rc = mkdir(copy, mode) != 0 && errno != EEXIST && !file_is_dir(copy) ? -1 : 0;
		*at = '/';
	}
	if (!rc)
		rc = mkdir(copy, mode) != 0 && (errno != EEXIST || !file_is_dir(copy)) ? -1 : 0;
	free(copy);
	return rc;
}

int file_cannot(struct buf *error, const char *what, const char *path)
{
	int err = errno;

	buf_printf(error, "cannot %s '%s': %s", what, path, strerror(err));
	if (err == EACCES || err == EPERM)
		buf_printf(error, " (this runs as uid %ld)", (long)geteuid());
	return CANNOT_WRITE;
}

const char *file_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

bool file_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool file_is_regular(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

void file_check_stdout(void)
{
	errno = 0;
	/* The reason of an earlier failure is gone. */
	if (fflush(stdout) != 0 || ferror(stdout))
		die(CANNOT_WRITE, "cannot write to standard output: %s",
		    errno ? strerror(errno) : "a write failed");
}
