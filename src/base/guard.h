/*
 * guard - which paths lie in folders that others may write to.
 *
 * base/beneath opens what is there, and says what a guard is for.
 */
#ifndef BASE_GUARD_H
#define BASE_GUARD_H

#include <stdbool.h>

/* Guards what is below the folder; beside: the files in its folder whose paths begin with the one given. */
void guard_add(const char *given, bool beside);

/* Splits a path that is covered into a trusted folder, which the caller frees, and the rest, which points
 * into path. NULL: no guard covers it. */
char *guard_find(const char *path, const char **rest);

#endif
