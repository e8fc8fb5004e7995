/*
 * Fuzzes ext/pack: every way to read a file sees the same, what is packed is read back as it was, and so is the name of a
 * method.
 *
 * The first byte of the input says how the rest is packed for the second part.
 */
#include "fuzz.h"

#include "base/banned.h"
#include "ext/pack.h"

#define UNPACKED_MAX (16 << 20) /* of 300 bytes of input; a bomb ends there */

struct sum {
	size_t bytes;
	bool nul;
};

static int add(void *arg, const char *piece, size_t len)
{
	struct sum *s = arg;

	s->bytes += len;
	s->nul = s->nul || memchr(piece, '\0', len);
	return s->bytes > UNPACKED_MAX ? -1 : 0;
}

static void read_foreign(const char *path)
{
	struct sum sum = { 0 };
	struct buf all = BUF_INIT;
	int rc = unpack_each(path, add, &sum);

	if (sum.bytes <= UNPACKED_MAX) {
		MUST(unpack_read(path, &all) == rc);
		MUST(rc || all.len == sum.bytes);
		MUST((unpack_check(path) == 0) == (rc == 0 && !sum.nul));
	}
	MUST(unpack_is_packed(path) == (unpack_method(path) != PACK_NONE));
	buf_free(&all);
}

static void read_method(const uint8_t *data, size_t len)
{
	char *text = input_text(data, len), *again;
	struct packing p, q;

	if (packing_parse(text, &p)) {
		again = packing_text(&p);
		MUST(packing_parse(again, &q) && q.method == p.method && q.level == p.level);
		MUST((p.method == PACK_NONE) == !*packing_suffix(&p));
		free(again);
	}
	free(text);
}

static void round_trip(const uint8_t *data, size_t len, enum packing_method method)
{
	struct packing p = { .method = method, .level = 1 };
	struct buf again = BUF_INIT;
	char from_path[64], to_path[64];
	int from = input_file(data, len, from_path), to = input_file("", 0, to_path);

	MUST(lseek(from, 0, SEEK_SET) == 0);
	MUST(pack_copy(from, to, &p, NULL, NULL) == 0);
	/* What is not packed may look as if it were. */
	if (method != PACK_NONE || unpack_method(to_path) == PACK_NONE) {
		MUST(unpack_read(to_path, &again) == 0);
		MUST(again.len == len && memcmp(again.data, data, len) == 0);
	}
	buf_free(&again);
	close(from);
	close(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const enum packing_method methods[] = { PACK_ZSTD, PACK_GZIP, PACK_LZ4, PACK_NONE };
	char path[64];
	int fd = input_file(data, len, path);

	read_foreign(path);
	close(fd);
	read_method(data, len);
	if (len)
		round_trip(data + 1, len - 1, methods[data[0] & 3]);
	return 0;
}
