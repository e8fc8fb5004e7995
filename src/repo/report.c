/* report - what is told of the backups in a folder. */
#include "repo/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/progress.h"
#include "base/show.h"
#include "base/size.h"
#include "base/status.h"
#include "repo/folder.h"
#include "repo/freshness.h"
#include "repo/push.h"

/* --- what it is about --- */

/* Whether a folder (the beginning of a path, len bytes) is of that database. */
static bool is_of(const char *name, const char *folder, size_t len)
{
	char *own = xstrndup(folder, len), *escaped = archive_escape(name);
	const char *base = file_base(own);
	bool is = strcmp(own, name) == 0 || strcmp(base, name) == 0 || strcmp(base, escaped) == 0;

	free(escaped);
	free(own);
	return is;
}

/* Whether a folder is wanted; notes in found those of the names that it is one of. */
static bool is_wanted(const struct report_only *only, const char *folder, size_t len, bool *found)
{
	bool wanted = !only->n;

	for (int i = 0; i < only->n; i++)
		if (is_of(only->names[i], folder, len))
			wanted = found[i] = true;
	return wanted;
}

static bool *new_found(const struct report_only *only)
{
	return xcalloc((size_t)only->n + 1, sizeof(bool));
}

/* Tells which of the names have no backup there, and frees found. DONE, or NO_INPUT when there are such. */
static int tell_unfound(const struct report_only *only, bool *found, const char *place,
                        void (*tell)(enum msg_level level, const char *words))
{
	int rc = DONE;

	for (int i = 0; i < only->n; i++) {
		char *words = xasprintf("no backup of '%s' in '%s'", msg_word(only->names[i]), place);

		if (!found[i]) {
			tell(MSG_ERROR, words);
			rc = NO_INPUT;
		}
		free(words);
	}
	free(found);
	return rc;
}

/* The length of a path's folder. */
static size_t folder_length(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? (size_t)(slash - name) : 0;
}

/* --- list --- */

static const char *state_of(struct catalog *c, const char *path, const char *full)
{
	bool known = false, verified = catalog_is_open(c) && catalog_is_verified(c, path, &known);

	if (!file_exists(full))
		return "missing";
	return !known ? "unknown" : verified ? "verified" : "damaged";
}

static void print_head(void)
{
	printf("%-19s  %10s  %-8s  %6s  %s\n", "MADE (UTC)", "SIZE", "STATE", "TABLES", "BACKUP");
}

static void print_row(const struct manifest *m, const char *path, const char *state)
{
	char *size = size_text(m->bytes), *when = clock_iso(m->started);

	show("%.10s %.8s  %10s  %-8s  %6lld  %s%s\n", when, when + 11, size, state,
	       (long long)m->tables, path, m->suspect ? "  (suspect)" : "");
	free(size);
	free(when);
}

static void list_one(struct catalog *c, const char *manifest, bool json,
                     void (*tell)(enum msg_level level, const char *words))
{
	struct buf error = BUF_INIT;
	struct manifest m;
	const char *path, *state;
	char *full, *line;

	if (archive_read(manifest, &m, &full, &error) != 0) {
		tell(MSG_WARNING, error.data);
	} else {
		path = full + strlen(c->root) + 1;
		state = state_of(c, path, full);
		line = json ? manifest_line(&m, path, state) : NULL;
		if (json)
			show_json(line);
		else
			print_row(&m, path, state);
		free(line);
	}
	free(full);
	manifest_free(&m);
	buf_free(&error);
}

int report_list(struct catalog *c, const struct report_only *only, bool json,
                void (*tell)(enum msg_level level, const char *words))
{
	struct strs manifests = { 0 }, unreadable = { 0 };
	bool *found = new_found(only);
	int rc;

	archive_manifests(c->root, &manifests, &unreadable);
	if (!json)
		print_head();
	for (size_t i = 0; i < manifests.n; i++) {
		const char *name = manifests.v[i] + strlen(c->root) + 1;

		if (is_wanted(only, name, folder_length(name), found))
			list_one(c, manifests.v[i], json, tell);
	}
	for (size_t i = 0; i < unreadable.n; i++)
		tell(MSG_ERROR, unreadable.v[i]);
	/* What cannot be read may well have one. */
	for (int i = 0; i < only->n && unreadable.n; i++)
		found[i] = true;
	rc = tell_unfound(only, found, c->root, tell);
	rc = unreadable.n ? NO_INPUT : rc;
	strs_free(&manifests);
	strs_free(&unreadable);
	return rc;
}

int report_folder(const char *dir, const struct report_only *only, bool json,
                  void (*tell)(enum msg_level level, const char *words), struct buf *error)
{
	struct catalog c;
	int rc;

	errno = 0;
	if (!file_is_dir(dir)) {
		if (errno == EACCES)
			file_cannot(error, "read the folder", dir);
		else
			buf_printf(error, "there is no folder '%s': set BACKUP_DIR or --dir", dir);
		return NO_INPUT;
	}
	if (catalog_open(&c, dir, false) < 0)
		tell(MSG_WARNING, c.journal.error.data);
	rc = report_list(&c, only, json, tell);
	catalog_free(&c);
	return rc;
}

/* --- status --- */

/* What the bucket lacks of a database. */
struct lag {
	const char *remote; /* its name */
	struct owed owed;
	bool late;
};

static void print_state(const struct freshness *s, const struct lag *l)
{
	char *text = freshness_text(s), *age = clock_age(clock_wall() - l->owed.newest);

	show("%s", text);
	if (l->owed.n)
		show("; %zu backup%s not in %s yet, where %s%s%s%s", l->owed.n, l->owed.n > 1 ? "s are" : " is", l->remote,
		       l->owed.newest ? "the newest is " : "there is none", l->owed.newest ? age : "",
		       l->owed.newest ? " old" : "", l->late ? ": too old" : "");
	show("\n");
	free(age);
	free(text);
}

static void print_json(const struct freshness *s, const struct lag *l)
{
	char *made = s->newest.made ? clock_iso(s->newest.made) : NULL;
	char *there = l->owed.n && l->owed.newest ? clock_iso(l->owed.newest) : NULL;
	char *age = xasprintf("%lld", (long long)(s->age / 1000));
	char *bytes = xasprintf("%lld", (long long)s->newest.bytes), *owed = xasprintf("%zu", l->owed.n);
	const char *params[] = { s->folder, s->fresh && !l->late ? "true" : "false", made, age, bytes,
		                 s->newest.suspect ? "true" : "false", s->run, s->error, owed, there };
	struct lite lite = LITE_INIT;
	struct rows rows = { 0 };

	if (lite_open(&lite, ":memory:", LITE_CREATE, 0) == 0 &&
	    lite_query(&lite,
	               "SELECT json_object('database', ?1, 'ok', json(?2), 'newest', ?3,"
	               " 'age_seconds', iif(?3 IS NULL, NULL, json(?4)), 'bytes', json(?5),"
	               " 'suspect', json(?6), 'last_run', ?7, 'error', nullif(?8, ''),"
	               " 'owed', json(?9), 'newest_there', ?10)",
	               params, 10, &rows) == 0)
		show_json(rows_get(&rows, 0, 0));
	rows_free(&rows);
	lite_free(&lite);
	free(made);
	free(there);
	free(age);
	free(bytes);
	free(owed);
}

static int status_one(struct catalog *c, const struct rows *rows, size_t row, const char *remote,
                      int64_t limit, bool json)
{
	struct lag lag = { .remote = remote };
	struct freshness s;

	freshness_judge(c, rows, row, limit, &s);
	if (remote)
		ship_look(c, remote, s.folder, &lag.owed);
	lag.late = lag.owed.n && clock_wall() - lag.owed.since >= limit;
	if (json)
		print_json(&s, &lag);
	else
		print_state(&s, &lag);
	return s.fresh && !lag.late ? DONE : NO;
}

/* Those of which the last run knew nothing. */
static int status_unfound(const struct report_only *only, bool *found, bool json)
{
	int rc = DONE;

	for (int i = 0; i < only->n; i++) {
		if (found[i])
			continue;
		if (!json)
			show("%s: failed: no run has backed it up\n", msg_word(only->names[i]));
		rc = NO;
	}
	free(found);
	return rc;
}

int report_status(struct catalog *c, const char *about, const char *remote, int64_t limit,
                  const struct report_only *only, bool json)
{
	struct rows rows = { 0 };
	bool *found;
	int rc = DONE;

	if (catalog_last(c, about, limit, &rows) != 0) {
		show("failed: %s\n", c->journal.error.data);
		return NO;
	}
	if (!rows.n && !json)
		printf("failed: nothing has been backed up yet\n");
	found = new_found(only);
	for (size_t i = 0; i < rows.n; i++)
		if (is_wanted(only, rows_text(&rows, i, 0), strlen(rows_text(&rows, i, 0)), found))
			rc = status_one(c, &rows, i, remote, limit, json) ? NO : rc;
	rc = status_unfound(only, found, json) || !rows.n ? NO : rc;
	rows_free(&rows);
	return rc;
}

/* --- which backups are meant --- */

static bool names_file(const char *word, const char *manifest, const char *name)
{
	char *path = xstrndup(manifest, strlen(manifest) - strlen(".json"));
	const char *relative = path + (name - manifest);
	bool named = strcmp(word, path) == 0 || strcmp(word, relative) == 0 ||
	             strcmp(word, file_base(path)) == 0 || strcmp(word, manifest) == 0 ||
	             strcmp(word, name) == 0;

	free(path);
	return named;
}

static bool names_folder(const char *word, const char *name)
{
	char *escaped = archive_escape(word);
	size_t len = folder_length(name);
	bool named = (strlen(word) == len && strncmp(word, name, len) == 0) ||
	             (strlen(escaped) == len && strncmp(escaped, name, len) == 0);

	free(escaped);
	return named;
}

/* Names sort by their moments within a folder. */
static bool is_newest(const struct strs *all, size_t i, size_t prefix)
{
	size_t len = folder_length(all->v[i] + prefix);

	return i + 1 == all->n || folder_length(all->v[i + 1] + prefix) != len ||
	       strncmp(all->v[i] + prefix, all->v[i + 1] + prefix, len) != 0;
}

/* The symlink beside a database's backups is as good as the database's name. The caller frees
 * it. */
static char *without_latest(const char *root, const char *word)
{
	const char *rest = skip_prefix(word, root);
	const char *name = rest && *rest == '/' ? rest + 1 : word;
	size_t len = strlen(name), end = strlen("/latest");

	return len > end && strcmp(name + len - end, "/latest") == 0 ? xstrndup(name, len - end)
	                                                             : xstrdup(word);
}

static int choose_word(const struct strs *all, size_t prefix, const char *word, bool every,
                       struct strs *chosen, struct buf *error)
{
	size_t before = chosen->n;

	for (size_t i = 0; i < all->n; i++) {
		const char *name = all->v[i] + prefix;

		if (names_file(word, all->v[i], name) ||
		    (names_folder(word, name) && (every || is_newest(all, i, prefix))))
			strs_add(chosen, all->v[i]);
	}
	if (chosen->n > before)
		return DONE;
	buf_printf(error, "there is no backup '%s': see pgbackup list", msg_word(word));
	return NO_INPUT;
}

int report_choose_among(const struct strs *all, const char *root, const char *shown, int n,
                        char *const *words, bool every, struct strs *manifests, struct buf *error)
{
	size_t prefix = *root ? strlen(root) + 1 : 0;
	int rc = DONE;

	for (int i = 0; i < n && !rc; i++) {
		char *word = without_latest(root, words[i]);

		rc = choose_word(all, prefix, word, every, manifests, error);
		free(word);
	}
	for (size_t i = 0; i < all->n && !n; i++)
		if (every || is_newest(all, i, prefix))
			strs_add(manifests, all->v[i]);
	if (!rc && !manifests->n) {
		buf_printf(error, "there is no backup in '%s'", shown);
		rc = NO_INPUT;
	}
	return rc;
}

int report_choose(struct catalog *c, int n, char *const *words, bool every, struct strs *manifests,
                  struct buf *error)
{
	struct strs all = { 0 }, unreadable = { 0 };
	int rc;

	archive_manifests(c->root, &all, &unreadable);
	rc = report_choose_among(&all, c->root, c->root, n, words, every, manifests, error);
	if (unreadable.n && (rc || !n)) {
		buf_cut(error, 0);
		buf_puts(error, unreadable.v[0]);
		rc = NO_INPUT;
	}
	strs_free(&unreadable);
	strs_free(&all);
	return rc;
}

/* --- in a bucket --- */

int report_remote(struct remote *r, const struct report_only *only, bool json,
                  void (*tell)(enum msg_level level, const char *words), struct buf *error)
{
	struct remote_backups list = { 0 };
	bool *found = new_found(only);
	int rc = remote_find(r, NULL, &list, tell, error);

	if (!rc && !json)
		print_head();
	for (size_t i = 0; i < list.n && !rc; i++) {
		const struct remote_backup *b = &list.v[i];
		char *path;

		if (!is_wanted(only, b->path, folder_length(b->path), found))
			continue;
		path = xasprintf("%s/%s", r->name, b->path);
		char *line = json ? manifest_line(&b->m, path, remote_state(b)) : NULL;

		if (json)
			show_json(line);
		else
			print_row(&b->m, path, remote_state(b));
		free(line);
		free(path);
	}
	remote_backups_free(&list);
	if (!rc)
		return tell_unfound(only, found, r->name, tell);
	free(found);
	return rc;
}

int report_bucket(const struct report_only *only, bool json,
                  void (*tell)(enum msg_level level, const char *words), struct buf *error)
{
	struct remote r;
	int rc = remote_open(&r, error);

	if (!rc && !r.on) {
		buf_puts(error, "there is no bucket: set S3_BUCKET");
		rc = BAD_CONFIG;
	}
	rc = rc ? rc : report_remote(&r, only, json, tell, error);
	remote_free(&r);
	return rc;
}

int report_backups(const char *dir, const struct report_only *only, bool json,
                   void (*tell)(enum msg_level level, const char *words), struct buf *error)
{
	return dir ? report_folder(dir, only, json, tell, error) : report_bucket(only, json, tell, error);
}

int report_status_remote(struct remote *r, int64_t limit, const struct report_only *only, bool json,
                         struct buf *error)
{
	struct remote_look look = { .before = clock_wall() + CATALOG_TOLERANCE_MS };
	struct remote_backups list = { 0 };
	struct remote_names names;
	struct catalog c;
	int rc = remote_names(r, NULL, &names, error);

	rc = rc ? rc : remote_glance(r, &look, &names, &list, error);
	remote_names_free(&names);
	if (rc) {
		remote_backups_free(&list);
		return NO;
	}
	rc = catalog_imagine(&c, r->name);
	for (size_t i = 0; i < list.n && !rc; i++) {
		const struct remote_backup *b = &list.v[i];
		char *folder = xstrndup(b->path, strlen(b->path) - strlen(file_base(b->path)) - 1);

		rc = catalog_add(&c, b->path, folder, &b->m, strcmp(remote_state(b), "verified") == 0);
		free(folder);
	}
	if (rc)
		buf_puts(error, c.journal.error.data);
	else
		rc = report_status(&c, NULL, NULL, limit, only, json);
	catalog_free(&c);
	remote_backups_free(&list);
	return rc ? NO : DONE;
}

/* --- how far it is --- */

/* What pgrestore does is all of its bar, one after the other. */
static bool is_one_way(const struct progress *p)
{
	return strcmp(p->phase, "read") == 0 || strcmp(p->phase, "restore") == 0;
}

/* The dump counts for four fifths of the bar, its check for the rest. */
void report_progress(const struct progress *p)
{
	struct buf what = BUF_INIT;
	bool dumping = p && strcmp(p->phase, "dump") == 0;
	int part, percent = 100;
	char *size;

	if (!p) {
		progress_clear();
		return;
	}
	part = p->total > 0 ? (int)(p->done >= p->total ? 99 : p->done * 100 / p->total) : 0;
	if (strcmp(p->phase, "done") != 0)
		percent = dumping ? part * 4 / 5 : strcmp(p->phase, "check") == 0 ? 80 + part / 5
		          : !is_one_way(p) ? 99 : p->total ? part : -1;
	size = size_text(p->done);
	buf_printf(&what, "%s %s%s%s", p->phase, size, p->table ? " " : "", p->table ? p->table : "");
	progress_draw(p->database, percent, what.data);
	buf_free(&what);
	free(size);
}
