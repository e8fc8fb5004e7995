/*
 * check_backup - whether the backups in a folder are young enough.
 *
 * The journal says which databases the last run was about; without one the manifests
 * do, and every folder that has any counts. Nothing is written: the folder may be
 * mounted read-only, and the journal is pgbackup's.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "check/kinds.h"
#include "repo/folder_repo.h"
#include "repo/freshness.h"
#include "repo/rebuild.h"

static void judge(const struct check *check, struct catalog *c, const struct rows *last,
                  struct finding *f)
{
	struct buf bad = BUF_INIT;
	int64_t oldest = 0;
	char *age;

	for (size_t i = 0; i < last->n; i++) {
		struct freshness one;

		freshness_judge(c, last, i, check->below, &one);
		if (one.newest.made && one.age > oldest)
			oldest = one.age;
		if (!one.fresh) {
			char *text = freshness_text(&one);

			buf_printf(&bad, "%s%s", bad.len ? "; " : "", text);
			free(text);
		}
	}
	age = clock_age(oldest);
	f->value = oldest / 1000;
	if (!catalog_is_open(c))
		finding_set(f, UNKNOWN, "%s", c->journal.error.data);
	else if (!last->n)
		finding_set(f, FAIL, "nothing has been backed up yet");
	else if (bad.len)
		finding_set(f, FAIL, "%s", bad.data);
	else
		finding_set(f, PASS, "%zu database%s, %s old at most", last->n, last->n > 1 ? "s" : "", age);
	free(age);
	buf_free(&bad);
}

/* 0 when the catalog is open and knows of the folder; else f says why not. */
static int find_catalog(struct catalog *c, const char *dir, int64_t deadline, struct finding *f)
{
	int64_t left = clock_left(deadline);
	struct buf error = BUF_INIT;
	struct repo repo;
	int rc = catalog_peek(c, dir, left < INT_MAX ? (int)left : INT_MAX);

	if (rc < 0) {
		finding_set(f, UNKNOWN, "%s", c->journal.error.data);
		return -1;
	}
	if (rc == 0 && catalog_knows(c))
		return 0;
	catalog_free(c);
	rc = catalog_imagine(c, dir);
	folder_repo(&repo, dir, NULL);
	if (rc == 0)
		rc = rebuild_glance(c, &repo, &error);
	if (rc)
		finding_set(f, UNKNOWN, "%s", error.len ? error.data : c->journal.error.data);
	buf_free(&error);
	return rc;
}

static bool can_be_read(const char *dir, struct finding *f)
{
	DIR *folder = opendir(dir);

	if (folder)
		return closedir(folder) == 0;
	finding_set(f, errno == ENOENT || errno == ENOTDIR ? FAIL : UNKNOWN, "%s", strerror(errno));
	return false;
}

void check_backup(const struct check *check, int64_t deadline, struct finding *f)
{
	struct catalog c = { .journal = JOURNAL_INIT };
	struct rows last = { 0 };

	if (can_be_read(check->name, f) && find_catalog(&c, check->name, deadline, f) == 0) {
		if (catalog_last(&c, NULL, check->below, &last) != 0)
			finding_set(f, UNKNOWN, "%s", c.journal.error.data);
		else
			judge(check, &c, &last, f);
	}
	rows_free(&last);
	catalog_free(&c);
}
