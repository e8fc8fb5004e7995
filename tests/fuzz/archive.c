/*
 * Fuzzes dump/structure on a custom archive: the verdict does not depend on the pieces that the bytes come in, nor on
 * whether they come from a file.
 */
#include "fuzz.h"

#include "base/banned.h"
#include "base/status.h"
#include "dump/structure.h"

struct source {
	const uint8_t *data;
	size_t left, piece;
};

static ssize_t next(void *arg, char *to, size_t size)
{
	struct source *s = arg;
	size_t len = s->left < size ? s->left : size;

	len = len < s->piece ? len : s->piece;
	memcpy(to, s->data, len);
	s->data += len;
	s->left -= len;
	return (ssize_t)len;
}

static int judge(struct structure *s, int rc, struct buf *error)
{
	MUST((s == NULL) == (rc != 0));
	if (s)
		rc = structure_finish(s, error);
	MUST(rc == DONE || rc == BAD_DATA);
	MUST((rc == DONE) == (error->len == 0));
	structure_free(s);
	buf_free(error);
	return rc;
}

static int stream(const uint8_t *data, size_t len, size_t piece)
{
	struct source source = { .data = data, .left = len, .piece = piece };
	struct buf error = BUF_INIT;
	int rc = 0;
	struct structure *s = structure_read(next, &source, "archive", &rc, &error);

	return judge(s, rc, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf error = BUF_INIT;
	char path[64];
	int fd = input_file(data, len, path), rc = 0, whole = stream(data, len, SIZE_MAX);
	bool short_of = false;
	struct structure *s;

	MUST(stream(data, len, 1) == whole);
	s = structure_open(path, "custom", &rc, &error);
	MUST(judge(s, rc, &error) == whole);
	rc = structure_check_head(path, &short_of, &error);
	MUST(whole != DONE || rc == DONE);
	buf_free(&error);
	close(fd);
	return 0;
}
