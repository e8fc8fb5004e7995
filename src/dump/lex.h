/*
 * lex - the words of a statement: pieces of SQL, names, and what a statement begins with.
 *
 * By its words, as pg_dump and people write them: blanks, comments and capitals do not matter, names may
 * be quoted (PostgreSQL's documentation, 4.1). Nothing is checked that the server checks.
 */
#ifndef DUMP_LEX_H
#define DUMP_LEX_H

#include <stdbool.h>

#include "base/buf.h"

/* Returns the bytes of the next piece of SQL: a word, something quoted, a comment, or one character; 0 at
 * the end. */
size_t lex_piece(const char *at);

/* Returns whether a word may have that byte. */
bool lex_is_word_byte(char c);

/* Returns the bytes of the first statement in a script, comments before it, its semicolon and the
 * line end included; what follows the last one counts as one; 0 at the end. */
size_t lex_statement(const char *sql);

/* Returns the name that stands there, quoted or not (in small letters then, as PostgreSQL has it), and sets
 * *len to the bytes that it takes. The caller frees it. */
char *lex_name(const char *at, size_t *len);

/* As lex_name, of a piece with that many bytes. */
char *lex_name_of(const char *at, size_t len);

/* Returns what follows the words that the statement begins with ("CREATE SCHEMA"), less blanks and
 * comments; NULL when it begins with others. */
const char *lex_after(const char *statement, const char *words);

/* As lex_after, but returns the statement's own beginning when it begins with others. */
const char *lex_skip(const char *statement, const char *words);

/* Returns what follows a name, [schema.]name, less blanks and comments. */
const char *lex_after_name(const char *at);

#endif
