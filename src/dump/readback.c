/* readback - reads a backup back in full. */
#include "dump/readback.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/size.h"
#include "base/status.h"
#include "base/text.h"
#include "dump/format.h"
#include "dump/program.h"
#include "dump/structure.h"
#include "dump/tar.h"
#include "ext/litecheck.h"
#include "ext/pack.h"

#define HEAD (8 << 20)

/* What messages call it. */
static const char *name_of(const struct readback *r)
{
	return r->name ? r->name : r->path;
}

/* --- archives --- */

/* pg_restore, into nothing; beside it meanwhile, and what s has still to read (NULL: nothing). */
static int run_restore(const struct readback *r, struct structure *s, struct buf *error)
{
	struct strs args = { 0 };
	struct program t = { .job = { .program = pg_restore_main, .args = &args, .output = -1,
		                   .keep_fd = r->keep_fd, .bounded = true } };
	int messages, rc = 0;
	pid_t pid;

	strs_add(&args, "pg_restore");
	strs_add(&args, "--file=-");
	/* A file it would open twice. */
	if (strcmp(r->path, READBACK_STDIN) != 0)
		strs_add(&args, r->path);
	if (program_start(&t, &messages, &pid) == 0) {
		if (r->meanwhile)
			rc = r->meanwhile(r->arg, error);
		if (!rc && s)
			rc = structure_finish(s, error);
		if (rc) /* it might go on for ever */
			kill(pid, SIGKILL);
		program_wait(&t, messages, pid);
	}
	if (!rc && t.status) {
		buf_printf(error, "'%s' cannot be read back: ", name_of(r));
		rc = program_explain_reader(&t, error);
	}
	program_free(&t);
	strs_free(&args);
	return rc;
}

static int read_archive(const struct readback *r, struct buf *error)
{
	struct structure *s;
	int rc;

	/* Of what comes by, dump/readback_pipe looks at the structure. */
	if (strcmp(r->path, READBACK_STDIN) == 0)
		return run_restore(r, NULL, error);
	rc = strcmp(r->kind, "tar") == 0 ? tar_check(r->path, error) : DONE;
	s = rc ? NULL : structure_open(r->path, r->kind, &rc, error);
	if (s)
		rc = run_restore(r, s, error);
	structure_free(s);
	return rc;
}

/* The last bytes of a stream. */
struct sql_ending {
	char last[2];
	int64_t bytes;
};

static int look_at_end(void *arg, const char *piece, size_t len)
{
	struct sql_ending *e = arg;

	e->last[0] = len > 1 ? piece[len - 2] : e->last[1];
	e->last[1] = piece[len - 1];
	e->bytes += (int64_t)len;
	return 0;
}

static enum packing_method method_by_name(const char *name)
{
	return text_ends_with(name, ".gz")    ? PACK_GZIP
	       : text_ends_with(name, ".zst") ? PACK_ZSTD
	       : text_ends_with(name, ".lz4") ? PACK_LZ4
	                                      : PACK_NONE;
}

/* pg_dump.c, dumpTableData_copy and dumpTableData_insert: rows end in an empty line, also
 * where there are none. A large object may be anything, and an empty one that zstd or lz4
 * was to pack is an empty file. */
static bool is_whole(const char *path)
{
	const char *name = path_base(path);
	enum packing_method method = method_by_name(name);
	bool object = skip_prefix(name, "blob_");
	struct sql_ending e = { .bytes = 0 };
	struct stat st;

	if (beneath_stat(path, &st) != 0)
		return false;
	if (object && (method == PACK_NONE || (method != PACK_GZIP && !st.st_size)))
		return true;
	if (unpack_method(path) != method || unpack_each(path, look_at_end, &e) != 0)
		return false;
	return object ||
	       (e.bytes > 0 && e.last[1] == '\n' && (e.last[0] == '\n' || text_ends_with(name, ".toc")));
}

int readback_folder(const char *path, struct buf *error)
{
	static const char *const suffixes[] = { ".dat", ".toc", ".dat.zst", ".dat.gz", ".dat.lz4", NULL };
	struct strs files = { 0 };
	int rc = file_list(path, suffixes, &files) ? NO_INPUT : DONE;

	for (size_t i = 0; i < files.n && !rc; i++) {
		if (strcmp(path_base(files.v[i]), "toc.dat") == 0 || is_whole(files.v[i]))
			continue;
		buf_printf(error, "'%s' is damaged or cut off", files.v[i]);
		rc = BAD_DATA;
	}
	strs_free(&files);
	return rc ? BAD_DATA : DONE;
}

/* RFC 8878, 3.1.1.1.1: Content_Checksum_flag; lz4_Frame_format.md, FLG: content or block
 * checksums. */
static bool frame_has_checksum(const struct buf *head)
{
	const char *zstd = memmem(head->data, head->len, "\x28\xb5\x2f\xfd", 4);
	const char *lz4 = memmem(head->data, head->len, "\x04\x22\x4d\x18", 4);

	if (skip_prefix(head->data, "\x1f\x8b"))
		return true;
	if (zstd && zstd + 4 < head->data + head->len)
		return zstd[4] & 0x04;
	return lz4 && lz4 + 4 < head->data + head->len && lz4[4] & 0x14;
}

bool readback_has_checksum(const char *path)
{
	static const char *const suffixes[] = { ".dat.zst", ".dat.lz4", NULL };
	struct strs files = { 0 };
	struct buf head = BUF_INIT;
	bool has;

	if (file_is_dir(path))
		file_list(path, suffixes, &files);
	file_head(files.n ? files.v[0] : path, &head, HEAD);
	has = frame_has_checksum(&head);
	strs_free(&files);
	buf_free(&head);
	return has;
}

/* --- SQL --- */

#define LINE 80 /* bytes of a line that are looked at */

/* A script, read for the line that ends a dump of pg_dump's. A row of its data may be that line, but does not
 * follow a `--` then. */
struct script {
	const char *last;
	char line[LINE];  /* the one that is read, as far as it has come */
	size_t len;       /* of all of it */
	bool rule;        /* the one before is `--` */
	bool ruled;       /* its header has such a line before it */
	bool ended, ended_bare; /* the last line was there, with such a line or without */
};

static void end_line(struct script *s)
{
	char *line = s->line;
	size_t len = s->len < LINE ? s->len : LINE - 1;
	const char *mark;

	line[len] = '\0';
	if (len && line[len - 1] == '\r')
		line[len - 1] = '\0';
	mark = skip_prefix(line, "\357\273\277");
	if (strcmp(line, s->last) == 0) {
		s->ended = s->ended || s->rule;
		s->ended_bare = true;
	} else if (s->rule && skip_prefix(line, "-- PostgreSQL database ")) {
		s->ruled = true;
	}
	s->rule = strcmp(mark ? mark : line, "--") == 0;
	s->len = 0;
}

static int look_for(void *arg, const char *piece, size_t len)
{
	struct script *s = arg;

	if (memchr(piece, '\0', len)) {
		errno = EILSEQ;
		return -1;
	}
	while (len) {
		const char *end = memchr(piece, '\n', len);
		size_t n = end ? (size_t)(end - piece) : len;
		size_t room = s->len < LINE ? LINE - s->len : 0;

		if (room)
			memcpy(s->line + s->len, piece, n < room ? n : room);
		s->len += n;
		if (end)
			end_line(s);
		piece += n + (end != NULL);
		len -= n + (end != NULL);
	}
	return 0;
}

/* Completes a message that what is at path is damaged. */
static int damaged(const char *path, struct buf *error)
{
	if (strcmp(path, READBACK_STDIN) != 0)
		format_explain_damage(path, error);
	return BAD_DATA;
}

static int unreadable(const struct readback *r, struct buf *error)
{
	int number = errno;

	buf_printf(error, "'%s' cannot be read back: %s", name_of(r),
	           number == EBADMSG  ? "it is damaged or cut off"
	           : number == EILSEQ ? "it has a NUL byte in it, so it is no text"
	                             : file_reason(number));
	return number == EBADMSG ? damaged(r->path, error) : BAD_DATA;
}

/* pg_backup_archiver.c, RestoreArchive; pg_dumpall.c, main: what they write last. */
static int read_sql(const struct readback *r, const char *last, struct buf *error)
{
	struct script s = { .last = last };
	int rc = unpack_each(r->path, look_for, &s) ? unreadable(r, error) : DONE;

	if (!rc && !(s.ruled ? s.ended : s.ended_bare)) {
		buf_printf(error, "'%s' is cut off: its last line is missing", name_of(r));
		rc = BAD_DATA;
	}
	return rc;
}

static int read_text(const struct readback *r, struct buf *error)
{
	return unpack_check(r->path) == 0 ? DONE : unreadable(r, error);
}

/* --- SQLite --- */

#define SCRATCH_NAME "readback-"

/* Makes a file of this run's alone, locked for as long as somebody reads it: a pid would not
 * do, which is 1 in every container. A clearer may lock and unlink it before its maker has
 * locked it; then another is made. The caller frees *name. -1 with errno. */
static int make_scratch(const char *folder, char **name)
{
	for (;;) {
		uint64_t number;
		struct stat st;
		int fd;

		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			number = (uint64_t)clock_wall();
		*name = xasprintf("%s/" SCRATCH_NAME "%016llx.db", folder, (unsigned long long)number);
		fd = beneath_open(*name, O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd < 0 && errno != EEXIST)
			return -1;
		if (fd >= 0) {
			flock(fd, LOCK_EX);
			if (fstat(fd, &st) == 0 && st.st_nlink)
				return fd;
			close(fd);
		}
		free(*name);
	}
}

/* With what SQLite puts beside it, which goes first: the file itself says whose all are. */
static void remove_scratch(const char *name)
{
	static const char *const suffixes[] = { "-wal", "-shm", "-journal", "" };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		char *file = xasprintf("%s%s", name, suffixes[i]);

		beneath_unlink(file);
		free(file);
	}
}

/* What is at path, which messages call name, into the file `to` that is open as fd. */
static int unpack_to(const char *path, const char *name, int fd, const char *to, struct buf *error)
{
	if (fd >= 0 && unpack_copy(path, fd) == 0)
		return 0;
	if (fd >= 0 && errno == EBADMSG) {
		buf_printf(error, "'%s' is damaged or cut off", name);
		return damaged(path, error);
	}
	buf_printf(error, "cannot write '%s': %s", to, file_reason(errno));
	return CANNOT_WRITE;
}

/* Into a new file, which is open. */
static int read_lite(const struct readback *r, int fd, const char *to, int64_t *tables, struct buf *error)
{
	int rc = unpack_to(r->path, name_of(r), fd, to, error);
	struct buf words = BUF_INIT;
	int64_t rows;

	if (!rc && lite_check(to, tables, &rows, &words) != 0) {
		buf_printf(error, "'%s' is damaged: %s", name_of(r), words.data);
		rc = BAD_DATA;
	}
	buf_free(&words);
	return rc;
}

int readback_stage(const char *path, int from, const char *scratch, char **staged, int *fd,
                   struct buf *error)
{
	static const struct packing plain = { .method = PACK_NONE };
	int rc;

	*fd = make_scratch(scratch, staged);
	if (path || *fd < 0) {
		rc = unpack_to(path ? path : *staged, path ? path : *staged, *fd, *staged, error);
	} else {
		rc = pack_copy(from, *fd, &plain, NULL, NULL) ? CANNOT_WRITE : DONE;
		if (rc)
			buf_printf(error, "cannot copy the backup to '%s': %s", *staged, strerror(errno));
	}
	if (rc && *fd >= 0)
		readback_unstage(*staged, fd);
	return rc;
}

void readback_unstage(const char *staged, int *fd)
{
	remove_scratch(staged);
	close(*fd);
	*fd = -1;
}

int readback_unpack(const char *path, const char *to, int64_t tables, struct buf *error)
{
	int64_t found = 0;
	int fd = beneath_open(to, O_RDWR | O_CREAT | O_EXCL, 0600);
	int rc = read_lite(&(struct readback){ .path = path }, fd, to, &found, error);

	if (!rc && found != tables) {
		buf_printf(error, "'%s' has %lld table%s in place of %lld", path, (long long)found,
		           plural(found), (long long)tables);
		rc = BAD_DATA;
	}
	if (fd >= 0) {
		beneath_unlink(to);
		close(fd);
	}
	return rc;
}

void readback_recover(const char *scratch)
{
	static const char *const suffixes[] = { ".db", NULL };
	struct strs files = { 0 };

	file_list(scratch, suffixes, &files);
	for (size_t i = 0; i < files.n; i++) {
		int fd;

		if (!skip_prefix(path_base(files.v[i]), SCRATCH_NAME))
			continue;
		fd = beneath_open_regular(files.v[i]);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			remove_scratch(files.v[i]);
		if (fd >= 0)
			close(fd);
	}
	strs_free(&files);
}

/* --- all of them --- */

int readback(const struct readback *r, struct buf *error)
{
	const char *kind = r->kind;
	int64_t tables;
	char *copy;
	int rc, fd;

	if (strcmp(kind, "custom") == 0 || strcmp(kind, "directory") == 0 || strcmp(kind, "tar") == 0)
		return read_archive(r, error);
	rc = r->meanwhile ? r->meanwhile(r->arg, error) : 0;
	if (rc)
		return rc;
	if (strcmp(kind, "plain") == 0)
		return read_sql(r, "-- PostgreSQL database dump complete", error);
	if (strcmp(kind, "text") == 0)
		return read_text(r, error);
	if (strcmp(kind, "roles") == 0)
		return read_sql(r, "-- PostgreSQL database cluster dump complete", error);
	if (strcmp(kind, "sqlite") != 0) {
		buf_printf(error, "'%s' is of a kind that this pgbox does not know", name_of(r));
		return BAD_DATA;
	}
	fd = make_scratch(r->scratch, &copy);
	rc = read_lite(r, fd, copy, &tables, error);
	if (fd >= 0)
		readback_unstage(copy, &fd);
	free(copy);
	return rc;
}
