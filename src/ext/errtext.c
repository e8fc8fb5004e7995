/* errtext - the server's error in what libpq says of a login. */
#include "ext/errtext.h"

#include <string.h>

#include "base/banned.h"

#define GAP ":  "
#define CODE 5
#define FAILED " failed: " /* fe-connect.c, emitHostIdentityInfo */

static bool is_code(const char *text)
{
	return strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == CODE && text[CODE] == ':';
}

/* The first code in text, or NULL. */
static const char *find_code(const char *text)
{
	for (const char *gap = strstr(text, GAP); gap; gap = strstr(gap + 1, GAP))
		if (is_code(gap + strlen(GAP)))
			return gap + strlen(GAP);
	return NULL;
}

/* Of several hosts each has a line. Where one refuses the login libpq tries no further: the last is the
 * answer. */
static const char *choose_code(const char *message)
{
	const char *chosen = find_code(message);

	for (const char *at = strstr(message, FAILED); at; at = strstr(at + 1, FAILED)) {
		const char *code = find_code(at);

		if (code && code < at + strcspn(at, "\n"))
			chosen = code;
	}
	return chosen;
}

void errtext_take(const char *message, char sqlstate[6], struct buf *text)
{
	const char *code = choose_code(message), *line = message;

	sqlstate[0] = '\0';
	if (code) {
		memcpy(sqlstate, code, CODE);
		sqlstate[CODE] = '\0';
		line = code + CODE + 1;
		line += strspn(line, " ");
	}
	buf_cut(text, 0);
	buf_add(text, line, code ? strcspn(line, "\n") : strlen(line));
	buf_trim(text);
}

/* A socket that broke, whatever was being negotiated on it. */
static bool is_broken(struct buf *line)
{
	return strstr(line->data, "SYSCALL") || strstr(line->data, "unexpected eof") ||
	       strstr(line->data, "negotiation packet");
}

bool errtext_is_tls(const char *message)
{
	struct buf line = BUF_INIT;
	bool is = false;

	/* Before it stand hosts' names, which may be any. */
	for (const char *at = message; !is && (at = strstr(at, FAILED)); at += strlen(FAILED)) {
		buf_cut(&line, 0);
		buf_add(&line, at, strcspn(at, "\n"));
		is = (strstr(line.data, "SSL") || strstr(line.data, "certificate")) && !is_broken(&line);
	}
	buf_free(&line);
	return is;
}

bool errtext_is_loss(const char *sqlstate)
{
	return skip_prefix(sqlstate, "08") || skip_prefix(sqlstate, "57P");
}
