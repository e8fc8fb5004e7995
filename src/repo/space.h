/*
 * space - whether a folder has room for the next backup.
 */
#ifndef REPO_SPACE_H
#define REPO_SPACE_H

#include "base/buf.h"
#include "repo/catalog.h"

/* Checks that dir has as many bytes free as the last backup took, which is a fair guess for the next. 0, or
 * CANNOT_WRITE with a message in error; 0 as well where the free space cannot be found out. */
int space_check(const char *dir, const struct newest *last, struct buf *error);

#endif
