/*
 * litedump - reads SQL that sqlite3 wrote (.dump, .recover) into a database.
 *
 * The file may be anybody's. It cannot reach another file, its triggers and views do nothing, only what a
 * dump has to may be written to the schema, and none of the shell's commands is run.
 */
#ifndef EXT_LITEDUMP_H
#define EXT_LITEDUMP_H

#include "base/buf.h"

/* Reads the file at path, packed or not, into a new database at `to`. 0; BAD_DATA when it is cut off, or does
 * what no dump does; NO when a statement fails; CANNOT_WRITE; NO_INPUT; with the message in error. Then what
 * is at `to` is of no use. Whether the database is sound is not known (lite_check). */
int litedump_load(const char *path, const char *to, struct buf *error);

#endif
