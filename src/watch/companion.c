/* companion - the files that go with one that was dropped. */
#include "watch/companion.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "base/utf8.h"
#include "ext/hash.h"

#define NAME_MOST 255  /* NAME_MAX of Linux, which is not defined for all file systems */

void companion_cut(char *path, size_t more)
{
	char *name = strrchr(path, '/') + 1;

	name[utf8_cut(name, NAME_MOST - more)] = '\0';
}

char *companion_log(const char *path)
{
	char *name = xstrdup(path), *log;

	companion_cut(name, strlen(COMPANION_LOG));
	log = xasprintf("%s" COMPANION_LOG, name);
	free(name);
	return log;
}

char *companion_path(const char *path, const char *suffix)
{
	return strcmp(suffix, COMPANION_LOG) == 0 ? companion_log(path) : xasprintf("%s%s", path, suffix);
}

bool companion_is_there(const char *path, const char *suffix)
{
	char *beside = companion_path(path, suffix);
	struct stat st;
	bool has = beneath_lstat(beside, &st) == 0 && S_ISREG(st.st_mode);

	free(beside);
	return has;
}

/* Adds a regular file: not a pipe that somebody has put in its place, and not more than it had at
 * first, should somebody write faster than this reads. 0, or -1 with errno. */
static int add_file(struct hash *h, const char *path, int64_t deadline)
{
	int fd = beneath_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	struct stat st;
	char bytes[65536];
	off_t left = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		left = st.st_size + 1;
	errno = left ? 0 : EINVAL;
	while (left > 0 && n > 0 && !errno) {
		n = read(fd, bytes, left < (off_t)sizeof(bytes) ? (size_t)left : sizeof(bytes));
		if (n > 0)
			hash_add(h, bytes, (size_t)n);
		left -= n > 0 ? n : 0;
		if (!clock_left(deadline))
			errno = ETIMEDOUT;
	}
	close(fd);
	return errno ? -1 : 0;
}

int companion_compare(const char *path, int64_t deadline, struct buf *error)
{
	char *beside = xasprintf("%s.sha256", path), text[HASH_TEXT];
	unsigned char digest[HASH_BYTES];
	struct buf said = BUF_INIT;
	struct hash h;
	int rc = 0;

	if (!companion_is_there(path, ".sha256"))
		goto out;
	rc = BAD_DATA;
	if (file_head(beside, &said, HASH_TEXT - 1) != 0 || said.len != HASH_TEXT - 1 ||
	    strspn(said.data, "0123456789abcdefABCDEF") != HASH_TEXT - 1) {
		buf_printf(error, "'%s' is not what sha256sum writes", beside);
		goto out;
	}
	hash_start(&h);
	if (add_file(&h, path, deadline) != 0) {
		buf_printf(error, "cannot read '%s': %s", path, strerror(errno));
		rc = NO_INPUT;
	}
	hash_end(&h, digest);
	hash_text(digest, text);
	if (rc == BAD_DATA && strcasecmp(text, said.data) == 0)
		rc = 0;
	else if (rc == BAD_DATA)
		buf_printf(error, "'%s' is damaged: it is not what its .sha256 says", path);
out:
	buf_free(&said);
	free(beside);
	return rc;
}
