/*
 * applet - what an applet is. Each is one file under applets/ that defines
 * `const struct applet applet_NAME` and has a line in applets/list.h.
 */
#ifndef APPLET_H
#define APPLET_H

#include "base/clock.h"
#include "base/msg.h"
#include "base/status.h"
#include "opt.h"

struct applet {
	const char *name;
	const char *brief;     /* one line, for the list of applets */
	const char *synopsis;  /* what follows the name in the usage line */
	const char *about;     /* paragraphs of --help, lines of at most 80 columns */
	const struct opt *opts;
	const char *notes;     /* examples and exit codes, after the options */
	const char *prefix;    /* of its variables, where it is not its name: BACKUP_ */
	int max_operands;      /* -1: any number */
	struct strs *operands; /* gets them, in turn with the values of the list options that fill it;
	                        * NULL: run() does */
	bool yes_or_no;        /* exits with DONE or NO alone */
	/* Called when it dies, with the words: a wrong call or variable. argv is as far as it has
	 * been parsed. NULL: nothing is said on stdout. */
	void (*refused)(char *const *argv, const char *why);
	bool reports;          /* its messages are a report: only as process 1 it says that a restart will not help */
	bool takes_command;    /* accepts `-- COMMAND...` */
	const char *then;      /* another word that begins a command, or NULL */

	/* Runs it and returns the exit status. argv holds the operands only, NULL
	 * after the last. *command is what stood behind `--` (or `then`: the word is
	 * (*command)[-1]), or NULL; after DONE main runs *command in its place. */
	int (*run)(int argc, char **argv, char ***command);

	/* For PostgreSQL's own programs: gets argc and argv as they came and parses
	 * them itself. Exclusive with all of the above but name and brief. */
	int (*raw)(int argc, char **argv);
};

#endif
