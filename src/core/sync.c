/* sync - rebuilds what the journal knows of backups from their manifests. */
#include "core/sync.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/status.h"
#include "core/archive.h"

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

static bool lies_in(const char *path, const char *folder)
{
	const char *rest = skip_prefix(path, folder);

	return rest && *rest == '/' && !strchr(rest + 1, '/');
}

static int adopt(struct catalog *c, const char *path, const char *full, const struct manifest *m,
                 struct buf *error)
{
	char *folder = folder_of(m);
	int rc, judged;

	if (!lies_in(path, folder)) {
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

int sync_all(struct catalog *c, void (*tell)(enum msg_level level, const char *words))
{
	size_t prefix = strlen(c->root) + 1;
	struct strs manifests = { 0 };
	int rc = catalog_missing(c, NULL, tell) ? NO : DONE;

	archive_manifests(c->root, &manifests);
	for (size_t i = 0; i < manifests.n && rc != NO; i++) {
		const char *name = manifests.v[i] + prefix;
		char *path = xstrndup(name, strlen(name) - strlen(".json"));
		struct buf error = BUF_INIT;
		int one = sync_adopt(c, path, &error);

		tell(one ? MSG_ERROR : MSG_INFO, one ? error.data : path);
		rc = one ? one == NO ? NO : BAD_DATA : rc;
		buf_free(&error);
		free(path);
	}
	if (rc == NO)
		tell(MSG_ERROR, c->journal.error.data);
	strs_free(&manifests);
	return rc;
}
