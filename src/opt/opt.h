/*
 * opt - reads the options of an applet.
 *
 * Order: default, then environment, then command line. Not getopt(3): the linked PostgreSQL programs use its
 * globals.
 */
#ifndef OPT_OPT_H
#define OPT_OPT_H

#include "opt/applet.h"

/*
 * Reads the environment and argv into the destinations of a's table and of the
 * common options (-q -v --help). Options may stand among operands; `--` ends
 * them. --help prints the help on stdout and exits; it is found before the
 * environment is read, so that no value of it can show as a default. Ends the
 * process with BAD_USAGE for a wrong command line and with BAD_CONFIG for a
 * wrong variable, naming the origin and never the value of a secret.
 *
 * Returns the operands, moved to the front of argv; *command points behind the
 * first `--`, or is NULL when there was none. Values of secret options and all
 * operands are copied, and their originals, which ps(1) shows, overwritten.
 */
int opt_parse(const struct applet *a, int argc, char **argv, char ***command);

#endif
