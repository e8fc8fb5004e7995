/*
 * python_lex - Python source, one statement after another.
 *
 * The words of the language (its reference, 'Lexical analysis'), and nothing of what
 * they mean: nothing is run. What Python itself would refuse to read is an error, but
 * not all of it is found.
 */
#ifndef MIGRATED_PYTHON_LEX_H
#define MIGRATED_PYTHON_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum token_kind {
	TOKEN_NAME,  /* a name or a keyword */
	TOKEN_TEXT,  /* a string that means the bytes at .. at + len: no escapes in it */
	TOKEN_OTHER, /* a number, or any other string */
	TOKEN_SIGN   /* one character, or two that end in = */
};

struct token {
	enum token_kind kind;
	const char *at; /* into the source */
	size_t len;
	unsigned depth; /* how many brackets it is in; a bracket itself is outside of its own */
};

struct python_lex {
	struct token *v; /* the tokens of the statement, the first STATEMENT_TOKENS of them */
	size_t n;
	unsigned column; /* how far the statement's line is indented */
	bool first;      /* it is the first of its line: the others stand behind a ; */
	bool opens;      /* it ends in a colon: a block follows */
	struct buf error;

	const char *begin, *at, *end;
	size_t room;
	bool within;     /* a line has been begun */
	bool colon;      /* the last token was one */
	unsigned depth;
	char brackets[200]; /* what closes those that are open; CPython allows no more */
};

#define STATEMENT_TOKENS 16384

/* Begins to read the text, which stays the caller's and must outlive the reading. */
void python_lex_start(struct python_lex *s, const char *text, size_t len);

/* Reads the next statement. False at the end, and where the text is not Python: error
 * then says what is wrong and in which line. */
bool python_lex_next(struct python_lex *s);

void python_lex_free(struct python_lex *s);

/* Whether a token is that name or that sign. */
bool token_is(const struct token *t, const char *word);

#endif
