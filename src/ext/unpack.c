/* unpack - reads files that may be compressed. */
#include "ext/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include "base/banned.h"
#include "base/file.h"

#define PIECE 65536

struct unpack {
	int fd;             /* zstd and lz4 files */
	gzFile gz;          /* gzip and plain files */
	bool cut;           /* the gzip stream ended too early */
	ZSTD_DStream *zstd;
	LZ4F_dctx *lz4;
	ZSTD_inBuffer in;
	size_t want;        /* 0: a frame has just ended */
	char bytes[PIECE];
};

static ssize_t damaged(void)
{
	errno = EBADMSG;
	return -1;
}

/* A stream that was cut off ends like a whole one, but for Z_BUF_ERROR, which comes
 * with its last bytes and is cleared by the next call. */
static ssize_t read_gz(struct unpack *u, char *to, size_t size)
{
	int n, code;

	if (u->cut)
		return damaged();
	n = gzread(u->gz, to, (unsigned)size);
	gzerror(u->gz, &code);
	u->cut = code == Z_BUF_ERROR;
	return (n < 0 && code != Z_ERRNO) || (n == 0 && u->cut) ? damaged() : n;
}

/* Decodes from in to out as far as either goes. -1 with EBADMSG. */
static int decode(struct unpack *u, ZSTD_outBuffer *out)
{
	size_t from = u->in.size - u->in.pos, to = out->size - out->pos;

	if (u->zstd) {
		u->want = ZSTD_decompressStream(u->zstd, out, &u->in);
		return ZSTD_isError(u->want) ? (int)damaged() : 0;
	}
	u->want = LZ4F_decompress(u->lz4, (char *)out->dst + out->pos, &to,
	                          (const char *)u->in.src + u->in.pos, &from, NULL);
	u->in.pos += from;
	out->pos += to;
	return LZ4F_isError(u->want) ? (int)damaged() : 0;
}

/* What a call gives may be 0 bytes, and more be left in the decoder. */
static ssize_t read_frames(struct unpack *u, char *to, size_t size)
{
	ZSTD_outBuffer out = { .dst = to, .size = size };

	while (out.pos == 0) {
		if (u->in.pos == u->in.size) {
			ssize_t n = read(u->fd, u->bytes, sizeof(u->bytes));

			if (n <= 0)
				return n == 0 && u->want ? damaged() : n;
			u->in = (ZSTD_inBuffer){ .src = u->bytes, .size = (size_t)n };
		}
		if (decode(u, &out) != 0)
			return -1;
	}
	return (ssize_t)out.pos;
}

enum packing { PLAIN, GZIP, ZSTD, LZ4 };

/* RFC 1952, 2.3.1; RFC 8878, 3.1.1; lz4_Frame_format.md: how a member or frame begins. */
static enum packing packing_of(int fd)
{
	unsigned char head[4] = { 0 };

	if (pread(fd, head, sizeof(head), 0) < 2)
		return PLAIN;
	if (memcmp(head, "\x1f\x8b", 2) == 0)
		return GZIP;
	if (memcmp(head, "\x04\x22\x4d\x18", 4) == 0)
		return LZ4;
	return memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0 ? ZSTD : PLAIN;
}

bool unpack_is_packed(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool packed = fd >= 0 && packing_of(fd) != PLAIN;

	if (fd >= 0)
		close(fd);
	return packed;
}

static int start(struct unpack *u, const char *path)
{
	enum packing packing;
	char probe;

	u->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (u->fd < 0)
		return -1;
	/* A directory opens, but does not read. */
	if (pread(u->fd, &probe, 1, 0) < 0) {
		int err = errno;

		close(u->fd);
		errno = err;
		return -1;
	}
	packing = packing_of(u->fd);
	u->want = 1;
	if (packing == ZSTD)
		u->zstd = ZSTD_createDStream();
	else if (packing == LZ4)
		LZ4F_createDecompressionContext(&u->lz4, LZ4F_VERSION);
	else
		u->gz = gzdopen(u->fd, "rb");
	return 0;
}

static void end(struct unpack *u)
{
	if (u->gz)
		gzclose(u->gz);
	else
		close(u->fd);
	ZSTD_freeDStream(u->zstd);
	LZ4F_freeDecompressionContext(u->lz4);
}

int unpack_each(const char *path, int (*take)(void *arg, const char *piece, size_t len), void *arg)
{
	struct unpack *u = xcalloc(1, sizeof(*u));
	char *piece = xmalloc(PIECE);
	ssize_t n = -1;
	int rc = start(u, path), err;

	while (!rc && (n = u->gz ? read_gz(u, piece, PIECE) : read_frames(u, piece, PIECE)) > 0)
		rc = take(arg, piece, (size_t)n);
	err = errno;
	if (u->gz || u->zstd || u->lz4)
		end(u);
	free(piece);
	free(u);
	errno = err;
	return rc || n < 0 ? -1 : 0;
}

static int take_buf(void *arg, const char *piece, size_t len)
{
	buf_add(arg, piece, len);
	return 0;
}

static int take_fd(void *arg, const char *piece, size_t len)
{
	return file_write(*(int *)arg, piece, len);
}

static int look_for_nul(void *arg, const char *piece, size_t len)
{
	(void)arg;
	if (!memchr(piece, '\0', len))
		return 0;
	errno = EILSEQ;
	return -1;
}

int unpack_read(const char *path, struct buf *b)
{
	return unpack_each(path, take_buf, b);
}

int unpack_copy(const char *path, int fd)
{
	return unpack_each(path, take_fd, &fd);
}

int unpack_check(const char *path)
{
	return unpack_each(path, look_for_nul, NULL);
}

/* pg_dump makes its zstd streams with this; without the content checksum of RFC
 * 8878 a flipped bit is mostly read as good data. */
ZSTD_CStream *seam_ZSTD_createCStream(void);

ZSTD_CStream *seam_ZSTD_createCStream(void)
{
	ZSTD_CStream *stream = ZSTD_createCStream();

	if (stream)
		ZSTD_CCtx_setParameter(stream, ZSTD_c_checksumFlag, 1);
	return stream;
}
