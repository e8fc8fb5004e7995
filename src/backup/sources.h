/*
 * sources - what is to be backed up: servers, and the databases on them.
 */
#ifndef BACKUP_SOURCES_H
#define BACKUP_SOURCES_H

#include "db/db.h"

/* One server or SQLite file. */
struct source {
	char *name;            /* NAME of NAME=URL, or NULL */
	struct target target;
	struct strs databases; /* on the server; none: the target's own */
};

struct sources {
	struct source *v;
	size_t n;
	bool all;                   /* every database of each server */
	struct strs exclude;        /* patterns (fnmatch(3)) of databases that are left out */
	struct strs warnings;
};

/* A database and where its backups go. */
struct item {
	const struct source *source; /* not owned */
	struct target target;        /* with the database */
	char *database;              /* its name; of SQLite the file's */
	char *folder;                /* relative to DIR, escaped: [NAME/]DATABASE */
	char *base;                  /* of the file names, escaped */
};

struct items {
	struct item *v;
	size_t n;
};

/*
 * Reads what is to be backed up. words are DATABASE, URL or NAME=URL; urls the same
 * without DATABASE. With no words that name a server it is the urls, else the environment's
 * target. databases are the names wanted of each server; `*` is all. 0, or BAD_USAGE or
 * BAD_CONFIG with a sentence in error: also when two of them would share a folder.
 */
int sources_read(struct sources *s, const struct strs *words, const struct strs *urls,
                 const struct strs *databases, struct buf *error);

/* Adds the databases of one source to items, asking the server (until the deadline)
 * where all are wanted: those that allow connections and are no template, less those
 * that pgrestore or a verification left. 0, or as db_reopen with a sentence in error. */
int source_items(const struct sources *s, size_t i, int64_t deadline, struct items *items,
                 struct buf *error);

/* What tells these sources from others: a hash of their targets and databases. The caller
 * frees it. */
char *sources_about(const struct sources *s);

/* The folder of the roles of a source: [NAME/].globals. The caller frees it. */
char *source_globals(const struct source *s);

/* What tells a server from others: its own number, else where it is. It is asked until the
 * deadline. The caller frees it. */
char *source_server(const struct target *t, int64_t deadline);

void items_free(struct items *items);
void sources_free(struct sources *s);

#endif
