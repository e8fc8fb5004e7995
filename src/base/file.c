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

int file_list(const char *dir, const char *const *suffixes, struct strs *paths)
{
	DIR *d = opendir(dir);
	size_t first = paths->n;
	struct dirent *entry;

	if (!d)
		return -1;
	while ((entry = readdir(d))) {
		char *path;

		if (!has_suffix(entry->d_name, suffixes))
			continue;
		path = xasprintf("%s/%s", dir, entry->d_name);
		if (!file_is_dir(path))
			strs_add(paths, path);
		free(path);
	}
	closedir(d);
	if (paths->n > first)
		qsort(paths->v + first, paths->n - first, sizeof(*paths->v), by_bytes);
	return 0;
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
