/* pack - writes compressed files. */
#include "ext/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include "base/banned.h"
#include "base/buf.h"
#include "base/file.h"

#define PIECE 65536

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

static int start(struct pack *w, const struct packing *p)
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
	int rc = start(&w, p), err;
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
