/*
 * litecheck - whether an SQLite database file is sound.
 */
#ifndef EXT_LITECHECK_H
#define EXT_LITECHECK_H

#include <stdint.h>

#include "base/buf.h"

/* Whether every page and row of a file that nobody writes, of whoever made it, is sound (PRAGMA
 * integrity_check), in a time that goes by its size; then the numbers of its tables and of their rows. 0, or
 * -1 with SQLite's words in error. */
int lite_check(const char *path, int64_t *tables, int64_t *rows, struct buf *error);

#endif
