/*
 * lite_parts - what the files of lite share: SQLite itself, which no other file includes.
 */
#ifndef EXT_LITE_PARTS_H
#define EXT_LITE_PARTS_H

#include <sqlite3.h>

struct lite;

/* Puts SQLite's code, and its message or ours, into the handle. -1. */
int lite_fail(struct lite *lite, int code);

#endif
