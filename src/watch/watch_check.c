/* watch_check - whether a watcher has what it needs. */
#include "watch/watch_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/status.h"
#include "base/teller.h"
#include "db/sqlite_fault.h"

static int check_folder(const struct watch *w, struct buf *error)
{
	if (!file_is_dir(w->dir)) {
		buf_printf(error, "no folder '%s' found: mount it, or set RESTORE_WATCH_DIR", w->dir);
		return NO_INPUT;
	}
	return access(w->dir, R_OK | W_OK | X_OK) == 0 ? 0 : file_cannot(error, "read and write in the "
	                                                                 "folder", w->dir);
}

static _Noreturn void be_child(const struct watch *w, int to, pid_t parent)
{
	struct buf error = BUF_INIT;
	int rc;

	proc_die_with_parent(parent);
	rc = w->database(&error);
	file_write(to, error.data, error.len);
	_exit(rc);
}

static void read_words(int from, struct buf *words)
{
	ssize_t n;

	while ((n = read(from, buf_room(words, 4096), 4096)) > 0) {
		words->len += (size_t)n;
		words->data[words->len] = '\0';
	}
}

int watch_check_file(const char *path, struct buf *error)
{
	struct sqlite_fault fault = { 0 };

	if (file_exists(path))
		fault = sqlite_fault_path(path, error);
	if (!error->len)
		fault = sqlite_fault_folder(path, error);
	return error->len ? fault.final : 0;
}

/* In a process of its own: who logs in takes the variables that name a database away from libpq. */
static int ask_database(const struct watch *w, struct buf *error)
{
	pid_t parent = getpid(), child;
	int ends[2], status = 0;

	if (!w->database || pipe2(ends, O_CLOEXEC) != 0)
		return 0;
	child = fork();
	if (child == 0)
		be_child(w, ends[1], parent);
	close(ends[1]);
	if (child > 0)
		read_words(ends[0], error);
	close(ends[0]);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (status && !error->len)
		buf_puts(error, "the check was killed");
	return child > 0 ? proc_status(status) : 0;
}

static int check_database(const struct watch *w, struct buf *error)
{
	int rc = ask_database(w, error);

	return rc || !w->sqlite || !*w->sqlite ? rc : watch_check_file(w->sqlite, error);
}

static int check_engine(const struct watch *w, struct buf *error)
{
	return containers_wanted(&w->containers) ? containers_look(&w->containers, error) : 0;
}

/* A watcher holds the folder's lock as long as it lives: repo/dir_lock. */
static int check_watcher(const struct watch *w, struct buf *error)
{
	struct inbox b = { .dir = w->dir, .settle = w->settle, .tell = w->tell };
	char *lock;
	int fd, rc = file_is_dir(w->dir) ? inbox_open(&b, error) : 0;

	if (rc)
		return rc;
	lock = xasprintf("%s/.pgbox/lock", b.base ? b.base : w->dir);
	fd = beneath_open(lock, O_RDONLY | O_NOFOLLOW, 0);
	if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) {
		buf_printf(error, "no watcher of '%s' is running", w->dir);
		rc = NO;
	}
	if (fd >= 0)
		close(fd);
	free(lock);
	inbox_free(&b);
	return rc;
}

static const struct {
	const char *name;
	int (*check)(const struct watch *w, struct buf *error);
	bool running; /* only of a watcher that runs */
} checks[] = {
	{ "folder", check_folder, false },
	{ "watcher", check_watcher, true },
	{ "engine", check_engine, false },
	{ "database", check_database, false },
};

#define CHECKS (sizeof(checks) / sizeof(*checks))

void watch_check_warn(const struct watch *w)
{
	for (size_t i = 0; i < CHECKS; i++) {
		struct buf error = BUF_INIT, words = BUF_INIT;

		if (!checks[i].running && checks[i].check(w, &error) != 0) {
			buf_printf(&words, "a file that is dropped now cannot be restored: %s", error.data);
			teller_say(w->tell, MSG_WARNING, words.data);
		}
		buf_free(&error);
		buf_free(&words);
	}
}

int watch_check_status(const struct watch *w, struct strs *lines)
{
	int status = DONE;

	for (size_t i = 0; i < CHECKS; i++) {
		struct buf error = BUF_INIT;

		if (checks[i].check(w, &error) == 0) {
			strs_printf(lines, "[+]%s ok", checks[i].name);
		} else {
			msg_mask(&error);
			strs_printf(lines, "[-]%s failed: %s", checks[i].name, error.data);
			status = NO;
		}
		buf_free(&error);
	}
	return status;
}
