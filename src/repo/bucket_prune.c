/* bucket_prune - what repo/bucket deletes in a bucket. */
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "repo/bucket.h"

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

static void say_deleted(const char *name, const char *reason,
                        void (*tell)(enum msg_level level, const char *words))
{
	char *words = xasprintf("deleted %s: %s", name, reason);

	tell(MSG_INFO, words);
	free(words);
}

/* Some of a bucket's backups, and what is to be told of them. */
struct pruning {
	struct remote *r;
	struct remote_backup *v;
	size_t n;
	bool dry;
	void (*verdict)(const char *path, bool keep, const char *reason);
	void (*tell)(enum msg_level level, const char *words);
};

static int apply(const struct pruning *p, const struct past *past, size_t n, struct buf *error)
{
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		struct remote_backup *b = &p->v[past[i].id];
		const char *reason = past[i].reason.data;
		char *name = xasprintf("%s/%s", p->r->name, b->path);

		if (p->verdict)
			p->verdict(name, past[i].keep, reason);
		if (!p->dry && !past[i].keep && (rc = delete_one(p->r, b->path, error)) == 0) {
			b->gone = true;
			say_deleted(name, reason, p->tell);
		}
		free(name);
	}
	return rc;
}

/* The newest that counts; paths of one folder are in the order of their moments. */
static bool newest_is_suspect(const struct pruning *p, const struct past *past, size_t n)
{
	const struct past *newest = NULL;

	for (size_t i = 0; i < n; i++)
		if (past[i].verified && (!newest || past[i].made >= newest->made))
			newest = &past[i];
	return newest && p->v[newest->id].m.suspect;
}

/* Those of one folder that are of that system. */
static int prune_system(const struct pruning *p, const char *system_id, struct buf *error)
{
	struct past *past = xcalloc(p->n + 1, sizeof(*past));
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < p->n; i++) {
		const struct remote_backup *b = &p->v[i];

		if (!b->gone && remote_is_of(b, system_id))
			past[n++] = (struct past){ .made = b->m.started, .id = i, .reason = BUF_INIT,
				                   .verified = strcmp(remote_state(b), "verified") == 0 };
	}
	retention_judge(&p->r->keep, past, n, newest_is_suspect(p, past, n), clock_wall());
	rc = apply(p, past, n, error);
	for (size_t i = 0; i < n; i++)
		buf_free(&past[i].reason);
	free(past);
	return rc;
}

int remote_prune(struct remote *r, const char *folder, const char *system_id, bool dry,
                 void (*verdict)(const char *path, bool keep, const char *reason),
                 void (*tell)(enum msg_level level, const char *words), struct buf *error)
{
	struct remote_backups list = { 0 };
	int rc = remote_find(r, folder, &list, tell, error);
	struct pruning p = { .r = r, .v = list.v, .n = list.n, .dry = dry, .verdict = verdict, .tell = tell };

	rc = rc ? rc : prune_system(&p, system_id, error);
	remote_backups_free(&list);
	return rc;
}

/* One folder's, each system for itself. */
static int prune_folder(const struct pruning *p, struct buf *error)
{
	struct strs done = { 0 };
	int rc = 0;

	for (size_t i = 0; i < p->n && !rc; i++) {
		const char *of = p->v[i].m.system_id ? p->v[i].m.system_id : "";

		if (p->v[i].gone || strs_has(&done, of))
			continue;
		rc = prune_system(p, of, error);
		strs_add(&done, of);
	}
	strs_free(&done);
	return rc;
}

/* How many from there on are of the same folder. */
static size_t same_folder(const struct remote_backup *v, size_t n)
{
	size_t len = strlen(v->path) - strlen(file_base(v->path)), i = 1;

	while (i < n && strncmp(v[i].path, v->path, len) == 0 && !strchr(v[i].path + len, '/'))
		i++;
	return i;
}

int remote_prune_all(struct remote *r, bool dry,
                     void (*verdict)(const char *path, bool keep, const char *reason),
                     void (*tell)(enum msg_level level, const char *words), struct buf *error)
{
	struct remote_backups list = { 0 };
	int rc = remote_find(r, NULL, &list, tell, error);

	for (size_t i = 0, n; i < list.n && !rc; i += n) {
		struct pruning p = { .r = r, .v = &list.v[i], .dry = dry, .verdict = verdict, .tell = tell };

		p.n = n = same_folder(&list.v[i], list.n - i);
		rc = prune_folder(&p, error);
	}
	remote_backups_free(&list);
	return rc;
}
