/*
 * dotenv - reads an env file.
 *
 * The readers that the rules below name: Compose (its documentation's `env_file` syntax, and
 * compose-go's dotenv package), python-dotenv (parser.py), node's dotenv (its README's
 * `Rules`), env-spec (its reference and grammar).
 */
#include "envcheck/dotenv.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define BLANKS " \t\f\v"
#define DIGITS "0123456789"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define NAME_BYTES UPPER "abcdefghijklmnopqrstuvwxyz" DIGITS "_.-"

struct dotenv_reader {
	const char *at;
	size_t line;
	struct dotenv *d;
	size_t room;         /* entries allocated */
	struct strs pending; /* comment lines whose entry has not come yet */
	bool active;         /* an entry that is not commented out has been seen */
	struct buf *error;
};

static void entry_free(struct dotenv_entry *e)
{
	free(e->name);
	free(e->value);
	free(e->beside);
	strs_free(&e->above);
}

void dotenv_free(struct dotenv *d)
{
	for (size_t i = 0; i < d->n; i++)
		entry_free(&d->v[i]);
	free(d->v);
	strs_free(&d->header);
	*d = (struct dotenv){ 0 };
}

/* Whether a comment, behind its # and blanks, parts what is above it from what is below: three
 * of the same (env-spec, grammar, 'Divider'). */
static bool divides(const char *text)
{
	return strspn(text, "-=*#") >= 3 && text[1] == text[0] && text[2] == text[0];
}

/* --- values --- */

/* A value's text, and where it ends. */
struct dotenv_value {
	struct buf text;
	char quote;
	const char *end; /* behind the closing quote, or the end of the bare value */
};

/* Compose: \n \r \t \\ and quotes; Ruby's dotenv: \$. Any other backslash stays (node's dotenv):
 * regular expressions need their \b, which python-dotenv takes for a backspace. */
static void add_unescaped(struct buf *text, const char *at, const char *end)
{
	static const char letters[] = "nrt\\\"'$", bytes[] = "\n\r\t\\\"'$";

	for (; at < end; at++) {
		const char *letter = *at == '\\' && at + 1 < end && at[1] ? strchr(letters, at[1]) : NULL;

		buf_putc(text, letter ? bytes[letter - letters] : *at);
		at += letter != NULL;
	}
}

/* In single quotes a backslash escapes only the quote (Compose, python-dotenv). At the end of
 * the line the quote closes instead: 'C:\data\' is a path. */
static bool escapes_single(const char *at)
{
	return at[0] == '\\' && at[1] == '\'' && !strchr("\n", at[2 + strspn(at + 2, BLANKS)]);
}

static void add_single(struct buf *text, const char *at, const char *end)
{
	for (; at < end; at++) {
		if (escapes_single(at))
			at++;
		buf_putc(text, *at);
	}
}

/* The quote or tripled quote that closes what begins at `at`, or NULL. */
static const char *closing(const char *at, char quote, size_t width)
{
	const char marks[] = { quote, quote, quote, '\0' };

	for (; *at; at++) {
		if (strncmp(at, marks, width) == 0)
			return at;
		if (quote == '"' ? *at == '\\' && at[1] : quote == '\'' && width == 1 && escapes_single(at))
			at++;
	}
	return NULL;
}

/* Quoted, with `at` on the quote. false when it is never closed. */
static bool read_quoted(const char *at, struct dotenv_value *v)
{
	size_t width = at[1] == at[0] && at[2] == at[0] ? 3 : 1;
	const char *from = at + width, *end = closing(from, *at, width);

	if (!end)
		return false;
	v->quote = *at;
	v->end = end + width;
	/* A line end right inside tripled quotes is there for the eye (env-spec). */
	if (width == 3 && *from == '\n' && from < end)
		from++;
	if (width == 3 && from < end && end[-1] == '\n')
		end--;
	if (v->quote == '"')
		add_unescaped(&v->text, from, end);
	else if (v->quote == '\'' && width == 1)
		add_single(&v->text, from, end);
	else
		buf_add(&v->text, from, (size_t)(end - from));
	return true;
}

/* Bare, to the line's end or a # behind a blank (Compose, python-dotenv): colours and
 * passwords hold a #. `spaced`: there is a blank in front of it. */
static void read_bare(const char *at, bool spaced, struct dotenv_value *v)
{
	const char *end = at;

	while (*end && *end != '\n' &&
	       !(*end == '#' && (end > at ? strchr(BLANKS, end[-1]) != NULL : spaced)))
		end++;
	v->end = end;
	buf_add(&v->text, at, (size_t)(end - at));
	buf_trim(&v->text);
}

static int unclosed(struct dotenv_reader *r, const char *name, char quote)
{
	buf_printf(r->error, "line %zu: the %s quote in which the value of %s begins is never closed",
	           r->line, quote == '"' ? "double" : quote == '\'' ? "single" : "back", name);
	return -1;
}

/* The value, with `at` behind the = and its blanks. */
static int read_value(struct dotenv_reader *r, const char *name, bool spaced, struct dotenv_value *v)
{
	const char *at = r->at, *rest;

	if (!*at || !strchr("'\"`", *at)) {
		read_bare(at, spaced, v);
		return 0;
	}
	if (!read_quoted(at, v))
		return unclosed(r, name, *at);
	rest = v->end + strspn(v->end, BLANKS);
	if (!*rest || *rest == '\n' || *rest == '#')
		return 0;
	/* "a" b: node's dotenv takes the whole line as it stands; a quote further down the file
	 * is rather one that closes another value. */
	if (memchr(at, '\n', (size_t)(v->end - at))) {
		buf_printf(r->error, "line %zu: the quote in which the value of %s begins is closed in "
		           "the middle of a later line: one is missing before it", r->line, name);
		return -1;
	}
	buf_cut(&v->text, 0);
	v->quote = 0;
	read_bare(at, spaced, v);
	return 0;
}

/* --- entries --- */

static struct dotenv_entry *add_entry(struct dotenv_reader *r)
{
	struct dotenv *d = r->d;

	if (d->n == r->room) {
		r->room = r->room * 2 + 16;
		d->v = xrealloc(d->v, r->room * sizeof(*d->v));
	}
	d->v[d->n] = (struct dotenv_entry){ .line = r->line, .lines = 1 };
	return &d->v[d->n++];
}

/* The bytes of a name at `at`, or 0. A digit may be its first: 2FA_ENABLED. */
static size_t name_length(const char *at)
{
	return strchr(".-", *at) ? 0 : strspn(at, NAME_BYTES);
}

static const char *skip_export(const char *at)
{
	const char *rest = skip_prefix(at, "export");
	size_t blanks = rest ? strspn(rest, BLANKS) : 0;

	return blanks && name_length(rest + blanks) ? rest + blanks : at;
}

/* Behind `NAME=` or `NAME: ` (compose-go, node's dotenv); a name alone, which Compose passes
 * on from the outside, leaves it where it is. NULL for a line that is none of these. */
static const char *skip_sign(const char *at)
{
	const char *sign = at + strspn(at, BLANKS);

	if (*sign == '=')
		return sign + 1;
	if (*sign == ':' && (!sign[1] || strchr(BLANKS "\n", sign[1])))
		return sign + 1;
	if (!*sign || *sign == '\n' || (*sign == '#' && sign > at))
		return at;
	return NULL;
}

static char *comment_text(const char *at)
{
	size_t len;

	at += strspn(at, "#");
	at += strspn(at, BLANKS);
	len = strcspn(at, "\n");
	while (len && isspace((unsigned char)at[len - 1]))
		len--;
	return xstrndup(at, len);
}

/* An entry, with `at` on its name; leaves it at the line's end. Takes what is pending. */
static int read_entry(struct dotenv_reader *r)
{
	const char *name_at = skip_export(r->at), *sign, *from;
	size_t name_len = name_length(name_at);
	struct dotenv_value v = { .text = BUF_INIT };
	struct dotenv_entry *e;

	sign = name_len ? skip_sign(name_at + name_len) : NULL;
	if (!sign) {
		buf_printf(r->error, "line %zu: neither NAME=value nor a comment", r->line);
		return -1;
	}
	e = add_entry(r);
	e->name = xstrndup(name_at, name_len);
	r->at = sign + strspn(sign, BLANKS);
	from = r->at;
	if (read_value(r, e->name, r->at > sign, &v) != 0) {
		buf_free(&v.text);
		return -1;
	}
	e->quote = v.quote;
	e->value = buf_detach(&v.text);
	r->at = v.end + strspn(v.end, BLANKS);
	for (; from < r->at; from++)
		e->lines += *from == '\n';
	if (*r->at == '#')
		e->beside = comment_text(r->at);
	r->at += strcspn(r->at, "\n");
	e->above = r->pending;
	r->pending = (struct strs){ 0 };
	r->line += e->lines - 1;
	return 0;
}

/* --- comments --- */

/* Whether a comment is a variable that is commented out, rather than prose about one. Names are
 * in capitals, the = follows at once; behind `# ` the value is quoted or one word, for
 * `# DEBUG=1 shows more` is prose; `#NAME=two words` is not. */
static bool is_commented_out(const char *text, bool tight)
{
	const char *name = skip_export(text), *value;
	size_t len = strspn(name, UPPER DIGITS "_");

	if (len < 2 || !strchr(UPPER, *name) || name[len] != '=')
		return false;
	value = name + len + 1;
	value += strspn(value, BLANKS);
	if (tight || !*value || strchr("'\"`#", *value))
		return true;
	value += strcspn(value, BLANKS);
	value += strspn(value, BLANKS);
	return !*value || *value == '#';
}

/* Reads it as one, from a line of its own. false when it is none after all. */
static bool read_commented_out(struct dotenv_reader *r, const char *text)
{
	struct buf error = BUF_INIT;
	struct dotenv_reader inner = {
		.at = text, .line = r->line, .d = r->d, .room = r->room, .error = &error
	};
	size_t n = r->d->n;
	bool read = read_entry(&inner) == 0 && !*inner.at;
	struct dotenv_entry *e = &r->d->v[n];

	r->room = inner.room;
	/* Text behind the closing quote: prose. */
	read = read && (e->quote || !*e->value || !strchr("'\"`", *e->value));
	if (read) {
		e->commented_out = true;
		e->above = r->pending;
		r->pending = (struct strs){ 0 };
	} else if (r->d->n > n) {
		entry_free(e);
		r->d->n--;
	}
	buf_free(&error);
	return read;
}

/* What is pending belongs to no entry. */
static void part(struct dotenv_reader *r)
{
	if (!r->active)
		for (size_t i = 0; i < r->pending.n; i++)
			strs_add(&r->d->header, r->pending.v[i]);
	strs_free(&r->pending);
}

static void read_comment(struct dotenv_reader *r)
{
	char *text = comment_text(r->at);
	const char *raw = r->at + 1;

	if (divides(raw + strspn(raw, BLANKS)))
		part(r);
	else if (*raw == '#' || !is_commented_out(text, !strchr(BLANKS, *raw)) ||
	         !read_commented_out(r, text))
		strs_add(&r->pending, text);
	r->at += strcspn(r->at, "\n");
	free(text);
}

/* --- files --- */

int dotenv_lines(const char *text, size_t len, struct buf *lines, struct buf *error)
{
	size_t line = 1;

	if (len >= 2 && (memcmp(text, "\377\376", 2) == 0 || memcmp(text, "\376\377", 2) == 0)) {
		buf_puts(error, "line 1: the text is UTF-16, as some editors and shells on Windows write: "
		         "save it as UTF-8");
		return -1;
	}
	if (len >= 3 && memcmp(text, "\357\273\277", 3) == 0) {
		text += 3;
		len -= 3;
	}
	buf_room(lines, len + 1);
	for (size_t i = 0; i < len; i++) {
		if (!text[i]) {
			buf_printf(error, "line %zu: a NUL byte: this is no text", line);
			return -1;
		}
		/* A lone CR ends a line too (python-dotenv, node's dotenv). */
		if (text[i] == '\r' && i + 1 < len && text[i + 1] == '\n')
			continue;
		buf_putc(lines, text[i] == '\r' ? '\n' : text[i]);
		line += lines->data[lines->len - 1] == '\n';
	}
	if (lines->len && lines->data[lines->len - 1] != '\n')
		buf_putc(lines, '\n');
	return 0;
}

static int read_line(struct dotenv_reader *r)
{
	r->at += strspn(r->at, BLANKS);
	if (*r->at == '\n') {
		part(r);
		return 0;
	}
	if (*r->at == '#') {
		read_comment(r);
		return 0;
	}
	r->active = true;
	return read_entry(r);
}

int dotenv_read(struct dotenv *d, const char *text, size_t len, struct buf *error)
{
	struct dotenv_reader r = { .line = 1, .d = d, .error = error };
	struct buf lines = BUF_INIT;
	int rc;

	*d = (struct dotenv){ 0 };
	rc = dotenv_lines(text, len, &lines, error);
	r.at = lines.data;
	while (rc == 0 && *r.at) {
		rc = read_line(&r);
		if (*r.at == '\n') {
			r.at++;
			r.line++;
		}
	}
	part(&r);
	buf_free(&lines);
	return rc;
}
