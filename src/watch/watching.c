/* watching - the state of a watch that is running. */
#include "watch/watching.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/teller.h"
#include "watch/companion.h"

void watching_log(const struct watching *s, const char *line)
{
	char *now = clock_iso(clock_wall());
	struct buf text = BUF_INIT;

	buf_printf(&text, "%.19sZ %s\n", now, line);
	if (s->log >= 0)
		file_write(s->log, text.data, text.len);
	buf_free(&text);
	free(now);
}

void watching_say(enum msg_level level, const char *words, void *arg)
{
	const struct watching *s = arg;
	char *line = msg_line(level, "%s", words);

	teller_say(s->w->tell, level, words);
	line[strcspn(line, "\n")] = '\0';
	watching_log(s, line);
	free(line);
}

void watching_sayf(struct watching *s, enum msg_level level, const char *format, ...)
{
	struct buf words = BUF_INIT;
	va_list args;

	va_start(args, format);
	buf_vprintf(&words, format, args);
	va_end(args);
	watching_say(level, words.data, s);
	buf_free(&words);
}

void watching_open_log(struct watching *s, const char *path)
{
	char *name = companion_log(path);

	s->log = beneath_open(name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
	if (s->log < 0)
		watching_sayf(s, MSG_WARNING, "cannot write the log '%s': %s", name, strerror(errno));
	free(name);
}

void watching_close_log(struct watching *s)
{
	if (s->log >= 0)
		close(s->log);
	s->log = -1;
}

int watching_open_journal(struct watching *s)
{
	return journal_open(&s->journal, s->w->journal, true) < 0 || !s->journal.lite.db ? -1 : 0;
}
