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

/* Reads a script for SQLite. 0, or BAD_DATA with the reason and the line in error. */
int rehearse_lite(const char *script, struct buf *error);

#endif
