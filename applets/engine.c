/*
 * engine - PostgreSQL's own programs under their own names, for an image that
 * has no client package. Options, output and exit codes are PostgreSQL's.
 */
#include "applet.h"
#include "base/banned.h"
#include "ext/engine.h"

const struct applet applet_pg_dump = {
	.name = "pg_dump",
	.brief = "PostgreSQL's own: dump a database",
	.raw = pg_dump_main,
};

const struct applet applet_pg_dumpall = {
	.name = "pg_dumpall",
	.brief = "PostgreSQL's own: dump roles and tablespaces (--globals-only)",
	.raw = pg_dumpall_main,
};

const struct applet applet_pg_restore = {
	.name = "pg_restore",
	.brief = "PostgreSQL's own: restore an archive of pg_dump",
	.raw = pg_restore_main,
};

const struct applet applet_psql = {
	.name = "psql",
	.brief = "PostgreSQL's own: run SQL",
	.raw = psql_main,
};
