/*
 * Fuzzes envcheck/dotenv and, through files, how envcheck/envspec reads and writes specs.
 */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/status.h"
#include "envcheck/dotenv.h"
#include "envcheck/envspec.h"

#define NAME_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" DIGITS "_.-"

/* Behind the line's number: a sentence of dotenv's, with the name that it is about. So no byte
 * of a value is in it. */
static int is_sentence(const char *text)
{
	static const struct {
		const char *before, *behind;
	} sentences[] = {
		{ "neither NAME=value nor a comment", NULL },
		{ "a NUL byte: this is no text", NULL },
		{ "the text is UTF-16, as some editors and shells on Windows write: save it as UTF-8", NULL },
		{ "the double quote in which the value of ", " begins is never closed" },
		{ "the single quote in which the value of ", " begins is never closed" },
		{ "the back quote in which the value of ", " begins is never closed" },
		{ "the quote in which the value of ",
		  " begins is closed in the middle of a later line: one is missing before it" },
	};

	for (size_t i = 0; i < sizeof(sentences) / sizeof(*sentences); i++) {
		const char *rest = skip_prefix(text, sentences[i].before);

		if (rest && sentences[i].behind)
			rest += strspn(rest, NAME_BYTES);
		if (rest && same(rest, sentences[i].behind ? sentences[i].behind : ""))
			return 1;
	}
	return 0;
}

static int is_refusal(const char *error)
{
	const char *at = skip_prefix(error, "line ");

	if (!at || !strspn(at, DIGITS))
		return 0;
	at = skip_prefix(at + strspn(at, DIGITS), ": ");
	return at && is_sentence(at);
}

static void any_text(const uint8_t *data, size_t len)
{
	struct buf error = BUF_INIT, lines = BUF_INIT;
	struct dotenv d;
	size_t count = 0, line = 1;

	if (dotenv_read(&d, (const char *)data, len, &error) != 0) {
		MUST(is_refusal(error.data));
	} else {
		MUST(!error.len);
		MUST(dotenv_lines((const char *)data, len, &lines, &error) == 0);
		for (size_t i = 0; i < lines.len; i++)
			count += lines.data[i] == '\n';
		for (size_t i = 0; i < d.n; i++) {
			const struct dotenv_entry *e = &d.v[i];

			MUST(*e->name && !e->name[strspn(e->name, NAME_BYTES)]);
			MUST(e->value && strchr("'\"`", e->quote)); /* strchr finds 0 too */
			MUST(e->line >= line + e->above.n && e->lines >= 1);
			MUST(!e->commented_out || e->lines == 1);
			line = e->line + e->lines;
		}
		MUST(line <= count + 1);
	}
	dotenv_free(&d);
	buf_free(&lines);
	buf_free(&error);
}

/* --- specs --- */

/* A file of that content; its path goes to path. */
static int make_file(const void *bytes, size_t len, char path[32])
{
	int fd = memfd_create("spec", MFD_CLOEXEC);

	MUST(fd >= 0 && file_write(fd, bytes, len) == 0);
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

static size_t occurrences(const void *text, size_t len, const char *part)
{
	const char *at = text, *end = at + len;
	size_t n = 0;

	while ((at = memmem(at, (size_t)(end - at), part, strlen(part)))) {
		at++;
		n++;
	}
	return n;
}

/* Of no secret the value is in the first spec: of those that are in the file once, in their
 * place, and are no part of what a spec has anyhow. */
static void hides(const struct envspec *s, const void *data, size_t len, const struct buf *made)
{
	static const char own[] = "# What the environment must hold, for pgbox envcheck --spec.\n"
	                          "# @defaultSensitive=false\n# ---\n\n"
	                          "# @required @sensitive @optional @sensitive\n";
	struct buf error = BUF_INIT;
	struct dotenv d;

	MUST(dotenv_read(&d, data, len, &error) == 0);
	for (size_t i = 0; i < d.n; i++) {
		const char *value = d.v[i].value;

		if (envspec_find(s, d.v[i].name)->sensitive && strlen(value) >= 4 && !strstr(own, value) &&
		    occurrences(data, len, value) == 1)
			MUST(occurrences(made->data, made->len, value) == 0);
	}
	dotenv_free(&d);
	buf_free(&error);
}

/* Where a value was left out, what @example has takes its place. */
static void same_variables(const struct envspec *a, const struct envspec *b, int has_examples)
{
	MUST(a->n == b->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct envvar *x = &a->v[i], *y = envspec_find(b, x->name);

		MUST(y);
		MUST(x->required == y->required && x->sensitive == y->sensitive);
		MUST(!x->public || y->public);
		MUST(has_examples || !y->example || same(x->example, y->example));
	}
}

static void any_spec(const uint8_t *data, size_t len, const char *env)
{
	struct envspec a = ENVSPEC_INIT, b = ENVSPEC_INIT;
	struct buf error = BUF_INIT, made = BUF_INIT;
	char path[32], path_made[32];
	int fd = make_file(data, len, path), fd_made, rc = envspec_read(&a, path, env, &error);

	MUST(rc == DONE || rc == BAD_USAGE);
	MUST((rc == DONE) == !error.len);
	buf_cut(&error, 0);
	MUST(envspec_init(path, &made, &error) == rc);
	if (rc == DONE) {
		if (!env) /* what is secret in another environment only may be an example here */
			hides(&a, data, len, &made);
		fd_made = make_file(made.data, made.len, path_made);
		MUST(envspec_read(&b, path_made, env, &error) == DONE);
		same_variables(&a, &b, occurrences(data, len, "@example") > 0);
		close(fd_made);
	}
	close(fd);
	envspec_free(&a);
	envspec_free(&b);
	buf_free(&error);
	buf_free(&made);
}

/* glibc's regcomp() doubles its memory with each of `+++`; musl's, which the binary has, does not. */
static int has_costly_pattern(const char *data, size_t len)
{
	int quantifiers = 0;

	if (!occurrences(data, len, "matches"))
		return 0;
	for (size_t i = 0; i < len; i++)
		if ((quantifiers = data[i] && strchr("+*?{", data[i]) ? quantifiers + 1 : 0) > 1)
			return 1;
	return occurrences(data, len, "{") > 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	any_text(data, len);
	if (has_costly_pattern((const char *)data, len))
		return 0;
	any_spec(data, len, NULL);
	any_spec(data, len, "production");
	return 0;
}
