/*
 * sanity - what is thought of a backup beside the one before it.
 */
#ifndef BACKUP_SANITY_H
#define BACKUP_SANITY_H

#include "dump/manifest.h"
#include "repo/catalog.h"

/* Marks it as suspect, with a warning that says why, when the tables that were there are gone,
 * or half of the bytes are. */
void sanity_judge(struct manifest *m, const struct newest *last);

#endif
