/* envspec - what an app's environment should hold: the list, and what the command line adds. */
#include "envcheck/envspec.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/status.h"
#include "envcheck/envspec_parts.h"

#define NAME_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
#define BLANKS " \t\r\n"

static const struct envvar *find(const struct envspec *s, const char *name, size_t len)
{
	for (size_t i = 0; i < s->n; i++)
		if (strncmp(s->v[i].name, name, len) == 0 && !s->v[i].name[len])
			return &s->v[i];
	return NULL;
}

const struct envvar *envspec_find(const struct envspec *s, const char *name)
{
	return find(s, name, strlen(name));
}

struct envvar *envspec_take(struct envspec *s, const char *name, size_t len)
{
	const struct envvar *found = find(s, name, len);

	if (found)
		return s->v + (found - s->v);
	s->v = xrealloc(s->v, (s->n + 1) * sizeof(*s->v));
	s->v[s->n] = (struct envvar){ .name = xstrndup(name, len) };
	s->v[s->n].sensitive = envspec_is_secret(s->v[s->n].name);
	return &s->v[s->n++];
}

/* The bytes of a name at text; 0 with a sentence in error. What stands behind it is not
 * repeated: it may be a value. */
static size_t take_name(const char *text, const char *ends, struct buf *error)
{
	size_t len = strspn(text, NAME_BYTES);

	if (!len)
		buf_puts(error, "the name of a variable is missing");
	else if (text[len] == '=')
		buf_printf(error, "%.*s=... has a value: only the name is wanted", (int)len, text);
	else if (text[len] && !strchr(ends, text[len]))
		buf_printf(error, "what stands behind %.*s belongs to no name of a variable", (int)len, text);
	else
		return len;
	return 0;
}

int envspec_require(struct envspec *s, const char *text, struct buf *error)
{
	size_t len = take_name(text, ":", error);
	struct vartype type = { 0 };
	struct envvar *var;

	if (!len)
		return BAD_USAGE;
	if (text[len] == ':') {
		struct buf why = BUF_INIT;
		int rc = vartype_read(&type, text + len + 1, &why);

		if (rc != 0)
			buf_printf(error, "the type of %.*s: %s", (int)len, text, why.data);
		buf_free(&why);
		if (rc != 0)
			return BAD_USAGE;
	}
	var = envspec_take(s, text, len);
	var->required = true;
	strs_add(&s->requested, var->name);
	if (type.kind) {
		strs_add(&s->typed, var->name);
		vartype_free(&var->type);
		var->type = type;
	}
	return DONE;
}

/* Adds the names between the commas. */
static int split_names(struct strs *names, const char *text, struct buf *error)
{
	while (*text) {
		size_t len;
		char *name;

		text += strspn(text, BLANKS ",");
		if (!*text)
			break;
		len = take_name(text, BLANKS ",", error);
		if (!len)
			return BAD_USAGE;
		name = xstrndup(text, len);
		if (!strs_has(names, name))
			strs_add(names, name);
		free(name);
		text += len;
		text += strspn(text, BLANKS);
		if (*text && *text != ',') {
			buf_puts(error, "the names of a group have commas between them");
			return BAD_USAGE;
		}
	}
	if (names->n < 2) {
		buf_puts(error, "a group has two names at least, with commas between them");
		return BAD_USAGE;
	}
	return DONE;
}

int envspec_group(struct envspec *s, const char *text, struct buf *error)
{
	struct strs names = { 0 };

	if (split_names(&names, text, error) != DONE) {
		strs_free(&names);
		return BAD_USAGE;
	}
	for (size_t i = 0; i < names.n; i++)
		envspec_take(s, names.v[i], strlen(names.v[i]));
	s->groups = xrealloc(s->groups, (s->groups_n + 1) * sizeof(*s->groups));
	s->groups[s->groups_n++] = names;
	return DONE;
}

void envspec_free(struct envspec *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].name);
		free(s->v[i].example);
		vartype_free(&s->v[i].type);
	}
	free(s->v);
	for (size_t i = 0; i < s->groups_n; i++)
		strs_free(&s->groups[i]);
	free(s->groups);
	free(s->path);
	strs_free(&s->requested);
	strs_free(&s->typed);
	strs_free(&s->warnings);
	*s = (struct envspec)ENVSPEC_INIT;
}
