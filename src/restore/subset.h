/*
 * subset - the entries of an archive that make up some of its tables.
 *
 * pg_restore --table takes the table and its rows alone: no key, index, default, trigger or
 * right. Here all that belongs to it comes along.
 */
#ifndef RESTORE_SUBSET_H
#define RESTORE_SUBSET_H

#include "dump/toc.h"

/*
 * Adds to lines the entries, as in toc.lines, of the tables (views, sequences ...) of those
 * names and of what belongs to them, in their order. fresh: nothing else is there, so what
 * needs more than is chosen cannot come along; left_out gets `TYPE schema name` of those. 0, or
 * BAD_DATA with a sentence in error.
 */
int subset_choose(const char *path, const struct strs *names, bool fresh, struct strs *lines,
                struct strs *left_out, struct buf *error);

#endif
