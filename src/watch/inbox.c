/* inbox - a folder that files are dropped into. */
#include "watch/inbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/status.h"
#include "base/teller.h"
#include "base/text.h"
#include "watch/companion.h"

/* A file in the folder. */
struct arrival {
	char *name;
	struct stat st;   /* as it was when it was seen last */
	int64_t since;    /* clock_ms() from which on it has been so */
	bool seen;        /* by the look that is going on */
	struct stat sum;  /* of its NAME.sha256 when the two were compared last */
	bool summed, matches; /* whether they were, as both are, and what came of it */
	int64_t refused;  /* it could not be taken: until then (clock_ms) it is left alone; 0: it can */
};

static const char *const with_it[] = { ".ok", ".sha256", ".json" };
static const char *const unfinished[] = {
	".part", ".partial", ".filepart", ".crdownload", ".tmp", ".swp", "~"
};

#define SUM_MS 10000   /* for comparing a file with its sum; one that takes longer has to be still */
#define TOLD_MOST 1000 /* what is said once; further ones are not */
#define REFUSED_MS 60000 /* before one that cannot be taken is tried again */
#define MOST 10000     /* files that are looked at; the others have to wait */

#define SUFFIXES(list) (sizeof(list) / sizeof(*(list)))

/* --- folders --- */

/* Whether files can be moved from one folder to another: not over the edge of a mount, which
 * two folders of one file system may be on both sides of. */
static bool can_move(const char *from, const char *to)
{
	char *old = xasprintf("%s/.pgbox-%ld", from, (long)getpid());
	char *new = xasprintf("%s/.pgbox-%ld", to, (long)getpid());
	bool can = file_write_new(old, "", 0) == 0 && beneath_rename(old, new) == 0;

	beneath_unlink(old);
	beneath_unlink(new);
	free(old);
	free(new);
	return can;
}

static void name_folders(struct inbox *b, const char *base)
{
	free(b->base), free(b->processing), free(b->done), free(b->failed);
	b->base = xstrdup(base);
	b->processing = xasprintf("%s/.processing", base);
	b->done = xasprintf("%s/done", base);
	b->failed = xasprintf("%s/failed", base);
	beneath_guard(base);
	beneath_guard(b->dir);
}

static int make_folders(const struct inbox *b)
{
	return file_make_folders(b->processing, 0700) || file_make_folders(b->done, 0700) ||
	       file_make_folders(b->failed, 0700);
}

int inbox_open(struct inbox *b, struct buf *error)
{
	char *real, *slash;

	/* Whoever wants to write what is being looked at by a lease breaks it, and that is a signal. */
	signal(SIGIO, SIG_IGN);
	if (file_make_folders(b->dir, 0700) != 0)
		return file_cannot(error, "make the folder", b->dir);
	real = realpath(b->dir, NULL);
	slash = real ? strrchr(real, '/') : NULL;
	if (slash && slash != real) {
		*slash = '\0';
		name_folders(b, real);
	}
	free(real);
	if (!b->base || make_folders(b) != 0 || !can_move(b->dir, b->processing)) {
		if (b->base) {
			beneath_rmdir(b->processing);
			beneath_rmdir(b->done);
			beneath_rmdir(b->failed);
		}
		name_folders(b, b->dir);
		if (make_folders(b) != 0 || !can_move(b->dir, b->processing))
			return file_cannot(error, "move files within", b->dir);
	}
	return 0;
}

/* --- looking --- */

static void tell_once(struct inbox *b, const char *words)
{
	if (b->told.n >= TOLD_MOST || strs_has(&b->told, words))
		return;
	strs_add(&b->told, words);
	teller_say(b->tell, MSG_WARNING, words);
}

static bool ends_in(const char *name, const char *const *suffixes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text_ends_with_nocase(name, suffixes[i]) && name[strlen(suffixes[i])])
			return true;
	return false;
}

/* What file managers leave in every folder that they show. */
static bool is_clutter(const char *name)
{
	static const char *const names[] = { "Thumbs.db", "ehthumbs.db", "desktop.ini", "Icon\r" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcasecmp(names[i], name) == 0)
			return true;
	return false;
}

static bool is_none(const char *name)
{
	return *name == '.' || is_clutter(name) || ends_in(name, with_it, SUFFIXES(with_it)) ||
	       ends_in(name, unfinished, SUFFIXES(unfinished));
}

/* Our own, where they are in the folder. */
static bool is_ours(const struct inbox *b, const char *name)
{
	return strcmp(b->base, b->dir) == 0 && (strcmp(name, "done") == 0 || strcmp(name, "failed") == 0);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void see(struct inbox *b, const char *name, const struct stat *st)
{
	struct arrival *a = NULL;

	for (size_t i = 0; i < b->n && !a; i++)
		if (strcmp(b->v[i].name, name) == 0)
			a = &b->v[i];
	if (!a && b->n >= MOST)
		return;
	if (!a) {
		b->v = xrealloc(b->v, (b->n + 1) * sizeof(*b->v));
		a = &b->v[b->n++];
		*a = (struct arrival){ .name = xstrdup(name), .st = *st, .since = clock_ms() };
	}
	if (!is_same(&a->st, st)) {
		a->since = clock_ms();
		a->summed = false;
		a->refused = 0;
	}
	a->st = *st;
	a->seen = true;
}

static void look_at(struct inbox *b, const char *name)
{
	char *path = xasprintf("%s/%s", b->dir, name);
	struct stat st;

	if (is_none(name) || is_ours(b, name) || beneath_lstat(path, &st) != 0) {
		free(path);
		return;
	}
	if (S_ISREG(st.st_mode)) {
		see(b, name, &st);
	} else {
		char *words = xasprintf("'%s' is %s, not a file: it is left alone", path,
		                        S_ISLNK(st.st_mode) ? "a symlink" : S_ISDIR(st.st_mode) ? "a folder"
		                                                                                : "special");

		tell_once(b, words);
		free(words);
	}
	free(path);
}

static void forget_unseen(struct inbox *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->n; i++) {
		if (b->v[i].seen)
			b->v[kept++] = b->v[i];
		else
			free(b->v[i].name);
	}
	b->n = kept;
}

/* Of those that are seen for the first time at once, by when they got their name here. */
static int by_change(const void *x, const void *y)
{
	const struct arrival *a = x, *b = y;

	if (a->st.st_ctim.tv_sec != b->st.st_ctim.tv_sec)
		return a->st.st_ctim.tv_sec < b->st.st_ctim.tv_sec ? -1 : 1;
	if (a->st.st_ctim.tv_nsec != b->st.st_ctim.tv_nsec)
		return a->st.st_ctim.tv_nsec < b->st.st_ctim.tv_nsec ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void scan(struct inbox *b)
{
	size_t known = b->n;
	DIR *d = beneath_opendir(b->dir);
	struct dirent *entry;

	for (size_t i = 0; i < b->n; i++)
		b->v[i].seen = false;
	if (!d) {
		char *words = xasprintf("cannot look into '%s': %s", b->dir, strerror(errno));

		tell_once(b, words);
		free(words);
	}
	while (d && (entry = readdir(d)))
		look_at(b, entry->d_name);
	if (d)
		closedir(d);
	if (b->n > known)
		qsort(b->v + known, b->n - known, sizeof(*b->v), by_change);
	forget_unseen(b);
}

/* Whether a process of this kernel has it open for writing, as far as that can be told: a lease
 * for reading is refused then (fcntl(2), F_SETLEASE). */
static bool is_being_written(const char *path)
{
	int fd = beneath_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	bool written = false;

	if (fd >= 0 && fcntl(fd, F_SETLEASE, F_RDLCK) != 0)
		written = errno == EAGAIN;
	else if (fd >= 0)
		fcntl(fd, F_SETLEASE, F_UNLCK);
	if (fd >= 0)
		close(fd);
	return written;
}

/* A marker that came before its file says nothing until the file is what it says. */
static bool has_marker(struct arrival *a, const char *path)
{
	char *beside = xasprintf("%s.sha256", path);
	struct buf ignored = BUF_INIT;
	struct stat st;
	bool there = beneath_lstat(beside, &st) == 0 && S_ISREG(st.st_mode);

	if (there && !(a->summed && is_same(&a->sum, &st))) {
		a->matches = companion_compare(path, clock_after(SUM_MS), &ignored) == 0;
		a->summed = true;
		a->sum = st;
	}
	buf_free(&ignored);
	free(beside);
	return (there && a->matches) || companion_is_there(path, ".ok");
}

const char *inbox_look(struct inbox *b, int64_t *again)
{
	*again = CLOCK_NEVER;
	scan(b);
	for (size_t i = 0; i < b->n; i++) {
		struct arrival *a = &b->v[i];
		bool refused = a->refused && clock_left(a->refused);
		char *path = refused ? NULL : xasprintf("%s/%s", b->dir, a->name);
		int64_t still = clock_ms() - a->since;
		bool ready = path && (has_marker(a, path) || (still >= b->settle && !is_being_written(path)));

		free(path);
		if (ready)
			return a->name;
		if (refused) {
			*again = a->refused < *again ? a->refused : *again;
			continue;
		}
		if (still >= b->settle)
			a->since = clock_ms();
		if (a->since + b->settle < *again)
			*again = a->since + b->settle;
	}
	return NULL;
}

/* --- moving --- */

/* Moves what there is of a file and of what goes with it. 0, or -1 with errno when the file
 * itself could not be moved. */
static int move(const char *from, const char *to, const char *const *suffixes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *old = companion_path(from, suffixes[i]), *new = companion_path(to, suffixes[i]);

		if (companion_is_there(from, suffixes[i]))
			beneath_rename(old, new);
		free(old);
		free(new);
	}
	return beneath_rename(from, to);
}

static void refuse(struct inbox *b, const char *name)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->v[i].name, name) == 0)
			b->v[i].refused = clock_after(REFUSED_MS);
}

char *inbox_take(struct inbox *b, const char *name, struct buf *error)
{
	char *from = xasprintf("%s/%s", b->dir, name), *to = xasprintf("%s/%s", b->processing, name);
	struct stat st;
	int err = 0;

	make_folders(b); /* somebody may have deleted them */
	if (beneath_rename(from, to) != 0)
		err = errno;
	else if (beneath_lstat(to, &st) != 0 || !S_ISREG(st.st_mode))
		/* It was another when it was looked at; here nobody can exchange it. */
		buf_printf(error, "'%s' is not a file any more: it is left alone", to);
	if (err && (err != ENOENT || beneath_lstat(from, &st) == 0)) {
		errno = err;
		file_cannot(error, "take", from);
		refuse(b, name);
	}
	if (err || error->len) {
		free(to);
		to = NULL;
	}
	for (size_t i = 0; i < SUFFIXES(with_it) && to; i++) {
		char *old = xasprintf("%s%s", from, with_it[i]), *new = xasprintf("%s%s", to, with_it[i]);

		/* Nor is it what it was looked at as, if somebody is quick. */
		if (companion_is_there(from, with_it[i]) && beneath_rename(old, new) == 0 &&
		    !companion_is_there(to, with_it[i]))
			beneath_unlink(new);
		free(old);
		free(new);
	}
	if (to)
		file_sync(b->processing);
	free(from);
	return to;
}

static bool is_taken(const char *path)
{
	static const char *const all[] = { "", COMPANION_LOG, ".ok", ".sha256", ".json" };

	for (size_t i = 0; i < SUFFIXES(all); i++)
		if (companion_is_there(path, all[i]))
			return true;
	return file_exists(path);
}

char *inbox_put(struct inbox *b, const char *path, bool good)
{
	static const char *const all[] = { COMPANION_LOG, ".ok", ".sha256", ".json" };
	const char *folder = good ? b->done : b->failed;
	char *to = xasprintf("%s/%s", folder, path_base(path)), *now = clock_iso(clock_wall());

	make_folders(b);
	companion_cut(to, 0);
	for (int n = 1; is_taken(to); n++) {
		char *more = n > 1 ? xasprintf("%d-", n) : xstrdup("");

		free(to);
		to = xasprintf("%s/%.4s%.2s%.2s-%.2s%.2s%.2s-%s%s", folder, now, now + 5, now + 8, now + 11,
		               now + 14, now + 17, more, path_base(path));
		companion_cut(to, 0);
		free(more);
	}
	if (move(path, to, all, SUFFIXES(all)) != 0) {
		struct buf error = BUF_INIT;

		file_cannot(&error, "move on", path);
		tell_once(b, error.data);
		buf_free(&error);
	}
	file_sync(folder);
	free(now);
	return to;
}

void inbox_left(struct inbox *b, struct strs *paths)
{
	static const char *const none[] = { COMPANION_LOG, ".ok", ".sha256", ".json" };
	DIR *d = beneath_opendir(b->processing);
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		char *path = xasprintf("%s/%s", b->processing, entry->d_name);

		if (*entry->d_name != '.' && !ends_in(entry->d_name, none, SUFFIXES(none)))
			strs_add(paths, path);
		free(path);
	}
	if (d)
		closedir(d);
}

void inbox_free(struct inbox *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->v[i].name);
	free(b->v);
	free(b->base), free(b->processing), free(b->done), free(b->failed);
	strs_free(&b->told);
	*b = (struct inbox){ 0 };
}
