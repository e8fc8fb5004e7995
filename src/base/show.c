/* show - text on stdout that others have a hand in. */
#include "base/show.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"
#include "base/buf.h"
#include "base/utf8.h"

void show(const char *format, ...)
{
	bool line = *format && format[strlen(format) - 1] == '\n';
	struct buf text = BUF_INIT, shown = BUF_INIT;
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	if (line)
		buf_cut(&text, text.len - 1);
	utf8_blank(&shown, text.data);
	fwrite(shown.data, 1, shown.len, stdout);
	if (line)
		putchar('\n');
	buf_free(&text);
	buf_free(&shown);
}

void show_json(const char *json)
{
	struct buf shown = BUF_INIT;

	for (const char *at = json; *at;) {
		size_t hidden = utf8_hidden(at), len = utf8_sequence(at);

		if (hidden && len)
			buf_printf(&shown, "\\u%04x", utf8_point(at));
		else
			buf_add(&shown, len ? at : "?", len ? len : 1);
		at += len ? len : 1;
	}
	fwrite(shown.data, 1, shown.len, stdout);
	putchar('\n');
	buf_free(&shown);
}
