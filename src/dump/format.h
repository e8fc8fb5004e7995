/*
 * format - what a file is, told by what is in it and not by its name.
 */
#ifndef DUMP_FORMAT_H
#define DUMP_FORMAT_H

#include <stdbool.h>

#include "base/buf.h"

enum format {
	FORMAT_CUSTOM,    /* pg_dump --format=custom */
	FORMAT_TAR,       /* pg_dump --format=tar */
	FORMAT_DIRECTORY, /* pg_dump --format=directory: a folder with toc.dat */
	FORMAT_SQL,       /* a script for psql */
	FORMAT_CLUSTER,   /* pg_dumpall's script: of several databases, or of roles */
	FORMAT_SQLITE,    /* an SQLite database */
	FORMAT_DUMP       /* the SQL of one, as sqlite3's .dump and .recover write it */
};

/*
 * Looks at a file or folder; *packed says whether it is in gzip, zstd or lz4 (a folder
 * and a custom archive's own compression are not meant). 0; NO_INPUT when it is not there or
 * cannot be read, BAD_DATA when it is empty, damaged, or nothing that pgbox can restore, with a
 * sentence in error that says what it seems to be.
 */
int format_look(const char *path, enum format *content, bool *packed, struct buf *error);

/* Whether SQL is pg_dump's, which has a last line that says so. */
bool format_is_dump(const char *path);

/* Whether SQL may be that of an SQLite database without saying so: it begins with BEGIN, as Python's
 * iterdump() and other programs write it, and is not pg_dump's. */
bool format_may_be_lite(const char *path);

/* What SQL says near its beginning that its text is in (SET client_encoding); NULL: nothing. The
 * caller frees it. */
char *format_encoding(const char *path);

/* Whether every LF of some bytes has a CR before it: in what is not text, where that is 1 of 256 by
 * chance, they were converted on their way. FORMAT_CONVERTED completes the message that it is damaged. */
bool format_is_converted(const char *bytes, size_t len);
#define FORMAT_CONVERTED                                                                          \
	": its line ends were converted to CR LF: was it piped through a terminal (docker exec -t)?" \
	" Dump it again without -t"

/* Appends that to error where it is so of the file at path. */
void format_explain_damage(const char *path, struct buf *error);

/* Whether the content goes into an SQLite file. */
bool format_is_lite(enum format content);

/* "a custom archive", "SQL" ... */
const char *format_name(enum format content);

#endif
