/*
 * dotenv - reads an env file: NAME=value lines, as Compose's `env_file:` and the dotenv
 * libraries have them.
 *
 * There is no standard. Where the readers differ, what is written in real example files
 * decides; each rule in dotenv.c names whose it is.
 *
 * What is read: `NAME=value`, `NAME: value`, and a name alone, which has no value; `export`;
 * blanks around the =; single quotes and backticks (nothing is special), double quotes
 * (backslash escapes; any of them may span lines, and be tripled); bare values up to a ` #`;
 * all line ends; a byte order mark; a last line without its end. ${X} and $(X) stay as they are.
 */
#ifndef ENVCHECK_DOTENV_H
#define ENVCHECK_DOTENV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct dotenv_entry {
	char *name;          /* [A-Za-z0-9_][A-Za-z0-9_.-]* */
	char *value;         /* unquoted; "" where there is none */
	char quote;          /* ' or " or `, or 0 */
	size_t line;         /* of the name, from 1 */
	size_t lines;        /* that it takes, 1 or more */
	struct strs above;   /* the comment lines directly above it, without # and blank */
	char *beside;        /* the comment behind the value, or NULL */
	bool commented_out;  /* the line is `#NAME=value`: an optional variable */
};

struct dotenv {
	struct dotenv_entry *v; /* in the file's order; a name may come twice */
	size_t n;
	struct strs header;     /* the comment lines above the first entry but those that belong to
	                           it: a blank line or a divider (`# ---`) parts them */
};

/* Reads the text. 0, or -1 with a sentence that names the line, and no value, in error: a line
 * that is none of the above, a quote that is never closed, a NUL byte, UTF-16.
 * dotenv_free after both. */
int dotenv_read(struct dotenv *d, const char *text, size_t len, struct buf *error);

/* Appends the text as dotenv_read sees it: without the byte order mark, each line ended by \n.
 * 0, or -1 as dotenv_read. */
int dotenv_lines(const char *text, size_t len, struct buf *lines, struct buf *error);

void dotenv_free(struct dotenv *d);

#endif
