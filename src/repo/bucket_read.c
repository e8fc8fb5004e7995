/* bucket_read - the manifests of a bucket's backups, several at a time. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/path.h"
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

static int parse_manifest(const struct bucket *r, const char *key, const struct buf *text, struct manifest *m,
                          struct buf *error)
{
	char *name = xasprintf("s3://%s/%s", r->s3.bucket, key);
	int rc = manifest_parse(m, text->data, name, error);

	free(name);
	return rc;
}

int bucket_manifest(struct bucket *r, const char *key, struct manifest *m, struct buf *error)
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
	struct repo_backup *backup;
	char *key;
	int rc;
	struct buf text;
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
		e->rc = get_manifest(l->s3, e->key, &e->text, &e->backup->words);
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

	if (slash + 1 == path_base(path))
		return false;
	job = m->job ? folder_escape(m->job) : NULL;
	foreign = !job || strlen(job) != (size_t)(slash - path) || strncmp(job, path, strlen(job)) != 0;
	free(job);
	return foreign;
}

/* One that is broken, archived, or was deleted just now, says nothing of the others. */
static bool is_of_one(int rc)
{
	return rc == BAD_DATA || rc == NO_INPUT || rc == NO;
}

static int settle(const struct bucket *r, struct errand *e, struct buf *error)
{
	struct repo_backup *b = e->backup;
	int rc = e->rc ? e->rc : parse_manifest(r, e->key, &e->text, &b->m, &b->words);

	if (!rc && is_foreign(b->path, &b->m)) {
		b->what = REPO_FOREIGN;
	} else if (!rc && strcmp(b->m.file, path_base(b->path)) != 0) {
		buf_printf(&b->words, "s3://%s/%s is the manifest of another file, '%s'", r->s3.bucket,
		           e->key, b->m.file);
		rc = BAD_DATA;
	} else if (!rc) {
		b->what = REPO_WHOLE;
	}
	if (is_of_one(rc)) {
		b->what = REPO_BAD;
		b->rc = rc;
		rc = 0;
	} else if (rc) {
		buf_puts(error, b->words.data);
	}
	if (b->what != REPO_WHOLE)
		manifest_free(&b->m);
	return rc;
}

static int read_batch(struct bucket *r, struct batch *b, struct lane lanes[LANES], struct buf *error)
{
	int rc = 0;

	b->next = 0;
	run_batch(b, lanes);
	for (size_t i = 0; i < b->n; i++) {
		rc = rc ? rc : settle(r, &b->v[i], error);
		free(b->v[i].key);
		buf_free(&b->v[i].text);
	}
	b->n = 0;
	return rc;
}

int bucket_read(struct repo *repo, struct repo_list *list, const bool *chosen, struct buf *error)
{
	struct bucket *r = (struct bucket *)repo;
	struct batch *b = xcalloc(1, sizeof(*b));
	struct lane lanes[LANES] = { { .s3 = &r->s3, .batch = b } };
	int rc = 0;

	pthread_mutex_init(&b->mutex, NULL);
	for (size_t i = 1; i < LANES; i++) {
		lanes[i] = (struct lane){ .own = r->s3, .s3 = &lanes[i].own, .batch = b };
		lanes[i].own.http.curl = NULL;
	}
	for (size_t i = 0; i < list->n && !rc; i++) {
		if (!chosen || chosen[i])
			b->v[b->n++] = (struct errand){ .backup = &list->v[i], .text = BUF_INIT,
				                        .key = xasprintf("%s%s.json", r->prefix,
				                                         list->v[i].path) };
		if (b->n == BATCH || (b->n && i + 1 == list->n))
			rc = read_batch(r, b, lanes, error);
	}
	for (size_t i = 1; i < LANES; i++)
		http_free(&lanes[i].own.http);
	pthread_mutex_destroy(&b->mutex);
	free(b);
	return rc;
}

const char *bucket_state(struct repo *r, const struct repo_backup *b)
{
	(void)r;
	if (b->bytes < 0)
		return "missing";
	return b->m.verified && b->bytes == b->m.bytes ? "verified" : "damaged";
}
