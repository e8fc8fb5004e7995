/*
 * env_value - one variable as an app gets it: what NAME says, or the file that NAME_FILE names.
 *
 * env_get of base/env.h reads pgbox's own variables, and one error is enough for it. This
 * looks at any environment, and tells apart what may be wrong with the file.
 */
#ifndef ENVCHECK_ENV_VALUE_H
#define ENVCHECK_ENV_VALUE_H

#include <stdbool.h>

#include "base/buf.h"

/* What the file of NAME_FILE is. */
enum env_value_file {
	FILE_NONE,    /* NAME_FILE is not set, or empty */
	FILE_FINE,
	FILE_MISSING,
	FILE_FOLDER,
	FILE_EMPTY,   /* nothing in it but at most one line end */
	FILE_DENIED,
	FILE_UNREADABLE,
	FILE_HUGE,    /* more than 64 KiB */
	FILE_BINARY,  /* it has a NUL byte */
	FILE_STREAM   /* a pipe or device: reading it would take it from the app */
};

struct env_value {
	const char *value;      /* NULL: not set, or only a file that is none; may be empty */
	char *content;          /* owned: what value points to when it comes from the file */
	enum env_value_file file;
	bool twice;             /* both are set; value is NAME's */
	bool mounted;           /* the file is under /run/secrets */
	bool open;              /* everybody may read the file */
};

/* Reads a variable; an empty NAME beside NAME_FILE counts as not set, as Compose passes it
 * for a variable that was left out. From the file's content one line end is taken off.
 * env_value_free after it. */
void env_value_read(struct env_value *s, char *const *env, const char *name);

/* The sentence that says what is wrong with the file, what to do included; NULL when nothing
 * is. It names no path: what NAME_FILE holds may be the secret itself by mistake. */
const char *env_value_fault(const struct env_value *s);

void env_value_free(struct env_value *s);

#endif
