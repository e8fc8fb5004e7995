/*
 * migration - what the migration tools have in common: their files, and names of migrations.
 */
#ifndef MIGRATED_MIGRATION_H
#define MIGRATED_MIGRATION_H

#include "db/finding.h"

/* What is asked for; all is owned. migration_free after it. */
struct migration {
	const struct migration_tool *tool;
	char *schema, *table;    /* schema NULL: the first in the search_path */
	struct strs revisions;   /* =REV,REV: all of them; or */
	char *dir;               /* @DIR; neither: anything applied will do */
};

/* One tool. Its table's rows are read first; each judge sets the verdict and the words. */
struct migration_tool {
	const char *name;
	const char *schema, *table; /* what the tool calls its table; schema NULL: none */
	struct sql columns;
	const char *older;          /* those of an SQLite file that an older one made, or NULL */
	const char *order;          /* what to order the rows by */
	/* Whether the revisions asked for are applied. */
	void (*judge_revisions)(const struct migration *m, const struct rows *rows,
	                        struct finding *f);
	/* Whether all that the files under m->dir name is applied. */
	void (*judge_files)(const struct migration *m, const struct rows *rows, int64_t deadline,
	                    struct finding *f);
};

void migration_free(struct migration *m);

/*
 * The files below DIR whose names end in suffix, as DIR/PATH in byte order; symlinks are
 * followed, each folder is read once. Hidden folders, __pycache__, node_modules and where
 * Python's packages are installed (site-packages, dist-packages) are left out. 0, or
 * BAD_DATA with a sentence in error: too many, too deep, past the deadline, unreadable.
 */
int migration_files(const char *dir, const char *suffix, int64_t deadline, struct strs *paths,
                    struct buf *error);

/* Appends a file's text, of at most 4 MB. 0, or BAD_DATA with a sentence in error, also
 * past the deadline. */
int migration_text(const char *path, int64_t deadline, struct buf *text, struct buf *error);

/* Appends the first three of the names: `a, b, c, ...`. */
void migration_list(struct buf *b, const struct strs *names);

/* Sorts the names; looks one up in names that are sorted. */
void migration_sort(struct strs *names);
bool migration_has(const struct strs *sorted, const char *name);

/* Says that of `total` migrations these are missing, or that none is. */
void migration_missing(const struct migration *m, const struct strs *names, size_t total,
                       struct finding *f);

#endif
