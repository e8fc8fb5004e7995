/* checks - the checks of a command line or a variable, and the databases that they are about. */
#include "check/checks.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/env.h"
#include "base/status.h"
#include "check/kinds.h"

#define TRY_MS 3000

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

/* --- asking --- */

static void not_reached(const struct check *check, const struct db *db, struct finding *f)
{
	bool no;

	f->reach = db->reach;
	f->lasting = db->lasting;
	f->certain = db->certain;
	f->final = db_final(db);
	/* No session to be had is an answer, too. */
	no = check->kind->of_db == check_ready ||
	     (check->kind->of_db == check_connections && db->reach == CONNECT_FULL);
	finding_set(f, no ? FAIL : UNKNOWN, "%s",
	            db_error(db)[0] ? db_error(db) : connect_state_text(db->reach));
}

static bool is_lost(const struct checks *c, size_t target)
{
	const struct db *db = &c->dbs[target];

	return c->once && db->target && db->reach != CONNECTED;
}

bool checks_is_lost(const struct checks *c, size_t i)
{
	return c->v[i].target != NO_TARGET && is_lost(c, c->v[i].target);
}

static bool open_session(struct checks *c, size_t target, int64_t deadline)
{
	struct db *db = &c->dbs[target];

	if (db_is_open(db))
		return true;
	if (is_lost(c, target))
		return false;
	return db_open(db, &c->targets[target], DB_READ, deadline) == CONNECTED;
}

int64_t checks_soon(int64_t deadline)
{
	int64_t soon = clock_after(TRY_MS);

	return deadline < soon ? deadline : soon;
}

void checks_ask(struct checks *c, size_t i, int64_t deadline, struct finding *f)
{
	const struct check *check = &c->v[i];
	struct db *db;

	finding_reset(f);
	if (check->kind->of_service) {
		check->kind->of_service(check, deadline, f);
		return;
	}
	db = &c->dbs[check->target];
	if (!open_session(c, check->target, deadline)) {
		not_reached(check, db, f);
		return;
	}
	/* What a server that is about to stop says is no answer to any of them. */
	check_ready(check, db, deadline, f);
	if (f->verdict == PASS && check->kind->of_db != check_ready)
		check->kind->of_db(check, db, deadline, f);
	/* A session that failed is no use, an idle one would hold up the stop of a
	 * server that is about to restart, and an SQLite file may be replaced. */
	if (f->reach != CONNECTED || f->verdict == UNKNOWN || db->lite.db)
		db_close(db);
}

void checks_rest(struct checks *c)
{
	for (size_t i = 0; i < c->targets_n; i++)
		db_close(&c->dbs[i]);
}

const char *checks_target(const struct checks *c, size_t i)
{
	return c->v[i].target == NO_TARGET ? "" : c->targets[c->v[i].target].shown;
}

void checks_free(struct checks *c)
{
	for (size_t i = 0; i < c->n; i++)
		check_free(&c->v[i]);
	for (size_t i = 0; i < c->targets_n; i++) {
		target_free(&c->targets[i]);
		if (c->dbs)
			db_free(&c->dbs[i]);
	}
	free(c->v);
	free(c->targets);
	free(c->dbs);
	strs_free(&c->warnings);
	*c = (struct checks){ 0 };
}
