/* fetch - brings a backup from the bucket, to be restored. */
#include "restore/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/status.h"
#include "repo/bucket.h"
#include "repo/select.h"

#define NAME "fetched-"

static int make_folder(struct fetch *f, const char *scratch)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		number = (uint64_t)clock_wall();
	free(f->folder);
	f->folder = xasprintf("%s/" NAME "%016llx", scratch, (unsigned long long)number);
	return beneath_mkdir(f->folder, 0700);
}

/* Another run's fetch_recover may lock and remove it before its maker has locked it. */
static bool is_gone(struct fetch *f)
{
	struct stat st;

	f->fd = beneath_open(f->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (f->fd < 0)
		return errno == ENOENT;
	flock(f->fd, LOCK_EX);
	if (fstat(f->fd, &st) != 0 || st.st_nlink)
		return false;
	close(f->fd);
	f->fd = -1;
	return true;
}

int fetch_folder(struct fetch *f, const char *scratch, struct buf *error)
{
	int rc;

	do
		rc = make_folder(f, scratch);
	while (rc != 0 ? errno == EEXIST : is_gone(f));
	if (rc == 0)
		return DONE;
	rc = file_cannot(error, "make a folder in", scratch);
	free(f->folder);
	f->folder = NULL;
	return rc;
}

/* The key of what is meant. */
static int find_key(struct bucket *r, struct fetch *f, const char *word, const char *database, char **key,
                    struct buf *error)
{
	char *path;
	int rc = select_backup(&r->repo, &(struct wanted){ .word = word, .database = database,
	                                                   .warnings = &f->warnings }, &path, error);

	*key = rc ? NULL : xasprintf("%s%s", r->prefix, path);
	free(path);
	return rc;
}

static int find_object(struct download *o, struct fetch *f, const char *word, const char *database,
                       struct buf *error)
{
	const char *named;
	int rc;

	if (skip_prefix(word, "s3://")) {
		rc = bucket_open_url(&o->remote, word, &named, error);
		o->key = rc ? NULL : xstrdup(named);
		return rc;
	}
	rc = bucket_open(&o->remote, error);
	if (!rc && !o->remote.on) {
		buf_puts(error, "there is no bucket: set S3_BUCKET");
		rc = BAD_CONFIG;
	}
	return rc ? rc : find_key(&o->remote, f, word, database, &o->key, error);
}

int fetch_backup(struct fetch *f, const char *word, const char *database, char **path,
                 struct manifest *m, struct buf *error)
{
	struct buf why = BUF_INIT;
	int rc = find_object(&f->download, f, word, database, error);

	*path = NULL;
	if (!rc && f->streams)
		rc = download_suits(&f->download, m, error);
	else if (!rc)
		rc = bucket_fetch(&f->download.remote, f->download.key, f->folder, path, error);
	if (rc == CANNOT_WRITE && *path && download_suits(&f->download, m, &why) == 0) {
		f->streams = true;
		file_remove(*path);
		free(*path);
		buf_cut(error, 0);
		rc = 0;
	}
	if (!rc && f->streams) {
		*path = xasprintf("s3://%s/%s", f->download.remote.s3.bucket, f->download.key);
		rc = download_open(&f->download, f->folder, error);
	}
	buf_free(&why);
	return rc;
}

void fetch_recover(const char *scratch)
{
	struct strs folders = { 0 };

	file_folders(scratch, &folders);
	for (size_t i = 0; i < folders.n; i++) {
		int fd = skip_prefix(path_base(folders.v[i]), NAME)
		                 ? beneath_open(folders.v[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0)
		                 : -1;

		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			file_remove(folders.v[i]);
		if (fd >= 0)
			close(fd);
	}
	strs_free(&folders);
}

void fetch_free(struct fetch *f)
{
	if (f->folder)
		file_remove(f->folder);
	if (f->fd >= 0)
		close(f->fd);
	download_free(&f->download);
	strs_free(&f->warnings);
	free(f->folder);
	*f = (struct fetch)FETCH_INIT;
}
