/*
 * rehearsal - reads SQL files as psql and SQLite will, before a statement is sent.
 *
 * Files that run in one transaction of ours may have brackets of their own (BEGIN ... COMMIT), which
 * are dropped; what else would end the transaction is found here, by psql's own lexer for PostgreSQL.
 * What cannot be known beforehand (\if, \i, \gexec) is found when it is sent.
 */
#ifndef EXT_REHEARSAL_H
#define EXT_REHEARSAL_H

#include "base/buf.h"
#include "ext/script.h"

/* Reads files for psql: plain, gzip or zstd. 0; BAD_DATA with the place and the reason in error, when
 * one would end the transaction; NO_INPUT when one cannot be read. */
int rehearse_files(const struct strs *files, struct buf *error);

/* Judges one query of psql's, which may be several statements (\;): they are sent, dropped or
 * refused together. *open is script_within's. */
enum script_fate rehearse_query(const char *query, bool *open);

/* Called with each statement, its comments included, or with the name of each backslash command. Not 0 ends
 * the reading. */
typedef int rehearsal_take(void *arg, const char *statement, const char *command);

/*
 * Reads a file for psql, packed or not, or a text (path is NULL then), as psql does when it is connected:
 * with the client_encoding and standard_conforming_strings that it sets. Data of COPY is passed over, and
 * so are the arguments of backslash commands. 0; NO_INPUT with the reason in error when it cannot be read.
 */
int rehearse_each(const char *path, const char *text, rehearsal_take *take, void *arg, struct buf *error);

/* Reads a script for SQLite. 0, or BAD_DATA with the reason and the line in error. */
int rehearse_lite(const char *script, struct buf *error);

#endif
