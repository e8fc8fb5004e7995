/* verify - reads backups that are there again, in full. */
#include "repo/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/size.h"
#include "base/status.h"
#include "base/teller.h"
#include "repo/catalog.h"

/* One backup that is being verified. */
struct reading {
	const struct verify *v;
	struct progress progress;
};

static void on_bytes(void *arg, size_t bytes)
{
	struct reading *r = arg;

	r->progress.done += (int64_t)bytes;
	if (r->v->progress)
		r->v->progress(&r->progress);
}

static void tell_result(const struct reading *r, int rc, bool restored, const struct buf *error)
{
	char *size = size_text(r->progress.total);
	char *words = rc ? xstrdup(error->data)
	                 : xasprintf("%s: %s, verified%s", r->progress.database, size,
	                             restored ? ", restored and dropped again" : "");

	if (r->v->progress)
		r->v->progress(NULL);
	teller_say(r->v->tell, rc ? MSG_ERROR : MSG_INFO, words);
	free(words);
	free(size);
}

static int restore(const struct reading *r, struct repo *repo, const struct repo_backup *b, struct buf *error)
{
	char *full = xasprintf("%s/%s", repo->name, b->path);
	int rc = r->v->restore(r->v->arg, r->progress.database, full, &b->m, error);

	free(full);
	return rc;
}

static int verify_one(const struct verify *v, struct repo *repo, const struct repo_backup *b)
{
	char *name = xasprintf("%s%s", repo->before, b->path);
	struct reading r = { .v = v, .progress = { .database = name, .phase = "check",
	                                           .total = b->m.bytes } };
	bool restores = v->restore && !repo->shared && b->what == REPO_WHOLE &&
	                strcmp(b->m.kind, "roles") != 0;
	struct buf error = BUF_INIT;
	int rc = b->rc;

	if (rc)
		buf_puts(&error, b->words.data);
	else
		rc = repo->ops->check(repo, b, on_bytes, &r, &error);
	if (repo->catalog && catalog_is_open(repo->catalog) && (rc == DONE || rc == BAD_DATA))
		catalog_judge(repo->catalog, b->path, !rc, rc ? error.data : NULL);
	if (!rc && restores)
		rc = restore(&r, repo, b, &error);
	tell_result(&r, rc, restores, &error);
	buf_free(&error);
	free(name);
	return rc;
}

/* `s3://BUCKET/PREFIX/PATH`, as list has it, is the path alone. */
static int cut_names(const struct repo *r, int n, char **words, struct buf *error)
{
	for (int i = 0; i < n; i++) {
		char *rest = words[i] + strlen(r->name);

		if (skip_prefix(words[i], r->name) && *rest == '/') {
			words[i] = rest + 1;
		} else if (skip_prefix(words[i], "s3://")) {
			buf_printf(error, "that is not in %s, which S3_BUCKET and S3_PREFIX name", r->name);
			return BAD_USAGE;
		}
	}
	return 0;
}

/* Of what only manifests tell: tells which of those that were read are bad, and leaves those that are
 * whole, each once. 0, what is the matter with the last bad one, or NO_INPUT with a sentence in error when
 * there is nothing. */
static int leave_whole(const struct verify *v, const struct repo *r, const struct repo_list *list,
                       struct chosen *chosen, struct buf *error)
{
	int bad = 0;

	chosen->n = 0;
	for (size_t i = 0; i < list->n; i++) {
		if (list->v[i].what == REPO_WHOLE)
			chosen->v[chosen->n++] = i;
		if (list->v[i].what != REPO_BAD)
			continue;
		teller_say(v->tell, MSG_WARNING, list->v[i].words.data);
		bad = list->v[i].rc;
	}
	if (chosen->n || bad)
		return bad;
	buf_printf(error, "there is no backup in '%s'", r->name);
	return NO_INPUT;
}

static int read_chosen(struct repo *r, struct repo_list *list, const struct chosen *chosen, struct buf *error)
{
	bool *flags = xcalloc(list->n + 1, sizeof(*flags));
	int rc;

	for (size_t i = 0; i < chosen->n; i++)
		flags[chosen->v[i]] = true;
	rc = r->ops->read(r, list, flags, error);
	free(flags);
	return rc;
}

/* Finds those that the words name, and reads their manifests. */
static int find(const struct verify *v, struct repo *r, const struct choice *what, struct repo_list *list,
                struct chosen *chosen, struct buf *error)
{
	char **words = xcalloc((size_t)what->n + 1, sizeof(*words));
	struct choice own = { .n = what->n, .words = words, .all = what->all };
	int rc;

	for (int i = 0; i < what->n; i++)
		words[i] = what->words[i];
	rc = r->shared ? cut_names(r, what->n, words, error) : 0;
	rc = rc ? rc : r->ops->list(r, NULL, list, error);
	rc = rc ? rc : choose_backups(r, list, &own, chosen, error);
	rc = rc ? rc : read_chosen(r, list, chosen, error);
	if (!rc && r->shared)
		rc = leave_whole(v, r, list, chosen, error);
	free(words);
	return rc;
}

int verify_backups(const struct verify *v, struct repo *r, const struct choice *what)
{
	struct repo_list list = { 0 };
	struct chosen chosen = { 0 };
	struct buf error = BUF_INIT;
	int rc = find(v, r, what, &list, &chosen, &error);

	if (error.len)
		teller_say(v->tell, MSG_ERROR, error.data);
	for (size_t i = 0; i < chosen.n && !error.len; i++) {
		int one = verify_one(v, r, &list.v[chosen.v[i]]);

		rc = one ? one : rc;
	}
	repo_list_free(&list);
	free(chosen.v);
	buf_free(&error);
	return rc;
}
