/* buf - strings and lists that grow. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

char buf_empty[1];

char *xasprintf(const char *format, ...)
{
	struct buf b = BUF_INIT;
	va_list args;

	va_start(args, format);
	buf_vprintf(&b, format, args);
	va_end(args);
	return buf_detach(&b);
}

char *buf_room(struct buf *b, size_t more)
{
	size_t need = b->len + more + 1;

	if (need > b->size) {
		size_t size = need + need / 2 + 32;

		b->data = xrealloc(b->size ? b->data : NULL, size);
		b->size = size;
		b->data[b->len] = '\0';
	}
	return b->data + b->len;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
	char *to = buf_room(b, len);

	if (len)
		memcpy(to, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_putc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0)
		return;
	vsnprintf(buf_room(b, (size_t)len), (size_t)len + 1, format, args);
	b->len += (size_t)len;
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprintf(b, format, args);
	va_end(args);
}

void buf_cut(struct buf *b, size_t len)
{
	if (len < b->len) {
		b->len = len;
		b->data[len] = '\0';
	}
}

void buf_trim(struct buf *b)
{
	size_t len = b->len;

	while (len && strchr(" \t\r\n", b->data[len - 1]))
		len--;
	buf_cut(b, len);
}

char *buf_detach(struct buf *b)
{
	char *text = b->size ? b->data : xstrdup("");

	*b = (struct buf)BUF_INIT;
	return text;
}

void buf_free(struct buf *b)
{
	if (b->size)
		free(b->data);
	*b = (struct buf)BUF_INIT;
}

void strs_add(struct strs *s, const char *text)
{
	s->v = xrealloc(s->v, (s->n + 2) * sizeof(*s->v));
	s->v[s->n++] = xstrdup(text);
	s->v[s->n] = NULL;
}

void strs_printf(struct strs *s, const char *format, ...)
{
	struct buf text = BUF_INIT;
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	strs_add(s, text.data);
	buf_free(&text);
}

bool strs_has(const struct strs *s, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i], text) == 0)
			return true;
	return false;
}

void strs_split(struct strs *s, const char *text, const char *split)
{
	char *ends = xasprintf("\r\n%s", split ? split : "");

	while (*text) {
		size_t len = strcspn(text, ends);

		if (len) {
			char *line = xstrndup(text, len);

			strs_add(s, line);
			free(line);
		}
		text += len;
		text += strspn(text, ends);
	}
	free(ends);
}

void strs_free(struct strs *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct strs){ 0 };
}

const char *skip_prefix(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) ? NULL : text + len;
}
