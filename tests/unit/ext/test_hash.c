/* Unit tests of ext/hash and ext/unpack. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "unit.h"

#include "base/banned.h"
#include "base/file.h"
#include "ext/hash.h"
#include "ext/pack.h"

static void assert_hash(const char *text, const char *wanted)
{
	unsigned char digest[HASH_BYTES];
	char shown[HASH_TEXT];
	struct hash h;

	hash_start(&h);
	for (const char *c = text; *c; c++)
		hash_add(&h, c, 1);
	hash_end(&h, digest);
	hash_text(digest, shown);
	assert_string_equal(shown, wanted);
}

/* FIPS 180-4's examples. */
static void sha256_is_as_published(void **state)
{
	(void)state;
	assert_hash("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_hash("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void a_file_hashes_like_its_bytes(void **state)
{
	unsigned char from_file[HASH_BYTES], from_bytes[HASH_BYTES];
	static char bytes[200000];
	struct hash h;

	(void)state;
	memset(bytes, 'q', sizeof(bytes));
	put("file", bytes, sizeof(bytes));
	hash_start(&h);
	assert_int_equal(hash_add_file(&h, "file", NULL, NULL), 0);
	hash_end(&h, from_file);
	hash_start(&h);
	hash_add(&h, bytes, sizeof(bytes));
	hash_end(&h, from_bytes);
	assert_memory_equal(from_file, from_bytes, HASH_BYTES);

	hash_start(&h);
	assert_int_equal(hash_add_file(&h, "nowhere", NULL, NULL), -1);
	assert_int_equal(errno, ENOENT);
	mkdir("folder", 0700);
	assert_int_equal(hash_add_file(&h, "folder", NULL, NULL), -1);
	assert_int_equal(errno, EISDIR);
	hash_end(&h, from_file);
}

/* --- unpack --- */

static char content[150000];

static void make_content(void)
{
	unsigned random = 1;

	for (size_t i = 0; i < sizeof(content); i++) {
		random = random * 1103515245 + 12345;
		content[i] = (char)('a' + random / 65536 % 26);
	}
}

static size_t pack_gzip(const char *path, const char *bytes, size_t len, const char *mode)
{
	gzFile file = gzopen(path, mode);
	struct stat st;

	assert_int_equal(gzwrite(file, bytes, (unsigned)len), len);
	assert_int_equal(gzclose(file), Z_OK);
	assert_int_equal(stat(path, &st), 0);
	return (size_t)st.st_size;
}

static size_t pack_zstd(char *to, size_t size, const char *bytes, size_t len)
{
	ZSTD_CCtx *ctx = ZSTD_createCCtx();
	size_t n;

	ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1);
	n = ZSTD_compress2(ctx, to, size, bytes, len);
	assert_false(ZSTD_isError(n));
	ZSTD_freeCCtx(ctx);
	return n;
}

static void assert_unpacks(const char *path, const char *bytes, size_t len)
{
	struct buf b = BUF_INIT;
	int fd = open("copy", O_RDWR | O_CREAT | O_TRUNC, 0600);

	/* A NUL byte is no text, for the check alone. */
	assert_int_equal(unpack_check(path), memchr(bytes, '\0', len) ? -1 : 0);
	assert_true(!memchr(bytes, '\0', len) || errno == EILSEQ);
	assert_int_equal(unpack_read(path, &b), 0);
	assert_int_equal(b.len, len);
	assert_memory_equal(b.data, bytes, len);
	buf_free(&b);
	assert_int_equal(unpack_copy(path, fd), 0);
	close(fd);
	assert_int_equal(file_read("copy", &b, len + 1), 0);
	assert_int_equal(b.len, len);
	assert_memory_equal(b.data, bytes, len);
	buf_free(&b);
}

static void assert_damaged(const char *path)
{
	struct buf b = BUF_INIT;
	int fd = open("/dev/null", O_WRONLY);

	assert_int_equal(unpack_read(path, &b), -1);
	assert_int_equal(errno, EBADMSG);
	assert_int_equal(unpack_check(path), -1);
	assert_int_equal(errno, EBADMSG);
	assert_int_equal(unpack_copy(path, fd), -1);
	assert_int_equal(errno, EBADMSG);
	close(fd);
	buf_free(&b);
}

static void plain_files_read_as_they_are(void **state)
{
	(void)state;
	put("empty", "", 0);
	assert_unpacks("empty", "", 0);
	put_text("short", "x");
	assert_unpacks("short", "x", 1);
	put("plain", content, sizeof(content));
	assert_unpacks("plain", content, sizeof(content));
	put("nul", "a\0b", 3);
	assert_unpacks("nul", "a\0b", 3);
}

static void gzip_is_told_by_its_bytes_also_in_members(void **state)
{
	(void)state;
	pack_gzip("packed.sql", content, sizeof(content), "wb");
	assert_unpacks("packed.sql", content, sizeof(content));
	pack_gzip("members", content, 1000, "wb");
	pack_gzip("members", content + 1000, 500, "ab");
	assert_unpacks("members", content, 1500);
	pack_gzip("nothing.gz", "", 0, "wb");
	assert_unpacks("nothing.gz", "", 0);
}

static void zstd_is_told_by_its_bytes_also_in_frames(void **state)
{
	static char packed[400000];
	size_t n = pack_zstd(packed, sizeof(packed), content, sizeof(content));

	(void)state;
	put("whole.zst", packed, n);
	assert_unpacks("whole.zst", content, sizeof(content));
	n = pack_zstd(packed, sizeof(packed), content, 1000);
	n += pack_zstd(packed + n, sizeof(packed) - n, content + 1000, 500);
	put("frames", packed, n);
	assert_unpacks("frames", content, 1500);
	put("nothing.zst", packed, pack_zstd(packed, sizeof(packed), "", 0));
	assert_unpacks("nothing.zst", "", 0);
}

static void a_cut_off_file_is_damaged_wherever_it_was_cut(void **state)
{
	static char packed[400000];
	size_t n = pack_zstd(packed, sizeof(packed), content, sizeof(content));
	struct buf gz = BUF_INIT;

	(void)state;
	for (size_t i = 1; i <= 8; i++) {
		put("cut", packed, n * i / 9 + 4);
		assert_damaged("cut");
	}
	put("cut", packed, n - 1);
	assert_damaged("cut");

	n = pack_gzip("whole", content, sizeof(content), "wb");
	{
		FILE *file = fopen("whole", "r");

		gz.len = fread(buf_room(&gz, n), 1, n, file);
		fclose(file);
	}
	for (size_t i = 1; i <= 8; i++) {
		put("cut", gz.data, n * i / 9);
		assert_damaged("cut");
	}
	put("cut", gz.data, n - 1);
	assert_damaged("cut");
	buf_free(&gz);
}

static void a_flipped_bit_is_damage(void **state)
{
	static char packed[400000];
	size_t n = pack_zstd(packed, sizeof(packed), content, sizeof(content));

	(void)state;
	packed[n / 2] ^= 4;
	put("flipped", packed, n);
	assert_damaged("flipped");
}

static void garbage_behind_a_frame_is_damage(void **state)
{
	static char packed[400000];
	size_t n = pack_zstd(packed, sizeof(packed), content, 1000);

	(void)state;
	memcpy(packed + n, "DROP TABLE users;", 17);
	put("tail", packed, n + 17);
	assert_damaged("tail");
}

static void what_cannot_be_opened_says_why(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_int_equal(unpack_read("nowhere", &b), -1);
	assert_int_equal(errno, ENOENT);
	mkdir("dir", 0700);
	assert_int_equal(unpack_read("dir", &b), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(unpack_check("nowhere"), -1);
	assert_int_equal(errno, ENOENT);
	buf_free(&b);
}

static void a_copy_that_cannot_be_written_is_not_called_damage(void **state)
{
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	put("plain", content, sizeof(content));
	assert_int_equal(unpack_copy("plain", fd), -1);
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

static void packed_files_are_told_from_plain_ones(void **state)
{
	static char packed[4000];

	(void)state;
	put_text("plain", "select 1");
	put_text("tiny", "(");
	put("frame", packed, pack_zstd(packed, sizeof(packed), "x", 1));
	pack_gzip("member", "x", 1, "wb");
	assert_false(unpack_is_packed("plain"));
	assert_false(unpack_is_packed("tiny"));
	assert_false(unpack_is_packed("nowhere"));
	assert_true(unpack_is_packed("frame"));
	assert_true(unpack_is_packed("member"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_is_as_published),
		cmocka_unit_test(a_file_hashes_like_its_bytes),
		cmocka_unit_test(plain_files_read_as_they_are),
		cmocka_unit_test(gzip_is_told_by_its_bytes_also_in_members),
		cmocka_unit_test(zstd_is_told_by_its_bytes_also_in_frames),
		cmocka_unit_test(a_cut_off_file_is_damaged_wherever_it_was_cut),
		cmocka_unit_test(a_flipped_bit_is_damage),
		cmocka_unit_test(garbage_behind_a_frame_is_damage),
		cmocka_unit_test(what_cannot_be_opened_says_why),
		cmocka_unit_test(a_copy_that_cannot_be_written_is_not_called_damage),
		cmocka_unit_test(packed_files_are_told_from_plain_ones),
	};

	make_content();
	return unit_run("hash", tests, scratch_make, scratch_remove);
}
