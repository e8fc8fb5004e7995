/* state_dir - the folder in which `pgrestore watch` keeps its journal. */
#include "watch/state_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/env.h"
#include "base/file.h"
#include "base/path.h"
#include "base/status.h"
#include "repo/journal_adopt.h"
#include "repo/journal_runs.h"

#define NAME "journal.db"
#define OLD_MOST (64 << 20)

/* --- where --- */

int state_dir_find(struct state_dir *s, const char *file, const char *dir, struct buf *error)
{
	const char *variable;
	char *folder;
	int rc;

	*s = (struct state_dir){ 0 };
	rc = env_get("PGBOX_JOURNAL", &variable, error);
	if (rc)
		return rc;
	if (variable && *variable)
		s->journal = xstrdup(variable);
	else if (file && *file)
		s->journal = xstrdup(file);
	else
		s->journal = xasprintf("%s/" NAME, dir && *dir ? dir : STATE_DIR_DEFAULT);
	folder = path_folder(s->journal);
	if (file_make_folders(folder, 0700) != 0) {
		rc = file_cannot(error, "make the folder", folder);
		buf_puts(error, ": mount a volume there that this user may write to, or set "
		         "RESTORE_STATE_DIR");
	}
	free(folder);
	return rc;
}

/* --- who else --- */

static bool is_private(const struct stat *st)
{
	return (st->st_uid == geteuid() || st->st_uid == 0) && !(st->st_mode & S_IWGRP);
}

/* In a folder above, what is ours cannot be exchanged when the folder is sticky (/tmp). */
static bool is_open_to_all(const struct stat *st, bool above)
{
	return S_ISDIR(st->st_mode) && (st->st_mode & S_IWOTH) && !(above && (st->st_mode & S_ISVTX));
}

/* path is absolute and without links, and is put back as it was. The folder above or at path that
 * everybody may write to; NULL: none. The caller frees it. */
static char *open_folder(char *path)
{
	struct stat st;

	for (char *at = path + strlen(path); at > path; at = strrchr(path, '/')) {
		char cut = *at;

		*at = '\0';
		if (lstat(path, &st) == 0 && is_open_to_all(&st, cut != '\0'))
			return xstrdup(path);
	}
	return NULL;
}

int state_dir_check(const struct state_dir *s, struct buf *warning, struct buf *error)
{
	char *folder = path_folder(s->journal), *real = realpath(folder, NULL), *open = NULL;
	struct stat st;
	int rc = 0;

	if (real && lstat(real, &st) == 0 && !is_private(&st))
		buf_printf(warning, "the folder of the journal, '%s', belongs to uid %ld and has mode %03o: "
		           "whoever else may write there can have containers started",
		           folder, (long)st.st_uid,
		           (unsigned)st.st_mode & 0777);
	if (lstat(s->journal, &st) == 0 && (!S_ISREG(st.st_mode) || (st.st_mode & S_IWOTH)))
		open = xstrdup(s->journal);
	if (!open && real)
		open = open_folder(real);
	if (open) {
		buf_printf(error, "others may write to '%s', and the journal there says which containers to "
		           "start: set RESTORE_STATE_DIR to a folder of mode 0700", open);
		rc = BAD_CONFIG;
	}
	free(open);
	free(real);
	free(folder);
	return rc;
}

/* --- the one in the drop folder --- */

/* Whoever drops files may have put anything there; watch/inbox guards the folder. */
static int open_old(const char *base)
{
	char *path = xasprintf("%s/" JOURNAL_BESIDE, base);
	int fd = beneath_open(path, O_RDONLY | O_NOFOLLOW, 0);

	free(path);
	return fd;
}

static bool is_same_file(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int copy_old(int fd, const char *to, struct buf *error)
{
	struct buf bytes = BUF_INIT;
	struct stat st;
	ssize_t n = 1;
	int rc = -1;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > OLD_MOST) {
		buf_puts(error, "it is not a regular file, or too large");
		return -1;
	}
	while (n > 0 && bytes.len <= OLD_MOST) {
		n = read(fd, buf_room(&bytes, 65536), 65536);
		bytes.len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0 || file_write_new(to, bytes.data, bytes.len) != 0)
		buf_printf(error, "cannot copy it to '%s': %s", to, strerror(errno));
	else
		rc = 0;
	buf_free(&bytes);
	return rc;
}

int state_dir_adopt(struct state_dir *s, const char *base, const char *dir, struct journal *j,
                    struct buf *error)
{
	struct journal_old o = { .lite = LITE_INIT };
	char *copy = xasprintf("%s.adopted", s->journal);
	int rc = 0, fd = open_old(base);

	if (fd < 0 && errno != ENOENT && errno != ENOTDIR) {
		buf_puts(error, file_reason(errno));
		rc = -1;
	}
	if (fd >= 0 && !is_same_file(fd, s->journal) && !journal_runs_has(j, "watch", dir)) {
		rc = copy_old(fd, copy, error);
		rc = rc ? rc : journal_adopt_read(&o, copy, error);
		unlink(copy);
		rc = rc ? rc : journal_adopt_write(j, &o, dir, error);
		s->leftover = !rc && o.only_ours;
	}
	if (fd >= 0)
		close(fd);
	journal_adopt_free(&o);
	free(copy);
	return rc;
}

void state_dir_remove_old(struct state_dir *s, const char *base)
{
	static const char *const suffixes[] = { "-journal", "" };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes) && s->leftover; i++) {
		char *path = xasprintf("%s/" JOURNAL_BESIDE "%s", base, suffixes[i]);

		beneath_unlink(path);
		free(path);
	}
	s->leftover = false;
}

void state_dir_free(struct state_dir *s)
{
	free(s->journal);
	*s = (struct state_dir){ 0 };
}
