/* unpack - reads files that may be compressed. */
#include "ext/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "base/banned.h"

struct unpack {
	gzFile gz;          /* gzip and plain files */
	int cut;            /* the gzip stream ended too early */
	FILE *packed;       /* zstd files */
	ZSTD_DStream *zstd;
	ZSTD_inBuffer in;
	size_t want;        /* 0: a frame has just ended */
	unsigned char bytes[65536];
	int *damaged;
};

static ssize_t fail(struct unpack *u)
{
	if (u->damaged)
		*u->damaged = 1;
	errno = EBADMSG;
	return -1;
}

static ssize_t read_gz(struct unpack *u, char *to, size_t size)
{
	int n, code;

	if (u->cut)
		return fail(u);
	n = gzread(u->gz, to, (unsigned)(size > 1 << 30 ? 1 << 30 : size));
	/* A stream that was cut off ends like a whole one, but for Z_BUF_ERROR, which
	 * comes with its last bytes and is cleared by the next call. */
	gzerror(u->gz, &code);
	u->cut = code == Z_BUF_ERROR;
	return n < 0 || (n == 0 && u->cut) ? fail(u) : n;
}

static ssize_t read_zstd(struct unpack *u, char *to, size_t size)
{
	ZSTD_outBuffer out = { .dst = to, .size = size };

	while (out.pos == 0) {
		if (u->in.pos == u->in.size) {
			u->in = (ZSTD_inBuffer){ .src = u->bytes };
			u->in.size = fread(u->bytes, 1, sizeof(u->bytes), u->packed);
			if (u->in.size == 0)
				return u->want || ferror(u->packed) ? fail(u) : 0;
		}
		u->want = ZSTD_decompressStream(u->zstd, &out, &u->in);
		if (ZSTD_isError(u->want))
			return fail(u);
	}
	return (ssize_t)out.pos;
}

static ssize_t read_any(void *cookie, char *to, size_t size)
{
	struct unpack *u = cookie;

	return u->gz ? read_gz(u, to, size) : read_zstd(u, to, size);
}

static int close_any(void *cookie)
{
	struct unpack *u = cookie;

	if (u->gz)
		gzclose(u->gz);
	if (u->packed)
		fclose(u->packed);
	ZSTD_freeDStream(u->zstd);
	free(u);
	return 0;
}

/* RFC 8878, 3.1.1: the magic number of a frame. */
static int is_zstd(int fd)
{
	static const unsigned char magic[] = { 0x28, 0xb5, 0x2f, 0xfd };
	unsigned char head[sizeof(magic)];

	return pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	       memcmp(head, magic, sizeof(magic)) == 0;
}

FILE *unpack_open(const char *path, int *damaged)
{
	cookie_io_functions_t functions = { .read = read_any, .close = close_any };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct unpack *u;
	char probe;

	if (fd < 0)
		return NULL;
	/* A directory opens, but does not read. */
	if (pread(fd, &probe, 1, 0) < 0 && errno == EISDIR) {
		close(fd);
		errno = EISDIR;
		return NULL;
	}
	u = xcalloc(1, sizeof(*u));
	u->damaged = damaged;
	if (is_zstd(fd)) {
		u->zstd = ZSTD_createDStream();
		u->packed = fdopen(fd, "rb");
		u->want = 1;
	} else {
		u->gz = gzdopen(fd, "rb");
	}
	return fopencookie(u, "r", functions);
}

int unpack_read(const char *path, struct buf *b)
{
	int damaged = 0, err = 0;
	FILE *file = unpack_open(path, &damaged);
	size_t n;

	if (!file)
		return -1;
	do {
		n = fread(buf_room(b, 65536), 1, 65536, file);
		b->len += n;
		b->data[b->len] = '\0';
	} while (n);
	if (ferror(file))
		err = damaged ? EBADMSG : EIO;
	fclose(file);
	errno = err;
	return err ? -1 : 0;
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
