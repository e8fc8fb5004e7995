/*
 * manifest - what is known of a backup, as the JSON file beside it.
 *
 * It is written last, so a backup without one is none; and it is all that is needed
 * to rebuild the journal.
 */
#ifndef DUMP_MANIFEST_H
#define DUMP_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define MANIFEST_FORMAT 1

/* Texts are owned and may be NULL, numbers are 0, where something is not known or
 * does not apply. */
struct manifest {
	char *database;        /* its name; of roles: NULL */
	char *job;             /* NAME of a NAME=URL target, or NULL */
	char *target;          /* as target.shown */
	char *file;            /* the backup's name, without folders */
	char *kind;            /* custom, directory, plain, sqlite, roles */
	char *compression;     /* zstd:3, gzip:6, lz4, none */
	char *archive_version; /* of custom and directory: 1.16 */
	char *engine;          /* what made it: pg_dump 18.6, SQLite 3.53.4 */
	char *system_id;          /* the server's system identifier (pg_control_system, since 9.6),
	                        * an SQLite file's real path */
	char *server;          /* what it was made of: PostgreSQL 15.18, SQLite */
	char *pgbox;           /* the version of this program */
	int64_t server_version; /* 150018 */
	int64_t bytes;         /* of a directory: its files' */
	int64_t database_bytes; /* pg_database_size; the SQLite file's */
	char *sha256;          /* of a directory: that of its .sha256 file */
	char *encoding, *collate, *ctype, *locale_provider, *locale, *icu_rules, *owner;
	char *properties;      /* of plain SQL, which lacks them: dump/properties as JSON */
	int64_t tables;        /* ordinary and partitioned, without an extension's */
	int64_t rows;          /* PostgreSQL's estimate (reltuples); SQLite: counted */
	int64_t large_objects;
	struct strs extensions, extension_versions; /* side by side */
	int64_t started, finished, verified; /* ms since 1970; verified: read back */
	bool suspect;          /* it may be a broken successor of its predecessor */
	bool restored;         /* it was also restored as a test */
	struct strs warnings;
};

/* Makes the JSON text. The caller frees it. */
char *manifest_text(const struct manifest *m);

/* The same in one line, with `path` and `state` in front, but without properties: their values may
 * be secrets. The caller frees it. */
char *manifest_line(const struct manifest *m, const char *path, const char *state);

/* Reads the JSON file. 0, or BAD_DATA, or NO_INPUT, with a sentence in error.
 * manifest_free after both. */
int manifest_read(struct manifest *m, const char *path, struct buf *error);

/* The same from its text; name is what messages call it. */
int manifest_parse(struct manifest *m, const char *text, const char *name, struct buf *error);

void manifest_free(struct manifest *m);

/* Replaces a text by a copy; NULL removes it. */
void manifest_set(char **field, const char *text);

#endif
