/* Fuzzes ext/xml: what it hears is bounded by what it reads, and reads again. */
#include "fuzz.h"

#include "base/banned.h"
#include "base/buf.h"
#include "ext/xml.h"

struct heard {
	struct buf again;  /* the leaves, written as XML */
	size_t elements, bytes;
};

static void put_text(struct buf *b, const char *text)
{
	for (; *text; text++) {
		if (strchr("<>&\r", *text)) /* a bare CR would be read as LF */
			buf_printf(b, "&#%d;", *text);
		else
			buf_putc(b, *text);
	}
}

static void hear(void *arg, const char *path, const char *text)
{
	struct heard *h = arg;
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	MUST(*name);
	h->elements++;
	h->bytes += strlen(text);
	/* Of a:6 the name is 6, which alone is none. */
	buf_printf(&h->again, "<_%s>", name);
	put_text(&h->again, text);
	buf_printf(&h->again, "</_%s>", name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct heard first = { .again = BUF_INIT }, second = { .again = BUF_INIT };
	char *copy = malloc(len ? len : 1);

	/* A copy of its exact size: reading behind it is seen. */
	memcpy(copy, data, len);
	buf_puts(&first.again, "<r>");
	if (xml_read(copy, len, hear, &first) == 0) {
		buf_puts(&first.again, "</r>");
		MUST(first.elements && first.elements <= len / 4 + 1);
		MUST(first.bytes <= len);
		MUST(xml_read(first.again.data, first.again.len, hear, &second) == 0);
		MUST(second.elements == first.elements + 1);
		MUST(second.bytes == first.bytes);
	}
	buf_free(&first.again);
	buf_free(&second.again);
	free(copy);
	return 0;
}
