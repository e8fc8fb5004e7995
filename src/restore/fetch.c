/* fetch - brings a backup from the bucket, to be restored. */
#include "restore/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "repo/bucket.h"
#include "repo/folder.h"
#include "repo/select.h"

#define NAME "fetched-"

static int make_folder(struct fetch *f, const char *scratch)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		number = (uint64_t)clock_wall();
	free(f->folder);
	f->folder = xasprintf("%s/" NAME "%016llx", scratch, (unsigned long long)number);
	return beneath_mkdir(f->folder, 0700);
}

/* Another run's fetch_recover may lock and remove it before its maker has locked it. */
static bool is_gone(struct fetch *f)
{
	struct stat st;

	f->fd = beneath_open(f->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (f->fd < 0)
		return errno == ENOENT;
	flock(f->fd, LOCK_EX);
	if (fstat(f->fd, &st) != 0 || st.st_nlink)
		return false;
	close(f->fd);
	f->fd = -1;
	return true;
}

int fetch_folder(struct fetch *f, const char *scratch, struct buf *error)
{
	int rc;

	do
		rc = make_folder(f, scratch);
	while (rc != 0 ? errno == EEXIST : is_gone(f));
	if (rc == 0)
		return DONE;
	rc = file_cannot(error, "make a folder in", scratch);
	free(f->folder);
	f->folder = NULL;
	return rc;
}

/* The manifest, and an empty file for the data: what repo/select wants to see in a folder. */
static int mirror_one(const char *root, const struct remote_backup *b, struct buf *error)
{
	char *path = xasprintf("%s/%s", root, b->path), *manifest = xasprintf("%s.json", path);
	char *folder = xstrndup(path, strlen(path) - strlen(file_base(path)) - 1);
	char *text = manifest_text(&b->m);
	int rc = DONE;

	if (file_make_folders(folder, 0700) != 0 || file_write_new(path, "", 0) != 0 ||
	    file_write_new(manifest, text, strlen(text)) != 0)
		rc = file_cannot(error, "write", manifest);
	free(text);
	free(folder);
	free(manifest);
	free(path);
	return rc;
}

/* --- which backup is meant --- */

static bool is_folder(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && path[len] == '/' && !strchr(path + len + 1, '/');
}

/* The folder of that database, by its name or as it is written; NULL: it has no backup. The caller
 * frees it. */
static char *find_folder(const struct remote_names *names, const char *database)
{
	char *escaped = archive_escape(database);

	for (size_t i = 0; i < names->n; i++)
		if (is_folder(names->v[i].path, escaped) || is_folder(names->v[i].path, database)) {
			free(escaped);
			return xstrndup(names->v[i].path, strlen(names->v[i].path) - strlen(file_base(names->v[i].path)) - 1);
		}
	free(escaped);
	return NULL;
}

/* Only the names in one folder are left. */
static void keep_folder(struct remote_names *names, const char *folder)
{
	size_t n = 0;

	for (size_t i = 0; i < names->n; i++)
		if (is_folder(names->v[i].path, folder))
			names->v[n++] = names->v[i];
		else
			free(names->v[i].path);
	names->n = n;
}

static void keep_warning(const char *words, void *arg)
{
	strs_add(arg, words);
}

/* Those that the word names, by their names. */
static int read_named(struct remote *r, struct fetch *f, const struct remote_names *names, const char *word,
                      struct remote_backups *list, struct buf *error)
{
	struct remote_look look = { .before = INT64_MAX, .tell = keep_warning, .arg = &f->warnings };
	struct remote_names named = { .v = xcalloc(names->n + 1, sizeof(*names->v)) };
	int rc = 0;

	for (size_t i = 0; i < names->n; i++) {
		char *json = xasprintf("%s.json", names->v[i].path);

		if (strcmp(word, names->v[i].path) == 0 || strcmp(word, file_base(names->v[i].path)) == 0 ||
		    strcmp(word, json) == 0 || strcmp(word, file_base(json)) == 0)
			named.v[named.n++] = names->v[i];
		free(json);
	}
	for (size_t i = 0; i < named.n && !rc; i++)
		rc = remote_glance(r, &look, &(struct remote_names){ .v = &named.v[i], .n = 1 }, list, error);
	free(named.v);
	return rc;
}

/* Reads what the word may mean, and no more: of `latest` and `@...` the newest of each folder, or
 * of the one that is wanted; of a folder's name that one's; else the one of that name. */
static int read_candidates(struct remote *r, struct fetch *f, const char *word, const char *database,
                           struct remote_backups *list, struct buf *error)
{
	const char *of = skip_prefix(word, "latest:");
	struct remote_look look = { .before = INT64_MAX, .tell = keep_warning, .arg = &f->warnings };
	bool newest = strcmp(word, "latest") == 0 || of || *word == '@';
	struct remote_names names;
	char *folder;
	int rc = remote_names(r, NULL, &names, error);

	look.skip = *word == '@' && pick_moment_of(word + 1, &look.before);
	look.before += look.skip ? 999 : 0; /* of that second */
	database = newest ? (of ? of : database) : word;
	folder = rc || !database ? NULL : find_folder(&names, database);
	if (folder)
		keep_folder(&names, folder);
	if (!rc && (newest || folder))
		rc = remote_glance(r, &look, &names, list, error);
	else if (!rc)
		rc = read_named(r, f, &names, word, list, error);
	remote_names_free(&names);
	free(folder);
	return rc;
}

/* The path below the prefix of what the word means. */
static int choose(struct remote *r, struct fetch *f, const char *root, const char *word, const char *database,
                  char **chosen, struct buf *error)
{
	struct catalog c = { .journal = JOURNAL_INIT, .root = xstrdup(root), .dir = xstrdup(".") };
	struct remote_backups list = { 0 };
	struct buf words = BUF_INIT;
	char *path = NULL;
	const char *at;
	int rc = read_candidates(r, f, word, database, &list, error);

	*chosen = NULL;
	for (size_t i = 0; i < list.n && !rc; i++)
		if (strcmp(remote_state(&list.v[i]), "verified") == 0)
			rc = mirror_one(root, &list.v[i], error);
	if (!rc && (rc = pick_backup(&c, word, database, &path, &words)) != 0) {
		/* It speaks of the folder; here that is the bucket. */
		at = strstr(words.data, root);
		buf_printf(error, "%.*s%s%s", at ? (int)(at - words.data) : 0, words.data, at ? r->name : "",
		           at ? at + strlen(root) : words.data);
	}
	if (!rc && skip_prefix(path, root)) {
		*chosen = xstrdup(path + strlen(root) + 1);
	} else if (!rc) {
		buf_printf(error, "'%s' is a file here, and none in %s", path, r->name);
		rc = BAD_USAGE;
	}
	free(path);
	buf_free(&words);
	remote_backups_free(&list);
	catalog_free(&c);
	return rc;
}

/* The key of what is meant. */
static int find_key(struct remote *r, struct fetch *f, const char *word, const char *database, char **key,
                    struct buf *error)
{
	char *root = xasprintf("%s/list", f->folder), *path = NULL;
	int rc = file_make_folders(root, 0700) ? file_cannot(error, "make", root)
	                                       : choose(r, f, root, word, database, &path, error);

	if (!rc)
		*key = xasprintf("%s%s", r->prefix, path);
	file_remove(root);
	free(path);
	free(root);
	return rc;
}

static int find_object(struct flow *o, struct fetch *f, const char *word, const char *database,
                       struct buf *error)
{
	const char *named;
	int rc;

	if (skip_prefix(word, "s3://")) {
		rc = remote_open_url(&o->remote, word, &named, error);
		o->key = rc ? NULL : xstrdup(named);
		return rc;
	}
	rc = remote_open(&o->remote, error);
	if (!rc && !o->remote.on) {
		buf_puts(error, "there is no bucket: set S3_BUCKET");
		rc = BAD_CONFIG;
	}
	return rc ? rc : find_key(&o->remote, f, word, database, &o->key, error);
}

int fetch_backup(struct fetch *f, const char *word, const char *database, const char *scratch, char **path,
                 struct manifest *m, struct buf *error)
{
	struct buf why = BUF_INIT;
	int rc = fetch_folder(f, scratch, error);

	*path = NULL;
	rc = rc ? rc : find_object(&f->flow, f, word, database, error);
	if (!rc && f->streams)
		rc = flow_suits(&f->flow, m, error);
	else if (!rc)
		rc = remote_fetch(&f->flow.remote, f->flow.key, f->folder, path, error);
	if (rc == CANNOT_WRITE && *path && flow_suits(&f->flow, m, &why) == 0) {
		f->streams = true;
		file_remove(*path);
		free(*path);
		buf_cut(error, 0);
		rc = 0;
	}
	if (!rc && f->streams) {
		*path = xasprintf("s3://%s/%s", f->flow.remote.s3.bucket, f->flow.key);
		rc = flow_open(&f->flow, f->folder, error);
	}
	buf_free(&why);
	return rc;
}

void fetch_recover(const char *scratch)
{
	struct strs folders = { 0 };

	file_folders(scratch, &folders);
	for (size_t i = 0; i < folders.n; i++) {
		int fd = skip_prefix(file_base(folders.v[i]), NAME)
		                 ? beneath_open(folders.v[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0)
		                 : -1;

		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			file_remove(folders.v[i]);
		if (fd >= 0)
			close(fd);
	}
	strs_free(&folders);
}

void fetch_free(struct fetch *f)
{
	if (f->folder)
		file_remove(f->folder);
	if (f->fd >= 0)
		close(f->fd);
	flow_free(&f->flow);
	strs_free(&f->warnings);
	free(f->folder);
	*f = (struct fetch)FETCH_INIT;
}
