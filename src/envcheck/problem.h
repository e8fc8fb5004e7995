/*
 * problem - what is wrong with an environment: a list.
 *
 * No message holds a value of the environment, a part of one, or its length.
 */
#ifndef ENVCHECK_PROBLEM_H
#define ENVCHECK_PROBLEM_H

#include <stddef.h>

enum problem_level {
	PROBLEM_ERROR,
	PROBLEM_WARNING,
	PROBLEM_ALLOWED /* a weak secret that the user said may be so */
};

struct problem {
	char *name;        /* the variable's */
	enum problem_level level;
	const char *code;  /* for programs, and stable: missing, empty, blank, type, quotes, space,
	                    * unexpanded, twice, file, mode, comment, weak, placeholder, encoding, group,
	                    * unknown, localhost, disagree, volume */
	char *text;        /* what is wrong, and what to do: follows `NAME: ` */
};

/* problem_free after it. */
struct problems {
	struct problem *v;
	size_t n;
};

/* Adds a problem, unless the variable has one of that code. */
void problem_add(struct problems *list, const char *name, enum problem_level level, const char *code,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Sorts them by name, those of one variable by code. */
void problem_sort(struct problems *list);

/* Returns how many there are of a level. */
size_t problem_count(const struct problems *list, enum problem_level level);

/* Returns them as a JSON array of objects: name, level (error, warning, allowed), code, message. The caller
 * frees it. */
char *problem_json(const struct problems *list);

void problem_free(struct problems *list);

#endif
