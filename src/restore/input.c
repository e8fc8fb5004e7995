/* input - finds a backup, reads it in full and says what it is. */
#include "restore/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/path.h"
#include "base/progress.h"
#include "base/status.h"
#include "dump/readback.h"
#include "dump/structure.h"
#include "ext/lite.h"
#include "ext/litecheck.h"
#include "ext/litedump.h"
#include "ext/pack.h"
#include "repo/catalog.h"
#include "repo/folder.h"
#include "repo/folder_repo.h"
#include "repo/select.h"

#define HEX 64            /* digits of a sha256 */
#define SUMS_MAX (1 << 20)
#define HEAD (1 << 20)    /* of what flows; as much again, if it must be, eight times over */
#define HEAD_MAX (1LL << 31)

static bool is_archive(const struct input *l)
{
	return l->content == FORMAT_CUSTOM || l->content == FORMAT_TAR || l->content == FORMAT_DIRECTORY;
}

/* The folder in which a file of the backup's size may be put. */
static char *scratch(const char *dir, const char *stage)
{
	char *own = xasprintf("%s/.pgbox", dir);
	const char *const folders[] = { stage, own, getenv("TMPDIR"), "/tmp", "/var/tmp", "." };
	char *found = NULL;

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders) && !found; i++)
		if (folders[i] && *folders[i] && file_is_dir(folders[i]) && access(folders[i], W_OK) == 0)
			found = xstrdup(folders[i]);
	free(own);
	return found ? found : xstrdup(".");
}

static void forget_staged(struct input *l)
{
	if (l->fd >= 0)
		readback_unstage(l->staged, &l->fd);
	free(l->staged);
	l->staged = NULL;
}

/* path NULL: what the descriptor gives. What was staged before is read for it. */
static int stage(struct input *l, const char *path, int from, const char *folder, struct buf *error)
{
	char *staged;
	int fd, rc = readback_stage(path, from, folder, &staged, &fd, error);

	forget_staged(l);
	if (rc) {
		free(staged);
		return rc;
	}
	l->staged = staged;
	l->fd = fd;
	return DONE;
}

/* A file, or what the word means in the folder of the backups. */
static int find_in_folder(struct input *l, const char *word, const char *dir, const char *database,
                          struct buf *error)
{
	struct catalog c;
	struct repo repo;
	char *path;
	int rc;

	catalog_open(&c, dir, false);
	rc = select_file(word, &l->path, error);
	if (rc < 0) {
		folder_repo(&repo, dir, &c);
		rc = select_backup(&repo, &(struct wanted){ .word = word, .database = database }, &path,
		                   error);
		l->path = rc ? NULL : xasprintf("%s/%s", dir, path);
		free(path);
	}
	catalog_free(&c);
	return rc;
}

static int find(struct input *l, const char *word, const char *dir, const char *database,
                const char *folder, struct buf *error)
{
	struct stat st;
	int rc, fd;

	if (strcmp(word, "-") == 0) {
		rc = stage(l, NULL, STDIN_FILENO, folder, error);
		l->path = rc ? NULL : xstrdup(l->staged);
		return rc;
	}
	if (stat(word, &st) == 0 && S_ISFIFO(st.st_mode) && !beneath_is_guarded(word)) {
		fd = open(word, O_RDONLY | O_CLOEXEC);
		rc = fd < 0 ? NO_INPUT : stage(l, NULL, fd, folder, error);
		if (fd < 0)
			buf_printf(error, "cannot read the pipe '%s': %s", word, strerror(errno));
		else
			close(fd);
		l->path = rc ? NULL : xstrdup(l->staged);
		return rc;
	}
	if (l->remote || skip_prefix(word, "s3://")) {
		rc = fetch_folder(&l->fetch, folder, error);
		return rc ? rc : fetch_backup(&l->fetch, word, database, &l->path, &l->m, error);
	}
	return find_in_folder(l, word, dir, database, error);
}

/* Beside it, or beside what a link like `latest` leads to; NULL: there is none. The caller
 * frees it. */
static char *find_manifest(const char *path)
{
	char *name = xasprintf("%s.json", path), *real;

	if (file_exists(name))
		return name;
	free(name);
	real = realpath(path, NULL);
	name = real ? xasprintf("%s.json", real) : NULL;
	free(real);
	if (name && file_exists(name))
		return name;
	free(name);
	return NULL;
}

/* One that cannot be read is not taken for none: what it would say is not known. */
static int read_manifest(struct input *l, struct buf *error)
{
	char *name = find_manifest(l->path);
	int rc = name ? manifest_read(&l->m, name, error) : DONE;

	l->has_manifest = name && !rc;
	free(name);
	return rc;
}

/* What sha256sum(1) has written beside a file without a manifest; one line, or it is of other
 * files, too. */
static int compare_sum(const struct input *l, struct buf *error)
{
	char *name = xasprintf("%s.sha256", l->path);
	struct manifest m = { .bytes = folder_size(l->path) };
	struct buf text = BUF_INIT;
	int rc = DONE;

	if (file_is_regular(l->path) && file_exists(name)) {
		if (file_read_regular(name, &text, SUMS_MAX) == 0 &&
		    strspn(text.data, "0123456789abcdef") == HEX &&
		    strchr(text.data, '\n') == text.data + text.len - 1) {
			m.sha256 = xstrndup(text.data, HEX);
			rc = folder_compare(l->path, &m, NULL, NULL, error);
		} else {
			buf_printf(error, "'%s' is no list of one file's sha256: move it away to do without",
			           name);
			rc = BAD_DATA;
		}
	}
	manifest_free(&m);
	buf_free(&text);
	free(name);
	return rc;
}

static bool has_sum(const struct input *l)
{
	char *name = xasprintf("%s.sha256", l->path);
	bool has = file_is_regular(l->path) && file_exists(name);

	free(name);
	return has;
}

struct input_reading {
	void (*show)(const struct progress *p);
	struct progress p;
};

static void show_reading(void *arg, size_t bytes)
{
	struct input_reading *r = arg;

	r->p.done += (int64_t)bytes;
	r->show(&r->p);
}

static int compare(void *arg, struct buf *error)
{
	const struct input *l = arg;
	struct input_reading reading = {
		.show = l->show,
		.p = { .database = path_base(l->name), .phase = "read", .total = l->m.bytes }
	};
	int rc;

	if (!l->has_manifest)
		return compare_sum(l, error);
	rc = folder_compare(l->path, &l->m, l->show ? show_reading : NULL, &reading, error);
	if (l->show)
		l->show(NULL);
	return rc;
}

static const char *kind(const struct input *l)
{
	if (l->content == FORMAT_SQLITE)
		return "sqlite";
	if (l->content == FORMAT_DUMP)
		return "text";
	if (l->content == FORMAT_TAR)
		return "tar";
	if (is_archive(l))
		return "custom";
	return l->content == FORMAT_SQL && format_is_dump(l->path) ? "plain" : "text";
}

/* Checksums are an option of zstd and lz4; gzip has one always, what is not packed never. */
static bool is_unknown(const struct input *l, bool packed)
{
	const char *method = l->toc.compression;

	if (packed)
		return !readback_has_checksum(l->path);
	if (l->content == FORMAT_SQLITE || l->content == FORMAT_DUMP ||
	    (l->content == FORMAT_SQL && format_is_dump(l->path)))
		return true;
	return method && strcmp(method, "gzip") != 0 && !readback_has_checksum(l->data);
}

static bool has_beside(const char *path, const char *suffix)
{
	char *beside = xasprintf("%s%s", path, suffix);
	struct stat st;
	bool has = beneath_stat(beside, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;

	free(beside);
	return has;
}

static int copy_beside(const struct input *l, const char *suffix, struct buf *error)
{
	char *from = xasprintf("%s%s", l->path, suffix), *to = xasprintf("%s%s", l->staged, suffix);
	int fd = beneath_open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	int rc = fd < 0 || unpack_copy(from, fd) != 0 ? file_cannot(error, "copy to", to) : DONE;

	if (fd >= 0)
		close(fd);
	free(from);
	free(to);
	return rc;
}

/* pager.c, readSuperJournal: name, its length, its checksum and the journal's magic at the end. */
static bool names_another(const char *journal)
{
	static const unsigned char magic[8] = { 0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7 };
	unsigned char head[8] = { 0 }, tail[8] = { 0 };
	int fd = beneath_open_regular(journal);
	struct stat st;
	bool names = fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 16 && pread(fd, head, 8, 0) == 8 &&
	             pread(fd, tail, 8, st.st_size - 8) == 8 && memcmp(head, magic, 8) == 0 &&
	             memcmp(tail, magic, 8) == 0;

	if (fd >= 0)
		close(fd);
	return names;
}

/* The end of a rollback journal says whether it belongs to a transaction in several databases: only with the
 * other files' journals can be told whether that was committed, and SQLite deletes the file that it names. */
static int check_journal(const char *path, struct buf *error)
{
	char *journal = xasprintf("%s-journal", path);
	int rc = names_another(journal) ? BAD_DATA : DONE;

	if (rc)
		buf_printf(error, "'%s' is not played back: it names another file as its super-journal; open "
		           "the database once where it came from, or back it up with pgbackup", journal);
	free(journal);
	return rc;
}

/* What a -wal or a hot -journal holds belongs to the database; the backup's own folder is left alone, so all
 * are copied and SQLite puts them together there: in a folder of ours, where nobody else puts more. */
static int stage_lite(struct input *l, const char *folder, struct buf *error)
{
	static const char *const suffixes[] = { "-wal", "-journal" };
	struct lite lite = LITE_INIT;
	int rc = check_journal(l->path, error);

	if (!rc && !l->fetch.folder)
		rc = fetch_folder(&l->fetch, folder, error);
	rc = rc ? rc : stage(l, l->path, -1, l->fetch.folder, error);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes) && !rc; i++)
		if (has_beside(l->path, suffixes[i]))
			rc = copy_beside(l, suffixes[i], error);
	if (rc)
		return rc;
	rc = lite_open(&lite, l->staged, LITE_WRITE, 0);
	if (!rc)
		lite_distrust(&lite);
	if (rc || lite_query(&lite, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, 0, NULL) != 0) {
		buf_printf(error, "'%s' is damaged: %s", l->path, lite.error.data);
		rc = BAD_DATA;
	}
	lite_free(&lite);
	return rc;
}

/* Its SQL becomes a database in a folder of ours, which is restored like any other. */
static int build_lite(struct input *l, const char *folder, struct buf *error)
{
	struct buf why = BUF_INIT;
	int64_t tables, rows;
	int rc = l->fetch.folder ? DONE : fetch_folder(&l->fetch, folder, error);

	if (rc)
		return rc;
	free(l->data);
	l->data = xasprintf("%s/restored.db", l->fetch.folder);
	rc = litedump_load(l->path, l->data, &why);
	if (!rc && lite_check(l->data, &tables, &rows, &why) != 0)
		rc = BAD_DATA;
	if (rc)
		buf_printf(error, "'%s' %s: %s",
		           l->path, rc == BAD_DATA ? "is damaged" : "cannot be restored", why.data);
	buf_free(&why);
	return rc;
}

static int read_back(struct input *l, const char *folder, int (*meanwhile)(void *arg, struct buf *error),
                     struct buf *error)
{
	return readback(&(struct readback){ .path = l->data,
	                                    .kind = kind(l),
	                                    .scratch = folder,
	                                    .keep_fd = -1,
	                                    .meanwhile = meanwhile,
	                                    .arg = l },
	                error);
}

static int examine(struct input *l, const char *folder, struct buf *error)
{
	bool packed;
	int rc = format_look(l->path, &l->content, &packed, error);

	l->data = xstrdup(l->path);
	if (!rc && l->lite && l->content == FORMAT_SQL && format_may_be_lite(l->path))
		l->content = FORMAT_DUMP;
	if (!rc && !packed && l->content == FORMAT_SQLITE &&
	    (has_beside(l->path, "-wal") || has_beside(l->path, "-journal"))) {
		rc = compare(l, error);
		if (!rc)
			rc = stage_lite(l, folder, error);
		free(l->data);
		l->data = xstrdup(rc ? l->path : l->staged);
		if (!rc)
			rc = read_back(l, folder, NULL, error);
	} else if (!rc && l->content == FORMAT_DUMP) {
		rc = compare(l, error);
		rc = rc ? rc : build_lite(l, folder, error);
	} else if (!rc && packed && l->content != FORMAT_SQL && l->content != FORMAT_CLUSTER) {
		rc = compare(l, error);
		if (!rc)
			rc = stage(l, l->path, -1, folder, error);
		if (!rc) {
			free(l->data);
			l->data = xstrdup(l->staged);
			rc = read_back(l, folder, NULL, error);
		}
	} else if (!rc) {
		rc = read_back(l, folder, compare, error);
	}
	if (!rc && l->content == FORMAT_DIRECTORY && !l->has_manifest)
		rc = readback_folder(l->data, error);
	if (!rc && is_archive(l))
		rc = toc_read(&l->toc, l->data, error);
	l->unknown = !rc && !l->has_manifest && !has_sum(l) && is_unknown(l, packed);
	return rc;
}

/* What flows is known by its manifest, and by the table of contents at its beginning. */
static int examine_flow(struct input *l, struct buf *error)
{
	struct buf words = BUF_INIT;
	int64_t bytes = HEAD;
	bool short_of;
	int rc;

	l->has_manifest = true;
	l->content = FORMAT_CUSTOM;
	l->data = xstrdup(l->fetch.download.pipe);
	do {
		buf_cut(&words, 0);
		free(l->head);
		short_of = false;
		rc = download_head(&l->fetch.download, bytes, &l->head, &words);
		rc = rc ? rc : structure_check_head(l->head, &short_of, &words);
		bytes *= 8;
	} while (rc == BAD_DATA && short_of && bytes < HEAD_MAX && bytes / 8 < l->m.bytes);
	rc = rc ? rc : toc_read(&l->toc, l->head, &words);
	if (rc)
		buf_printf(error, "%s: %s", l->path, words.data);
	buf_free(&words);
	return rc;
}

/* The caller frees it. */
static char *name_of(const struct input *l, const char *word)
{
	if (strcmp(word, "-") == 0)
		return xstrdup("standard input");
	if (skip_prefix(word, "s3://") || l->fd >= 0)
		return xstrdup(word);
	return xstrdup(l->fetch.folder || l->fetch.streams ? path_base(l->path) : l->path);
}

static void replace(struct buf *text, const char *from, const char *to)
{
	struct buf result = BUF_INIT;
	const char *rest = text->data, *found;

	while ((found = strstr(rest, from))) {
		buf_add(&result, rest, (size_t)(found - rest));
		buf_puts(&result, to);
		rest = found + strlen(from);
	}
	buf_puts(&result, rest);
	buf_cut(text, 0);
	buf_puts(text, result.data);
	buf_free(&result);
}

void input_rename(const struct input *l, struct buf *text)
{
	const char *const paths[] = { l->path, l->data, l->staged };

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths) && l->name; i++)
		if (paths[i] && strcmp(paths[i], l->name) != 0)
			replace(text, paths[i], l->name);
}

int input_read(struct input *l, const char *word, const char *dir, const char *stage_dir,
                const char *database, struct buf *error)
{
	char *folder;
	int rc;

	beneath_guard(dir);
	folder = scratch(dir, stage_dir);
	readback_recover(folder);
	fetch_recover(folder);
	rc = find(l, word, dir, database, folder, error);
	if (!rc)
		l->name = name_of(l, word);
	if (!rc && l->fetch.streams) {
		rc = examine_flow(l, error);
	} else if (!rc) {
		rc = read_manifest(l, error);
		rc = rc ? rc : examine(l, folder, error);
	}
	input_rename(l, error);
	free(folder);
	return rc;
}

void input_free(struct input *l)
{
	forget_staged(l);
	fetch_free(&l->fetch);
	manifest_free(&l->m);
	toc_free(&l->toc);
	free(l->path);
	free(l->name);
	free(l->data);
	free(l->head);
	*l = (struct input)INPUT_INIT;
}
