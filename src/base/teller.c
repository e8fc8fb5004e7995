/* teller - who gets the messages of something that takes long. */
#include "base/teller.h"

#include <stdarg.h>

#include "base/banned.h"
#include "base/buf.h"

static void say_by_msg(enum msg_level level, const char *text, void *arg)
{
	(void)arg;
	msg(level, "%s", text);
}

const struct teller teller_msg = { .say = say_by_msg };

void teller_say(const struct teller *t, enum msg_level level, const char *text)
{
	if (t)
		t->say(level, text, t->arg);
}

void teller_sayf(const struct teller *t, enum msg_level level, const char *format, ...)
{
	struct buf text = BUF_INIT;
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	teller_say(t, level, text.data);
	buf_free(&text);
}
