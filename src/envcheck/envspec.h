/*
 * envspec - what an app's environment should hold: from an example file, its @env-spec
 * decorators, and the command line.
 */
#ifndef ENVCHECK_ENVSPEC_H
#define ENVCHECK_ENVSPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "envcheck/vartype.h"

struct envvar {
	char *name;
	struct vartype type;
	bool required;    /* set, and not empty */
	bool sensitive;   /* by @sensitive, or by its name: SECRET, PASSWORD, TOKEN ...; not where its
	                     type or example shows that it is a number, a switch, a path ... */
	bool public;      /* @sensitive=false: not a secret, whatever its name */
	bool hidden;      /* @sensitive: a secret, whatever its value */
	char *example;    /* the value in the example file, else that of @example, or NULL: on a secret,
	                     one that must not be used */
	size_t line;      /* in the spec's file; 0: of the command line */
};

struct envspec {
	struct envvar *v; /* each name once */
	size_t n;
	struct strs *groups;  /* each a list of names: all set or none */
	size_t groups_n;
	struct strs requested, typed; /* the names that envspec_require added, and those with a type */
	char *path;           /* the spec's file, or NULL; of several the last */
	struct strs warnings; /* decorators that are not known, names that came twice: sentences that
	                         name file and line */
};

#define ENVSPEC_INIT { 0 }

/*
 * Adds what a file says; of a name that is there already, what this file says counts, but what
 * envspec_require asked for stays.
 *
 * A plain example: every name in it is required, but those commented out, those with an empty
 * value, and those whose comment (above or beside) says `optional`. Decorators of env-spec say it
 * of their entry: @required @optional @sensitive @public @type=... @example=...; those in the
 * header of the others: @defaultRequired=true|false|infer (infer is as in a plain example),
 * @defaultSensitive=true|false|inferFromPrefix(PREFIX) (true: what is no number, switch, host or
 * the like; false: as in a plain example, by name).
 * env is the environment's name (production, ...) or NULL: for @required=forEnv(production); prod
 * and dev are short for production and development.
 * What is not understood is one of warnings, and changes nothing.
 * 0, or NO_INPUT when it cannot be read, BAD_USAGE when it is no env file or a type is unknown,
 * with a sentence in error. No sentence holds a value.
 */
int envspec_read(struct envspec *s, const char *path, const char *env, struct buf *error);

/* Adds NAME, NAME:type or NAME:type(options), required. 0, or BAD_USAGE with a sentence in error,
 * which holds nothing that may be a value. */
int envspec_require(struct envspec *s, const char *text, struct buf *error);

/* Adds a group of two names or more with commas between them, and those names, optional, where they
 * are new. 0, or BAD_USAGE as envspec_require. */
int envspec_group(struct envspec *s, const char *text, struct buf *error);

/* The variable of that name, or NULL. */
const struct envvar *envspec_find(const struct envspec *s, const char *name);

/* Writes a first spec with decorators, made from an example file, onto b: its comments, its
 * order, guessed types; envspec_read reads the same of it. Names that were commented out are
 * there, optional. Secrets are marked and left without their value, as is what else has one in
 * it (a URL's password), also in comments, but decorators stay as they are. As envspec_read. */
int envspec_init(const char *path, struct buf *b, struct buf *error);

/* Whether a name sounds like a secret's: its words (between _) have SECRET, PASSWORD, TOKEN, ... */
bool envspec_is_secret(const char *name);

/* Whether a value is none of a secret's, going by the name it has: a switch, a number that counts
 * something (MAX_TOKEN=4096; no PASSWORD=1234), a plain word where the name has nothing of a secret
 * but KEY (CACHE_KEY=orders; no API_KEY, and no word that looks drawn by lot). */
bool envspec_is_plain(const char *name, const char *value);

void envspec_free(struct envspec *s);

#endif
