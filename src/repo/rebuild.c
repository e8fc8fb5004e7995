/* rebuild - rebuilds what the journal knows of backups from their manifests. */
#include "repo/rebuild.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/status.h"
#include "repo/folder.h"

/* The folder that a backup with this manifest belongs in. */
static char *folder_of(const struct manifest *m)
{
	char *job = m->job ? archive_escape(m->job) : NULL;
	char *database = m->database ? archive_escape(m->database) : xstrdup(ARCHIVE_GLOBALS);
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

	if (!archive_lies_in(path, folder)) {
		buf_printf(error, "'%s' is not adopted: its manifest says that it belongs in '%s'", path,
		           folder);
		free(folder);
		return BAD_DATA;
	}
	rc = archive_compare(full, m, NULL, NULL, error);
	judged = rc == NO_INPUT ? 0 : catalog_add(c, path, folder, m, !rc);
	free(folder);
	if (!judged)
		return rc;
	buf_cut(error, 0);
	buf_puts(error, c->journal.error.data);
	return NO;
}

int sync_adopt(struct catalog *c, const char *path, struct buf *error)
{
	char *manifest = xasprintf("%s/%s.json", c->root, path), *full;
	struct manifest m;
	int rc = archive_read(manifest, &m, &full, error);

	if (!rc)
		rc = adopt(c, path, full, &m, error);
	manifest_free(&m);
	free(full);
	free(manifest);
	return rc;
}

/* Finds values that are too large for a journal's, and damaged pages. */
static int read_through(struct catalog *c)
{
	return journal_query(&c->journal,
	                     "SELECT (SELECT count(*) FROM runs WHERE applet || name || target || started || finished"
	                     "  || status || sha256 || error || host || dir || about = ''),"
	                     " (SELECT count(*) FROM files WHERE path || kind || database || sha256 || verified || dir"
	                     "  || system || compression || gone || reason || remote = '')",
	                     NULL, 0, NULL);
}

/* NO: the journal cannot be read or written. */
static int adopt_all(struct catalog *c, void (*tell)(enum msg_level level, const char *words))
{
	size_t prefix = strlen(c->root) + 1;
	struct strs manifests = { 0 }, unreadable = { 0 };
	int rc = read_through(c) || catalog_missing(c, NULL, tell) ? NO : DONE;

	archive_manifests(c->root, &manifests, &unreadable);
	for (size_t i = 0; i < unreadable.n && rc != NO; i++) {
		tell(MSG_ERROR, unreadable.v[i]);
		rc = NO_INPUT;
	}
	for (size_t i = 0; i < manifests.n && rc != NO; i++) {
		const char *name = manifests.v[i] + prefix;
		char *path = xstrndup(name, strlen(name) - strlen(".json"));
		struct buf error = BUF_INIT;
		int one = sync_adopt(c, path, &error);

		if (one != NO)
			tell(one ? MSG_ERROR : MSG_INFO, one ? error.data : path);
		rc = one ? one == NO ? NO : BAD_DATA : rc;
		buf_free(&error);
		free(path);
	}
	strs_free(&unreadable);
	strs_free(&manifests);
	return rc;
}

/* Not all damage is seen when the journal is opened. */
int sync_all(struct catalog *c, void (*tell)(enum msg_level level, const char *words))
{
	int rc = adopt_all(c, tell);

	if (rc == NO && catalog_renew(c, tell) == 0)
		rc = adopt_all(c, tell);
	if (rc == NO)
		tell(MSG_ERROR, c->journal.error.data);
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

static bool is_roles(const char *folder)
{
	return strcmp(file_base(folder), ARCHIVE_GLOBALS) == 0;
}

/* Adds the backup; *good says whether the folder needs no older one. */
static int glance_at(struct catalog *c, const char *manifest, const char *folder, int64_t now,
                     bool *good, struct buf *error)
{
	struct manifest m;
	char *full;
	int rc = archive_read(manifest, &m, &full, error);

	if (rc == BAD_DATA) {
		set_damaged(&m);
		buf_cut(error, 0);
		rc = 0;
	}
	*good = m.verified && m.started <= now && archive_size(full) == m.bytes;
	if (!rc && catalog_add(c, full + strlen(c->root) + 1, folder, &m, *good) != 0) {
		buf_puts(error, c->journal.error.data);
		rc = NO;
	}
	manifest_free(&m);
	free(full);
	return rc;
}

int sync_glance(struct catalog *c, int64_t now, struct buf *error)
{
	size_t prefix = strlen(c->root) + 1;
	struct strs manifests = { 0 }, unreadable = { 0 };
	char *done = NULL;
	int rc;

	archive_manifests(c->root, &manifests, &unreadable);
	rc = unreadable.n ? NO_INPUT : 0;
	if (rc)
		buf_puts(error, unreadable.v[0]);
	/* Names sort by their moments within a folder. */
	for (size_t i = manifests.n; i > 0 && !rc; i--) {
		const char *name = manifests.v[i - 1] + prefix, *slash = strrchr(name, '/');
		char *folder = xstrndup(name, slash ? (size_t)(slash - name) : 0);
		bool good = false;

		if (!is_roles(folder) && !(done && strcmp(done, folder) == 0))
			rc = glance_at(c, manifests.v[i - 1], folder, now, &good, error);
		if (good) {
			free(done);
			done = xstrdup(folder);
		}
		free(folder);
	}
	free(done);
	strs_free(&unreadable);
	strs_free(&manifests);
	return rc;
}

size_t sync_unknown(struct catalog *c)
{
	size_t prefix = strlen(c->root) + 1, unknown = 0;
	struct strs manifests = { 0 };

	archive_manifests(c->root, &manifests, NULL);
	for (size_t i = 0; i < manifests.n; i++) {
		const char *name = manifests.v[i] + prefix;
		char *path = xstrndup(name, strlen(name) - strlen(".json"));
		bool known;

		catalog_is_verified(c, path, &known);
		unknown += !known;
		free(path);
	}
	strs_free(&manifests);
	return unknown;
}
