/*
 * envspec_parts - what the files of envspec share.
 */
#ifndef CORE_ENVSPEC_PARTS_H
#define CORE_ENVSPEC_PARTS_H

#include "core/dotenv.h"
#include "core/envspec.h"

/* Reads a file's text. 0, or NO_INPUT with a sentence in error; BAD_USAGE for one that is far
 * too large. */
int envspec_load(const char *path, struct buf *text, struct buf *error);

/* envspec_read, of what dotenv_read made of the file. */
int envspec_add(struct envspec *s, const char *path, const struct dotenv *d, const char *env,
                struct buf *error);

/* Whether the entry says what its name means: of several the last, and one that is commented out
 * only where there is none else. */
bool envspec_counts(const struct dotenv *d, size_t entry);

/* Adds the comments that speak of an entry: those above and beside it. Decorators above a
 * commented-out entry belong to the next one right below, as env-spec knows no such entries. */
void envspec_comments(const struct dotenv *d, size_t entry, struct strs *comments);

/* The variable of that name, new if need be; it may move when another one comes. */
struct envvar *envspec_take(struct envspec *s, const char *name, size_t len);

/* Appends a comment's or a value's text with every secret in it replaced by `...`: what is set
 * for a name that sounds like one, a password in a URL, a long word of letters and digits.
 * Whether there was one. */
bool envspec_redact(struct buf *b, const char *text);

#endif
