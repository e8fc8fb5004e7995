/*
 * zone_file - whether a zone's file can be given to the C library (RFC 9636, 3).
 *
 * musl maps such a file and believes its counts: a damaged one ends the process by a signal.
 */
#ifndef SCHEDULE_ZONE_FILE_H
#define SCHEDULE_ZONE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether path is a regular file, of at most a mebibyte, whose content zone_file_valid accepts. */
bool zone_file_is(const char *path);

/* Whether these bytes are a zone: each block is as long as its counts say and refers to nothing outside of it, and the
 * last line is a rule's. Whether the rule is valid is not checked. */
bool zone_file_valid(const char *bytes, size_t len);

#endif
