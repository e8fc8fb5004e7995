/* opt_table - the options of an applet, with those that all have. */
#include "opt/opt_table.h"

#include <string.h>

#include "base/banned.h"

bool opt_wants_help, opt_is_quiet, opt_is_verbose;

static const struct opt common[] = {
	FLAG('q', "quiet", &opt_is_quiet, "say nothing but errors"),
	FLAG('v', "verbose", &opt_is_verbose, "say more"),
	FLAG('h', "help", &opt_wants_help, "show this"),
	OPT_TABLE_END
};

const struct opt *opt_at(const struct applet *a, size_t i)
{
	const struct opt *o;

	for (o = a->opts; o->type != OPT_END; o++)
		if (i-- == 0)
			return o;
	for (o = common; o->type != OPT_END; o++)
		if (i-- == 0)
			return o;
	return NULL;
}

char *opt_next_name(const char **names)
{
	size_t len = strcspn(*names, "|");
	char *name = len ? xstrndup(*names, len) : NULL;

	*names += len + ((*names)[len] == '|');
	return name;
}
