/* Unit tests of dump/structure and dump/tar. What real archives are, tests/pg has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include "base/banned.h"
#include "base/buf.h"
#include "base/status.h"
#include "dump/structure.h"
#include "dump/tar.h"

static void add_int(struct buf *b, long n)
{
	unsigned long size = (unsigned long)(n < 0 ? -n : n);

	buf_putc(b, n < 0);
	for (int i = 0; i < 4; i++, size >>= 8)
		buf_putc(b, (char)(size & 0xff));
}

static void add_text(struct buf *b, const char *text)
{
	add_int(b, text ? (long)strlen(text) : -1);
	buf_puts(b, text ? text : "");
}

static void add_head(struct buf *b, int minor, int format)
{
	static const int date[] = { 10, 59, 23, 29, 1, 124, 0 };

	buf_puts(b, "PGDMP");
	buf_add(b, (char[]){ 1, (char)minor, 0, 4, 8, (char)format }, 6);
	if (minor >= 15)
		buf_putc(b, 1);
	else
		add_int(b, -1);
	for (size_t i = 0; i < sizeof(date) / sizeof(*date); i++)
		add_int(b, date[i]);
	add_text(b, "app");
	add_text(b, "18.6");
	add_text(b, "9.2.24");
}

static void add_entry(struct buf *b, int minor, int format, long id, bool data)
{
	add_int(b, id);
	add_int(b, data);
	add_text(b, "1259");
	add_text(b, "16384");
	add_text(b, "a table whose name is longer than what is kept of it");
	add_text(b, data ? "TABLE DATA" : "TABLE");
	if (minor >= 11)
		add_int(b, data ? 3 : 2);
	for (int i = 0; i < 4 + (minor >= 14); i++)
		add_text(b, i % 2 ? NULL : "text\n");
	add_text(b, "public");
	if (minor >= 16)
		add_int(b, 'r');
	add_text(b, "owner");
	add_text(b, "false");
	add_text(b, "3");
	add_text(b, "77");
	add_text(b, NULL);
	if (format == 1)
		buf_add(b, (char[9]){ data ? 1 : 3 }, 9);
	else
		add_text(b, data ? "3.dat" : "");
}

/* A custom archive with a table and its rows, and a large object. */
static struct buf archive(int minor)
{
	struct buf b = BUF_INIT;

	add_head(&b, minor, 1);
	add_int(&b, 3);
	add_entry(&b, minor, 1, 5, false);
	add_entry(&b, minor, 1, 4000, true);
	add_entry(&b, minor, 1, 6, true);
	buf_putc(&b, 1);
	add_int(&b, 4000);
	add_text(&b, "one\n");
	add_text(&b, "two\n");
	add_int(&b, 0);
	buf_putc(&b, 3);
	add_int(&b, 6);
	add_int(&b, -1294967296); /* an oid of 3000000000 */
	add_text(&b, "object");
	add_int(&b, 0);
	add_int(&b, 0);
	return b;
}

static int checks(const struct buf *b, struct buf *error)
{
	struct structure *s;
	int rc;

	put("archive", b->data, b->len);
	s = structure_open("archive", "custom", &rc, error);
	if (s)
		rc = structure_finish(s, error);
	structure_free(s);
	return rc;
}

static void every_version_is_read_and_cut_off_anywhere_it_is_damaged(void **state)
{
	(void)state;
	for (int minor = 10; minor <= 16; minor++) {
		struct buf b = archive(minor), error = BUF_INIT;
		size_t all = b.len;

		assert_int_equal(checks(&b, &error), DONE);
		assert_string_equal(error.data, "");
		for (size_t n = 1; n < all; n += minor == 16 ? 1 : 17) {
			bool short_of;

			buf_cut(&b, all - n);
			/* At the end of a block it may be whole: that its data is missing is pg_restore's to find. */
			if (checks(&b, &error) != DONE)
				assert_holds(error.data, "cut off");
			else
				assert_true(n > 20);
			if (structure_check_head("archive", &short_of, &error) != DONE)
				assert_true(short_of);
			buf_cut(&error, 0);
		}
		buf_free(&b);
		buf_free(&error);
	}
}

static void versions_that_are_not_known_are_said(void **state)
{
	struct buf old = archive(9), new = archive(17), error = BUF_INIT;

	(void)state;
	assert_int_equal(checks(&old, &error), BAD_DATA);
	assert_holds(error.data, "before 8.0");
	assert_int_equal(checks(&new, &error), BAD_DATA);
	assert_holds(error.data, "newer than 1.16");
	buf_free(&old);
	buf_free(&new);
	buf_free(&error);
}

static void a_table_of_contents_once_more_is_the_end(void **state)
{
	struct buf b = archive(16), error = BUF_INIT;
	bool short_of;

	(void)state;
	add_int(&b, 3);
	add_entry(&b, 16, 1, 5, false);
	add_entry(&b, 16, 1, 4000, true);
	add_entry(&b, 16, 1, 6, true);
	assert_int_equal(checks(&b, &error), DONE);
	assert_int_equal(structure_check_head("archive", &short_of, &error), DONE);
	buf_putc(&b, 0);
	assert_int_equal(checks(&b, &error), BAD_DATA);
	assert_holds(error.data, "bytes follow its end");
	buf_free(&b);
	buf_free(&error);
}

/* Any byte may be another: it ends, with an answer. */
static void any_byte_may_be_another(void **state)
{
	struct buf b = archive(16), error = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < b.len; i++) {
		char byte = b.data[i];

		for (int k = 0; k < 4; k++) {
			bool short_of;

			b.data[i] = (char[]){ 0, 1, 127, (char)255 }[k];
			checks(&b, &error);
			structure_check_head("archive", &short_of, &error);
			buf_cut(&error, 0);
		}
		b.data[i] = byte;
	}
	buf_free(&b);
	buf_free(&error);
}

static void header(char *block, const char *size)
{
	unsigned sum = 0;
	char text[9];

	memset(block, 0, TARFILE_BLOCK);
	memcpy(block, "toc.dat", 7);
	memcpy(block + 124, size, strlen(size));
	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < TARFILE_BLOCK; i++)
		sum += (unsigned char)block[i];
	snprintf(text, sizeof(text), "%06o", sum);
	memcpy(block + 148, text, 7);
}

static void sizes_of_a_tar_are_numbers_and_not_negative(void **state)
{
	static const struct {
		const char *text;
		long long size;
	} cases[] = {
		{ "00000002000", 1024 }, { "       2000 ", 1024 }, { "2000", 1024 }, { "777777777777", 68719476735 },
		{ "-0000002000", -1 }, { "+2000", -1 }, { "0x200", -1 }, { "2008", -1 }, { "", -1 }, { "20 00", -1 },
	};
	char block[TARFILE_BLOCK];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		header(block, cases[i].text);
		assert_int_equal(tar_size(block), cases[i].size);
	}
	header(block, "\x80\x01\x01\x01\x01\x02\x01\x01\x01\x01\x01\x01");
	assert_int_equal(tar_size(block), -1);
	memcpy(block + 124, "\x80\0\0\0\0\0\0\2\0\0\0\1", 12);
	header(block, "");
	assert_int_equal(tar_size(block), -1);
	block[0] = 'x';
	assert_int_equal(tar_size(block), -1);
}

static void a_tar_ends_in_a_block_of_zeros(void **state)
{
	static const char *const loops[] = { "-0000002000", "77777777777" };
	char blocks[4 * TARFILE_BLOCK] = "";
	struct buf error = BUF_INIT;

	(void)state;
	header(blocks, "00000001000");
	put("tar", blocks, sizeof(blocks));
	assert_int_equal(tar_check("tar", &error), DONE);
	put("tar", blocks, 2 * TARFILE_BLOCK);
	assert_int_equal(tar_check("tar", &error), BAD_DATA);
	for (size_t i = 0; i < 2; i++) {
		header(blocks, loops[i]);
		put("tar", blocks, sizeof(blocks));
		assert_int_equal(tar_check("tar", &error), BAD_DATA);
	}
	assert_int_equal(tar_check("none", &error), BAD_DATA);
	buf_free(&error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_version_is_read_and_cut_off_anywhere_it_is_damaged),
		cmocka_unit_test(versions_that_are_not_known_are_said),
		cmocka_unit_test(a_table_of_contents_once_more_is_the_end),
		cmocka_unit_test(any_byte_may_be_another),
		cmocka_unit_test(sizes_of_a_tar_are_numbers_and_not_negative),
		cmocka_unit_test(a_tar_ends_in_a_block_of_zeros),
	};

	return unit_run("structure", tests, scratch_make, scratch_remove);
}
