/* target_export - the environment's target for PostgreSQL's own programs. */
#include <stddef.h>
#include <stdlib.h>

#include "base/banned.h"
#include "db/target.h"

/* Whether a word of a command line of PostgreSQL's says where the server is, or asks for no server at all. */
static bool names_server(const char *word)
{
	static const char *const beginnings[] = { "-h",    "--host",    "postgres://", "postgresql://",
		                                  "host=", "hostaddr=", "service=",    "user=",
		                                  "port=", "dbname=",   "--help",      "--version",
		                                  "-V",    "-?" };
	const char *value = skip_prefix(word, "--dbname=");

	value = value ? value : skip_prefix(word, "-d");
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++)
		if (skip_prefix(word, beginnings[i]) || (value && i > 1 && skip_prefix(value, beginnings[i])))
			return true;
	return false;
}

int target_export(char *const *argv, struct strs *warnings, struct buf *error)
{
	enum target_family family = target_family();
	struct target t;
	int rc;

	while (*argv && !names_server(*argv))
		argv++;
	if (*argv || family == TARGET_NOWHERE)
		return 0;
	rc = target_find(&t, NULL, error);
	for (size_t i = 0; i < t.warnings.n; i++)
		strs_add(warnings, t.warnings.v[i]);
	/* Of PG* alone the programs make more than we do: the system's user. */
	if (family == TARGET_LIBPQ && rc) {
		buf_cut(error, 0);
		rc = 0;
	} else if (!rc && t.kind == TARGET_PG) {
		target_isolate();
		conninfo_export(&t.conninfo);
		if (t.service)
			setenv("PGSERVICE", t.service, 1); /* not all its parameters have a variable */
	}
	target_free(&t);
	return rc;
}
