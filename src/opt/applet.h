/*
 * applet - what an applet is, and its one table of options.
 *
 * The table gives the parser, the names in the environment, --help, the shell completion and the README. A
 * default is written once: as the initial value of the destination.
 */
#ifndef OPT_APPLET_H
#define OPT_APPLET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/msg.h"
#include "base/status.h"

enum opt_type { OPT_END, OPT_FLAG, OPT_TEXT, OPT_NUMBER, OPT_TIME, OPT_LIST };

struct opt {
	enum opt_type type;
	char letter;       /* 0: long form only */
	const char *name;  /* without the dashes */
	const char *env;   /* the variable that sets it, or NULL; 'A|B': either */
	const char *arg;   /* placeholder in help; NULL for flags */
	const char *help;  /* one sentence; the default is added */
	const char *words; /* OPT_TEXT: the only values allowed, 'a|b|c'; or NULL */
	const char *prefix; /* OPT_LIST: put in front of each value, or NULL. One that has it adds to what the
	                     * variable of its list says, and does not replace it */
	const char *split; /* OPT_LIST: what else than line ends parts values in the variable */
	bool coarse;       /* OPT_TIME: of minutes or more; 1 to 59 without a unit is refused, except from a
	                    * variable whose name ends in _SECONDS */
	bool secret;       /* may hold a password: wiped from argv, no default shown */
	union {
		bool *flag;
		const char **text;   /* a copy that lives until the process ends */
		long *number;        /* 0 or more */
		int64_t *ms;
		struct strs *list;   /* repeatable; the variable holds one a line */
	} to;
};

#define FLAG(l, n, v, h) { .type = OPT_FLAG, .letter = l, .name = n, .help = h, .to.flag = v }
#define TEXT(l, n, e, a, v, h) \
	{ .type = OPT_TEXT, .letter = l, .name = n, .env = e, .arg = a, .help = h, .to.text = v }
#define WORD(l, n, e, w, v, h) \
	{ .type = OPT_TEXT, .letter = l, .name = n, .env = e, .arg = w, .words = w, .help = h, .to.text = v }
#define SECRET(l, n, e, a, v, h) \
	{ \
		.type = OPT_TEXT, .letter = l, .name = n, .env = e, .arg = a, .help = h, .secret = true, \
		.to.text = v \
	}
#define NUMBER(l, n, e, a, v, h) \
	{ .type = OPT_NUMBER, .letter = l, .name = n, .env = e, .arg = a, .help = h, .to.number = v }
#define TIME(l, n, e, v, h) \
	{ .type = OPT_TIME, .letter = l, .name = n, .env = e, .arg = "TIME", .help = h, .to.ms = v }
#define COARSE_TIME(l, n, e, v, h) \
	{ \
		.type = OPT_TIME, .letter = l, .name = n, .env = e, .arg = "TIME", .help = h, \
		.coarse = true, .to.ms = v \
	}
#define LIST(l, n, e, a, v, h) \
	{ \
		.type = OPT_LIST, .letter = l, .name = n, .env = e, .arg = a, .help = h, .secret = true, \
		.to.list = v \
	}
#define LIST_SPLIT(l, n, e, s, a, v, h) \
	{ .type = OPT_LIST, .letter = l, .name = n, .env = e, .split = s, .arg = a, .help = h, .to.list = v }
/* A list option that shares its destination with others: --url and --for fill
 * one list in the order given, told apart by the prefix. */
#define LIST_AS(l, n, p, a, v, h) \
	{ \
		.type = OPT_LIST, .letter = l, .name = n, .arg = a, .prefix = p, .help = h, .secret = true, \
		.to.list = v \
	}
#define OPT_TABLE_END { .type = OPT_END }

/* Where an applet's command begins. */
#define OPT_COMMAND "--"

/* What an applet is. Each is one file under applets/ that defines `const struct applet applet_NAME` and has a
 * line in applets/list.h. */
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
	bool reports; /* its messages are a report: only as process 1 it says that a restart will not help */
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
