/* utf8 - which bytes are UTF-8. */
#include "base/utf8.h"

#include "base/banned.h"
#include "base/buf.h"

/* The lead byte's range, the length, and what the second byte may be: the table of
 * RFC 3629, section 4. */
static const struct {
	unsigned char first, last, len, low, high;
} forms[] = {
	{ 0x00, 0x7f, 1, 0, 0 },       { 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

size_t utf8_sequence(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (*at < forms[i].first || *at > forms[i].last)
			continue;
		if (forms[i].len > 1 && (at[1] < forms[i].low || at[1] > forms[i].high))
			return 0;
		for (size_t j = 2; j < forms[i].len; j++)
			if ((at[j] & 0xc0) != 0x80)
				return 0;
		return forms[i].len;
	}
	return 0;
}

size_t utf8_cut(const char *text, size_t most)
{
	size_t len = 0;

	while (text[len]) {
		size_t n = utf8_sequence(text + len);

		n = n ? n : 1;
		if (len + n > most)
			break;
		len += n;
	}
	return len;
}

unsigned utf8_point(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t len = utf8_sequence(text);
	unsigned point = len > 1 ? *at & (0x7fu >> len) : *at;

	for (size_t i = 1; i < len; i++)
		point = point << 6 | (at[i] & 0x3f);
	return point;
}

size_t utf8_hidden(const char *text)
{
	static const struct {
		unsigned first, last;
	} ranges[] = {
		{ 0x01, 0x1f },     { 0x7f, 0x9f },     { 0x61c, 0x61c },
		{ 0x200e, 0x200f }, { 0x202a, 0x202e }, { 0x2066, 0x2069 },
	};
	size_t len = utf8_sequence(text);
	unsigned point = utf8_point(text);

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (point >= ranges[i].first && point <= ranges[i].last)
			return len ? len : 1;
	return 0;
}

void utf8_blank(struct buf *b, const char *text)
{
	while (*text) {
		size_t hidden = utf8_hidden(text), len = utf8_sequence(text);

		len = hidden ? hidden : len ? len : 1;
		buf_add(b, hidden ? " " : text, hidden ? 1 : len);
		text += len;
	}
}
