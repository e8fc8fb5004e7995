/* bytes - reads the numbers and texts of an archive. */
#include "dump/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "dump/format.h"

#define STRING_MAX (1 << 30) /* MaxAllocSize: no server can have sent more */

void bytes_fail(struct bytes *b, const char *fault)
{
	if (!b->fault)
		b->fault = fault;
}

bool bytes_left(struct bytes *b)
{
	size_t want = b->limit >= 0 && b->limit < BYTES_PIECE ? (size_t)b->limit : BYTES_PIECE;
	ssize_t n;

	if (b->fault || b->ended)
		return false;
	if (b->at < b->len)
		return true;
	n = want ? b->next(b->arg, b->piece, want) : 0;
	if (n <= 0) {
		b->number = n < 0 ? errno : 0;
		if (b->number == EBADMSG)
			bytes_fail(b, "it is damaged or cut off");
		b->ended = true;
		return false;
	}
	b->before += (int64_t)b->len;
	if (!b->before)
		b->converted = format_is_converted(b->piece, (size_t)n);
	b->len = (size_t)n;
	b->at = 0;
	if (b->limit >= 0)
		b->limit -= n;
	return true;
}

static void cut_off(struct bytes *b)
{
	b->cut_off = b->cut_off || !b->fault;
	bytes_fail(b, "it is cut off");
}

void bytes_read(struct bytes *b, char *to, size_t len)
{
	while (len) {
		size_t n;

		if (!bytes_left(b)) {
			cut_off(b);
			return;
		}
		n = b->len - b->at < len ? b->len - b->at : len;
		memcpy(to, b->piece + b->at, n);
		b->at += n;
		to += n;
		len -= n;
	}
}

/* has_nul is set when one of them is NUL. */
static void skip(struct bytes *b, int64_t len, bool *has_nul)
{
	while (len > 0) {
		size_t n;

		if (!bytes_left(b)) {
			cut_off(b);
			return;
		}
		n = (int64_t)(b->len - b->at) < len ? b->len - b->at : (size_t)len;
		*has_nul = *has_nul || memchr(b->piece + b->at, '\0', n);
		b->at += n;
		len -= (int64_t)n;
	}
}

void bytes_skip(struct bytes *b, int64_t len)
{
	bool ignored = true;

	skip(b, len, &ignored);
}

unsigned bytes_byte(struct bytes *b)
{
	unsigned char byte = 0;

	bytes_read(b, (char *)&byte, 1);
	return b->fault ? 0 : byte;
}

int64_t bytes_signed(struct bytes *b, unsigned sign)
{
	unsigned char bytes[8] = { 0 };
	uint64_t number = 0;

	if (b->int_size > sizeof(bytes))
		bytes_fail(b, "its numbers have an impossible size");
	if (b->fault)
		return 0;
	bytes_read(b, (char *)bytes, b->int_size);
	for (size_t i = b->int_size; i-- > 0;)
		number = number << 8 | bytes[i];
	if (sign > 1 || number > UINT32_MAX)
		bytes_fail(b, "a number has no valid sign or size");
	return b->fault ? 0 : sign ? -(int64_t)number : (int64_t)number;
}

/* A byte for the sign, then the least significant byte first. */
int64_t bytes_int(struct bytes *b)
{
	return bytes_signed(b, bytes_byte(b));
}

/* Its length, -1 for NULL, and its bytes. */
int64_t bytes_string(struct bytes *b, char *text)
{
	int64_t len = bytes_int(b);
	size_t kept = len < 0 ? 0 : len < BYTES_TEXT ? (size_t)len : BYTES_TEXT - 1;
	bool has_nul = false;

	memset(text, 0, BYTES_TEXT);
	if (len < -1 || len > STRING_MAX)
		bytes_fail(b, "a text has an impossible length");
	bytes_read(b, text, b->fault ? 0 : kept);
	has_nul = !b->fault && strlen(text) != kept;
	skip(b, b->fault ? 0 : len - (int64_t)kept, &has_nul);
	if (has_nul)
		bytes_fail(b, "a text has a NUL byte in it");
	return b->fault ? -1 : len;
}

void bytes_text(struct bytes *b, char *text, const char *fault)
{
	if (bytes_string(b, text) < 0)
		bytes_fail(b, fault);
}

int64_t bytes_digits(struct bytes *b)
{
	char text[BYTES_TEXT];
	int64_t len = bytes_string(b, text);

	if (len < 1 || len > 10 || strspn(text, "0123456789") != (size_t)len)
		bytes_fail(b, "the number of an object is not valid");
	return b->fault ? 0 : strtoll(text, NULL, 10);
}
