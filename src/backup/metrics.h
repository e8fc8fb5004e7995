/*
 * metrics - the state of the backups for Prometheus: a file in its text format, as
 * node_exporter's textfile collector reads it.
 */
#ifndef BACKUP_METRICS_H
#define BACKUP_METRICS_H

#include <stdbool.h>

#include "repo/catalog.h"

/* The last run. Moments are ms since 1970; 0: not known. */
struct metrics {
	int64_t began, ended, next;
	bool good; /* in every part */
};

/* Replaces the file by one that says how the last run went and, of each database of the last
 * runs (catalog_last, about it), how old and large its newest verified backup is and how
 * many there are. The file can be read by everybody; readers see the old one or the new. 0,
 * or CANNOT_WRITE with a sentence in error. */
int metrics_write(const char *path, const struct metrics *m, struct catalog *c, const char *about,
                  struct buf *error);

#endif
