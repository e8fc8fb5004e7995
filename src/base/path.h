/*
 * path - the parts of a path, by its text alone.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

/* Returns the last part of a path: what follows its last slash, or all of it. */
const char *path_base(const char *path);

/* Returns the folder that a path is in, without its slash: "." where the path has none, "/" at the root. The
 * caller frees it. */
char *path_folder(const char *path);

/* Returns what stands before the last part of a path, its slash too: "" where the path has no folder. The
 * caller frees it. */
char *path_prefix(const char *path);

#endif
