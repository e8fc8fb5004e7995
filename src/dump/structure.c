/* structure - the structure of a PostgreSQL archive. */
#include "dump/structure.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/status.h"
#include "dump/bytes.h"
#include "dump/format.h"
#include "dump/tar.h"
#include "ext/pack.h"

/* pg_backup_archiver.h: MAKE_ARCHIVE_VERSION, enum _archiveFormat, K_OFFSET_...; pg_backup.h, teSection. */
#define OLDEST 10 /* 1.10, of 8.0 */
#define NEWEST 16 /* 1.16, of 17 and 18 */
#define VERSION_SECTIONS 11
#define VERSION_ACCESS_METHODS 14
#define VERSION_ALGORITHMS 15
#define VERSION_RELKINDS 16
#define HEAD_CUSTOM 1
#define HEAD_TAR 3 /* also in the toc.dat of a folder */
#define BLOCK_DATA 1
#define BLOCK_OBJECTS 3

/* pg_restore allocates for every number up to the highest (buildTocEntryArrays), 12 bytes each. pg_dump
 * numbers all objects of a database, so a part of a large one has few entries and high numbers. */
#define ID_MAX 10000000

struct entry {
	int64_t id;
	bool has_data;
};

struct structure {
	struct bytes in;
	struct unpack *file; /* what it reads, where that is ours */
	char *name;          /* for messages */

	unsigned format, version, offset_size;
	struct entry *entries;
	size_t n, room;
	int64_t highest;
};

/* --- header --- */

static int64_t days_of(int64_t month, int64_t year)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month < 0 || month > 11 ? 0 : days[month] + (month == 1 && leap);
}

/* struct tm's seconds, minutes, hours, day, month, year, and whether it was summer time. */
static void read_date(struct structure *s)
{
	int64_t at[7];

	for (size_t i = 0; i < 7; i++)
		at[i] = bytes_int(&s->in);
	if (s->in.fault)
		return;
	if (at[0] < 0 || at[0] > 60 || at[1] < 0 || at[1] > 59 || at[2] < 0 || at[2] > 23 || at[3] < 1 ||
	    at[5] < 69 || at[5] > 8099 || at[3] > days_of(at[4], 1900 + at[5]) || at[6] < -1 || at[6] > 1)
		bytes_fail(&s->in, "the date in its header is impossible");
}

static void read_compression(struct structure *s)
{
	int64_t level = s->version >= VERSION_ALGORITHMS ? bytes_byte(&s->in) : bytes_int(&s->in);

	/* pg_compression: none, gzip, lz4, zstd; before that zlib's level. */
	if (level < -1 || level > (s->version >= VERSION_ALGORITHMS ? 3 : 9))
		bytes_fail(&s->in, "its compression is unknown");
}

static void read_sizes(struct structure *s)
{
	s->in.int_size = bytes_byte(&s->in);
	s->offset_size = bytes_byte(&s->in);
	if ((s->in.int_size != 4 && s->in.int_size != 8) || (s->offset_size != 4 && s->offset_size != 8))
		bytes_fail(&s->in, "the size of numbers in its header is impossible");
	if (bytes_byte(&s->in) != s->format)
		bytes_fail(&s->in, "its header is of another format of archive");
}

static void read_header(struct structure *s)
{
	char magic[6] = "", text[BYTES_TEXT];

	bytes_read(&s->in, magic, 5);
	if (!s->in.fault && strcmp(magic, "PGDMP") != 0)
		bytes_fail(&s->in, "its table of contents does not begin with PGDMP");
	if (bytes_byte(&s->in) != 1 && !s->in.fault)
		bytes_fail(&s->in, "the version of its format is unknown");
	s->version = bytes_byte(&s->in);
	if (!s->in.fault && s->version < OLDEST)
		bytes_fail(&s->in, "the version of its format is that of a pg_dump before 8.0");
	if (s->version > NEWEST)
		bytes_fail(&s->in, "the version of its format is newer than 1.16, that of pg_dump 18");
	bytes_byte(&s->in); /* the revision, always 0 so far */
	read_sizes(s);
	read_compression(s);
	read_date(s);
	bytes_text(&s->in, text, "its header names no database");
	bytes_text(&s->in, text, "its header names no version of the server");
	bytes_text(&s->in, text, "its header names no version of pg_dump");
}

/* --- entries --- */

static void add_entry(struct structure *s, struct entry e)
{
	if (s->in.fault)
		return;
	if (s->n == s->room) {
		s->room = s->room ? s->room * 2 : 64;
		s->entries = xrealloc(s->entries, s->room * sizeof(*s->entries));
	}
	s->entries[s->n++] = e;
	s->highest = e.id > s->highest ? e.id : s->highest;
}

/* What pg_restore reads as it comes, and would not live without (processEncodingEntry ...). */
static bool needs_definition(const char *type)
{
	return strcmp(type, "ENCODING") == 0 || strcmp(type, "STDSTRINGS") == 0 ||
	       strcmp(type, "SEARCHPATH") == 0;
}

static void read_definition(struct structure *s, const char *type)
{
	char text[BYTES_TEXT];
	int64_t section = s->version >= VERSION_SECTIONS ? bytes_int(&s->in) : 1;

	if (section < 1 || section > 4)
		bytes_fail(&s->in, "an entry is of an unknown section");
	if (bytes_string(&s->in, text) < 0 && needs_definition(type))
		bytes_fail(&s->in, "an entry has no definition");
	for (int i = 0; i < 4; i++)
		bytes_string(&s->in, text); /* how it is dropped and copied, schema, tablespace */
	if (s->version >= VERSION_ACCESS_METHODS)
		bytes_string(&s->in, text);
	if (s->version >= VERSION_RELKINDS)
		bytes_int(&s->in);
	bytes_string(&s->in, text); /* its owner */
	bytes_text(&s->in, text, "an entry does not say whether it has oids");
	if (!s->in.fault && strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		bytes_fail(&s->in, "an entry does not say whether it has oids");
}

static void read_dependencies(struct structure *s)
{
	char text[BYTES_TEXT];
	int64_t len;

	while ((len = bytes_string(&s->in, text)) >= 0) {
		int64_t id = strtoll(text, NULL, 10);

		if (!len || len > 10 || strspn(text, "0123456789") != (size_t)len || id < 1 || id > INT32_MAX)
			bytes_fail(&s->in, "an entry depends on an impossible one");
	}
}

/* Where its data is: _ReadExtraToc of pg_backup_custom.c, and of pg_backup_tar.c. */
static void read_place(struct structure *s)
{
	char text[BYTES_TEXT];
	unsigned state;

	if (s->format == HEAD_TAR) {
		bytes_text(&s->in, text, "an entry does not say where its data is");
		return;
	}
	state = bytes_byte(&s->in);
	if (state < 1 || state > 3)
		bytes_fail(&s->in, "an entry does not say where its data is");
	bytes_read(&s->in, text, s->offset_size);
}

static struct entry read_entry(struct structure *s)
{
	char tag[BYTES_TEXT], type[BYTES_TEXT];
	int64_t id = bytes_int(&s->in), has_data = bytes_int(&s->in);

	if (id < 1 || id > INT32_MAX || has_data < 0 || has_data > 1)
		bytes_fail(&s->in, "an entry's number is impossible");
	bytes_digits(&s->in);
	bytes_digits(&s->in);
	bytes_text(&s->in, tag, "an entry has no name");
	bytes_text(&s->in, type, "an entry has no type");
	read_definition(s, type);
	read_dependencies(s);
	read_place(s);
	return (struct entry){ .id = id, .has_data = has_data };
}

static int by_id(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;

	return a->id < b->id ? -1 : a->id > b->id;
}

static void check_ids(struct structure *s)
{
	if (s->n)
		qsort(s->entries, s->n, sizeof(*s->entries), by_id);
	for (size_t i = 1; i < s->n; i++)
		if (s->entries[i].id == s->entries[i - 1].id)
			bytes_fail(&s->in, "two entries have the same number");
	if (s->highest > ID_MAX + 10 * (int64_t)s->n)
		bytes_fail(&s->in, "an entry's number is out of all proportion");
}

/* Every archive has entries, also that of an empty database: its encoding, for one. */
static void read_entries(struct structure *s)
{
	int64_t n = bytes_int(&s->in);

	if (n < 1)
		bytes_fail(&s->in, "its table of contents has no entries");
	while (n-- > 0 && !s->in.fault)
		add_entry(s, read_entry(s));
	if (!s->in.fault)
		check_ids(s);
}

static struct entry *find_entry(const struct structure *s, int64_t id)
{
	struct entry key = { .id = id };

	return s->in.fault || !s->n ? NULL : bsearch(&key, s->entries, s->n, sizeof(key), by_id);
}

static const char not_data[] = "what follows its last entry is not the data of any";

/* pg_dump writes its table of contents once more when it knows where the data is (_CloseArchive), over the
 * first; but newer ones have made their stdout append by then (pg_backup_archiver.c, _allocAH), so of
 * `pg_dump -Fc >FILE` the second one is the end of the file. Its sign has been read. */
static void read_again(struct structure *s)
{
	int64_t n = bytes_signed(&s->in, 0);

	if (n != (int64_t)s->n)
		bytes_fail(&s->in, not_data);
	while (n-- > 0 && !s->in.fault) {
		struct entry again = read_entry(s), *e = find_entry(s, again.id);

		if (!e || e->has_data != again.has_data)
			bytes_fail(&s->in, not_data);
	}
	if (bytes_left(&s->in))
		bytes_fail(&s->in, "bytes follow its end");
}

/* --- data --- */

static void skip_chunks(struct structure *s)
{
	int64_t len;

	while ((len = bytes_int(&s->in)) > 0)
		bytes_skip(&s->in, len);
	if (len < 0)
		bytes_fail(&s->in, "a block of its data has an impossible length");
}

/* _readBlockHeader. Whether there is a block. */
static bool begin_block(struct structure *s, unsigned *type)
{
	struct entry *e;

	if (!bytes_left(&s->in))
		return false;
	*type = bytes_byte(&s->in);
	if (*type == 0) {
		read_again(s);
		return false;
	}
	e = *type == BLOCK_DATA || *type == BLOCK_OBJECTS ? find_entry(s, bytes_int(&s->in)) : NULL;
	if (!e)
		bytes_fail(&s->in, not_data);
	else if (!e->has_data)
		bytes_fail(&s->in, "there is data of an entry that has none");
	return !s->in.fault;
}

/* _LoadLOs: the oid of each, 0 after the last. */
static void skip_block(struct structure *s, unsigned type)
{
	if (type == BLOCK_DATA)
		skip_chunks(s);
	else
		while (bytes_int(&s->in) != 0)
			skip_chunks(s);
}

/* --- all of it --- */

static int explain(const struct structure *s, int *rc, struct buf *error)
{
	if (s->in.number && s->in.number != EBADMSG) {
		buf_printf(error, "cannot read '%s': %s", s->name, strerror(s->in.number));
		return *rc = NO_INPUT;
	}
	if (!s->in.fault)
		return *rc = DONE;
	buf_printf(error, "'%s' is damaged: %s (at byte %lld)", s->name, s->in.fault,
	           (long long)s->in.before + (long long)s->in.at);
	if (s->in.converted)
		buf_puts(error, FORMAT_CONVERTED);
	return *rc = BAD_DATA;
}

/* In a tar toc.dat comes first; that it is there was looked for. */
static void enter_tar(struct structure *s)
{
	char header[TARFILE_BLOCK];

	s->in.limit = TARFILE_BLOCK;
	bytes_read(&s->in, header, TARFILE_BLOCK);
	s->in.limit = s->in.fault ? 0 : tar_size(header);
	if (s->in.limit < 0) {
		bytes_fail(&s->in, "the header of toc.dat is not valid");
		s->in.limit = 0;
	}
}

static struct structure *start(const char *name, unsigned format)
{
	struct structure *s = xcalloc(1, sizeof(*s));

	s->name = xstrdup(name);
	s->format = format;
	s->in.limit = -1;
	return s;
}

static ssize_t next_of_file(void *arg, char *to, size_t size)
{
	return unpack_next(arg, to, size);
}

static struct structure *read_all(struct structure *s, int *rc, struct buf *error)
{
	s->in.before = -(int64_t)s->in.len;
	s->in.at = s->in.len;
	read_header(s);
	read_entries(s);
	if (s->format == HEAD_TAR && bytes_left(&s->in))
		bytes_fail(&s->in, "bytes follow its last entry");
	if (explain(s, rc, error) == DONE)
		return s;
	structure_free(s);
	return NULL;
}

struct structure *structure_open(const char *path, const char *kind, int *rc, struct buf *error)
{
	bool folder = file_is_dir(path), tar = strcmp(kind, "tar") == 0;
	char *name = folder ? xasprintf("%s/toc.dat", path) : xstrdup(path);
	struct structure *s = start(name, folder || tar ? HEAD_TAR : HEAD_CUSTOM);

	s->in.next = next_of_file;
	s->in.arg = s->file = unpack_open(name);
	free(name);
	if (!s->file) {
		s->in.number = errno;
		explain(s, rc, error);
		structure_free(s);
		return NULL;
	}
	if (tar)
		enter_tar(s);
	return read_all(s, rc, error);
}

struct structure *structure_read(ssize_t (*next)(void *arg, char *to, size_t size), void *arg,
                                 const char *name, int *rc, struct buf *error)
{
	struct structure *s = start(name, HEAD_CUSTOM);

	s->in.next = next;
	s->in.arg = arg;
	return read_all(s, rc, error);
}

int structure_finish(struct structure *s, struct buf *error)
{
	unsigned type;
	int rc;

	while (s->format == HEAD_CUSTOM && begin_block(s, &type))
		skip_block(s, type);
	return explain(s, &rc, error);
}

int structure_check_head(const char *path, bool *short_of, struct buf *error)
{
	struct structure *s = start(path, HEAD_CUSTOM);
	unsigned type;
	int rc;

	s->in.next = next_of_file;
	s->in.arg = s->file = unpack_open(path);
	if (s->file) {
		read_header(s);
		read_entries(s);
		begin_block(s, &type);
	} else {
		s->in.number = errno;
	}
	*short_of = s->in.cut_off;
	explain(s, &rc, error);
	structure_free(s);
	return rc;
}

void structure_free(struct structure *s)
{
	if (!s)
		return;
	unpack_close(s->file);
	free(s->entries);
	free(s->name);
	free(s);
}
