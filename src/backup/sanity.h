/*
 * sanity - what is thought of a backup beside the one before it.
 */
#ifndef BACKUP_SANITY_H
#define BACKUP_SANITY_H

#include "dump/manifest.h"
#include "repo/catalog.h"

/* Whether dir has room for as much as the last one took. 0, or CANNOT_WRITE with a sentence in
 * error. */
int judge_space(const char *dir, const struct newest *last, struct buf *error);

/* Marks it as suspect, with a warning that says why, when the tables that were there are gone,
 * or half of the bytes are. */
void judge_suspect(struct manifest *m, const struct newest *last);

#endif
