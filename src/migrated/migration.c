/* migration - the check migrated=TOOL[:TABLE][=REV,... or @DIR]. */
#include "migrated/migration.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "check/kinds.h"
#include "db/relation.h"

#define ROWS "20000"          /* more are not read: no tool has so many */
#define NAMES 200000          /* below DIR, of all kinds */
#define FOLDERS 20000
#define DEPTH 32
#define SIZE_LIMIT (4 << 20)
#define SHOWN 3

static const struct migration_tool *const tools[] = {
	&migration_alembic,
	&migration_django,
	&migration_drizzle,
};

#define TOOLS (sizeof(tools) / sizeof(*tools))

/* --- what is asked --- */

static const struct migration_tool *find_tool(const char *name, size_t len)
{
	for (size_t i = 0; i < TOOLS; i++)
		if (strlen(tools[i]->name) == len && memcmp(tools[i]->name, name, len) == 0)
			return tools[i];
	return NULL;
}

/* Reads [SCHEMA.]TABLE; NULL: what the tool calls it. */
static bool read_table(struct migration *m, const char *text)
{
	struct comparison c = { .name = xstrdup(m->tool->table) };
	bool ok = true;

	if (text) {
		comparison_free(&c);
		ok = comparison_read(&c, text, OPERAND_TABLE) && c.sign == SIGN_NONE;
	}
	m->schema = c.schema;
	m->table = c.name;
	free(c.bound);
	if (!m->schema && m->tool->schema)
		m->schema = xstrdup(m->tool->schema);
	return ok;
}

/* What alembic itself would look up in the files is no revision, nor is what begins with
 * another operator's second half. */
static bool are_revisions(const struct strs *revisions)
{
	for (size_t i = 0; i < revisions->n; i++)
		if (strpbrk(revisions->v[i], "<>=!"))
			return false;
	return revisions->n && !strs_has(revisions, "head") && !strs_has(revisions, "heads") &&
	       !strs_has(revisions, "base");
}

bool migration_read(struct migration *m, const char *text)
{
	size_t len = strcspn(text, ":=@");
	char *table = NULL;
	bool ok;

	*m = (struct migration){ .tool = find_tool(text, len) };
	if (!m->tool)
		return false;
	text += len;
	if (*text == ':') {
		len = strcspn(++text, "=@");
		table = xstrndup(text, len);
		text += len;
	}
	ok = read_table(m, table);
	free(table);
	if (*text == '=')
		strs_split(&m->revisions, text + 1, ", \t");
	if (*text == '@')
		m->dir = xstrdup(text + 1);
	return ok && (*text != '=' || are_revisions(&m->revisions)) && (!m->dir || *m->dir);
}

void migration_free(struct migration *m)
{
	free(m->schema);
	free(m->table);
	free(m->dir);
	strs_free(&m->revisions);
	*m = (struct migration){ 0 };
}

bool migration_valid(const char *text)
{
	struct migration m;
	bool valid = migration_read(&m, text);

	migration_free(&m);
	return valid;
}

/* --- names --- */

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void migration_sort(struct strs *names)
{
	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), by_bytes);
}

bool migration_has(const struct strs *sorted, const char *name)
{
	return sorted->n && bsearch(&name, sorted->v, sorted->n, sizeof(*sorted->v), by_bytes);
}

void migration_list(struct buf *b, const struct strs *names)
{
	for (size_t i = 0; i < names->n && i < SHOWN; i++)
		buf_printf(b, "%s%.100s", i ? ", " : "", names->v[i]);
	if (names->n > SHOWN)
		buf_puts(b, ", ...");
}

void migration_missing(const struct migration *m, const struct strs *names, size_t total,
                       struct finding *f)
{
	struct buf list = BUF_INIT;

	if (!names->n) {
		finding_pass(f);
		return;
	}
	migration_list(&list, names);
	finding_set(f, FAIL, "%s: %zu of %zu migrations %s missing: %s", m->tool->name, names->n, total,
	            names->n == 1 ? "is" : "are", list.data);
	buf_free(&list);
}

/* --- files --- */

struct walk {
	const char *suffix;
	int64_t deadline;
	struct strs *paths;
	struct buf *error;
	size_t names;       /* seen so far */
	struct folder {
		dev_t dev;
		ino_t ino;
	} *folders;         /* likewise */
	size_t folders_n;
};

static bool is_left_out(const char *name)
{
	static const char *const names[] = { "__pycache__", "node_modules", "site-packages",
		                             "dist-packages" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return *name == '.';
}

static bool ends_in(const char *name, const char *suffix)
{
	size_t len = strlen(name), end = strlen(suffix);

	return len >= end && strcmp(name + len - end, suffix) == 0;
}

/* Whether the folder was read before, by another name. */
static bool is_seen(struct walk *w, const struct stat *st)
{
	for (size_t i = 0; i < w->folders_n; i++)
		if (w->folders[i].dev == st->st_dev && w->folders[i].ino == st->st_ino)
			return true;
	w->folders = xrealloc(w->folders, (w->folders_n + 1) * sizeof(*w->folders));
	w->folders[w->folders_n++] = (struct folder){ st->st_dev, st->st_ino };
	return false;
}

static bool may_go_on(struct walk *w, const char *dir, unsigned depth)
{
	if (!clock_left(w->deadline))
		buf_printf(w->error, "'%s': the files could not be read in time", dir);
	else if (++w->names > NAMES || w->folders_n > FOLDERS)
		buf_printf(w->error, "'%s': too many files to look through: name a folder further down",
		           dir);
	else if (depth > DEPTH)
		buf_printf(w->error, "'%s': folders too deep to follow", dir);
	return !w->error->len;
}

static int walk(struct walk *w, const char *dir, unsigned depth);

static int walk_one(struct walk *w, const char *path, const char *name, unsigned depth)
{
	struct stat st;

	if (stat(path, &st) != 0)
		/* A symlink that leads nowhere is no file. */
		return errno == ENOENT || errno == ELOOP ? 0 : file_cannot(w->error, "look at", path);
	if (S_ISDIR(st.st_mode))
		return is_left_out(name) || is_seen(w, &st) ? 0 : walk(w, path, depth + 1);
	if (S_ISREG(st.st_mode) && ends_in(name, w->suffix))
		strs_add(w->paths, path);
	return 0;
}

static int walk(struct walk *w, const char *dir, unsigned depth)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int rc = 0;

	if (!d)
		return file_cannot(w->error, "read the folder", dir);
	while (!rc && (entry = readdir(d))) {
		char *path;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    (entry->d_type == DT_REG && !ends_in(entry->d_name, w->suffix)))
			continue;
		path = xasprintf("%s/%s", dir, entry->d_name);
		rc = may_go_on(w, dir, depth) ? walk_one(w, path, entry->d_name, depth) : BAD_DATA;
		free(path);
	}
	closedir(d);
	return rc;
}

int migration_files(const char *dir, const char *suffix, int64_t deadline, struct strs *paths,
                    struct buf *error)
{
	struct walk w = { .suffix = suffix, .deadline = deadline, .paths = paths, .error = error };
	struct stat st;
	int rc = 0;

	if (stat(dir, &st) != 0)
		rc = file_cannot(error, "read the folder", dir);
	else if (!is_seen(&w, &st))
		rc = walk(&w, dir, 0);
	free(w.folders);
	migration_sort(paths);
	return rc ? BAD_DATA : 0;
}

int migration_text(const char *path, int64_t deadline, struct buf *text, struct buf *error)
{
	if (!clock_left(deadline))
		buf_printf(error, "'%s': the files could not be read in time", path);
	else if (file_read(path, text, SIZE_LIMIT) != 0)
		file_cannot(error, "read", path);
	return error->len ? BAD_DATA : 0;
}

/* --- the table --- */

/* Where else a table of that name is; "" where nowhere. */
static void add_hint(struct db *db, const struct migration *m, int64_t deadline, struct buf *why)
{
	static const struct sql elsewhere = {
		.pg = "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
		      " WHERE c.relname = $1 AND c.relkind IN ('r', 'p') ORDER BY 1 LIMIT 1",
	};
	struct rows rows = { 0 };

	if (db_is_pg(db) && db_read(db, elsewhere, (const char *const *)&m->table, 1, deadline, &rows) == 0 &&
	    rows.n)
		buf_printf(why, "; there is one in schema %s: migrated=%s:%s.%s", rows_text(&rows, 0, 0),
		           m->tool->name, rows_text(&rows, 0, 0), m->table);
	rows_free(&rows);
}

static void no_table(struct db *db, const struct migration *m, int64_t deadline, struct finding *f)
{
	struct buf hint = BUF_INIT;

	add_hint(db, m, deadline, &hint);
	finding_set(f, FAIL, "%s has applied nothing: there is no table %s%s%s%s", m->tool->name,
	            m->schema ? m->schema : "", m->schema ? "." : "", m->table, hint.data);
	buf_free(&hint);
}

static int read_columns(struct db *db, const struct migration *m, const char *columns,
                        const char *schema, struct rows *rows)
{
	struct buf sql = BUF_INIT;
	int rc;

	buf_printf(&sql, "SELECT %s FROM ", columns);
	db_identifier(db, &sql, schema);
	buf_putc(&sql, '.');
	db_identifier(db, &sql, m->table);
	buf_printf(&sql, " AS t ORDER BY %s LIMIT " ROWS, m->tool->order);
	rc = db_query(db, (struct sql){ sql.data, sql.data }, NULL, 0, rows);
	buf_free(&sql);
	return rc;
}

/* In the transaction that is open. */
static int read_rows(struct db *db, const struct migration *m, const char *schema, struct rows *rows)
{
	const struct migration_tool *tool = m->tool;

	if (db_is_pg(db))
		return read_columns(db, m, tool->columns.pg, schema, rows);
	if (read_columns(db, m, tool->columns.lite, schema, rows) == 0)
		return 0;
	return tool->older ? read_columns(db, m, tool->older, schema, rows) : -1;
}

static void judge(const struct migration *m, const struct rows *rows, int64_t deadline,
                  struct finding *f)
{
	if (m->dir)
		m->tool->judge_files(m, rows, deadline, f);
	else if (m->revisions.n)
		m->tool->judge_revisions(m, rows, f);
	else if (rows->n)
		finding_pass(f);
	else
		finding_set(f, FAIL, "%s has applied nothing", m->tool->name);
}

static void read_and_judge(const struct migration *m, struct db *db, const char *schema, int64_t deadline,
                           struct finding *f)
{
	struct rows rows = { 0 };
	int rc;

	if (relation_hold(db, schema, m->table, RELATION_PLAIN, deadline, f) != 0)
		return;
	rc = read_rows(db, m, schema, &rows);
	if (rc)
		finding_unknown(f, db);
	db_rollback(db);
	if (!rc)
		judge(m, &rows, deadline, f);
	rows_free(&rows);
}

static void ask(const struct migration *m, struct db *db, int64_t deadline, struct finding *f)
{
	char *schema = NULL;

	if (relation_find(db, m->schema, m->table, deadline, &schema))
		finding_unknown(f, db);
	else if (!schema)
		no_table(db, m, deadline, f);
	else
		read_and_judge(m, db, schema, deadline, f);
	free(schema);
}

void check_migrated(const struct check *check, struct db *db, int64_t deadline, struct finding *f)
{
	struct migration m;

	if (!migration_read(&m, check->arg)) {
		finding_set(f, UNKNOWN, "'%s' is not written as migrated= is", check->arg);
	} else if (m.dir && !file_is_dir(m.dir)) {
		/* Said before there is a table, lest a slip stays unseen until then. */
		finding_set(f, UNKNOWN, "there is no folder '%s'", m.dir);
	} else {
		/* What drizzle calls a schema SQLite has not. */
		if (!db_is_pg(db) && m.tool->schema) {
			free(m.schema);
			m.schema = NULL;
		}
		ask(&m, db, deadline, f);
	}
	migration_free(&m);
}
