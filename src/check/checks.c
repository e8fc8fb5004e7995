/* checks - the checks of a command line or a variable, and the databases that they are about. */
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/env.h"
#include "base/status.h"
#include "check/kind.h"

static bool is_url(const char *line)
{
	return skip_prefix(line, "url=");
}

/* A check in the place of a database: tcp=db:5432, ready. */
static bool is_check(const char *text, struct buf *error)
{
	const struct check_kind *kind = text ? check_kind_of(text) : NULL;
	size_t len = kind ? strlen(kind->name) : 0;

	if (!kind || (text[len] && !strchr("=<>", text[len])))
		return false;
	buf_printf(error, "'%s' is a check, not a database: give it with --for %s%s", kind->name, kind->name,
	           text[len] == '=' ? "=..." : "");
	return true;
}

static int add_target(struct checks *c, const char *url, struct buf *error)
{
	size_t i = c->targets_n;
	int rc;

	if (is_check(url, error))
		return BAD_USAGE;

	c->targets = xrealloc(c->targets, (i + 1) * sizeof(*c->targets));
	rc = target_find(&c->targets[i], url, error);
	if (rc) {
		target_free(&c->targets[i]);
		return rc;
	}
	c->targets_n++;
	for (size_t w = 0; w < c->targets[i].warnings.n; w++)
		strs_add(&c->warnings, c->targets[i].warnings.v[w]);
	return 0;
}

static int add_check(struct checks *c, const char *text, size_t target, struct buf *error)
{
	struct check check;
	int rc = check_read(&check, text, error);

	if (rc)
		return rc;
	if (check.kind->of_db)
		check.target = target;
	c->v = xrealloc(c->v, (c->n + 1) * sizeof(*c->v));
	c->v[c->n++] = check;
	return 0;
}

/* The checks before the first url= line. *n is how many lines that was. */
static int read_first_lines(struct checks *c, const struct strs *lines, const struct strs *urls,
                            size_t *n, struct buf *error)
{
	bool needed = urls->n == 0 && lines->n == 0;
	int rc = 0;

	for (*n = 0; *n < lines->n && !is_url(lines->v[*n]); (*n)++) {
		const struct check_kind *kind = check_kind_of(lines->v[*n]);

		needed = needed || (kind && kind->of_db);
	}
	for (size_t i = 0; i < urls->n && !rc; i++) {
		rc = add_target(c, urls->v[i], error);
		if (rc && !strpbrk(urls->v[i], ":=") && !check_kind_of(urls->v[i]))
			buf_puts(error, "; a command goes after --");
	}
	if (urls->n == 0 && needed && !rc)
		rc = add_target(c, NULL, error);
	for (size_t i = 0; i < *n && !rc; i++) {
		const struct check_kind *kind = check_kind_of(lines->v[i]);
		size_t times = kind && kind->of_db ? c->targets_n : 1;

		for (size_t t = 0; t < times && !rc; t++)
			rc = add_check(c, lines->v[i], t, error);
	}
	return rc;
}

/* Whether checks stand before the first url= line that are about no database, as nothing else names one. */
static bool is_before_url(const struct strs *lines, const struct strs *urls)
{
	bool needed = false;
	size_t i = 0;

	for (; i < lines->n && !is_url(lines->v[i]); i++) {
		const struct check_kind *kind = check_kind_of(lines->v[i]);

		needed = needed || (kind && kind->of_db);
	}
	return needed && i < lines->n && !urls->n && target_family() == TARGET_NOWHERE;
}

/* What is wrong with a check is said before that no database is given. */
static int all_readable(const struct strs *lines, struct buf *error)
{
	struct check check;
	int rc = 0;

	for (size_t i = 0; i < lines->n && !rc; i++) {
		if (is_url(lines->v[i]))
			continue;
		rc = check_read(&check, lines->v[i], error);
		if (!rc)
			check_free(&check);
	}
	return rc;
}

/* Adds the lines without the blanks around them; YAML and shell scripts indent them. None is a
 * comment. */
static void clean_lines(struct strs *clean, const struct strs *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		const char *from = lines->v[i] + strspn(lines->v[i], " \t\r");
		size_t len = strlen(from);
		char *line;

		while (len && strchr(" \t\r", from[len - 1]))
			len--;
		line = xstrndup(from, len);
		if (*line != '#' && (*line || !*lines->v[i]))
			strs_add(clean, line);
		free(line);
	}
}

static bool is_same(const struct strs *a, const struct strs *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = strcmp(a->v[i], b->v[i]) == 0;
	return same;
}

int checks_blame(int rc, const struct strs *lines, const char *variable, struct buf *error)
{
	struct strs set = { 0 }, clean = { 0 };
	struct buf words = BUF_INIT;
	const char *value = NULL;
	bool bad;

	if (rc != BAD_USAGE || env_get(variable, &value, &words) != 0 || !value)
		return rc;
	strs_split(&set, value, NULL);
	clean_lines(&clean, lines);
	bad = is_same(&set, lines) && all_readable(&clean, &words) != 0;
	if (bad) {
		buf_cut(error, 0);
		buf_printf(error, "%s: %s", variable, words.data);
	}
	strs_free(&set);
	strs_free(&clean);
	buf_free(&words);
	return bad ? BAD_CONFIG : rc;
}

static bool has_check(const struct checks *c, size_t target)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].target == target)
			return true;
	return false;
}

static int read_lines(struct checks *c, const struct strs *lines, const struct strs *urls,
                      const char *fallback, struct buf *error)
{
	size_t next = 0;
	int rc = all_readable(lines, error);

	if (!rc && is_before_url(lines, urls)) {
		buf_puts(error, "no database given for the first checks: --url goes before its checks");
		rc = BAD_USAGE;
	}
	if (!rc)
		rc = read_first_lines(c, lines, urls, &next, error);
	for (; next < lines->n && !rc; next++) {
		const char *url = skip_prefix(lines->v[next], "url=");

		rc = url ? add_target(c, url, error)
		         : add_check(c, lines->v[next], c->targets_n - 1, error);
	}
	for (size_t t = 0; t < c->targets_n && !rc; t++)
		if (!has_check(c, t))
			rc = add_check(c, fallback, t, error);
	return rc;
}

int checks_read(struct checks *c, const struct strs *lines, const struct strs *urls,
                const char *fallback, struct buf *error)
{
	struct strs clean = { 0 };
	int rc;

	*c = (struct checks){ 0 };
	clean_lines(&clean, lines);
	rc = read_lines(c, &clean, urls, fallback, error);
	strs_free(&clean);
	c->dbs = xcalloc(c->targets_n, sizeof(*c->dbs));
	for (size_t t = 0; t < c->targets_n; t++)
		c->dbs[t] = (struct db)DB_INIT;
	return rc;
}

int checks_read_of(struct checks *c, const struct strs *lines, const struct target *target,
                   struct buf *error)
{
	bool pg = target->kind == TARGET_PG;
	struct strs clean = { 0 };
	int rc = 0;

	*c = (struct checks){ .targets = xcalloc(1, sizeof(*c->targets)), .targets_n = 1 };
	c->dbs = xcalloc(1, sizeof(*c->dbs));
	c->dbs[0] = (struct db)DB_INIT;
	target_copy(&c->targets[0], target, pg ? conninfo_get(&target->conninfo, "dbname") : NULL);
	clean_lines(&clean, lines);
	for (size_t i = 0; i < clean.n && !rc; i++)
		rc = add_check(c, clean.v[i], 0, error);
	strs_free(&clean);
	return rc;
}
