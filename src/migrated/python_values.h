/*
 * python_values - what a Python file assigns to names, as far as that can be told without
 * running it.
 *
 * A literal that is assigned straight, not under a condition, has a value here; all
 * else is unclear, and whoever asks must not guess.
 */
#ifndef MIGRATED_PYTHON_VALUES_H
#define MIGRATED_PYTHON_VALUES_H

#include <stdbool.h>

#include "base/buf.h"

enum value_kind {
	VALUE_ABSENT,  /* nothing is assigned */
	VALUE_NONE,    /* None */
	VALUE_TRUE,    /* True */
	VALUE_TEXT,
	VALUE_LIST,    /* a tuple, a list or a set */
	VALUE_UNCLEAR  /* an expression; or assigned under a condition or in a loop */
};

struct python_value {
	enum value_kind kind;
	char *text;      /* owned */
	struct python_value *v; /* the n items of a list, owned */
	size_t n;
};

/* A name to ask for, and what is assigned to it last. */
struct python_assigned {
	const char *name;
	struct python_value value;
};

/* Finds what the file itself (class NULL), or a class at its top level, assigns to
 * each of n names. 0, or BAD_DATA with words in error, `line 3: ...`, where the text is
 * not Python. python_values_free after both. */
int python_values_read(const char *text, size_t len, const char *class, struct python_assigned *names,
                    size_t n, struct buf *error);
void python_values_free(struct python_assigned *names, size_t n);

/* Whether the file may change a class's name by other means than the assignments that
 * python_values_read sees, so that what it found is not to be believed: the class has a
 * decorator or a metaclass or is handed to something, its body mentions the name again, a
 * method or the file behind it names the attribute. It may say so of some that do not.
 * 0, or BAD_DATA as python_values_read. */
int python_values_touched(const char *text, size_t len, const char *class, const char *name,
                   bool *touched, struct buf *error);

struct python_class {
	char *name;
	struct strs bases; /* the last parts of their names */
};

struct python_classes {
	struct python_class *v;
	size_t n;
};

/* The classes at the top level of a file, in its order. As python_values_read. */
int python_classes_read(const char *text, size_t len, struct python_classes *classes,
                   struct buf *error);
void python_classes_free(struct python_classes *classes);

#endif
