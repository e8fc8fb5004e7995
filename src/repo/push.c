/* push - takes the backups of a folder to the bucket. */
#include "repo/push.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/size.h"
#include "base/status.h"
#include "base/teller.h"
#include "repo/folder.h"
#include "repo/prune.h"

/* --- uploads that have begun --- */

struct push_watch {
	struct catalog *c;
	struct bucket *r;
};

static void on_begun(const char *key, const char *id, void *arg)
{
	const struct push_watch *w = arg;

	catalog_upload_begun(w->c, w->r->s3.place, key, id);
}

void push_watch(struct catalog *c, struct bucket *r)
{
	static struct push_watch w;

	w = (struct push_watch){ .c = c, .r = r };
	r->begun = on_begun;
	r->arg = &w;
}

void push_over(struct catalog *c, const struct bucket *r)
{
	catalog_uploads_over(c, r->s3.place);
}

/* Those that have ended are not there any more. */
static int end_known(struct catalog *c, struct bucket *r, size_t *n, struct buf *error)
{
	struct rows rows = { 0 };
	int rc = 0;

	catalog_uploads(c, r->s3.place, &rows);
	for (size_t i = 0; i < rows.n && !rc; i++) {
		const char *path = skip_prefix(rows_text(&rows, i, 0), r->prefix);

		if (path && beneath_is_confined(path))
			rc = s3_abort(&r->s3, rows_get(&rows, i, 0), rows_get(&rows, i, 1), error);
	}
	*n = rows.n;
	rows_free(&rows);
	if (!rc)
		push_over(c, r);
	return rc;
}

static int sweep(struct catalog *c, struct bucket *r, const struct teller *tell, struct buf *error)
{
	size_t known = 0, old = 0;
	int rc = end_known(c, r, &known, error);
	char *words;

	if (!rc)
		rc = bucket_sweep(r, &old, error);
	if (known + old) {
		words = xasprintf("%s: ended %zu upload%s that an interrupted run had left", r->name,
		                  known + old, plural((int64_t)(known + old)));
		teller_say(tell, MSG_INFO, words);
		free(words);
	}
	return rc;
}

void push_sweep(struct catalog *c, struct bucket *r, const struct teller *tell)
{
	struct buf error = BUF_INIT;

	if (sweep(c, r, tell, &error))
		teller_say(tell, MSG_WARNING, error.data);
	buf_free(&error);
}

/* --- shipping --- */

static void tell_shipped(const struct bucket *r, const char *path, const struct manifest *m, int64_t began,
                         const struct teller *tell)
{
	char *size = size_text(m->bytes);
	teller_sayf(tell, MSG_INFO, "uploaded %s in %.1f s: %s/%s", size,
	                        (double)(clock_ms() - began) / 1000, r->name, path);
	free(size);
}

void push_prune(struct bucket *r, const char *path, const struct manifest *m, const struct teller *tell)
{
	struct prune p = { .repo = &r->repo, .keep = &r->keep, .tell = tell };
	char *folder = xstrndup(path, repo_folder_length(path));
	struct buf error = BUF_INIT, words = BUF_INIT;

	if (retention_is_on(&r->keep) && prune_folder(&p, folder, m->system_id ? m->system_id : "",
	                                              &error) != 0) {
		buf_printf(&words, "%s/%s: not pruned: %s", r->name, folder, error.data);
		teller_say(tell, MSG_WARNING, words.data);
	}
	buf_free(&error);
	buf_free(&words);
	free(folder);
}

static int push_one(struct catalog *c, struct bucket *r, const char *path,
                    const struct teller *tell, struct buf *error)
{
	char *manifest = xasprintf("%s/%s.json", c->root, path), *full;
	int64_t began = clock_ms();
	struct manifest m;
	int rc = folder_read(manifest, &m, &full, error);

	if (!rc)
		rc = bucket_put(r, c->root, path, &m, error);
	if (!rc) {
		catalog_uploaded(c, path, r->name);
		push_over(c, r);
		tell_shipped(r, path, &m, began, tell);
		push_prune(r, path, &m, tell);
	}
	manifest_free(&m);
	free(full);
	free(manifest);
	return rc;
}

/* What fails for one file fails for the next one, but for a file that is damaged. */
static bool is_hopeless(int rc)
{
	return rc != BAD_DATA && rc != NO_INPUT;
}

int push_all(struct catalog *c, struct bucket *r, const struct strs *made, const struct teller *tell)
{
	struct buf error = BUF_INIT;
	struct strs paths = { 0 };
	size_t left;
	bool stop;
	int rc, one;

	push_watch(c, r);
	catalog_owed(c, &paths);
	for (size_t i = 0; i < made->n; i++)
		if (!strs_has(&paths, made->v[i]))
			strs_add(&paths, made->v[i]);
	rc = paths.n ? sweep(c, r, tell, &error) : 0;
	stop = rc != 0;
	left = stop ? paths.n : 0;
	if (stop)
		teller_say(tell, MSG_ERROR, error.data);
	for (size_t i = 0; i < paths.n && !stop; i++) {
		buf_cut(&error, 0);
		one = push_one(c, r, paths.v[i], tell, &error);
		if (!one)
			continue;
		teller_say(tell, MSG_ERROR, error.data);
		stop = is_hopeless(one);
		left += stop ? paths.n - i : 1;
		rc = !rc || stop ? one : rc;
	}
	if (rc) {
		buf_cut(&error, 0);
		buf_printf(&error, "%s: %zu backup%s only in the folder: the next run uploads what is owed",
		           r->name, left, left == 1 ? " is" : "s are");
		teller_say(tell, MSG_ERROR, error.data);
	}
	buf_free(&error);
	strs_free(&paths);
	return rc;
}
