/*
 * unit - what the unit tests share: cmocka, a scratch folder, and calls that end
 * the process, made in a child.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Runs them, telling in TAP how they went. Not by the environment: some tests clear
 * that. */
#define unit_run(name, tests, setup, teardown) \
	(cmocka_set_message_output(CM_OUTPUT_TAP), \
	 cmocka_run_group_tests_name(name, tests, setup, teardown))

/* Group fixtures: a folder of this program's own, empty at first, removed at the
 * end with all that is in it. The current directory in between. */
int scratch_make(void **state);
int scratch_remove(void **state);

/* Writes a file. */
void put(const char *path, const void *bytes, size_t len);
void put_text(const char *path, const char *text);

/* What a call said and how it ended. */
struct outcome {
	int status;  /* exit status, or 128 + the signal */
	char *out;   /* stdout and stderr, owned */
	char *err;
};

/* Calls f(arg) in a forked child with stdin closed; when f returns, the child
 * exits with what it returned. outcome_free afterwards. */
struct outcome call(int (*f)(void *), void *arg);
void outcome_free(struct outcome *o);

/* Fails unless text holds part, or where it does. */
#define assert_holds(text, part) assert_non_null(strstr(text, part))
#define assert_lacks(text, part) assert_null(strstr(text, part))

#endif
