/* bucket_list - which backups are in a bucket by the names of their keys, and which is the newest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "repo/bucket_parts.h"
#include "repo/catalog.h"
#include "repo/folder.h"

#define NAMES_MOVE_MS 61000 /* a name may be a minute later than its backup: backup/stream */
#define SAFE "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%-/"

/* --- names --- */

static size_t folder_length(const char *path)
{
	return strlen(path) - strlen(file_base(path)) - 1;
}

/* FOLDER/BASE-YYYYMMDD-HHMMSS.what.json, of as many folders as archive_manifests looks into, gives
 * the length of the data's path; 0: not a manifest of ours. */
static size_t data_length(const char *path)
{
	size_t len = strlen(path), end = strlen(".json");
	const char *base = file_base(path), *slash = strchr(path, '/');
	char *folder;
	bool ours;

	if (len <= end || strcmp(path + len - end, ".json") != 0 || base == path || slash == path ||
	    path[strspn(path, SAFE)] || !beneath_is_confined(path))
		return 0;
	if (slash + 1 != base && strchr(slash + 1, '/') != base - 1)
		return 0;
	folder = xstrndup(path, (size_t)(base - path) - 1);
	ours = file_base(folder)[0] && archive_is_named(folder, base);
	free(folder);
	return ours ? len - end : 0;
}

/* The first object that is not before key. */
static size_t find_object(const struct s3_objects *o, const char *key)
{
	size_t from = 0, to = o->n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (strcmp(o->v[mid].key, key) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

/* Of the object, or of those below it. */
static int64_t data_bytes(const struct s3_objects *o, const char *key)
{
	size_t i = find_object(o, key);
	int64_t bytes = i < o->n && strcmp(o->v[i].key, key) == 0 ? o->v[i].bytes : -1;
	char *below = xasprintf("%s/", key);

	for (i = find_object(o, below); i < o->n && skip_prefix(o->v[i].key, below); i++)
		bytes = (bytes < 0 ? 0 : bytes) + o->v[i].bytes;
	free(below);
	return bytes;
}

static int compare_objects(const void *a, const void *b)
{
	const struct s3_object *one = a, *other = b;

	return strcmp(one->key, other->key);
}

static int compare_names(const void *a, const void *b)
{
	const struct remote_name *one = a, *other = b;

	return strcmp(one->path, other->path);
}

/* Not all servers list in byte order; and names of data are not in the order of their manifests'. */
static void take_names(const struct remote *r, struct s3_objects *objects, struct remote_names *names)
{
	if (objects->n)
		qsort(objects->v, objects->n, sizeof(*objects->v), compare_objects);
	names->v = xcalloc(objects->n + 1, sizeof(*names->v));
	for (size_t i = 0; i < objects->n; i++) {
		const char *path = skip_prefix(objects->v[i].key, r->prefix);
		size_t len = path ? data_length(path) : 0;
		char *key = len ? xasprintf("%s%.*s", r->prefix, (int)len, path) : NULL;

		if (key && (!i || strcmp(objects->v[i].key, objects->v[i - 1].key) != 0))
			names->v[names->n++] = (struct remote_name){ .path = xstrndup(path, len),
				                                     .bytes = data_bytes(objects, key) };
		free(key);
	}
	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), compare_names);
}

/* Others' objects in the bucket take no memory here. */
static bool is_ours(const char *key, const void *arg)
{
	const struct remote *r = arg;
	const char *path = skip_prefix(key, r->prefix);

	return path && remote_is_named(path);
}

int remote_names(struct remote *r, const char *folder, struct remote_names *names, struct buf *error)
{
	char *prefix = xasprintf("%s%s%s", r->prefix, folder ? folder : "", folder ? "/" : "");
	struct s3_objects objects = { .wants = is_ours, .arg = r };
	int rc = s3_list(&r->s3, prefix, &objects, error);

	*names = (struct remote_names){ 0 };
	if (!rc)
		take_names(r, &objects, names);
	s3_objects_free(&objects);
	free(prefix);
	return rc;
}

void remote_names_free(struct remote_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i].path);
	free(names->v);
	*names = (struct remote_names){ 0 };
}

/* --- the newest --- */

/* The names of one folder, from its newest back. */
struct walk {
	size_t from, at; /* the next to read is the one before at */
	bool once, done;
};

/* YYYYMMDD-HHMMSS of a name. */
static const char *stamp_of(const char *path)
{
	const char *base = file_base(path);
	char *folder = xstrndup(path, folder_length(path));
	size_t len = strlen(file_base(folder)) - (strcmp(file_base(folder), ARCHIVE_GLOBALS) == 0);

	free(folder);
	return base + len + 1;
}

static void skip_later(const struct remote_names *names, struct walk *w, int64_t before)
{
	time_t seconds = (time_t)((before + NAMES_MOVE_MS) / 1000);
	char last[16];
	struct tm at;
	size_t i = w->at;

	if (!gmtime_r(&seconds, &at) || !strftime(last, sizeof(last), "%Y%m%d-%H%M%S", &at))
		return;
	while (i > w->from && strncmp(stamp_of(names->v[i - 1].path), last, strlen(last)) > 0)
		i--;
	/* Where all are later one of them stands for the folder. */
	w->once = i == w->from;
	w->at = w->once ? w->at : i;
}

/* The folders' names lie together, as paths are in byte order. */
static size_t make_walks(const struct remote_names *names, const struct remote_look *look, struct walk *walks)
{
	size_t n = 0;

	for (size_t i = 0; i < names->n; i++) {
		size_t len = folder_length(names->v[i].path);

		if (i && folder_length(names->v[i - 1].path) == len &&
		    strncmp(names->v[i].path, names->v[i - 1].path, len) == 0)
			walks[n - 1].at++;
		else
			walks[n++] = (struct walk){ .from = i, .at = i + 1 };
	}
	for (size_t i = 0; i < n && look->skip; i++)
		skip_later(names, &walks[i], look->before);
	return n;
}

/* What was read at a walk's place, and whether it goes on. */
static void judge(const struct remote_names *names, const struct remote_look *look, struct walk *w, struct found *f,
                  struct remote_backups *list)
{
	if (f->what == FOREIGN || w->once)
		w->done = true;
	if (f->what == BAD) {
		if (look->tell)
			look->tell(f->words.data, look->arg);
		list->bad = f->rc;
	}
	if (f->what != WHOLE)
		return;
	found_take(list, &names->v[w->at], f);
	if (list->v[list->n - 1].m.started <= look->before &&
	    strcmp(remote_state(&list->v[list->n - 1]), "verified") == 0)
		w->done = true;
}

int remote_glance(struct remote *r, const struct remote_look *look, const struct remote_names *names,
                  struct remote_backups *list, struct buf *error)
{
	struct walk *walks = xcalloc(names->n + 1, sizeof(*walks));
	bool *chosen = xcalloc(names->n + 1, sizeof(*chosen)), any = true;
	struct found *found = found_make(names->n);
	size_t n = make_walks(names, look, walks);
	int rc = 0;

	while (any && !rc) {
		any = false;
		for (size_t i = 0; i < n; i++) {
			walks[i].done = walks[i].done || walks[i].at == walks[i].from;
			if (!walks[i].done)
				any = chosen[--walks[i].at] = true;
		}
		rc = any ? remote_read_chosen(r, names, chosen, found, error) : 0;
		for (size_t i = 0; i < n && any && !rc; i++)
			if (!walks[i].done) {
				chosen[walks[i].at] = false;
				judge(names, look, &walks[i], &found[walks[i].at], list);
			}
	}
	found_free(found, names->n);
	free(chosen);
	free(walks);
	return rc;
}

bool remote_is_of(const struct remote_backup *b, const char *system_id)
{
	return !system_id || !*system_id || !b->m.system_id || strcmp(b->m.system_id, system_id) == 0;
}

static bool counts(const struct remote_backup *b, const char *system_id)
{
	return remote_is_of(b, system_id) && strcmp(remote_state(b), "verified") == 0;
}

static void fill_newest(struct newest *newest, const struct manifest *m)
{
	*newest = (struct newest){ .made = m->started, .bytes = m->bytes, .tables = m->tables,
		                   .suspect = m->suspect };
	snprintf(newest->kind, sizeof(newest->kind), "%s", m->kind);
	snprintf(newest->compression, sizeof(newest->compression), "%s", m->compression ? m->compression : "");
}

int remote_newest(struct remote *r, const char *folder, const char *system_id, struct newest *newest,
                  struct buf *error)
{
	struct remote_names names;
	int rc = remote_names(r, folder, &names, error);

	*newest = (struct newest){ 0 };
	for (size_t i = names.n; i > 0 && !rc && !newest->made; i--) {
		struct remote_names one = { .v = &names.v[i - 1], .n = 1 };
		struct remote_backups list = { 0 };

		rc = remote_read(r, &one, NULL, &list, remote_ignore, error);
		if (!rc && list.n && counts(&list.v[0], system_id))
			fill_newest(newest, &list.v[0].m);
		remote_backups_free(&list);
	}
	remote_names_free(&names);
	return rc;
}

void remote_ignore(enum msg_level level, const char *words)
{
	(void)level;
	(void)words;
}
