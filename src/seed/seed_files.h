/*
 * seed_files - the SQL files of a seed.
 */
#ifndef SEED_SEED_FILES_H
#define SEED_SEED_FILES_H

#include "base/buf.h"
#include "ext/hash.h"

/* Adds to files what path names: a file itself, or those of a directory in byte order of their names. 0,
 * or NO_INPUT. */
int seed_files_find(const char *path, struct strs *files, struct buf *error);

/* Reads all to their ends. 0 with the SHA-256 of their contents, one after the other; NO_INPUT, or
 * BAD_DATA. */
int seed_files_hash(const struct strs *files, char text[HASH_TEXT], struct buf *error);

/* Appends the whole unpacked content. 0, or as seed_files_hash. */
int seed_files_read(const char *path, struct buf *script, struct buf *error);

#endif
