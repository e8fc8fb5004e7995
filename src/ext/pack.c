/* pack - reads and writes compressed files. */
#include "ext/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"

#define PIECE 65536
#define LOOKS 1000 /* a millisecond each */
#define IDLE_MAX 16 /* calls of a decoder that neither take nor give a byte */

/* --- reading --- */

struct unpack {
	int fd;
	bool plain;
	z_stream *gzip;
	ZSTD_DStream *zstd;
	LZ4F_dctx *lz4;
	ZSTD_inBuffer in;
	size_t want;        /* 0: a frame or member has just ended */
	char bytes[PIECE];
};

static ssize_t damaged(void)
{
	errno = EBADMSG;
	return -1;
}

static ssize_t read_plain(struct unpack *u, char *to, size_t size)
{
	ssize_t n;

	do
		n = read(u->fd, to, size);
	while (n < 0 && errno == EINTR);
	return n;
}

/* Tapes pad with zeros; anything else behind a member is another one, or damage. gzread(3)
 * takes both for the end. */
static bool starts_next(struct unpack *u)
{
	const char *bytes = u->in.src;

	while (u->in.pos < u->in.size && !bytes[u->in.pos])
		u->in.pos++;
	if (u->in.pos == u->in.size)
		return false;
	inflateReset(u->gzip);
	return true;
}

static int decode_gzip(struct unpack *u, ZSTD_outBuffer *out)
{
	z_stream *z = u->gzip;
	int code;

	if (!u->want && !starts_next(u))
		return 0;
	z->next_in = (z_const Bytef *)u->in.src + u->in.pos;
	z->avail_in = (unsigned)(u->in.size - u->in.pos);
	z->next_out = (Bytef *)out->dst + out->pos;
	z->avail_out = (unsigned)(out->size - out->pos);
	code = inflate(z, Z_NO_FLUSH);
	u->in.pos = u->in.size - z->avail_in;
	out->pos = out->size - z->avail_out;
	u->want = code != Z_STREAM_END;
	return code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR ? 0 : (int)damaged();
}

/* Decodes from in to out as far as either goes. -1 with EBADMSG. */
static int decode(struct unpack *u, ZSTD_outBuffer *out)
{
	size_t from = u->in.size - u->in.pos, to = out->size - out->pos;

	if (u->gzip)
		return decode_gzip(u, out);
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

	for (int idle = 0; out.pos == 0; idle++) {
		size_t before;

		if (u->in.pos == u->in.size) {
			ssize_t n = read_plain(u, u->bytes, sizeof(u->bytes));

			if (n <= 0)
				return n == 0 && u->want ? damaged() : n;
			u->in = (ZSTD_inBuffer){ .src = u->bytes, .size = (size_t)n };
		}
		before = u->in.pos;
		if (decode(u, &out) != 0)
			return -1;
		/* A decoder that makes no progress would be called for ever. */
		if (u->in.pos != before)
			idle = 0;
		else if (idle > IDLE_MAX)
			return damaged();
	}
	return (ssize_t)out.pos;
}

/* The first bytes, which stay to be read: of a file, or of a socket, whose writer may have sent
 * but one byte by now. */
static ssize_t look(int fd, void *head, size_t size)
{
	ssize_t n = pread(fd, head, size, 0);

	if (n >= 0 || errno != ESPIPE)
		return n;
	for (int i = 0; i < LOOKS; i++) {
		struct pollfd p = { .fd = fd, .events = POLLRDHUP };

		n = recv(fd, head, size, MSG_PEEK);
		if (n < 0 || n == (ssize_t)size || poll(&p, 1, n > 0 ? 1 : 0) > 0)
			break;
	}
	return n;
}

/* RFC 1952, 2.3.1; RFC 8878, 3.1.1; lz4_Frame_format.md: how a member or frame begins. */
static enum packing_method method_of(int fd)
{
	unsigned char head[4] = { 0 };

	if (look(fd, head, sizeof(head)) < 2)
		return PACK_NONE;
	if (memcmp(head, "\x1f\x8b", 2) == 0)
		return PACK_GZIP;
	if (memcmp(head, "\x04\x22\x4d\x18", 4) == 0)
		return PACK_LZ4;
	return memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0 ? PACK_ZSTD : PACK_NONE;
}

enum packing_method unpack_method(const char *path)
{
	int fd = beneath_open(path, O_RDONLY, 0);
	enum packing_method method = fd >= 0 ? method_of(fd) : PACK_NONE;

	if (fd >= 0)
		close(fd);
	return method;
}

bool unpack_is_packed(const char *path)
{
	return unpack_method(path) != PACK_NONE;
}

static int start(struct unpack *u, const char *path)
{
	enum packing_method method;
	char probe;

	u->fd = strcmp(path, UNPACK_STDIN) == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
	                                        : beneath_open(path, O_RDONLY, 0);
	if (u->fd < 0)
		return -1;
	/* A directory opens, but does not read. */
	if (look(u->fd, &probe, 1) < 0) {
		int err = errno;

		close(u->fd);
		errno = err;
		return -1;
	}
	method = method_of(u->fd);
	u->want = 1;
	u->plain = method == PACK_NONE;
	if (method == PACK_ZSTD) {
		u->zstd = ZSTD_createDStream();
	} else if (method == PACK_LZ4) {
		LZ4F_createDecompressionContext(&u->lz4, LZ4F_VERSION);
	} else if (method == PACK_GZIP) {
		u->gzip = xcalloc(1, sizeof(*u->gzip));
		inflateInit2(u->gzip, MAX_WBITS + 16); /* gzip, not zlib */
	}
	return 0;
}

struct unpack *unpack_open(const char *path)
{
	struct unpack *u = xcalloc(1, sizeof(*u));

	if (start(u, path) == 0)
		return u;
	free(u);
	return NULL;
}

ssize_t unpack_next(struct unpack *u, char *to, size_t size)
{
	return u->plain ? read_plain(u, to, size) : read_frames(u, to, size);
}

void unpack_close(struct unpack *u)
{
	if (!u)
		return;
	if (u->gzip)
		inflateEnd(u->gzip);
	free(u->gzip);
	close(u->fd);
	ZSTD_freeDStream(u->zstd);
	LZ4F_freeDecompressionContext(u->lz4);
	free(u);
}

int unpack_each(const char *path, int (*take)(void *arg, const char *piece, size_t len), void *arg)
{
	struct unpack *u = unpack_open(path);
	char *piece = xmalloc(PIECE);
	ssize_t n = -1;
	int rc = 0, err;

	while (u && !rc && (n = unpack_next(u, piece, PIECE)) > 0)
		rc = take(arg, piece, (size_t)n);
	err = errno;
	unpack_close(u);
	free(piece);
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

/* --- writing --- */

static const struct method {
	const char *name, *suffix;
	int least, most, standard;
} methods[] = {
	[PACK_NONE] = { "none", "", 0, 0, 0 },
	[PACK_ZSTD] = { "zstd", ".zst", 1, 22, 3 },
	[PACK_GZIP] = { "gzip", ".gz", 1, 9, 6 },
	[PACK_LZ4] = { "lz4", ".lz4", 1, 12, 1 },
};

bool packing_parse(const char *text, struct packing *p)
{
	for (enum packing_method i = PACK_NONE; i <= PACK_LZ4; i++) {
		const char *rest = skip_prefix(text, methods[i].name);
		size_t digits = rest && *rest == ':' ? strspn(rest + 1, "0123456789") : 0;
		int level = digits && digits < 3 ? atoi(rest + 1) : methods[i].standard;

		if (!rest || (*rest && (!digits || digits > 2 || rest[1 + digits])))
			continue;
		p->method = i;
		p->level = level;
		return level >= methods[i].least && level <= methods[i].most &&
		       (!*rest || p->method != PACK_NONE);
	}
	return false;
}

char *packing_text(const struct packing *p)
{
	if (p->method == PACK_NONE)
		return xstrdup("none");
	return xasprintf("%s:%d", methods[p->method].name, p->level);
}

const char *packing_suffix(const struct packing *p)
{
	return methods[p->method].suffix;
}

/* What a writer works with; each gets pieces, and at the end one of no bytes. */
struct pack {
	int to;
	ZSTD_CCtx *zstd;
	LZ4F_cctx *lz4;
	gzFile gz;
	char *out;
	size_t size; /* of out */
};

static int broken(void)
{
	errno = EIO;
	return -1;
}

static int write_plain(struct pack *w, const char *piece, size_t len)
{
	return file_write(w->to, piece, len);
}

static int write_zstd(struct pack *w, const char *piece, size_t len)
{
	ZSTD_inBuffer in = { .src = piece, .size = len };
	ZSTD_EndDirective how = len ? ZSTD_e_continue : ZSTD_e_end;
	size_t left;

	do {
		ZSTD_outBuffer out = { .dst = w->out, .size = w->size };

		left = ZSTD_compressStream2(w->zstd, &out, &in, how);
		if (ZSTD_isError(left))
			return broken();
		if (file_write(w->to, w->out, out.pos) != 0)
			return -1;
	} while (len ? in.pos < in.size : left > 0);
	return 0;
}

static int write_lz4(struct pack *w, const char *piece, size_t len)
{
	size_t n = len ? LZ4F_compressUpdate(w->lz4, w->out, w->size, piece, len, NULL)
	               : LZ4F_compressEnd(w->lz4, w->out, w->size, NULL);

	return LZ4F_isError(n) ? broken() : file_write(w->to, w->out, n);
}

/* gzdopen owns its descriptor. */
static int write_gzip(struct pack *w, const char *piece, size_t len)
{
	int code;

	errno = 0;
	if (len)
		return gzwrite(w->gz, piece, (unsigned)len) == (int)len ? 0 : errno ? -1 : broken();
	code = gzclose(w->gz);
	w->gz = NULL;
	return code == Z_OK ? 0 : errno ? -1 : broken();
}

static int start_lz4(struct pack *w, int level)
{
	LZ4F_preferences_t how = { .frameInfo = { .contentChecksumFlag = LZ4F_contentChecksumEnabled },
		                   .compressionLevel = level };
	size_t n;

	w->size = LZ4F_compressBound(PIECE, &how) + LZ4F_HEADER_SIZE_MAX;
	w->out = xmalloc(w->size);
	LZ4F_createCompressionContext(&w->lz4, LZ4F_VERSION);
	n = LZ4F_compressBegin(w->lz4, w->out, w->size, &how);
	return LZ4F_isError(n) ? broken() : file_write(w->to, w->out, n);
}

static int start_writing(struct pack *w, const struct packing *p)
{
	char mode[] = { 'w', 'b', (char)('0' + p->level % 10), '\0' };

	switch (p->method) {
	case PACK_ZSTD:
		w->size = ZSTD_CStreamOutSize();
		w->out = xmalloc(w->size);
		w->zstd = ZSTD_createCCtx();
		ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, p->level);
		ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_checksumFlag, 1);
		return 0;
	case PACK_LZ4: return start_lz4(w, p->level);
	case PACK_GZIP:
		w->gz = gzdopen(dup(w->to), mode);
		return w->gz ? 0 : -1;
	default: return 0;
	}
}

int pack_copy(int from, int to, const struct packing *p, void (*seen)(void *arg, size_t bytes),
              void *arg)
{
	static int (*const writers[])(struct pack *, const char *, size_t) = {
		[PACK_NONE] = write_plain, [PACK_ZSTD] = write_zstd, [PACK_GZIP] = write_gzip,
		[PACK_LZ4] = write_lz4,
	};
	struct pack w = { .to = to };
	char *piece = xmalloc(PIECE);
	int rc = start_writing(&w, p), err;
	ssize_t n = 1;

	while (!rc && n) {
		n = read(from, piece, PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		rc = n < 0 ? -1 : writers[p->method](&w, piece, (size_t)n);
		if (seen && n > 0)
			seen(arg, (size_t)n);
	}
	err = errno;
	if (w.gz)
		gzclose(w.gz);
	ZSTD_freeCCtx(w.zstd);
	LZ4F_freeCompressionContext(w.lz4);
	free(w.out);
	free(piece);
	errno = err;
	return rc;
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
