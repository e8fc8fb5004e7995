/* bucket_read - the manifests of a bucket's backups, several at a time. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/status.h"
#include "repo/bucket_parts.h"
#include "repo/folder.h"

#define MANIFEST_MAX (1 << 20)
#define LANES 6  /* manifests that are read at a time */
#define BATCH 96 /* whose texts are held at a time */

static int take_text(void *arg, const char *bytes, size_t len)
{
	buf_add(arg, bytes, len);
	return 0;
}

static int get_manifest(struct s3 *s, const char *key, struct buf *text, struct buf *error)
{
	return s3_get(s, key, MANIFEST_MAX, take_text, text, error);
}

static int parse_manifest(const struct remote *r, const char *key, const struct buf *text, struct manifest *m,
                          struct buf *error)
{
	char *name = xasprintf("s3://%s/%s", r->s3.bucket, key);
	int rc = manifest_parse(m, text->data, name, error);

	free(name);
	return rc;
}

int remote_manifest(struct remote *r, const char *key, struct manifest *m, struct buf *error)
{
	char *name = xasprintf("%s.json", key);
	struct buf text = BUF_INIT;
	int rc;

	*m = (struct manifest){ 0 };
	rc = get_manifest(&r->s3, name, &text, error);
	rc = rc ? rc : parse_manifest(r, name, &text, m, error);
	free(name);
	buf_free(&text);
	return rc;
}

/* One manifest on its way. */
struct errand {
	size_t name;      /* which */
	char *key;
	int rc;
	struct buf text, words;
};

/* A batch, which several lanes take from. */
struct batch {
	struct errand v[BATCH];
	size_t n, next;
	pthread_mutex_t mutex;
};

struct lane {
	struct batch *batch;
	struct s3 *s3;
	struct s3 own;    /* of a thread: with a connection that is kept from batch to batch */
	pthread_t thread;
	bool runs;
};

static void *run_lane(void *arg)
{
	struct lane *l = arg;

	for (;;) {
		struct errand *e;

		pthread_mutex_lock(&l->batch->mutex);
		e = l->batch->next < l->batch->n ? &l->batch->v[l->batch->next++] : NULL;
		pthread_mutex_unlock(&l->batch->mutex);
		if (!e)
			return NULL;
		e->rc = get_manifest(l->s3, e->key, &e->text, &e->words);
	}
}

/* This thread is a lane, too: where no other can be started it does all. */
static void run_batch(struct batch *b, struct lane lanes[LANES])
{
	for (size_t i = 1; i < LANES && i < b->n; i++)
		lanes[i].runs = pthread_create(&lanes[i].thread, NULL, run_lane, &lanes[i]) == 0;
	run_lane(&lanes[0]);
	for (size_t i = 1; i < LANES; i++)
		if (lanes[i].runs) {
			pthread_join(lanes[i].thread, NULL);
			lanes[i].runs = false;
		}
}

/* NAME/DATABASE is ours when NAME is what the manifest says; else it is another prefix, PREFIX/MORE. */
static bool is_foreign(const char *path, const struct manifest *m)
{
	const char *slash = strchr(path, '/');
	char *job;
	bool foreign;

	if (slash + 1 == file_base(path))
		return false;
	job = m->job ? archive_escape(m->job) : NULL;
	foreign = !job || strlen(job) != (size_t)(slash - path) || strncmp(job, path, strlen(job)) != 0;
	free(job);
	return foreign;
}

/* One that is broken, archived, or was deleted just now, says nothing of the others. */
static bool is_of_one(int rc)
{
	return rc == BAD_DATA || rc == NO_INPUT || rc == NO;
}

static int settle(const struct remote *r, const char *path, struct errand *e, struct found *f, struct buf *error)
{
	int rc = e->rc ? e->rc : parse_manifest(r, e->key, &e->text, &f->m, &e->words);

	if (!rc && is_foreign(path, &f->m)) {
		f->what = FOREIGN;
	} else if (!rc && strcmp(f->m.file, file_base(path)) != 0) {
		buf_printf(&e->words, "s3://%s/%s is the manifest of another file, '%s'", r->s3.bucket, e->key, f->m.file);
		rc = BAD_DATA;
	} else if (!rc) {
		f->what = WHOLE;
	}
	if (is_of_one(rc)) {
		f->what = BAD;
		f->rc = rc;
		buf_puts(&f->words, e->words.data);
		rc = 0;
	} else if (rc) {
		buf_puts(error, e->words.data);
	}
	if (f->what != WHOLE)
		manifest_free(&f->m);
	return rc;
}

static int read_batch(struct remote *r, const struct remote_names *names, struct batch *b, struct lane lanes[LANES],
                      struct found *found, struct buf *error)
{
	int rc = 0;

	b->next = 0;
	run_batch(b, lanes);
	for (size_t i = 0; i < b->n; i++) {
		struct errand *e = &b->v[i];

		rc = rc ? rc : settle(r, names->v[e->name].path, e, &found[e->name], error);
		free(e->key);
		buf_free(&e->text);
		buf_free(&e->words);
	}
	b->n = 0;
	return rc;
}

int remote_read_chosen(struct remote *r, const struct remote_names *names, const bool *chosen, struct found *found,
                       struct buf *error)
{
	struct batch *b = xcalloc(1, sizeof(*b));
	struct lane lanes[LANES] = { { .s3 = &r->s3, .batch = b } };
	int rc = 0;

	pthread_mutex_init(&b->mutex, NULL);
	for (size_t i = 1; i < LANES; i++) {
		lanes[i] = (struct lane){ .own = r->s3, .s3 = &lanes[i].own, .batch = b };
		lanes[i].own.http.curl = NULL;
	}
	for (size_t i = 0; i < names->n && !rc; i++) {
		if (!chosen || chosen[i])
			b->v[b->n++] = (struct errand){ .name = i, .text = BUF_INIT, .words = BUF_INIT,
				                        .key = xasprintf("%s%s.json", r->prefix, names->v[i].path) };
		if (b->n == BATCH || (b->n && i + 1 == names->n))
			rc = read_batch(r, names, b, lanes, found, error);
	}
	if (b->n && !rc)
		rc = read_batch(r, names, b, lanes, found, error);
	for (size_t i = 1; i < LANES; i++)
		http_free(&lanes[i].own.http);
	pthread_mutex_destroy(&b->mutex);
	free(b);
	return rc;
}

struct found *found_make(size_t n)
{
	struct found *found = xcalloc(n + 1, sizeof(*found));

	for (size_t i = 0; i < n; i++)
		found[i].words = (struct buf)BUF_INIT;
	return found;
}

void found_free(struct found *found, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (found[i].what == WHOLE)
			manifest_free(&found[i].m);
		buf_free(&found[i].words);
	}
	free(found);
}

void found_take(struct remote_backups *list, const struct remote_name *name, struct found *f)
{
	if (list->n == list->room) {
		list->room = list->room ? 2 * list->room : 64;
		list->v = xrealloc(list->v, list->room * sizeof(*list->v));
	}
	list->v[list->n++] = (struct remote_backup){ .path = xstrdup(name->path), .m = f->m, .bytes = name->bytes };
	f->what = UNREAD;
}

int remote_read(struct remote *r, const struct remote_names *names, const bool *chosen, struct remote_backups *list,
                void (*tell)(enum msg_level level, const char *words), struct buf *error)
{
	struct found *found = found_make(names->n);
	int rc = remote_read_chosen(r, names, chosen, found, error);

	for (size_t i = 0; i < names->n && !rc; i++) {
		if (found[i].what == BAD) {
			tell(MSG_WARNING, found[i].words.data);
			list->bad = found[i].rc;
		} else if (found[i].what == WHOLE) {
			found_take(list, &names->v[i], &found[i]);
		}
	}
	found_free(found, names->n);
	return rc;
}

int remote_find(struct remote *r, const char *folder, struct remote_backups *list,
                void (*tell)(enum msg_level level, const char *words), struct buf *error)
{
	struct remote_names names;
	int rc = remote_names(r, folder, &names, error);

	rc = rc ? rc : remote_read(r, &names, NULL, list, tell, error);
	remote_names_free(&names);
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
