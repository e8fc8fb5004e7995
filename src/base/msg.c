/* msg - what is said on stderr, and how a program ends. */
#include "base/msg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/status.h"
#include "base/utf8.h"

enum msg_level msg_limit = MSG_INFO;

static const char *name = "pgbox";
static pid_t named; /* the process that the name was given in */
static bool json;
static struct strs secrets;

static const char *const levels[] = { "error", "warning", "info", "debug" };

static void die_of_memory(const char *reason)
{
	die(CANNOT_WRITE, "%s", reason);
}

void msg_name(const char *applet)
{
	name = applet;
	named = getpid();
	mem_at_end(die_of_memory);
}

const char *msg_applet(void)
{
	return name;
}

bool msg_format(const char *format)
{
	json = format && strcmp(format, "json") == 0;
	return !format || !*format || json || strcmp(format, "text") == 0;
}

const char *msg_word(const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                            "0123456789_.-";

	return text[strspn(text, plain)] ? "..." : text;
}

/* The longest first: one may be a part of another. */
void msg_secret(const char *secret)
{
	size_t len = strlen(secret);

	if (len < 4)
		return;
	for (size_t i = 0; i < secrets.n; i++)
		if (strcmp(secrets.v[i], secret) == 0)
			return;
	strs_add(&secrets, secret);
	for (size_t i = secrets.n - 1; i > 0 && strlen(secrets.v[i - 1]) < len; i--) {
		char *shorter = secrets.v[i - 1];

		secrets.v[i - 1] = secrets.v[i];
		secrets.v[i] = shorter;
	}
}

void msg_mask(struct buf *text)
{
	for (size_t i = 0; i < secrets.n; i++) {
		size_t len = strlen(secrets.v[i]);
		char *at;

		while ((at = strstr(text->data, secrets.v[i]))) {
			struct buf rest = BUF_INIT;

			buf_puts(&rest, at + len);
			buf_cut(text, (size_t)(at - text->data));
			buf_printf(text, "***%s", rest.data);
			buf_free(&rest);
		}
	}
}

static void blank_controls(struct buf *text)
{
	struct buf blanked = BUF_INIT;

	buf_trim(text);
	utf8_blank(&blanked, text->data);
	buf_free(text);
	*text = blanked;
}

/* RFC 8259, sections 7 and 8.1; control bytes are blanked before, and servers of
 * another encoding say bytes that are no UTF-8. */
static void add_json_string(struct buf *line, const char *text)
{
	buf_putc(line, '"');
	while (*text) {
		size_t len = utf8_sequence(text);

		if (*text == '"' || *text == '\\')
			buf_putc(line, '\\');
		buf_add(line, len ? text : "?", len ? len : 1);
		text += len ? len : 1;
	}
	buf_putc(line, '"');
}

static void add_json(struct buf *line, enum msg_level level, const char *text)
{
	struct timespec now;
	struct tm utc;
	char stamp[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
	buf_printf(line, "{\"time\":\"%s.%03ldZ\",\"applet\":\"%s\",\"level\":\"%s\",\"message\":",
	           stamp, now.tv_nsec / 1000000, name, levels[level]);
	add_json_string(line, text);
	buf_puts(line, "}\n");
}

static char *compose(enum msg_level level, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
static void say(enum msg_level level, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static char *compose(enum msg_level level, const char *format, va_list args)
{
	struct buf text = BUF_INIT, line = BUF_INIT;

	buf_vprintf(&text, format, args);
	msg_mask(&text);
	blank_controls(&text);
	if (json)
		add_json(&line, level, text.data);
	else
		buf_printf(&line, "%s: %s: %s\n", name, levels[level], text.data);
	buf_free(&text);
	return buf_detach(&line);
}

static void say(enum msg_level level, const char *format, va_list args)
{
	char *line = compose(level, format, args);

	file_write(STDERR_FILENO, line, strlen(line));
	free(line);
}

char *msg_line(enum msg_level level, const char *format, ...)
{
	va_list args;
	char *line;

	va_start(args, format);
	line = compose(level, format, args);
	va_end(args);
	return line;
}

void msg_at_signal(const char *format, ...)
{
	static char *line;
	char *last = line;
	va_list args;

	va_start(args, format);
	line = compose(MSG_ERROR, format, args);
	va_end(args);
	proc_last_words(line);
	free(last);
}

void msg(enum msg_level level, const char *format, ...)
{
	va_list args;

	if (level > msg_limit)
		return;
	va_start(args, format);
	say(level, format, args);
	va_end(args);
}

void msg_each(enum msg_level level, const struct strs *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		msg(level, "%s", texts->v[i]);
}

static void (*before_death)(const char *error);

void msg_before_death(void (*tell)(const char *error))
{
	before_death = tell;
}

static void tell_death(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

static void tell_death(const char *format, va_list args)
{
	void (*tell)(const char *) = before_death;
	struct buf text = BUF_INIT;

	before_death = NULL; /* it may die itself */
	buf_vprintf(&text, format, args);
	msg_mask(&text);
	tell(text.data);
	buf_free(&text);
}

void msg_ending(int status)
{
	if (getpid() != named)
		return;
	if (proc_ending(status) == BAD_CONFIG)
		msg(MSG_INFO, "exit %d: a restart will not help before the configuration is changed", status);
	else if (proc_ending(status) == BROKEN_OFF)
		msg(MSG_INFO, "exit %d: a restart will not help before somebody has looked at it", status);
}

void die(int status, const char *format, ...)
{
	va_list args;

	if (before_death) {
		va_start(args, format);
		tell_death(format, args);
		va_end(args);
	}
	va_start(args, format);
	say(MSG_ERROR, format, args);
	va_end(args);
	msg_ending(status);
	exit(proc_ending(status));
}

void msg_check_stdout(void)
{
	errno = 0;
	/* The reason of an earlier failure is gone. */
	if (fflush(stdout) != 0 || ferror(stdout))
		die(CANNOT_WRITE, "cannot write to standard output: %s",
		    errno ? strerror(errno) : "a write failed");
}
