/*
 * script - what a statement of a script that is restored does to its transaction.
 *
 * By its first words, as psql sends them one by one; nothing is parsed.
 */
#ifndef EXT_SCRIPT_H
#define EXT_SCRIPT_H

#include <stdbool.h>

enum script_kind {
	SCRIPT_OTHER,
	SCRIPT_BRACKET,   /* BEGIN, COMMIT: nothing where all is one transaction */
	SCRIPT_BREAKS,    /* ROLLBACK, AND CHAIN, PREPARE TRANSACTION: it cannot be one then */
	SCRIPT_DATABASE,  /* CREATE or DROP DATABASE: pg_dump --create */
	SCRIPT_ENCODING,  /* SET client_encoding */
	SCRIPT_STATISTICS /* those that pg_dump 18 and newer takes along */
};

enum script_kind script_judge(const char *statement);

/* Whether a server with this encoding would store what the statement (COPY FROM) brings in a client
 * encoding unchecked: it checks no text that says SQL_ASCII (copyfromparse.c). */
bool script_is_unchecked(const char *statement, const char *client, const char *server);

/* Returns the encoding that SET client_encoding names; NULL for other statements. The caller frees it. */
char *script_client_encoding(const char *statement);

/* Sets *backslashes to what SET standard_conforming_strings says: off, and a backslash in any string escapes.
 * Leaves it alone for other statements. */
void script_strings(const char *statement, bool *backslashes);

#define SCRIPT_UNCHECKED \
	"the text's encoding is not known (client_encoding is SQL_ASCII), and the database's is another:" \
	" say in the file what it is in (SET client_encoding = 'UTF8', 'LATIN1' ...), or use a database in " \
	"SQL_ASCII"

/* What becomes of a statement in a transaction of ours. */
enum script_fate {
	SCRIPT_SEND,
	SCRIPT_DROP,  /* a bracket: BEGIN, or the COMMIT of one */
	SCRIPT_REFUSE /* it would end our transaction */
};

/* Judges the next statement of a file. *open, false at the file's beginning, is whether a bracket
 * is open. */
enum script_fate script_within(const char *statement, bool *open);

/* Returns where the comment in stars that begins at `at` ends, or the end of the text. */
const char *script_behind_comment(const char *at);

/* Returns the first word at `at`, behind blanks and comments, or the end of the text. */
const char *script_first_word(const char *at);

/* The same as SQLite has it, whose comments hold no others, and to which a byte order mark is a blank
 * wherever it is (tokenize.c, CC_BOM). */
const char *script_lite_first_word(const char *at);

/* Returns where the statement at `at` ends as SQLite has it, behind its semicolon or at the end of the
 * text: semicolons in strings, names, comments and in a trigger's body do not end it. */
const char *script_lite_end(const char *at);

#endif
