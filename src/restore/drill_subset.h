/*
 * drill_subset - what a restore as a test leaves out: what has no data of its own and needs rights or roles
 * that the one who restores it has not.
 */
#ifndef RESTORE_DRILL_SUBSET_H
#define RESTORE_DRILL_SUBSET_H

#include "base/buf.h"

/* Moves the entries (dump/toc) that only a superuser may restore and on which nothing else depends
 * (event triggers, publications, user mappings, their comments) from lines to left_out. */
void drill_subset_entries(struct strs *lines, struct strs *left_out);

/* What to send in place of a statement of plain SQL: "" for such a one, and for what is about owners,
 * privileges, subscriptions, tablespaces, labels and extensions' comments, or makes one of the
 * schemas, which are there already; else NULL. The caller frees it. */
char *drill_subset_statement(const char *statement, const struct strs *schemas);

#endif
