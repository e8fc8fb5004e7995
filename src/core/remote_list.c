/* remote_list - what core/remote finds in a bucket, deletes there and fetches. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/size.h"
#include "base/status.h"
#include "core/archive.h"
#include "core/catalog.h"
#include "core/remote.h"

#define MANIFEST_MAX (1 << 20)

/* --- reading --- */

static int take_text(void *arg, const char *bytes, size_t len)
{
	struct buf *text = arg;

	if (text->len + len > MANIFEST_MAX)
		return -1;
	buf_add(text, bytes, len);
	return 0;
}

static int read_manifest(struct remote *r, const char *key, struct manifest *m, struct buf *error)
{
	struct buf text = BUF_INIT;
	char *name = xasprintf("s3://%s/%s", r->s3.bucket, key);
	int rc;

	*m = (struct manifest){ 0 };
	rc = s3_get(&r->s3, key, take_text, &text, error);
	if (!rc)
		rc = manifest_parse(m, text.data, name, error);
	free(name);
	buf_free(&text);
	return rc;
}

/* The data's path of a manifest's, if it is one of ours; no key may lead out of a folder. */
static char *data_path(const char *path)
{
	size_t len = strlen(path), end = strlen(".json");
	const char *base = file_base(path);
	char *folder, *data = NULL;

	if (len <= end || strcmp(path + len - end, ".json") != 0 || base == path || strstr(path, "//") ||
	    *path == '/' || strstr(path, "../"))
		return NULL;
	folder = xstrndup(path, (size_t)(base - path) - 1);
	/* Below another folder is another prefix, PREFIX/MORE: not ours. */
	if (!strchr(folder, '/') && archive_is_named(folder, base))
		data = xstrndup(path, len - end);
	free(folder);
	return data;
}

/* Of the object, or of those below it. */
static int64_t data_bytes(const struct s3_objects *objects, const char *key)
{
	int64_t bytes = -1;

	for (size_t i = 0; i < objects->n; i++) {
		const char *rest = skip_prefix(objects->v[i].key, key);

		if (rest && (!*rest || *rest == '/'))
			bytes = (bytes < 0 ? 0 : bytes) + objects->v[i].bytes;
	}
	return bytes;
}

static int add_backup(struct remote *r, const struct s3_objects *objects, size_t i,
                      struct remote_backups *list, struct buf *error)
{
	const char *key = objects->v[i].key, *path = skip_prefix(key, r->prefix);
	char *data = path ? data_path(path) : NULL;
	struct remote_backup b = { .path = data };
	char *data_key;
	int rc;

	if (!data)
		return 0;
	rc = read_manifest(r, key, &b.m, error);
	if (!rc && strcmp(b.m.file, file_base(data)) != 0) {
		buf_printf(error, "s3://%s/%s speaks of another file, '%s'", r->s3.bucket, key, b.m.file);
		rc = BAD_DATA;
	}
	if (rc) {
		manifest_free(&b.m);
		free(data);
		return rc;
	}
	data_key = xasprintf("%s%s", r->prefix, data);
	b.bytes = data_bytes(objects, data_key);
	list->v = xrealloc(list->v, (list->n + 1) * sizeof(*list->v));
	list->v[list->n++] = b;
	free(data_key);
	return 0;
}

int remote_find(struct remote *r, const char *folder, struct remote_backups *list,
                void (*tell)(enum msg_level level, const char *words), struct buf *error)
{
	char *prefix = xasprintf("%s%s%s", r->prefix, folder ? folder : "", folder ? "/" : "");
	struct s3_objects objects = { 0 };
	int rc = s3_list(&r->s3, prefix, &objects, error);

	for (size_t i = 0; i < objects.n && !rc; i++) {
		struct buf words = BUF_INIT;

		rc = add_backup(r, &objects, i, list, &words);
		/* One that is broken, or was deleted just now, says nothing of the others. */
		if (rc == BAD_DATA || rc == NO_INPUT)
			rc = (tell(MSG_WARNING, words.data), 0);
		else if (rc)
			buf_puts(error, words.data);
		buf_free(&words);
	}
	s3_objects_free(&objects);
	free(prefix);
	return rc;
}

/* The folder of a manifest of ours, which the caller frees, or NULL. */
static char *folder_of(const struct remote *r, const char *key)
{
	const char *path = skip_prefix(key, r->prefix);
	char *data = path ? data_path(path) : NULL;
	char *folder = data ? xstrndup(data, (size_t)(file_base(data) - data) - 1) : NULL;

	free(data);
	return folder;
}

int remote_glance(struct remote *r, int64_t now, struct remote_backups *list, struct buf *error)
{
	struct s3_objects objects = { 0 };
	struct strs done = { 0 };
	int rc = s3_list(&r->s3, r->prefix, &objects, error);

	/* Names sort by their moments within a folder. */
	for (size_t i = objects.n; i > 0 && !rc; i--) {
		char *folder = folder_of(r, objects.v[i - 1].key);
		size_t before = list->n;
		struct buf words = BUF_INIT;

		if (folder && !strs_has(&done, folder))
			rc = add_backup(r, &objects, i - 1, list, &words);
		if (rc == BAD_DATA || rc == NO_INPUT)
			rc = 0;
		else if (rc)
			buf_puts(error, words.data);
		if (list->n > before && list->v[before].m.started <= now &&
		    strcmp(remote_state(&list->v[before]), "verified") == 0)
			strs_add(&done, folder);
		buf_free(&words);
		free(folder);
	}
	s3_objects_free(&objects);
	strs_free(&done);
	return rc;
}

void remote_backups_free(struct remote_backups *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->v[i].path);
		manifest_free(&list->v[i].m);
	}
	free(list->v);
	*list = (struct remote_backups){ 0 };
}

const char *remote_state(const struct remote_backup *b)
{
	if (b->bytes < 0)
		return "missing";
	return b->m.verified && b->bytes == b->m.bytes ? "verified" : "damaged";
}

static void ignore(enum msg_level level, const char *words)
{
	(void)level;
	(void)words;
}

static bool is_of(const struct remote_backup *b, const char *system_id)
{
	return !system_id || !*system_id || !b->m.system_id || strcmp(b->m.system_id, system_id) == 0;
}

int remote_newest(struct remote *r, const char *folder, const char *system_id, struct newest *newest,
                  struct buf *error)
{
	struct remote_backups list = { 0 };
	int rc = remote_find(r, folder, &list, ignore, error);

	*newest = (struct newest){ 0 };
	for (size_t i = 0; i < list.n && !rc; i++) {
		const struct manifest *m = &list.v[i].m;

		if (!is_of(&list.v[i], system_id) || strcmp(remote_state(&list.v[i]), "verified") != 0 ||
		    m->started < newest->made)
			continue;
		*newest = (struct newest){ .made = m->started, .bytes = m->bytes, .tables = m->tables,
			                   .suspect = m->suspect };
		snprintf(newest->kind, sizeof(newest->kind), "%s", m->kind);
		snprintf(newest->compression, sizeof(newest->compression), "%s",
		         m->compression ? m->compression : "");
	}
	remote_backups_free(&list);
	return rc;
}

/* --- pruning --- */

/* What lies below the data's name is a directory's; other names are other backups'. */
static int delete_one(struct remote *r, const char *path, struct buf *error)
{
	static const char *const suffixes[] = { ".json", ".sha256", "" };
	struct s3_objects files = { 0 };
	char *below = xasprintf("%s%s/", r->prefix, path);
	int rc = s3_list(&r->s3, below, &files, error);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes) && !rc; i++) {
		char *key = xasprintf("%s%s%s", r->prefix, path, suffixes[i]);

		rc = s3_delete(&r->s3, key, error);
		free(key);
	}
	for (size_t i = 0; i < files.n && !rc; i++)
		rc = s3_delete(&r->s3, files.v[i].key, error);
	s3_objects_free(&files);
	free(below);
	return rc;
}

int remote_take_back(struct remote *r, const char *path, const char *sha256, struct buf *error)
{
	int rc = remote_check_free(r, path, sha256, error);

	return rc ? rc : delete_one(r, path, error);
}

static int apply(struct remote *r, const struct remote_backups *list, const struct past *past, size_t n,
                 bool dry, void (*verdict)(const char *path, bool keep, const char *reason),
                 void (*tell)(enum msg_level level, const char *words), struct buf *error)
{
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		const char *path = list->v[past[i].id].path, *reason = past[i].reason.data;
		char *name = xasprintf("%s/%s", r->name, path), *words;

		if (verdict)
			verdict(name, past[i].keep, reason);
		if (!dry && !past[i].keep && (rc = delete_one(r, path, error)) == 0) {
			words = xasprintf("deleted %s: %s", name, reason);
			tell(MSG_INFO, words);
			free(words);
		}
		free(name);
	}
	return rc;
}

/* The newest that counts; paths of one folder are in the order of their moments. */
static bool newest_is_suspect(const struct remote_backups *list, const struct past *past, size_t n)
{
	const struct past *newest = NULL;

	for (size_t i = 0; i < n; i++)
		if (past[i].verified && (!newest || past[i].made >= newest->made))
			newest = &past[i];
	return newest && list->v[newest->id].m.suspect;
}

int remote_prune(struct remote *r, const char *folder, const char *system_id, bool dry,
                 void (*verdict)(const char *path, bool keep, const char *reason),
                 void (*tell)(enum msg_level level, const char *words), struct buf *error)
{
	struct remote_backups list = { 0 };
	struct past *past = NULL;
	size_t n = 0;
	int rc = remote_find(r, folder, &list, tell, error);

	if (!rc && list.n)
		past = xcalloc(list.n, sizeof(*past));
	for (size_t i = 0; i < list.n && !rc; i++) {
		const struct remote_backup *b = &list.v[i];

		if (!is_of(b, system_id))
			continue;
		past[n++] = (struct past){ .made = b->m.started, .id = i, .reason = BUF_INIT,
			                   .verified = strcmp(remote_state(b), "verified") == 0 };
	}
	if (!rc) {
		retention_judge(&r->keep, past, n, newest_is_suspect(&list, past, n), clock_wall());
		rc = apply(r, &list, past, n, dry, verdict, tell, error);
	}
	for (size_t i = 0; i < n; i++)
		buf_free(&past[i].reason);
	free(past);
	remote_backups_free(&list);
	return rc;
}

int remote_prune_all(struct remote *r, bool dry,
                     void (*verdict)(const char *path, bool keep, const char *reason),
                     void (*tell)(enum msg_level level, const char *words), struct buf *error)
{
	struct remote_backups list = { 0 };
	struct strs done = { 0 };
	int rc = remote_find(r, NULL, &list, tell, error);

	for (size_t i = 0; i < list.n && !rc; i++) {
		const char *path = list.v[i].path, *of = list.v[i].m.system_id ? list.v[i].m.system_id : "";
		char *folder = xstrndup(path, strlen(path) - strlen(file_base(path)) - 1);
		char *both = xasprintf("%s\n%s", folder, of);

		if (!strs_has(&done, both))
			rc = remote_prune(r, folder, of, dry, verdict, tell, error);
		strs_add(&done, both);
		free(folder);
		free(both);
	}
	remote_backups_free(&list);
	strs_free(&done);
	return rc;
}

/* --- fetching --- */

static int take_bytes(void *arg, const char *bytes, size_t len)
{
	return file_write(*(int *)arg, bytes, len);
}

static int fetch_object(struct remote *r, const char *key, const char *to, struct buf *error)
{
	int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), rc;

	if (fd < 0)
		return file_cannot(error, "make", to);
	rc = s3_get(&r->s3, key, take_bytes, &fd, error);
	if (rc == -1) {
		buf_cut(error, 0);
		rc = file_cannot(error, "write", to);
	}
	close(fd);
	return rc;
}

static int fetch_folder(struct remote *r, const char *key, const struct s3_objects *files, const char *to,
                        struct buf *error)
{
	int rc = file_make_folders(to, 0700) == 0 ? 0 : file_cannot(error, "make the folder", to);

	for (size_t i = 0; i < files->n && !rc; i++) {
		const char *name = files->v[i].key + strlen(key) + 1;
		char *file = xasprintf("%s/%s", to, name);

		if (*name && *name != '.' && !strchr(name, '/'))
			rc = fetch_object(r, files->v[i].key, file, error);
		free(file);
	}
	return rc;
}

static int check_space(const char *dir, int64_t bytes, struct buf *error)
{
	int64_t space = archive_space(dir);
	char *need, *left;

	if (space < 0 || space > bytes)
		return 0;
	need = size_text(bytes);
	left = size_text(space);
	buf_printf(error, "no space to fetch it: it has %s, '%s' has %s free: --stage names another folder", need,
	           dir, left);
	free(need);
	free(left);
	return CANNOT_WRITE;
}

/* What is there, its size, and the files when it is a directory. */
static int look(struct remote *r, const char *key, struct s3_objects *files, int64_t *bytes,
                struct buf *error)
{
	char *below = xasprintf("%s/", key), *etag = NULL;
	struct buf words = BUF_INIT;
	int rc = s3_head(&r->s3, key, bytes, &etag, &words);

	if (rc == NO_INPUT && s3_list(&r->s3, below, files, error) == 0 && files->n) {
		rc = 0;
		*bytes = 0;
		for (size_t i = 0; i < files->n; i++)
			*bytes += files->v[i].bytes;
	} else if (rc && !error->len) {
		buf_puts(error, words.data);
	}
	buf_free(&words);
	free(below);
	free(etag);
	return rc;
}

static int write_manifest(struct remote *r, const char *key, const char *path, struct buf *error)
{
	char *name = xasprintf("%s.json", key), *to = xasprintf("%s.json", path), *text;
	struct buf words = BUF_INIT;
	struct manifest m;
	int rc = read_manifest(r, name, &m, &words);

	if (!rc) {
		text = manifest_text(&m);
		if (file_write_new(to, text, strlen(text)) != 0)
			rc = file_cannot(error, "write", to);
		free(text);
	} else if (rc == NO_INPUT) {
		rc = 0;
	} else {
		buf_puts(error, words.data);
	}
	manifest_free(&m);
	buf_free(&words);
	free(name);
	free(to);
	return rc;
}

int remote_manifest(struct remote *r, const char *key, struct manifest *m, struct buf *error)
{
	char *name = xasprintf("%s.json", key);
	int rc = read_manifest(r, name, m, error);

	free(name);
	return rc;
}

int remote_fetch(struct remote *r, const char *key, const char *dir, char **path, struct buf *error)
{
	size_t len = strlen(key), end = strlen(".json");
	char *own = len > end && strcmp(key + len - end, ".json") == 0 ? xstrndup(key, len - end) : xstrdup(key);
	struct s3_objects files = { 0 };
	int64_t bytes = 0;
	int rc = look(r, own, &files, &bytes, error);

	*path = xasprintf("%s/%s", dir, file_base(own));
	rc = rc ? rc : check_space(dir, bytes, error);
	rc = rc ? rc : write_manifest(r, own, *path, error);
	if (!rc)
		rc = files.n ? fetch_folder(r, own, &files, *path, error) : fetch_object(r, own, *path, error);
	s3_objects_free(&files);
	free(own);
	return rc;
}
