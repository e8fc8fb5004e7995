/*
 * fetch - brings a backup from the bucket, to be restored.
 */
#ifndef RESTORE_FETCH_H
#define RESTORE_FETCH_H

#include "restore/download.h"

struct fetch {
	char *folder; /* where it is, with its manifest; goes with fetch_free */
	int fd;       /* the folder's, whose lock keeps it from others' clearing up; -1 */

	bool streams;     /* it is not fetched but flows; the caller may set it */
	struct download download;

	struct strs warnings; /* of manifests that could not be read where the choice was made */
};

#define FETCH_INIT { .fd = -1, .download = DOWNLOAD_INIT }

/*
 * Fetches what word means into the folder that fetch_folder has made: s3://BUCKET/KEY, or what repo/select
 * knows of the backups in S3_BUCKET; database is the one that is wanted where the word names none, may be
 * NULL. *path is the data's, which the caller frees.
 *
 * With streams set nothing is fetched, nor where there is no room and restore/download can do without:
 * then streams is set, m is the manifest, and download gives the data through its pipe.
 *
 * 0; as s3/s3, BAD_USAGE, BAD_CONFIG; CANNOT_WRITE, also when there is no space for it; with a
 * sentence in error. fetch_free after all.
 */
int fetch_backup(struct fetch *f, const char *word, const char *database, char **path,
                 struct manifest *m, struct buf *error);

/* Makes the folder in scratch, for what fetch_backup or somebody else puts there. 0, or CANNOT_WRITE with a
 * message in error; fetch_free after both. */
int fetch_folder(struct fetch *f, const char *scratch, struct buf *error);

/* Deletes what fetches that died left in scratch. */
void fetch_recover(const char *scratch);

void fetch_free(struct fetch *f);

#endif
