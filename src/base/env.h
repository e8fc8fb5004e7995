/*
 * env - environment variables and their NAME_FILE twins.
 *
 * The twin is the convention of the official Docker images: NAME_FILE names a
 * file (a secret under /run/secrets) that holds NAME's value.
 */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include "base/buf.h"

/* Keeps the environment as it is now for env_original(). Called once, first. */
void env_keep(void);

/* The environment that the process was started with, for commands that are
 * exec'ed: pgbox changes its own (PG* variables) while it runs. */
char **env_original(void);

/* Adds a variable to env_original(). */
void env_export(const char *name, const char *value);

/* Takes a variable out of env_original(). */
void env_forget(const char *name);

/* Returns the value of a variable in env, a list of `NAME=value` that ends in NULL; it points into the list.
 * NULL: it is not there. */
const char *env_lookup(char *const *env, const char *name);

/* Reads variable name or, through NAME_FILE, the file's content less exactly
 * one trailing newline. *value is NULL when neither is set; otherwise it lives
 * until the process ends. Returns 0, or BAD_CONFIG with a sentence appended to
 * error: both are set, or the file cannot be read, is a directory, holds a NUL
 * byte or more than 64 KiB. */
int env_get(const char *name, const char **value, struct buf *error);

#endif
