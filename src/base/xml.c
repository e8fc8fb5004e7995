/* xml - reads the XML that a server answered. */
#include "base/xml.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/buf.h"

#define DEPTH 32
#define BLANKS " \t\r\n"

struct reader {
	const char *at, *end;
	void (*element)(void *arg, const char *path, const char *text);
	void *arg;
	struct buf path;         /* of the open elements */
	struct buf texts[DEPTH]; /* of each */
	size_t depth;
	bool done;               /* the root has ended */
};

/* Moves behind the next `text`. */
static int skip_past(struct reader *r, const char *text)
{
	size_t len = strlen(text);
	const char *found = memmem(r->at, (size_t)(r->end - r->at), text, len);

	if (!found)
		return -1;
	r->at = found + len;
	return 0;
}

static bool starts(const struct reader *r, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(r->end - r->at) >= len && memcmp(r->at, text, len) == 0;
}

/* --- texts --- */

static void put_utf8(struct buf *b, unsigned long c)
{
	if (c < 0x80) {
		buf_putc(b, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_putc(b, (char)(0xC0 | (c >> 6)));
	} else if (c < 0x10000) {
		buf_putc(b, (char)(0xE0 | (c >> 12)));
		buf_putc(b, (char)(0x80 | ((c >> 6) & 0x3F)));
	} else {
		buf_putc(b, (char)(0xF0 | (c >> 18)));
		buf_putc(b, (char)(0x80 | ((c >> 12) & 0x3F)));
		buf_putc(b, (char)(0x80 | ((c >> 6) & 0x3F)));
	}
	buf_putc(b, (char)(0x80 | (c & 0x3F)));
}

/* `#38` or `#x26`; not the characters that XML has none of. */
static int put_number(struct buf *b, const char *name)
{
	bool hex = name[1] == 'x';
	const char *digits = name + 1 + hex;
	char *end;
	unsigned long c;

	if (!*digits || strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789") != strlen(digits))
		return -1;
	c = strtoul(digits, &end, hex ? 16 : 10);
	if (!c || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return -1;
	put_utf8(b, c);
	return 0;
}

/* At the &. */
static int put_entity(struct reader *r, struct buf *b)
{
	static const struct {
		const char *name, *text;
	} known[] = { { "lt", "<" }, { "gt", ">" }, { "amp", "&" }, { "quot", "\"" }, { "apos", "'" } };
	const char *end = memchr(r->at, ';', (size_t)(r->end - r->at));
	char name[12] = "";

	if (!end || end - r->at - 1 >= (long)sizeof(name) || end == r->at + 1)
		return -1;
	memcpy(name, r->at + 1, (size_t)(end - r->at - 1));
	r->at = end + 1;
	if (*name == '#')
		return put_number(b, name);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(name, known[i].name) == 0) {
			buf_puts(b, known[i].text);
			return 0;
		}
	return -1;
}

/* Up to the next tag; outside of the root only blanks. */
static int read_text(struct reader *r)
{
	struct buf *b = r->depth ? &r->texts[r->depth - 1] : NULL;

	while (r->at < r->end && *r->at != '<') {
		if (!*r->at || (!b && !strchr(BLANKS, *r->at)))
			return -1;
		if (*r->at == '&') {
			if (put_entity(r, b) != 0)
				return -1;
			continue;
		}
		if (b)
			buf_putc(b, *r->at);
		r->at++;
	}
	return 0;
}

static int read_cdata(struct reader *r)
{
	const char *from = r->at += strlen("<![CDATA[");

	if (!r->depth || skip_past(r, "]]>") != 0)
		return -1;
	buf_add(&r->texts[r->depth - 1], from, (size_t)(r->at - from) - strlen("]]>"));
	return 0;
}

/* --- tags --- */

/* XML 1.0, NameStartChar and NameChar, of ASCII; of what lies above, all. */
static bool starts_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

static bool is_in_name(char c)
{
	return starts_name(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

/* Reads a name without a colon. */
static int read_part(struct reader *r, const char **part, size_t *len)
{
	*part = r->at;
	if (r->at == r->end || !starts_name(*r->at))
		return -1;
	while (r->at < r->end && is_in_name(*r->at))
		r->at++;
	*len = (size_t)(r->at - *part);
	return 0;
}

/* Reads a name, and gives what follows its prefix ('Namespaces in XML', QName). */
static int read_name(struct reader *r, const char **name, size_t *len)
{
	int rc = read_part(r, name, len);

	if (rc || !starts(r, ":"))
		return rc;
	r->at++;
	return read_part(r, name, len);
}

static void skip_blanks(struct reader *r)
{
	while (r->at < r->end && *r->at && strchr(BLANKS, *r->at))
		r->at++;
}

/* To the tag's > or />. */
static int skip_attributes(struct reader *r)
{
	const char *name;
	size_t len;

	for (;;) {
		skip_blanks(r);
		if (r->at >= r->end)
			return -1;
		if (*r->at == '>' || *r->at == '/')
			return 0;
		if (read_name(r, &name, &len) != 0)
			return -1;
		skip_blanks(r);
		if (!starts(r, "="))
			return -1;
		r->at++;
		skip_blanks(r);
		if (!starts(r, "'") && !starts(r, "\""))
			return -1;
		r->at++;
		if (skip_past(r, r->at[-1] == '"' ? "\"" : "'") != 0)
			return -1;
	}
}

static void close_element(struct reader *r)
{
	struct buf *text = &r->texts[r->depth - 1];
	const char *slash = strrchr(r->path.data, '/');

	r->element(r->arg, r->path.data, text->data);
	buf_free(text);
	buf_cut(&r->path, slash ? (size_t)(slash - r->path.data) : 0);
	r->depth--;
	r->done = !r->depth;
}

static int open_tag(struct reader *r)
{
	const char *name;
	size_t len;

	r->at++;
	if (r->done || r->depth == DEPTH || read_name(r, &name, &len) != 0)
		return -1;
	if (r->depth)
		buf_putc(&r->path, '/');
	buf_add(&r->path, name, len);
	r->texts[r->depth++] = (struct buf)BUF_INIT;
	if (skip_attributes(r) != 0)
		return -1;
	if (starts(r, "/>")) {
		r->at += 2;
		close_element(r);
		return 0;
	}
	if (!starts(r, ">"))
		return -1;
	r->at++;
	return 0;
}

static int close_tag(struct reader *r)
{
	const char *name, *slash = strrchr(r->path.data, '/'), *own = slash ? slash + 1 : r->path.data;
	size_t len;

	r->at += 2;
	if (!r->depth || read_name(r, &name, &len) != 0 || strlen(own) != len || memcmp(own, name, len) != 0)
		return -1;
	skip_blanks(r);
	if (!starts(r, ">"))
		return -1;
	r->at++;
	close_element(r);
	return 0;
}

static int read_markup(struct reader *r)
{
	if (starts(r, "<?"))
		return skip_past(r, "?>");
	if (starts(r, "<!--"))
		return skip_past(r, "-->");
	if (starts(r, "<![CDATA["))
		return read_cdata(r);
	if (starts(r, "<!"))
		return -1;
	return starts(r, "</") ? close_tag(r) : open_tag(r);
}

int xml_read(const char *xml, size_t len,
             void (*element)(void *arg, const char *path, const char *text), void *arg)
{
	struct reader r = { .at = xml, .end = xml + len, .element = element, .arg = arg, .path = BUF_INIT };
	int rc = memchr(xml, '\0', len) ? -1 : 0;

	if (!rc && starts(&r, "\xEF\xBB\xBF"))
		r.at += 3;
	while (!rc && r.at < r.end)
		rc = *r.at == '<' ? read_markup(&r) : read_text(&r);
	if (!r.done)
		rc = -1;
	while (r.depth)
		buf_free(&r.texts[--r.depth]);
	buf_free(&r.path);
	return rc;
}
