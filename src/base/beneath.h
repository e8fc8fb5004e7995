/*
 * beneath - files in folders that others may write to.
 *
 * Whoever may write to a folder can replace any name in it by a symlink, a FIFO or a device, between any
 * two looks at it. So nothing below a guarded folder is opened, made, renamed or deleted through a
 * symlink, and only regular files and folders are opened there, without waiting. The guarded folder's own
 * path is the user's word: it may be or contain a symlink, and its owner and mode do not matter.
 *
 * The functions that take a whole path do what their namesakes do, flags and errors included, where no
 * guard covers the path. Where one does, they also fail with
 *   ELOOP  a symlink is in the way
 *   EXDEV  the path leads out of the folder (..)
 *   ENXIO  neither a regular file nor a folder
 */
#ifndef BASE_BENEATH_H
#define BASE_BENEATH_H

#include <dirent.h>
#include <stdbool.h>
#include <sys/stat.h>

/* Guards all that is below a folder. The folder need not exist yet. A path that does not begin with dir, but
 * leads there all the same, is known by the folder's device and inode. */
void beneath_guard(const char *dir);

/* Guards the files in a folder whose paths begin so: app.db- for app.db-wal and app.db-journal. The folder's
 * own path is trusted. */
void beneath_guard_beside(const char *beginning);

/* Whether a guard covers the path. */
bool beneath_is_guarded(const char *path);

/* Returns the path of a guarded file with the folder's own path resolved, as realpath(3) resolves it, and
 * the rest as it is; NULL where no guard covers it. The caller frees it. */
char *beneath_real(const char *path);

/* Whether a relative path stays below the folder that it starts from: no empty, . or .. segment. */
bool beneath_is_confined(const char *path);

/* Opens a path below the folder that the descriptor is open on, whether that is guarded or not, by
 * openat2(2), or segment by segment where the kernel or its filter does not know it. O_CLOEXEC is implied.
 * -1 with errno. */
int beneath_open_at(int at, const char *path, int flags, unsigned mode);

/* open(2) with O_CLOEXEC. */
int beneath_open(const char *path, int flags, unsigned mode);

/* Opens a regular file to read, guarded or not: anything else is ENXIO, or EISDIR, and nothing waits. */
int beneath_open_regular(const char *path);

/* Opens a file as fopen(3) does with that mode (r, w or a); under a guard, w makes a new file. */
int beneath_open_as(const char *path, const char *mode);

int beneath_mkdir(const char *path, unsigned mode);
int beneath_unlink(const char *path);
int beneath_rmdir(const char *path);
int beneath_rename(const char *from, const char *to);
int beneath_symlink(const char *target, const char *path);
int beneath_lstat(const char *path, struct stat *st);
DIR *beneath_opendir(const char *path);

/* stat(2), but below a guard a symlink is ELOOP. */
int beneath_stat(const char *path, struct stat *st);

/* mkfifo(3), mode 0600: under a guard the only pipes that beneath_open opens, and waits for, are those that
 * were made by this. */
int beneath_mkfifo(const char *path);

/* What a symlink holds; NULL with errno. The caller frees it. */
char *beneath_readlink(const char *path);

#endif
