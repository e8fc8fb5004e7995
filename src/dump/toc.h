/*
 * toc - the table of contents of a PostgreSQL archive, as pg_restore --list prints it.
 */
#ifndef DUMP_TOC_H
#define DUMP_TOC_H

#include "dump/program.h"

struct toc {
	struct strs lines;      /* one for each entry: `id; table oid TYPE schema name owner` */
	struct strs extensions; /* the names of those that it creates */
	char *database;         /* that was dumped, when the archive says so */
	char *server, *program; /* versions: 15.18 and 18.6 */
	char *compression;      /* gzip, zstd, lz4, none */
	bool statistics;        /* it has them */
	int64_t tables;
};

/* Reads it. 0, or BAD_DATA with a sentence in error. toc_free after both. */
int toc_read(struct toc *t, const char *path, struct buf *error);

/* What pg_restore prints of the archive at path, with an option (--list, --file=-), another
 * or NULL, and for the entries of a list alone (NULL: all). 0, or as toc_read. */
int toc_ask(const char *path, const char *option, const char *other, const char *list, struct buf *out,
            struct buf *error);

/* An entry's text behind its ids: `TYPE schema name owner`. NULL for what is none. */
const char *toc_text(const char *line);

/* Whether an entry is of a type; its text behind `TYPE `, else NULL. */
const char *toc_is(const char *line, const char *type);

/* The owner that an entry names: one of the roles given, when the entry ends in it, else
 * its last word. "" for none. The caller frees it. */
char *toc_owner(const char *line, const struct strs *roles);

/* Whether an entry is the table, view, sequence or foreign table that a word means: NAME or
 * SCHEMA.NAME. */
bool toc_is_relation(const char *line, const char *word);

/* Whether there is such an entry. */
bool toc_has(const struct toc *t, const char *word);

/* Whether it has rows, or a sequence's state, for `schema name`. */
bool toc_fills(const struct toc *t, const char *table);

/* How many rows the archive at path has for `schema name`: as COPY has them; 0 when that
 * cannot be found out. */
int64_t toc_count_rows(const struct toc *t, const char *path, const char *table);

/* The list file for pg_restore --use-list, of those lines: without the extensions given (which
 * the target has), their schemas and comments, and without what the role may not write: the rows
 * of the tables (`schema name`) and the privileges of the schemas (`SCHEMA name`) in barred. The
 * caller frees it. */
char *toc_list(const struct strs *lines, const struct strs *extensions, const struct strs *schemas,
               const struct strs *barred);

void toc_free(struct toc *t);

#endif
