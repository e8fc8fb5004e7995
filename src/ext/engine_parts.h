/*
 * engine_parts - what the files of engine share.
 */
#ifndef EXT_ENGINE_PARTS_H
#define EXT_ENGINE_PARTS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct conninfo;
struct engine_job;
struct pg_conn;
struct pg_result;

/* The job of this process, in a child of engine_start; NULL elsewhere. */
extern const struct engine_job *engine_job;

/* Forks a child in a group of its own. 0 in the child, whose messages go to *messages there; else as
 * engine_start. */
pid_t engine_fork(int *messages);

/* In the child: output (-1: none) becomes stdout, messages stderr, and a terminal is not read. name is the
 * program's. */
void engine_redirect(const char *name, int output, int messages);

/* In the child: the password of c (NULL: none) goes where ps(1) does not show it. */
void engine_hand_password(const struct conninfo *c);

/* Returns c as a string, less the password; sends: for a program that sends COPY's data. The caller frees it.
 */
char *engine_conninfo(const struct conninfo *c, bool sends);

/* Remembers the SQLSTATE of a statement that failed; result NULL: the connection did. */
void engine_note_failure(const struct pg_conn *conn, const struct pg_result *result);

/* Writes the line that engine_failed reads; nothing where no statement failed. Called at the exit of the
 * program and of each of pg_dump's parallel workers. */
void engine_tell_failure(void);

/* Whether a statement sets what the server does not know. */
bool engine_is_too_new(const struct pg_conn *conn, const char *query);

/* fopen(3), but as base/beneath opens files. */
FILE *engine_fopen(const char *path, const char *mode);

#endif
