/*
 * folder - the files of backups, and how they come and go.
 *
 *     DIR/[JOB/]DATABASE/DATABASE-YYYYMMDD-HHMMSS.dump     the data
 *                                                .dump.json    its manifest
 *                                                .dump.sha256  for sha256sum -c
 *     DIR/[JOB/]DATABASE/latest                            a symlink to the newest
 *     DIR/[JOB/].globals/globals-YYYYMMDD-HHMMSS.sql.zst   roles and tablespaces
 *     DIR/.pgbox/                                          lock and journal
 *
 * A name that ends in .part is of nobody's concern but the run's that holds DIR's
 * lock. A backup is one from the moment its manifest has its final name: that comes
 * last, and goes first.
 */
#ifndef REPO_FOLDER_H
#define REPO_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "dump/manifest.h"

/* The folder of the roles, in place of a database's. */
#define FOLDER_GLOBALS ".globals"

/* A name as a file's: bytes outside [A-Za-z0-9._-], and a leading . or -, become
 * %XX. Different names give different ones. The caller frees it. */
char *folder_escape(const char *name);

/* Whether a file's name (BASE-YYYYMMDD-HHMMSS.what) is one of ours for that folder. */
bool folder_is_named(const char *folder, const char *name);

/* Whether a path, relative to DIR, names a file directly in that folder of a database. Paths that a
 * journal, a manifest or a bucket's key gives are used only then. */
bool folder_lies_in(const char *path, const char *folder);

/* Whether a path, relative to DIR, is named as the data of a backup. */
bool folder_is_path(const char *path);

/* A backup that is being made. */
struct folder_backup {
	char *folder; /* the database's, relative to DIR */
	char *path;   /* of the data when it is done */
	char *part;   /* of the data until then */
	struct buf sums; /* the .sha256 file's text */
};

/*
 * Makes the database's folder and finds a name for a backup of that moment (ms since
 * 1970): seconds later where that is needed to come behind those that are there. base
 * is escaped already; suffix begins with the dot. 0, or CANNOT_WRITE with a sentence in
 * error. folder_free after both.
 */
int folder_start(struct folder_backup *a, const char *dir, const char *folder, const char *base,
                  int64_t moment, const char *suffix, struct buf *error);

/* Fills bytes and sha256 of the manifest from the part, and a->sums. seen (may be
 * NULL) hears the bytes of each read. 0, or NO_INPUT with a sentence in error. */
int folder_sum(struct folder_backup *a, struct manifest *m, void (*seen)(void *arg, size_t bytes),
                void *arg, struct buf *error);

/* Writes manifest and sums, flushes everything to the disk and gives all its final
 * name; then `latest`. 0, or CANNOT_WRITE with a sentence in error; a failure of
 * `latest` only leaves a text in warnings. */
int folder_publish(struct folder_backup *a, const struct manifest *m, struct strs *warnings,
                    struct buf *error);

/* Deletes what has no final name yet, and frees. */
void folder_free(struct folder_backup *a);

/* Deletes a backup by its data's path. 0, or -1 with errno. */
int folder_remove(const char *path);

/* What a run that died left in DIR: backups that were whole and only lacked their last
 * names get them, other parts are deleted; names relative to DIR are added to the
 * lists. The caller holds the lock. */
void folder_recover(const char *dir, struct strs *finished, struct strs *deleted);

/* The paths of all manifests in DIR that are named as ours, in byte order of folders and
 * names. Adds to unreadable (may be NULL) a message for each folder that cannot be read. */
void folder_manifests(const char *dir, struct strs *paths, struct strs *unreadable);

/* Reads the manifest and checks that it speaks of the file beside it; *path is the
 * data's path, which the caller frees. As manifest_read. */
int folder_read(const char *manifest, struct manifest *m, char **path, struct buf *error);

/* Reads the data at path and compares it with the manifest. 0; NO_INPUT when it is not
 * there, BAD_DATA when it differs, with a sentence in error. */
int folder_compare(const char *path, const struct manifest *m,
                    void (*seen)(void *arg, size_t bytes), void *arg, struct buf *error);

/* Bytes of a file, or of the files in a directory; -1: not there. */
int64_t folder_size(const char *path);

/* Bytes that are free for this user in the file system of path; -1: cannot tell. */
int64_t folder_space(const char *path);

#endif
