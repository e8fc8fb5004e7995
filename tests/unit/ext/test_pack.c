/* Unit tests of ext/pack: what it packs it unpacks, and nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#include "base/banned.h"
#include "base/file.h"
#include "ext/pack.h"

#define LONGEST (3 * 65536 + 7)

static const char *const methods[] = { "none", "zstd", "gzip", "lz4", "zstd:1", "zstd:19", "gzip:1",
	                               "gzip:9", "lz4:9", "lz4:12" };

#define METHODS (sizeof(methods) / sizeof(*methods))

static char content[LONGEST];

/* Half of it packs well, half of it does not at all. */
static void make_content(void)
{
	uint64_t z = 1;

	for (size_t i = 0; i < sizeof(content); i++) {
		z = z * 6364136223846793005 + 1442695040888963407;
		content[i] = (char)(i / 4096 % 2 ? (int)(z >> 56) : "INSERT INTO t VALUES (1);\n"[i % 26]);
	}
}

static struct packing method(const char *text)
{
	struct packing p;

	assert_true(packing_parse(text, &p));
	return p;
}

static void add_bytes(void *arg, size_t bytes)
{
	*(size_t *)arg += bytes;
}

/* Packs that many bytes of the content into the file. */
static void pack(const char *how, size_t len, const char *path)
{
	struct packing p = method(how);
	size_t seen = 0;
	int from, to;

	put("raw", content, len);
	from = open("raw", O_RDONLY | O_CLOEXEC);
	to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(pack_copy(from, to, &p, add_bytes, &seen), 0);
	assert_int_equal(seen, len);
	close(from);
	close(to);
}

static void assert_unpacks(const char *how, const char *path, size_t len)
{
	struct buf b = BUF_INIT;

	if (unpack_read(path, &b) != 0 || b.len != len || memcmp(b.data, content, len) != 0)
		fail_msg("%s: %zu bytes become %zu (%s)", how, len, b.len, strerror(errno));
	buf_free(&b);
}

static void what_is_packed_is_read_back_by_every_method_and_length(void **state)
{
	static const size_t lengths[] = { 0, 1, 4095, 65535, 65536, 65537, 131072, LONGEST };

	(void)state;
	for (size_t m = 0; m < METHODS; m++)
		for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
			pack(methods[m], lengths[i], "packed");
			assert_unpacks(methods[m], "packed", lengths[i]);
			assert_int_equal(unpack_is_packed("packed"), *methods[m] != 'n');
		}
}

static void a_pipe_that_gives_little_at_a_time_is_packed_whole(void **state)
{
	struct packing p = method("zstd");
	int ends[2], to;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	if (fork() == 0) {
		for (size_t i = 0; i < 3000; i++)
			if (write(ends[1], content + i * 7, 7) != 7)
				_exit(1);
		_exit(0);
	}
	close(ends[1]);
	to = open("piped", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(pack_copy(ends[0], to, &p, NULL, NULL), 0);
	close(ends[0]);
	close(to);
	assert_unpacks("zstd", "piped", 3000 * 7);
}

/* Where the first bytes do not tell a packed file any more it is a plain one; some bits of
 * a gzip header mean nothing. */
static void assert_not_another_content(const char *how, const char *bytes, size_t n, size_t len, size_t at)
{
	struct buf b = BUF_INIT;

	put("changed", bytes, n);
	errno = 0;
	if (unpack_read("changed", &b) == 0 && (b.len != len || memcmp(b.data, content, len) != 0))
		fail_msg("%s: changed at %zu of %zu, and taken for good", how, at, n);
	buf_free(&b);
}

static void a_flipped_bit_is_found(void **state)
{
	enum { LEN = 9000 };

	(void)state;
	for (size_t m = 1; m < METHODS; m++) {
		struct buf packed = BUF_INIT;
		size_t found = 0;

		pack(methods[m], LEN, "packed");
		assert_int_equal(file_read("packed", &packed, LONGEST), 0);
		for (size_t i = 4; i < packed.len; i += 1 + i / 50) {
			packed.data[i] = (char)(packed.data[i] ^ 1 << i % 8);
			assert_not_another_content(methods[m], packed.data, packed.len, LEN, i);
			found += unpack_check("changed") != 0 && errno == EBADMSG;
			packed.data[i] = (char)(packed.data[i] ^ 1 << i % 8);
		}
		/* All but what lies in a header. */
		assert_true(found > 150);
		buf_free(&packed);
	}
}

/* Two members, as cat makes them of two files, are one file; so are zeros behind them. */
static void a_member_behind_another_is_read_and_its_damage_is_found(void **state)
{
	enum { LEN = 9000 };
	struct buf packed = BUF_INIT, two = BUF_INIT, b = BUF_INIT;
	size_t found = 0;

	(void)state;
	pack("gzip", LEN, "packed");
	assert_int_equal(file_read("packed", &packed, LONGEST), 0);
	buf_add(&two, packed.data, packed.len);
	buf_add(&two, packed.data, packed.len);
	put("two", two.data, two.len);
	assert_int_equal(unpack_read("two", &b), 0);
	assert_int_equal(b.len, 2 * LEN);
	assert_memory_equal(b.data + LEN, content, LEN);
	for (size_t i = 0; i < 40; i++) {
		char *at = two.data + packed.len + i;

		*at = (char)(*at ^ 1 << i % 8);
		put("two", two.data, two.len);
		buf_cut(&b, 0);
		errno = 0;
		if (unpack_read("two", &b) != 0 && errno == EBADMSG)
			found++;
		else if (b.len != 2 * LEN || memcmp(b.data + LEN, content, LEN) != 0)
			fail_msg("changed at %zu of the second, and taken for good", i);
		*at = (char)(*at ^ 1 << i % 8);
	}
	assert_true(found > 30);
	memset(two.data + packed.len, 0, packed.len);
	put("two", two.data, two.len);
	buf_cut(&b, 0);
	assert_int_equal(unpack_read("two", &b), 0);
	assert_int_equal(b.len, LEN);
	buf_free(&packed);
	buf_free(&two);
	buf_free(&b);
}

static void what_is_cut_off_is_found_wherever_it_was_cut(void **state)
{
	enum { LEN = 9000 };

	(void)state;
	for (size_t m = 1; m < METHODS; m++) {
		struct buf packed = BUF_INIT, b = BUF_INIT;

		pack(methods[m], LEN, "packed");
		assert_int_equal(file_read("packed", &packed, LONGEST), 0);
		for (size_t n = 4; n < packed.len; n += n < packed.len - 12 ? 1 + n / 50 : 1) {
			put("cut", packed.data, n);
			errno = 0;
			if (unpack_read("cut", &b) == 0 || errno != EBADMSG)
				fail_msg("%s: %zu of %zu bytes were taken for good", methods[m], n,
				         packed.len);
			buf_cut(&b, 0);
		}
		buf_free(&packed);
		buf_free(&b);
	}
}

static void a_full_disk_is_said_by_every_method(void **state)
{
	(void)state;
	for (size_t m = 0; m < METHODS; m++)
		for (size_t len = 1; len < LONGEST; len += LONGEST / 2) {
			struct packing p = method(methods[m]);
			int from, to = open("/dev/full", O_WRONLY | O_CLOEXEC);

			put("raw", content, len);
			from = open("raw", O_RDONLY | O_CLOEXEC);
			errno = 0;
			assert_int_equal(pack_copy(from, to, &p, NULL, NULL), -1);
			assert_int_equal(errno, ENOSPC);
			close(from);
			close(to);
		}
}

static void what_cannot_be_read_is_said(void **state)
{
	struct packing p = method("zstd");
	int to = open("unread", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	assert_int_equal(pack_copy(to, to, &p, NULL, NULL), -1);
	assert_int_equal(errno, EBADF);
	close(to);
}

static void methods_are_read_and_written_with_their_levels(void **state)
{
	static const struct {
		const char *text, *full, *suffix;
	} good[] = {
		{ "zstd", "zstd:3", ".zst" },	 { "gzip", "gzip:6", ".gz" },
		{ "lz4", "lz4:1", ".lz4" },	 { "none", "none", "" },
		{ "zstd:1", "zstd:1", ".zst" },	 { "zstd:22", "zstd:22", ".zst" },
		{ "gzip:9", "gzip:9", ".gz" },	 { "lz4:12", "lz4:12", ".lz4" },
	};
	static const char *const bad[] = { "", "zst", "zstd:", "zstd:0", "zstd:23", "zstd:-1", "zstd:x",
		                           "zstd:3x", "zstd3", "gzip:10", "gzip:0", "lz4:13", "none:1",
		                           "none:0", "ZSTD", " zstd", "zstd ", "zstd:999999999999" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct packing p = method(good[i].text);
		char *text = packing_text(&p);

		assert_string_equal(text, good[i].full);
		assert_string_equal(packing_suffix(&p), good[i].suffix);
		free(text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct packing p;

		if (packing_parse(bad[i], &p))
			fail_msg("'%s' was read", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_packed_is_read_back_by_every_method_and_length),
		cmocka_unit_test(a_pipe_that_gives_little_at_a_time_is_packed_whole),
		cmocka_unit_test(a_flipped_bit_is_found),
		cmocka_unit_test(a_member_behind_another_is_read_and_its_damage_is_found),
		cmocka_unit_test(what_is_cut_off_is_found_wherever_it_was_cut),
		cmocka_unit_test(a_full_disk_is_said_by_every_method),
		cmocka_unit_test(what_cannot_be_read_is_said),
		cmocka_unit_test(methods_are_read_and_written_with_their_levels),
	};

	make_content();
	return unit_run("pack", tests, scratch_make, scratch_remove);
}
