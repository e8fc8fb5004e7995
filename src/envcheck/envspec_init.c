/*
 * envspec_init - writes a first spec from an example file.
 *
 * Line by line: comments and blank lines stay, an entry gets a line of decorators above it.
 * People try this on the .env with their real secrets, so a value is copied only where it looks
 * harmless, be it in an entry or in one that is commented out, and what looks like a secret in
 * prose is not.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/status.h"
#include "envcheck/envspec.h"
#include "envcheck/envspec_parts.h"

struct writing {
	const struct envspec *s;
	const struct dotenv *d;
	struct buf *b;
	bool by_default; /* the header has an opinion on what is secret */
	bool handed; /* decorators go on from entries that stay commented out to the one below */
};

/* Values that stand for one: no type can be told by them. */
static bool is_placeholder(const char *value)
{
	static const char *const marks[] = {
		"your", "change", "replace", "todo", "xxx", "...", "${", "insert"
	};

	if (*value == '<')
		return true;
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (strcasestr(value, marks[i]))
			return true;
	return false;
}

/* The type to write, or NULL. */
static const char *guess_type(const struct dotenv_entry *e)
{
	const char *type = vartype_guess(e->name, is_placeholder(e->value) ? "" : e->value);

	/* DEBUG=0 may be DEBUG=False elsewhere. */
	if (type && strcmp(type, "int") == 0 && (strcmp(e->value, "0") == 0 || strcmp(e->value, "1") == 0))
		return NULL;
	return type && strcmp(type, "string") != 0 ? type : NULL;
}

/* As dotenv_read reads it back, and a shell, Compose and varlock do. */
static void add_quoted(struct buf *b, const char *value)
{
	static const char letters[] = "nrt\"\\$", bytes[] = "\n\r\t\"\\$";

	if (!strpbrk(value, "'\\\n\r")) {
		buf_printf(b, "'%s'", value);
		return;
	}
	buf_putc(b, '"');
	for (; *value; value++) {
		const char *byte = strchr(bytes, *value);

		if (byte)
			buf_printf(b, "\\%c", letters[byte - bytes]);
		else
			buf_putc(b, *value);
	}
	buf_putc(b, '"');
}

static void add_value(struct buf *b, const struct dotenv_entry *e)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@,+%=-";

	if (envspec_is_call(e) || !envspec_has_value(e) || !e->value[strspn(e->value, plain)])
		buf_puts(b, e->value);
	else
		add_quoted(b, e->value);
}

/* Of several entries of a name the variable knows only the one that counts. */
static bool may_write(const struct envvar *var, const struct dotenv_entry *e, bool counts)
{
	struct buf redacted = BUF_INIT;
	bool hides = var->sensitive || (!counts && envspec_is_secret(e->name)) ||
	             envspec_redact(&redacted, e->value) ||
	             (!var->public && !envspec_is_call(e) && !envspec_is_harmless(e->name, e->value));

	buf_free(&redacted);
	return !hides;
}

static void add_decorator(struct buf *b, const char *name, const char *value)
{
	if (b->len)
		buf_putc(b, ' ');
	buf_printf(b, "@%s%s", name, value ? value : "");
}

/* What the entry's own decorators do not say already. */
static void add_decorators(struct writing *w, size_t entry, const struct envvar *var)
{
	const struct dotenv_entry *e = &w->d->v[entry];
	struct strs comments = { 0 }, warnings = { 0 };
	struct hearing hearing = { .path = "", .warnings = &warnings };
	struct decorators own = { 0 };
	struct said said = { 0 };
	struct buf line = BUF_INIT;
	const char *type = guess_type(e);

	envspec_comments(w->d, entry, &comments, &own);
	envspec_hear(&hearing, &own, &said);
	if (said.required == UNSAID)
		add_decorator(&line, var->required ? "required" : "optional", NULL);
	if (said.sensitive == UNSAID && var->sensitive)
		add_decorator(&line, "sensitive", NULL);
	else if (said.sensitive == UNSAID && (var->public || envspec_is_secret(var->name) ||
	                                      (w->by_default && !may_write(var, e, true))))
		add_decorator(&line, "public", NULL);
	if (type && !var->sensitive && !said.type)
		add_decorator(&line, "type=", type);
	if (line.len)
		buf_printf(w->b, "# %s\n", line.data);
	envspec_hear_end(&hearing);
	buf_free(&line);
	decorators_free(&own);
	strs_free(&comments);
	strs_free(&warnings);
}

static bool has_decorators(const struct dotenv_entry *e)
{
	for (size_t i = 0; i < e->above.n; i++)
		if (*e->above.v[i] == '@')
			return true;
	return false;
}

/* Whether an entry remains commented out: another of the name counts, or it would take the
 * decorators above it from the entry below. */
static bool stays_out(struct writing *w, size_t entry)
{
	const struct dotenv_entry *e = &w->d->v[entry];
	bool out = false, decorated = has_decorators(e);

	if (!entry || !e[-1].commented_out || !envspec_is_above(e - 1, e))
		w->handed = false;
	if (e->commented_out)
		out = w->handed || !envspec_counts(w->d, entry) ||
		      (decorated && envspec_is_anothers(w->d, entry));
	w->handed = w->handed || (out && decorated);
	return out;
}

static void add_entry(struct writing *w, size_t entry)
{
	const struct dotenv_entry *e = &w->d->v[entry];
	const struct envvar *var = envspec_find(w->s, e->name);
	bool counts = envspec_counts(w->d, entry), out = stays_out(w, entry);

	if (counts && !out)
		add_decorators(w, entry, var);
	buf_printf(w->b, "%s%s=", out ? "#" : "", e->name);
	if (may_write(var, e, counts))
		add_value(w->b, e);
	if (e->beside) {
		buf_puts(w->b, " # ");
		envspec_redact(w->b, e->beside);
	}
	buf_putc(w->b, '\n');
}

/* env-spec's default is that everything is a secret; here it is what sounds like one. */
static void add_header(struct writing *w)
{
	struct decorators header = { 0 };

	decorators_read(&header, &w->d->header);
	w->by_default = decorators_find(&header, "defaultSensitive");
	if (!w->by_default && !decorators_find(&header, "defaultRequired"))
		buf_puts(w->b, "# What the environment must hold, for pgbox envcheck --spec.\n"
		               "# @defaultSensitive=false\n# ---\n\n");
	decorators_free(&header);
}

/* Whether a line by itself is an entry: one that is commented out. */
static bool is_entry(const char *line)
{
	struct buf error = BUF_INIT;
	struct dotenv d;
	bool found = dotenv_read(&d, line, strlen(line), &error) == 0 && d.n;

	dotenv_free(&d);
	buf_free(&error);
	return found;
}

/* Whether a comment is one of decorators, or of what stands in a bracket that one opened. */
static bool is_decorated(const char *line, long *open)
{
	const char *text = line + strspn(line, " \t#");

	if (!strchr(line, '#'))
		*open = 0;
	if (*text != '@' && *open <= 0)
		return false;
	*open = *text == '@' ? 0 : *open;
	for (; *text; text++)
		*open += strchr("([{", *text) ? 1 : strchr(")]}", *text) ? -1 : 0;
	return true;
}

/* A comment or a blank line. */
static void add_comment(struct buf *b, const char *line, long *open)
{
	struct buf text = BUF_INIT;

	if (is_decorated(line, open))
		buf_puts(&text, line);
	else if (envspec_redact(&text, line) && is_entry(text.data)) {
		buf_cut(&text, 0);
		buf_puts(&text, "# ...");
	}
	buf_trim(&text);
	buf_printf(b, "%s\n", text.data);
	buf_free(&text);
}

static void add_lines(struct writing *w, const char *text)
{
	size_t entry = 0, line = 1;
	long open = 0; /* brackets of decorators */

	while (*text) {
		size_t lines = 1;

		if (entry < w->d->n && w->d->v[entry].line == line) {
			lines = w->d->v[entry].lines;
			add_entry(w, entry++);
			open = 0;
		} else {
			char *comment = xstrndup(text, strcspn(text, "\n"));

			add_comment(w->b, comment, &open);
			free(comment);
		}
		line += lines;
		while (lines--)
			text += strcspn(text, "\n") + 1;
	}
}

int envspec_init(const char *path, struct buf *b, struct buf *error)
{
	struct buf text = BUF_INIT, lines = BUF_INIT, why = BUF_INIT;
	struct envspec s = ENVSPEC_INIT;
	struct dotenv d = { 0 };
	struct writing w = { .s = &s, .d = &d, .b = b };
	int rc = envspec_load(path, &text, error);

	if (rc == DONE && (dotenv_lines(text.data, text.len, &lines, &why) != 0 ||
	                   dotenv_read(&d, text.data, text.len, &why) != 0)) {
		buf_printf(error, "'%s', %s", path, why.data);
		rc = BAD_USAGE;
	}
	if (rc == DONE)
		rc = envspec_add(&s, path, &d, NULL, error);
	if (rc == DONE) {
		add_header(&w);
		add_lines(&w, lines.data);
	}
	envspec_free(&s);
	dotenv_free(&d);
	buf_free(&text);
	buf_free(&lines);
	buf_free(&why);
	return rc;
}
