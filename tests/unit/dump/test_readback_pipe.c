/* Unit tests of dump/readback_pipe: what goes by is read back by another process. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#include "base/banned.h"
#include "base/file.h"
#include "base/status.h"
#include "dump/program.h"
#include "dump/readback_pipe.h"
#include "ext/pack.h"

#define LAST "\n-- PostgreSQL database dump complete\n"

/* Gives it the bytes piece by piece; what it says is in error. */
static int reads(const char *kind, const char *bytes, size_t len, size_t piece, struct buf *error)
{
	struct readback_pipe r;

	assert_int_equal(readback_pipe_start(&r, "s3://b/k", kind, ".", error), 0);
	for (size_t at = 0; at < len; at += piece)
		readback_pipe_add(&r, bytes + at, len - at < piece ? len - at : piece);
	return readback_pipe_end(&r, error);
}

static void assert_reads(const char *kind, const struct buf *b, size_t piece, int wanted, const char *words)
{
	struct buf error = BUF_INIT;

	assert_int_equal(reads(kind, b->data, b->len, piece, &error), wanted);
	assert_holds(error.data, words);
	buf_free(&error);
}

static struct buf packed(enum packing_method method, const char *text)
{
	struct packing p = { .method = method, .level = 1 };
	struct buf b = BUF_INIT;
	int from, to;

	unlink("packed");
	put_text("plain", text);
	from = open("plain", O_RDONLY);
	to = open("packed", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(pack_copy(from, to, &p, NULL, NULL), 0);
	close(from);
	close(to);
	assert_int_equal(file_read("packed", &b, 1 << 20), 0);
	return b;
}

static void whatever_packs_it_is_read_to_its_last_line(void **state)
{
	static const enum packing_method methods[] = { PACK_NONE, PACK_ZSTD, PACK_GZIP, PACK_LZ4 };

	(void)state;
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		struct buf good = packed(methods[i], "SELECT 1;" LAST), bad = packed(methods[i], "SELECT 1;\n");

		assert_reads("plain", &good, 65536, 0, "");
		assert_reads("plain", &good, 1, 0, "");
		assert_reads("plain", &bad, 65536, BAD_DATA, "'s3://b/k' is cut off");
		buf_free(&good);
		buf_free(&bad);
	}
}

static void what_is_damaged_or_cut_off_is_no_backup(void **state)
{
	struct buf b = packed(PACK_ZSTD, "SELECT 1;" LAST);

	(void)state;
	b.data[b.len / 2] ^= 0x40;
	assert_reads("plain", &b, 7, BAD_DATA, "'s3://b/k'");
	b.data[b.len / 2] ^= 0x40;
	buf_cut(&b, b.len - 1);
	assert_reads("plain", &b, 7, BAD_DATA, "'s3://b/k'");
	buf_cut(&b, 0);
	assert_reads("plain", &b, 7, BAD_DATA, "'s3://b/k'");
	buf_free(&b);
}

static void one_that_wants_no_more_does_not_stop_the_writer(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_puts(&b, "\x28\xb5\x2f\xfd" "nonsense");
	for (int i = 0; i < 20000; i++)
		buf_puts(&b, "more than a socket holds, so that the writer would wait for ever");
	assert_reads("plain", &b, 65536, BAD_DATA, "'s3://b/k'");
	buf_free(&b);
}

static void of_an_unknown_kind_nothing_is_known(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_puts(&b, "x");
	assert_reads("other", &b, 1, BAD_DATA, "a kind that this pgbox does not know");
	buf_free(&b);
}

/* How a pg_restore that ended so is explained. */
static int explained(int status, bool killed)
{
	char name[] = "pg_restore", *v[] = { name, NULL };
	struct strs args = { .v = v, .n = 1 };
	struct program t = { .job = { .args = &args }, .status = status, .killed = killed, .error = BUF_INIT };
	struct buf error = BUF_INIT;
	int rc = program_explain_reader(&t, &error);

	buf_free(&error);
	return rc;
}

static void a_reader_that_crashes_did_so_on_what_it_read(void **state)
{
	(void)state;
	assert_int_equal(explained(1, false), BAD_DATA);
	assert_int_equal(explained(BY_SIGNAL + SIGSEGV, true), BAD_DATA);
	assert_int_equal(explained(BY_SIGNAL + SIGABRT, true), BAD_DATA);
	assert_int_equal(explained(BY_SIGNAL + SIGXCPU, true), BAD_DATA);
	assert_int_equal(explained(BY_SIGNAL + SIGKILL, true), NO);
	assert_int_equal(explained(BY_SIGNAL + SIGTERM, true), NO);
	assert_int_equal(explained(CANNOT_RUN, false), NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_packs_it_is_read_to_its_last_line),
		cmocka_unit_test(what_is_damaged_or_cut_off_is_no_backup),
		cmocka_unit_test(one_that_wants_no_more_does_not_stop_the_writer),
		cmocka_unit_test(of_an_unknown_kind_nothing_is_known),
		cmocka_unit_test(a_reader_that_crashes_did_so_on_what_it_read),
	};

	return unit_run("readback_pipe", tests, scratch_make, scratch_remove);
}
