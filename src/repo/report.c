/* report - lists backups. */
#include "repo/report_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/show.h"
#include "base/size.h"
#include "base/status.h"
#include "base/teller.h"
#include "repo/bucket.h"
#include "repo/folder_repo.h"

static void print_head(void)
{
	printf("%-19s  %10s  %-8s  %6s  %s\n", "MADE (UTC)", "SIZE", "STATE", "TABLES", "BACKUP");
}

static void print_row(const struct manifest *m, const char *path, const char *state)
{
	char *size = size_text(m->bytes), *when = clock_iso(m->started);

	show("%.10s %.8s  %10s  %-8s  %6lld  %s%s\n", when, when + 11, size, state,
	       (long long)m->tables, path, m->suspect ? "  (suspect)" : "");
	free(size);
	free(when);
}

static void print_one(struct repo *r, const struct repo_backup *b, bool json)
{
	char *path = xasprintf("%s%s", r->before, b->path);
	const char *state = r->ops->state(r, b);
	char *line = json ? manifest_line(&b->m, path, state) : NULL;

	if (json)
		show_json(line);
	else
		print_row(&b->m, path, state);
	free(line);
	free(path);
}

static bool is_wanted(const struct report_only *only, const struct repo_backup *b, bool *found)
{
	return report_is_wanted(only, b->path, repo_folder_length(b->path), found);
}

/* Reads those that are wanted; where names do not tell all, of which the caller looks at those that are
 * ours. */
static int find_wanted(struct repo *r, const struct report_only *only, struct repo_list *list, bool *found,
                       struct buf *error)
{
	int rc = r->ops->list(r, NULL, list, error);
	bool *wanted = xcalloc(list->n + 1, sizeof(*wanted));

	for (size_t i = 0; i < list->n; i++)
		wanted[i] = r->shared || is_wanted(only, &list->v[i], found);
	rc = rc ? rc : r->ops->read(r, list, wanted, error);
	free(wanted);
	return rc;
}

int report_list(struct repo *r, const struct report_only *only, bool json,
                const struct teller *tell, struct buf *error)
{
	struct repo_list list;
	bool *found = report_new_found(only);
	int rc = find_wanted(r, only, &list, found, error), unfound;

	if (!rc && !json)
		print_head();
	for (size_t i = 0; i < list.n && !rc; i++)
		if (list.v[i].what == REPO_BAD)
			teller_say(tell, MSG_WARNING, list.v[i].words.data);
		else if (list.v[i].what == REPO_WHOLE && is_wanted(only, &list.v[i], found))
			print_one(r, &list.v[i], json);
	for (size_t i = 0; i < list.unreadable.n; i++)
		teller_say(tell, MSG_ERROR, list.unreadable.v[i]);
	/* What cannot be read may well have one. */
	for (int i = 0; i < only->n && (rc || list.unreadable.n); i++)
		found[i] = true;
	unfound = report_unfound(only, found, r->name, tell);
	rc = list.unreadable.n ? NO_INPUT : rc ? rc : unfound;
	repo_list_free(&list);
	return rc;
}

static int list_folder(const char *dir, const struct report_only *only, bool json,
                       const struct teller *tell, struct buf *error)
{
	struct catalog c;
	struct repo r;
	int rc;

	errno = 0;
	if (!file_is_dir(dir)) {
		if (errno == EACCES)
			file_cannot(error, "read the folder", dir);
		else
			buf_printf(error, "there is no folder '%s': set BACKUP_DIR or --dir", dir);
		return NO_INPUT;
	}
	if (catalog_open(&c, dir, false) < 0)
		teller_say(tell, MSG_WARNING, c.journal.error.data);
	folder_repo(&r, dir, &c);
	rc = report_list(&r, only, json, tell, error);
	catalog_free(&c);
	return rc;
}

static int list_bucket(const struct report_only *only, bool json,
                       const struct teller *tell, struct buf *error)
{
	struct bucket r;
	int rc = bucket_open(&r, error);

	if (!rc && !r.on) {
		buf_puts(error, "there is no bucket: set S3_BUCKET");
		rc = BAD_CONFIG;
	}
	rc = rc ? rc : report_list(&r.repo, only, json, tell, error);
	bucket_free(&r);
	return rc;
}

int report_backups(const char *dir, const struct report_only *only, bool json,
                   const struct teller *tell, struct buf *error)
{
	return dir ? list_folder(dir, only, json, tell, error) : list_bucket(only, json, tell, error);
}
