/* conninfo - connection parameters. */
#include "ext/conninfo.h"

#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "base/banned.h"

static size_t find(const struct conninfo *c, const char *key)
{
	size_t i = 0;

	while (i < c->n && strcmp(c->keys[i], key) != 0)
		i++;
	return i;
}

static void add(struct conninfo *c, const char *key, const char *value)
{
	c->keys = xrealloc(c->keys, (c->n + 2) * sizeof(*c->keys));
	c->values = xrealloc(c->values, (c->n + 2) * sizeof(*c->values));
	c->keys[c->n] = xstrdup(key);
	c->values[c->n] = xstrdup(value);
	c->n++;
	c->keys[c->n] = c->values[c->n] = NULL;
}

void conninfo_set(struct conninfo *c, const char *key, const char *value)
{
	size_t i = find(c, key);

	if (i < c->n) {
		free(c->values[i]);
		c->values[i] = xstrdup(value ? value : "");
	} else if (value && *value) {
		add(c, key, value);
	}
}

const char *conninfo_get(const struct conninfo *c, const char *key)
{
	size_t i = find(c, key);

	return i < c->n && *c->values[i] ? c->values[i] : NULL;
}

bool conninfo_parse(struct conninfo *c, const char *text)
{
	PQconninfoOption *options = PQconninfoParse(text, NULL);

	if (!options)
		return false;
	for (PQconninfoOption *o = options; o->keyword; o++)
		if (o->val)
			conninfo_set(c, o->keyword, o->val);
	PQconninfoFree(options);
	return true;
}

void conninfo_quote(struct buf *text, const char *key, const char *value)
{
	buf_printf(text, " %s='", key);
	for (; *value; value++) {
		if (*value == '\'' || *value == '\\')
			buf_putc(text, '\\');
		buf_putc(text, *value);
	}
	buf_putc(text, '\'');
}

bool conninfo_known(const char *key)
{
	static PQconninfoOption *options;

	if (!options)
		options = PQconndefaults();
	for (PQconninfoOption *o = options; o && o->keyword; o++)
		if (strcmp(o->keyword, key) == 0)
			return true;
	return false;
}

void conninfo_export(const struct conninfo *c)
{
	PQconninfoOption *options = PQconndefaults();

	for (PQconninfoOption *o = options; o && o->keyword; o++) {
		const char *value = conninfo_get(c, o->keyword);

		if (value && o->envvar && strcmp(o->keyword, "application_name") != 0)
			setenv(o->envvar, value, 1);
	}
	PQconninfoFree(options);
}

void conninfo_copy(struct conninfo *c, const struct conninfo *from)
{
	for (size_t i = 0; i < from->n; i++)
		conninfo_set(c, from->keys[i], from->values[i]);
}

void conninfo_free(struct conninfo *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->keys[i]);
		free(c->values[i]);
	}
	free(c->keys);
	free(c->values);
	*c = (struct conninfo){ 0 };
}
