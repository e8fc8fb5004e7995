/* sources - what is to be backed up. */
#include "backup/sources.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/msg.h"
#include "base/path.h"
#include "base/status.h"
#include "ext/hash.h"
#include "repo/folder.h"

#define ASK_MS 10000 /* for an answer about the server */

/* --- words --- */

static bool is_nameless(const char *word)
{
	return strstr(word, "://") || skip_prefix(word, "env:") || skip_prefix(word, "sqlite:") ||
	       skip_prefix(word, "sqlite3:") || skip_prefix(word, "file:") ||
	       (strchr(word, '=') && (strstr(word, "dbname=") || strstr(word, "host=") ||
	                              strstr(word, "service=")));
}

/* The length of NAME, letters, digits, '_', '.' and '-', in front of = and a target; 0: there
 * is none. user=app dbname=app is a conninfo string, without a name. */
static size_t name_length(const char *word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	size_t len = strspn(word, plain);
	char *name;
	bool known;

	if (!len || word[len] != '=' || !is_nameless(word + len + 1))
		return 0;
	name = xstrndup(word, len);
	known = conninfo_known(name);
	free(name);
	return known ? 0 : len;
}

static bool is_target(const char *word)
{
	return name_length(word) || is_nameless(word);
}

/* Splits NAME= off; NULL when there is none. The caller frees it. */
static char *take_name(const char **word)
{
	size_t len = name_length(*word);
	char *name = len ? xstrndup(*word, len) : NULL;

	*word += len ? len + 1 : 0;
	return name;
}

static void source_free(struct source *s)
{
	free(s->name);
	target_free(&s->target);
	strs_free(&s->databases);
}

static const char *own_database(const struct source *s)
{
	return s->target.kind == TARGET_PG ? conninfo_get(&s->target.conninfo, "dbname")
	                                   : path_base(s->target.path);
}

static struct source *add_source(struct sources *s)
{
	s->v = xrealloc(s->v, (s->n + 1) * sizeof(*s->v));
	s->v[s->n] = (struct source){ 0 };
	return &s->v[s->n++];
}

static void add_warnings(struct sources *s, const struct target *t)
{
	for (size_t i = 0; i < t->warnings.n; i++)
		strs_add(&s->warnings, t->warnings.v[i]);
}

/* word NULL: the environment's; named: the databases are named elsewhere. */
static int read_target(struct sources *s, const char *word, bool named, struct buf *error)
{
	struct source *source = add_source(s);
	int rc;

	if (word)
		source->name = take_name(&word);
	rc = !word && named ? target_find_server(&source->target, error)
	                    : target_find(&source->target, word, error);
	add_warnings(s, &source->target);
	if (!rc && source->target.kind == TARGET_PG && !own_database(source)) {
		buf_printf(error, "%s: say which database: add dbname=NAME, or set PGDATABASE",
		           source->target.shown);
		rc = BAD_CONFIG;
	}
	return rc;
}

static int read_targets(struct sources *s, const struct strs *words, struct buf *error)
{
	int rc = 0;

	for (size_t i = 0; i < words->n && !rc; i++)
		if (is_target(words->v[i]))
			rc = read_target(s, words->v[i], false, error);
	return rc;
}

/* Where the words are names of sources, only those stay. True when they are. */
static bool choose_named(struct sources *s, const struct strs *words)
{
	size_t kept = 0;

	for (size_t i = 0; i < words->n; i++) {
		size_t k = 0;

		while (k < s->n && !(s->v[k].name && strcmp(s->v[k].name, words->v[i]) == 0))
			k++;
		if (k == s->n)
			return false;
	}
	for (size_t k = 0; k < s->n && words->n; k++) {
		if (s->v[k].name && strs_has(words, s->v[k].name))
			s->v[kept++] = s->v[k];
		else
			source_free(&s->v[k]);
	}
	s->n = words->n ? kept : s->n;
	return words->n;
}

static int read_urls(struct sources *s, const struct strs *urls, struct buf *error)
{
	for (size_t i = 0; i < urls->n; i++)
		if (!is_target(urls->v[i])) {
			buf_puts(error, "--url: not a database URL: write it as "
			         "postgres://USER@HOST/DATABASE or NAME=URL");
			return BAD_CONFIG;
		}
	return read_targets(s, urls, error);
}

/* Databases by name are wanted of every server. */
static int read_databases(struct sources *s, const struct strs *words, struct buf *error)
{
	for (size_t i = 0; i < words->n; i++) {
		if (is_target(words->v[i]))
			continue;
		if (strstr(words->v[i], "postgres:") || strstr(words->v[i], "password=")) {
			buf_puts(error, "an operand is neither a database's name nor a URL: a URL is "
			         "postgres://USER@HOST/DATABASE or NAME=URL");
			return BAD_USAGE;
		}
		for (size_t k = 0; k < s->n; k++)
			if (s->v[k].target.kind == TARGET_PG)
				strs_add(&s->v[k].databases, words->v[i]);
	}
	return 0;
}

static bool names_any(const struct strs *words)
{
	for (size_t i = 0; i < words->n; i++)
		if (!is_target(words->v[i]))
			return true;
	return false;
}

/* --- folders --- */

static char *folder_of(const struct source *s, const char *database)
{
	char *name = s->name ? folder_escape(s->name) : NULL, *base = folder_escape(database);
	char *folder = xasprintf("%s%s%s", name ? name : "", name ? "/" : "", base);

	free(name);
	free(base);
	return folder;
}

char *source_globals(const struct source *s)
{
	char *name = s->name ? folder_escape(s->name) : NULL;
	char *folder = xasprintf("%s%s" FOLDER_GLOBALS, name ? name : "", name ? "/" : "");

	free(name);
	return folder;
}

static int shared(const char *folder, struct buf *error)
{
	buf_printf(error, "two databases would share the folder '%s': give each server a name, "
	           "NAME=URL, or name each database once", folder);
	return BAD_CONFIG;
}

/* What a source takes of DIR: folders of databases, or with a name a folder for all of
 * them. A server without a name whose databases are all wanted may take any. */
static int check_folders(const struct sources *s, struct buf *error)
{
	struct strs taken = { 0 };
	size_t open_ended = 0, nameless = 0;
	int rc = 0;

	for (size_t i = 0; i < s->n && !rc; i++) {
		const struct source *source = &s->v[i];
		bool own = !source->databases.n;
		size_t n = source->name || own ? 1 : source->databases.n;

		nameless += !source->name && source->target.kind == TARGET_PG;
		open_ended += !source->name && source->target.kind == TARGET_PG && s->all;
		for (size_t k = 0; k < n && !rc; k++) {
			char *folder = folder_escape(source->name ? source->name
			                              : own        ? own_database(source)
			                                           : source->databases.v[k]);

			rc = strs_has(&taken, folder) ? shared(folder, error) : 0;
			strs_add(&taken, folder);
			free(folder);
		}
	}
	if (!rc && open_ended && nameless > 1)
		rc = shared("DATABASE", error);
	strs_free(&taken);
	return rc;
}

/* --- reading it all --- */

int sources_read(struct sources *s, const struct strs *words, const struct strs *urls,
                 const struct strs *databases, struct buf *error)
{
	const struct strs *names = databases;
	int rc = read_targets(s, words, error);

	if (!rc && !s->n)
		rc = read_urls(s, urls, error);
	if (!rc && !s->n)
		rc = read_target(s, NULL, names->n || names_any(words), error);
	/* Named on the command line they replace the configured ones. */
	if (!rc && names_any(words) && !choose_named(s, words))
		names = words;
	if (!rc && strs_has(names, "*"))
		s->all = true;
	else if (!rc && names == words)
		s->all = false;
	if (!rc && !s->all)
		rc = read_databases(s, names, error);
	return rc ? rc : check_folders(s, error);
}

static void hash_text_of(struct hash *h, const char *text)
{
	if (text)
		hash_add(h, text, strlen(text));
	hash_add(h, "", 1);
}

static void hash_list(struct hash *h, const struct strs *list)
{
	for (size_t i = 0; i < list->n; i++)
		hash_text_of(h, list->v[i]);
	hash_text_of(h, NULL);
}

char *sources_about(const struct sources *s)
{
	unsigned char digest[HASH_BYTES];
	char text[HASH_TEXT];
	struct hash h;

	hash_start(&h);
	hash_text_of(&h, s->all ? "all" : NULL);
	hash_list(&h, &s->exclude);
	for (size_t i = 0; i < s->n; i++) {
		hash_text_of(&h, s->v[i].name);
		hash_text_of(&h, s->v[i].target.shown);
		hash_list(&h, &s->v[i].databases);
	}
	hash_end(&h, digest);
	hash_text(digest, text);
	return xstrndup(text, 16);
}

/* --- items --- */

static void add_item(struct items *items, const struct source *s, const char *database)
{
	struct item *item;

	items->v = xrealloc(items->v, (items->n + 1) * sizeof(*items->v));
	item = &items->v[items->n++];
	*item = (struct item){ .source = s, .database = xstrdup(database),
		               .folder = folder_of(s, database), .base = folder_escape(database) };
	target_copy(&item->target, &s->target, database);
}

static bool is_excluded(const struct sources *s, const char *database)
{
	for (size_t i = 0; i < s->exclude.n; i++)
		if (fnmatch(s->exclude.v[i], database, 0) == 0)
			return true;
	return false;
}

/* What pgrestore's --replace leaves is named NAME_before_YYYYMMDD_HHMMSS. */
static int list_all(const struct source *s, int64_t deadline, struct rows *rows, struct buf *error)
{
	static const struct sql find = {
		.pg = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate"
		      " AND datconnlimit <> -2" /* left invalid by DROP DATABASE */
		      " AND datname !~ '_before_[0-9]{8}_[0-9]{6}$'"
		      " AND datname !~ '^pgbox_verify_[0-9]+_[0-9]+$' ORDER BY datname",
	};
	struct db db = DB_INIT;
	int rc = db_reopen(&db, &s->target, deadline, error);

	if (!rc && db_read(&db, find, NULL, 0, deadline, rows)) {
		buf_printf(error, "%s: cannot list the databases: %s", s->target.shown, db_error(&db));
		rc = UNAVAILABLE;
	}
	db_free(&db);
	return rc;
}

int source_items(const struct sources *sources, size_t i, int64_t deadline, struct items *items,
                 struct buf *error)
{
	const struct source *s = &sources->v[i];
	struct rows rows = { 0 };
	int rc = 0;

	if (s->target.kind == TARGET_PG && sources->all)
		rc = list_all(s, deadline, &rows, error);
	for (size_t k = 0; k < rows.n; k++)
		if (!is_excluded(sources, rows_text(&rows, k, 0)))
			add_item(items, s, rows_text(&rows, k, 0));
	for (size_t k = 0; k < s->databases.n; k++)
		if (!is_excluded(sources, s->databases.v[k]))
			add_item(items, s, s->databases.v[k]);
	if (!s->databases.n && !(s->target.kind == TARGET_PG && sources->all) &&
	    !is_excluded(sources, own_database(s)))
		add_item(items, s, own_database(s));
	rows_free(&rows);
	return rc;
}

void items_free(struct items *items)
{
	for (size_t i = 0; i < items->n; i++) {
		target_free(&items->v[i].target);
		free(items->v[i].database);
		free(items->v[i].folder);
		free(items->v[i].base);
	}
	free(items->v);
	*items = (struct items){ 0 };
}

void sources_free(struct sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		source_free(&s->v[i]);
	free(s->v);
	strs_free(&s->exclude);
	strs_free(&s->warnings);
}

char *source_server(const struct target *t, int64_t deadline)
{
	static const struct sql find = { .pg = "SELECT system_identifier FROM pg_control_system()" };
	static const char *const keys[] = { "host", "hostaddr", "port" };
	struct rows rows = { 0 };
	struct buf id = BUF_INIT, ignored = BUF_INIT;
	struct db db = DB_INIT;

	if (db_reopen(&db, t, deadline, &ignored) == 0 &&
	    db_read(&db, find, NULL, 0, clock_after(ASK_MS), &rows) == 0 && rows_get(&rows, 0, 0))
		buf_puts(&id, rows_get(&rows, 0, 0));
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys) && !rows.n; i++)
		buf_printf(&id, "%s ",
		           conninfo_get(&t->conninfo, keys[i]) ? conninfo_get(&t->conninfo, keys[i]) : "");
	db_free(&db);
	rows_free(&rows);
	buf_free(&ignored);
	return buf_detach(&id);
}
