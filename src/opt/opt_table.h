/*
 * opt_table - the options of an applet, with those that all have.
 */
#ifndef OPT_OPT_TABLE_H
#define OPT_OPT_TABLE_H

#include "opt/applet.h"

/* The destinations of the common options: -h, -q, -v. */
extern bool opt_wants_help, opt_is_quiet, opt_is_verbose;

/* Returns option i of the applet, the common ones after its own; NULL after the last. */
const struct opt *opt_at(const struct applet *a, size_t i);

/* for OPT_EACH(applet, option): with a `const struct opt *option` that is declared before. */
#define OPT_EACH(a, o) (size_t i_ = 0; ((o) = opt_at(a, i_)); i_++)

/* Takes the next of the names in 'A|B', a variable each, off *names; NULL after the last. The caller frees
 * it. */
char *opt_next_name(const char **names);

#endif
