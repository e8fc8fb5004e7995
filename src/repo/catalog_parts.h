/*
 * catalog_parts - what the files of repo/catalog share.
 */
#ifndef REPO_CATALOG_PARTS_H
#define REPO_CATALOG_PARTS_H

#include "repo/catalog.h"

#define APPLET "pgbackup"

/* Runs a statement whose ?1 is the folder, and ?2 to ?4 the other texts. As journal_query. */
int catalog_query(struct catalog *c, const char *sql, const char *a, const char *b, const char *d,
                  struct rows *rows);

#endif
