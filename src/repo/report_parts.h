/*
 * report_parts - what list and status share: the databases that they are about.
 */
#ifndef REPO_REPORT_PARTS_H
#define REPO_REPORT_PARTS_H

#include "base/teller.h"
#include "repo/report.h"

/* A flag for each of the names: whether it was found. The caller frees it. */
bool *report_new_found(const struct report_only *only);

/* Whether a folder (the beginning of a path, len bytes) is wanted; notes in found those of the names that
 * it is one of. */
bool report_is_wanted(const struct report_only *only, const char *folder, size_t len, bool *found);

/* Tells which of the names have no backup in that place, and frees found. DONE, or NO_INPUT when there are
 * such. */
int report_unfound(const struct report_only *only, bool *found, const char *place, const struct teller *tell);

#endif
