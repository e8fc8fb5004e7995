/*
 * opt_help - prints the options of an applet.
 */
#ifndef OPT_OPT_HELP_H
#define OPT_OPT_HELP_H

#include "opt/applet.h"

/* Prints --help: at most 80 columns. */
void opt_help(const struct applet *a);

/* Prints the applet's options as words for a shell completion. */
void opt_words(const struct applet *a);

#endif
