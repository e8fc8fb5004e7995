/*
 * envspec_parts - what the files of envspec share.
 */
#ifndef ENVCHECK_ENVSPEC_PARTS_H
#define ENVCHECK_ENVSPEC_PARTS_H

#include "envcheck/decorator.h"
#include "envcheck/dotenv.h"

struct envspec;
struct envvar;

/* envspec_decorators.c */

enum decorator_answer { UNSAID, YES, NOT };

/* What the decorators of an entry say, or those of the header of every variable. */
struct said {
	enum decorator_answer required, sensitive;
	const char *type, *example; /* of the decorators, or NULL */
	char *public_prefix;        /* of @defaultSensitive=inferFromPrefix(...), or NULL; owned */
};

/* Who says it, and where. */
struct hearing {
	const char *path, *env;
	size_t line;           /* of the entry */
	struct strs *warnings;
	struct strs unknown;   /* warnings that count only when `decorated` */
	bool decorated;        /* a known decorator has been heard */
};

void envspec_warn(struct hearing *h, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The decorators of an entry, and those of the header; warns of those that it cannot follow. */
void envspec_hear(struct hearing *h, const struct decorators *decorators, struct said *said);
void envspec_hear_header(struct hearing *h, const struct decorators *decorators, struct said *said);

/* When all have been heard. */
void envspec_hear_end(struct hearing *h);

/* envspec_read.c */

/* Reads a file's text. 0, or NO_INPUT with a sentence in error; BAD_USAGE for one that is far
 * too large. */
int envspec_load(const char *path, struct buf *text, struct buf *error);

/* envspec_read, of what dotenv_read made of the file. */
int envspec_add(struct envspec *s, const char *path, const struct dotenv *d, const char *env,
                struct buf *error);

/* Whether the entry says what its name means: of several the last, and one that is commented out
 * only where there is none else. */
bool envspec_counts(const struct dotenv *d, size_t entry);

/* Whether its value is a call of a function, name(...) without quotes: env-spec resolves those, so
 * it is no example. */
bool envspec_is_call(const struct dotenv_entry *e);

/* Whether it has a value: `null` without quotes is none in Laravel, `undefined` in env-spec. */
bool envspec_has_value(const struct dotenv_entry *e);

/* Whether there is nothing but lower's comments between the two. */
bool envspec_is_above(const struct dotenv_entry *upper, const struct dotenv_entry *lower);

/* Whether an entry is commented out right above one that is not, or above others that are: for
 * env-spec it is one of the comments of that. */
bool envspec_is_anothers(const struct dotenv *d, size_t entry);

/* Adds the comments that speak of an entry, those above and beside it, and the decorators in them.
 * Decorators above a commented-out entry belong to the next one right below, as env-spec knows no
 * such entries. */
void envspec_comments(const struct dotenv *d, size_t entry, struct strs *comments,
                      struct decorators *decorators);

/* envspec.c */

/* The variable of that name, new if need be; it may move when another one comes. */
struct envvar *envspec_take(struct envspec *s, const char *name, size_t len);

/* envspec_secret.c */

/* Whether it is true, false, yes, no, on or off. */
bool envspec_is_switch(const char *value);

/* Appends a comment's or a value's text with every secret in it replaced by `...`: what is set
 * for a name that sounds like one, a password in a URL, what a sentence says a password is, a
 * word of letters and digits that looks drawn by lot. Placeholders that say so, $(command), ${X}
 * and <text>, stay. Whether there was one, or a mark of a private key. */
bool envspec_redact(struct buf *b, const char *text);

/* envspec_harmless.c */

/* Whether a value may be copied to where everybody reads it: empty, a switch, a placeholder; or
 * numbers, words, addresses and paths, under a name that says of no secret. Of a name that
 * envspec_is_secret it says nothing. */
bool envspec_is_harmless(const char *name, const char *value);

#endif
