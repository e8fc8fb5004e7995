/* rebuild - rebuilds what the journal knows of backups from their manifests. */
#include "repo/rebuild.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/teller.h"
#include "repo/folder.h"
#include "repo/folder_repo.h"

/* The folder that a backup with this manifest belongs in. */
static char *folder_of(const struct manifest *m)
{
	char *job = m->job ? folder_escape(m->job) : NULL;
	char *database = m->database ? folder_escape(m->database) : xstrdup(FOLDER_GLOBALS);
	char *folder = xasprintf("%s%s%s", job ? job : "", job ? "/" : "", database);

	free(job);
	free(database);
	return folder;
}

static int adopt(struct catalog *c, const char *path, const char *full, const struct manifest *m,
                 struct buf *error)
{
	char *folder = folder_of(m);
	int rc, judged;

	if (!folder_lies_in(path, folder)) {
		buf_printf(error, "'%s' is not adopted: its manifest says that it belongs in '%s'", path,
		           folder);
		free(folder);
		return BAD_DATA;
	}
	rc = folder_compare(full, m, NULL, NULL, error);
	judged = rc == NO_INPUT ? 0 : catalog_add(c, path, folder, m, !rc);
	free(folder);
	if (!judged)
		return rc;
	buf_cut(error, 0);
	buf_puts(error, c->journal.error.data);
	return NO;
}

int rebuild_adopt(struct catalog *c, const char *path, struct buf *error)
{
	char *manifest = xasprintf("%s/%s.json", c->root, path), *full;
	struct manifest m;
	int rc = folder_read(manifest, &m, &full, error);

	if (!rc)
		rc = adopt(c, path, full, &m, error);
	manifest_free(&m);
	free(full);
	free(manifest);
	return rc;
}

/* NO: the journal cannot be read or written. */
static int adopt_all(struct catalog *c, const struct teller *tell)
{
	struct repo_list list;
	struct repo r;
	int rc = catalog_read_through(c) || catalog_missing(c, NULL, tell) ? NO : DONE;

	folder_repo(&r, c->root, c);
	r.ops->list(&r, NULL, &list, NULL);
	for (size_t i = 0; i < list.unreadable.n && rc != NO; i++) {
		teller_say(tell, MSG_ERROR, list.unreadable.v[i]);
		rc = NO_INPUT;
	}
	for (size_t i = 0; i < list.n && rc != NO; i++) {
		struct buf error = BUF_INIT;
		int one = rebuild_adopt(c, list.v[i].path, &error);

		if (one != NO)
			teller_say(tell, one ? MSG_ERROR : MSG_INFO, one ? error.data : list.v[i].path);
		rc = one ? one == NO ? NO : BAD_DATA : rc;
		buf_free(&error);
	}
	repo_list_free(&list);
	return rc;
}

/* Not all damage is seen when the journal is opened. */
int rebuild_all(struct catalog *c, const struct teller *tell)
{
	int rc = adopt_all(c, tell);

	if (rc == NO && catalog_renew(c, tell) == 0)
		rc = adopt_all(c, tell);
	if (rc == NO)
		teller_say(tell, MSG_ERROR, c->journal.error.data);
	return rc;
}

/* --- at a glance --- */

/* What stands for a backup whose manifest says nothing. */
static void set_damaged(struct manifest *m)
{
	manifest_free(m);
	manifest_set(&m->kind, "damaged");
	manifest_set(&m->sha256, "");
}

/* Of a shared place nobody can tell whose a bad manifest is. */
static int add_one(struct catalog *c, struct repo *r, struct repo_backup *b, struct buf *error)
{
	bool bad = b->what == REPO_BAD && !r->shared;
	char *folder;
	int rc = 0;

	if (bad && b->rc != BAD_DATA) {
		buf_puts(error, b->words.data);
		return b->rc;
	}
	if (bad)
		set_damaged(&b->m);
	folder = xstrndup(b->path, repo_folder_length(b->path));
	if ((bad || b->what == REPO_WHOLE) &&
	    catalog_add(c, b->path, folder, &b->m, repo_is_verified(r, b)) != 0) {
		buf_puts(error, c->journal.error.data);
		rc = NO;
	}
	free(folder);
	return rc;
}

int rebuild_glance(struct catalog *c, struct repo *r, struct buf *error)
{
	struct repo_look look = { .before = clock_wall() + CLOCK_TOLERANCE_MS, .databases = true };
	struct repo_list list;
	int rc = r->ops->list(r, NULL, &list, error);

	if (!rc && list.unreadable.n) {
		buf_puts(error, list.unreadable.v[0]);
		rc = NO_INPUT;
	}
	rc = rc ? rc : repo_glance(r, &look, &list, error);
	for (size_t i = list.n; i-- > 0 && !rc;)
		rc = add_one(c, r, &list.v[i], error);
	repo_list_free(&list);
	return rc;
}

size_t rebuild_unknown(struct catalog *c)
{
	struct repo_list list;
	struct repo r;
	size_t unknown = 0;
	bool known;

	folder_repo(&r, c->root, c);
	r.ops->list(&r, NULL, &list, NULL);
	for (size_t i = 0; i < list.n; i++) {
		catalog_is_verified(c, list.v[i].path, &known);
		unknown += !known;
	}
	repo_list_free(&list);
	return unknown;
}
