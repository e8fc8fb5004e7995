/* comparison - what follows a check's `=`: a name or path, an operator, a bound. */
#include "check/comparison.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/buf.h"
#include "base/utf8.h"

#define BLANKS " \t\r\n"

#define EXPRESSION "<>=!\"'()[]{},*+/%&|^~`\\" BLANKS

/* The longer first. */
static const struct {
	const char *text;
	enum sign sign;
} signs[] = {
	{ ">=", SIGN_AT_LEAST }, { "<=", SIGN_AT_MOST }, { ">", SIGN_ABOVE },
	{ "<", SIGN_BELOW },     { "=", SIGN_EQUAL },
};

#define SIGNS (sizeof(signs) / sizeof(*signs))

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, BLANKS);
}

/* Blanks and operators beyond ASCII: Latin-1's, general punctuation to miscellaneous symbols
 * (U+2265 is one that keyboards have), the full-width forms. */
static bool is_operator(unsigned code)
{
	static const unsigned ranges[][2] = {
		{ 0xa0, 0xa9 },     { 0xab, 0xb4 },     { 0xb6, 0xb9 },     { 0xbb, 0xbf },
		{ 0xd7, 0xd7 },     { 0xf7, 0xf7 },     { 0x2000, 0x2bff }, { 0x3000, 0x3000 },
		{ 0xff01, 0xff0f }, { 0xff1a, 0xff20 },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (code >= ranges[i][0] && code <= ranges[i][1])
			return true;
	return false;
}

/* Returns the bytes of the character beyond ASCII at text, 0 for an operator. Bytes that are
 * not UTF-8 may be a name of another encoding. */
static size_t foreign_length(const char *text)
{
	size_t len = utf8_sequence(text);
	unsigned code;

	if (len < 2)
		return 1;
	code = (unsigned char)text[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++)
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	return is_operator(code) ? 0 : len;
}

/* Returns the bytes of the bare name or path at text. */
static size_t bare_length(const char *text, enum operand operand)
{
	const char *at = text;
	size_t len = 1;

	if (operand == OPERAND_PATH)
		return strcspn(text, "<>=!\"" BLANKS);
	while (*at && len) {
		if ((unsigned char)*at >= 0x80)
			len = foreign_length(at);
		else
			len = strchr(operand == OPERAND_TABLE ? EXPRESSION "." : EXPRESSION, *at) ? 0 : 1;
		at += len;
	}
	return (size_t)(at - text);
}

/* Reads the quoted word at text. Returns what follows it, or NULL when it does not end. */
static const char *read_quoted(const char *text, struct buf *word)
{
	for (text++; *text; text++) {
		if (*text == '"' && *++text != '"')
			return text;
		buf_putc(word, *text);
	}
	return NULL;
}

/* Reads a word that is not empty. Returns what follows it, or NULL. */
static const char *read_word(const char *text, enum operand operand, char **word)
{
	struct buf b = BUF_INIT;

	if (*text == '"') {
		text = read_quoted(text, &b);
	} else {
		size_t len = bare_length(text, operand);

		buf_add(&b, text, len);
		text += len;
	}
	if (!b.len)
		text = NULL;
	*word = buf_detach(&b);
	return text;
}

static const char *read_operand(struct comparison *c, const char *text, enum operand operand)
{
	if (operand == OPERAND_NONE) {
		c->name = xstrdup("");
		return text;
	}
	text = read_word(text, operand, &c->name);
	if (!text || *text != '.' || operand != OPERAND_TABLE)
		return text;
	c->schema = c->name;
	c->name = NULL;
	return read_word(text + 1, operand, &c->name);
}

/* Reads the operator and the bound. */
static bool read_bound(struct comparison *c, const char *text)
{
	struct buf bound = BUF_INIT;
	size_t i = 0, len = 0;

	while (i < SIGNS && !len) {
		len = skip_prefix(text, signs[i].text) ? strlen(signs[i].text) : 0;
		c->sign = signs[i++].sign;
	}
	if (!len) {
		c->sign = SIGN_NONE;
		return false;
	}
	buf_puts(&bound, skip_blanks(text + len));
	buf_trim(&bound);
	c->bound = buf_detach(&bound);
	return *c->bound;
}

bool comparison_read(struct comparison *c, const char *text, enum operand operand)
{
	*c = (struct comparison){ .sign = SIGN_NONE };
	text = read_operand(c, skip_blanks(text), operand);
	if (!text)
		return false;
	text = skip_blanks(text);
	return !*text || read_bound(c, text);
}

const char *sign_text(enum sign sign)
{
	for (size_t i = 0; i < SIGNS; i++)
		if (signs[i].sign == sign)
			return signs[i].text;
	return "";
}

void comparison_free(struct comparison *c)
{
	free(c->schema);
	free(c->name);
	free(c->bound);
	*c = (struct comparison){ 0 };
}
