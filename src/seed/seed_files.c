/* seed_files - the SQL files of a seed. */
#include "seed/seed_files.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/status.h"
#include "ext/pack.h"

static const char *const suffixes[] = { ".sql", ".sql.gz", ".sql.zst", NULL };

/* By errno. */
static int unreadable(const char *path, struct buf *error)
{
	if (errno == EBADMSG) {
		buf_printf(error, "SQL file '%s' is damaged or cut off", path);
		return BAD_DATA;
	}
	if (errno == EILSEQ) {
		buf_printf(error, "SQL file '%s' holds a NUL byte", path);
		return BAD_DATA;
	}
	/* A URL may stand there by mistake. */
	buf_printf(error, "cannot read SQL file '%s': %s", strstr(path, "://") ? "..." : path,
	           strerror(errno));
	return NO_INPUT;
}

int seed_files_find(const char *path, struct strs *files, struct buf *error)
{
	size_t before = files->n;

	if (!file_is_dir(path)) {
		if (access(path, R_OK) != 0)
			return unreadable(path, error);
		if (!file_is_regular(path)) {
			buf_printf(error, "SQL file '%s' is no regular file", path);
			return NO_INPUT;
		}
		strs_add(files, path);
		return 0;
	}
	if (file_list(path, suffixes, files) != 0) {
		buf_printf(error, "cannot read directory '%s': %s", path, strerror(errno));
		return NO_INPUT;
	}
	if (files->n == before) {
		buf_printf(error, "directory '%s' holds no .sql, .sql.gz or .sql.zst file", path);
		return NO_INPUT;
	}
	return 0;
}

int seed_files_hash(const struct strs *files, char text[HASH_TEXT], struct buf *error)
{
	unsigned char digest[HASH_BYTES];
	struct hash h;
	int rc = 0;

	hash_start(&h);
	for (size_t i = 0; i < files->n && !rc; i++)
		if (hash_add_file(&h, files->v[i], NULL, NULL) != 0 || unpack_check(files->v[i]) != 0)
			rc = unreadable(files->v[i], error);
	hash_end(&h, digest);
	hash_text(digest, text);
	return rc;
}

int seed_files_read(const char *path, struct buf *script, struct buf *error)
{
	return unpack_read(path, script) ? unreadable(path, error) : 0;
}
