/*
 * engine_parts - what the files of engine share.
 */
#ifndef EXT_ENGINE_PARTS_H
#define EXT_ENGINE_PARTS_H

#include <stdio.h>

#include "ext/engine.h"
#include "ext/meter.h"

struct pg_result;

/* The job of this process, in a child of engine_start; NULL elsewhere. */
extern const struct engine_job *engine_job;

/* Remembers the SQLSTATE of a statement that failed; result NULL: the connection did. */
void engine_note_failure(const struct pg_conn *conn, const struct pg_result *result);

/* Writes the line that engine_failed reads; nothing where no statement failed. Called at the exit of the
 * program and of each of pg_dump's parallel workers. */
void engine_tell_failure(void);

/* Whether a statement sets what the server does not know. */
bool engine_is_too_new(const struct pg_conn *conn, const char *query);

/* fopen(3), but as base/beneath opens files. */
FILE *engine_fopen(const char *path, const char *mode);

/* meter.c, in a child: which meter its calls are for (NULL: none); the file that rows are read from next, open for as long as
 * rows come (NULL: one whose position cannot be known); that statements and rows are the file's own text, as it is sent
 * (or is not); each statement; rows, or text, of len bytes that are sent; the end of rows. */
void meter_use(struct meter *m);
void meter_file(FILE *file);
void meter_text(bool as_it_is);
void meter_statement(const char *sql);
void meter_rows(int len);
void meter_end(void);

#endif
