/*
 * sqlite_fault - why an SQLite file cannot be used, and whether waiting may help.
 *
 * The one place where a failure is judged as passing or permanent, for every applet. Decides by stat(2),
 * access(2) and SQLite's result codes, never by their messages.
 */
#ifndef DB_SQLITE_FAULT_H
#define DB_SQLITE_FAULT_H

#include <stdbool.h>

#include "base/connect_state.h"
#include "ext/lite.h"

struct sqlite_fault {
	enum connect_state reach; /* CONNECTED: no fault */
	int final;        /* the exit code, where trying again hardly helps; 0: it may pass */
	bool lasting;     /* only somebody's hand can mend it: final is the code at a deadline, too */
	bool certain;     /* it never becomes a database: no grace */
};

/* Looks at a path before SQLite opens it: absent, out of reach, or not a regular file, as what lies beside
 * it. A fault's reason goes to error, which is emptied first. */
struct sqlite_fault sqlite_fault_path(const char *path, struct buf *error);

/* Judges the last failure of opening or reading the file at path, and completes lite->error: who owns what is
 * in the way, what a WAL needs. Call it with the handle closed, or before anything is locked. */
struct sqlite_fault sqlite_fault_judge(struct lite *lite, const char *path);

/* Judges whether an open file can be written to, journal and space included. A fault's reason replaces
 * lite->error. */
struct sqlite_fault sqlite_fault_writable(struct lite *lite, const char *path);

/* Judges whether a file can be made in the folder of path. As sqlite_fault_path. */
struct sqlite_fault sqlite_fault_folder(const char *path, struct buf *error);

#endif
