/*
 * content - what a file is, told by what is in it and not by its name.
 */
#ifndef CORE_CONTENT_H
#define CORE_CONTENT_H

#include <stdbool.h>

#include "base/buf.h"

enum content {
	CONTENT_CUSTOM,    /* pg_dump --format=custom */
	CONTENT_TAR,       /* pg_dump --format=tar */
	CONTENT_DIRECTORY, /* pg_dump --format=directory: a folder with toc.dat */
	CONTENT_SQL,       /* a script for psql */
	CONTENT_CLUSTER,   /* pg_dumpall's script: of several databases, or of roles */
	CONTENT_SQLITE     /* an SQLite database */
};

/*
 * Looks at a file or folder; *packed says whether it is in gzip, zstd or lz4 (a folder
 * and a custom archive's own compression are not meant). 0; NO_INPUT when it is not there or
 * cannot be read, BAD_DATA when it is empty, damaged, or nothing that pgbox can restore, with a
 * sentence in error that says what it seems to be.
 */
int content_look(const char *path, enum content *content, bool *packed, struct buf *error);

/* Whether SQL is pg_dump's, which has a last line that says so. */
bool content_is_dump(const char *path);

/* What SQL says near its beginning that its text is in (SET client_encoding); NULL: nothing. The
 * caller frees it. */
char *content_encoding(const char *path);

/* "a custom archive", "SQL" ... */
const char *content_name(enum content content);

#endif
