/*
 * engine - PostgreSQL's own programs under their own names, for an image that
 * has no client package. Options, output and exit codes are PostgreSQL's. Where
 * the command line names no server, it is that of the other applets:
 * DATABASE_URL, else PG*, else POSTGRES_*.
 */
#include "base/banned.h"
#include "db/target.h"
#include "ext/engine.h"
#include "opt/opt.h"

static void use_target(char *const *argv)
{
	struct strs warnings = { 0 };
	struct buf error = BUF_INIT;
	int rc = target_export(argv + 1, &warnings, &error);

	if (rc)
		die(rc, "%s", error.data);
	msg_each(MSG_WARNING, &warnings);
	strs_free(&warnings);
	buf_free(&error);
}

static int run_pg_dump(int argc, char **argv)
{
	use_target(argv);
	return pg_dump_main(argc, argv);
}

static int run_pg_dumpall(int argc, char **argv)
{
	use_target(argv);
	return pg_dumpall_main(argc, argv);
}

static int run_pg_restore(int argc, char **argv)
{
	use_target(argv);
	return pg_restore_main(argc, argv);
}

static int run_psql(int argc, char **argv)
{
	use_target(argv);
	return psql_main(argc, argv);
}

const struct applet applet_pg_dump = {
	.name = "pg_dump",
	.brief = "PostgreSQL's own: dump a database",
	.raw = run_pg_dump,
};

const struct applet applet_pg_dumpall = {
	.name = "pg_dumpall",
	.brief = "PostgreSQL's own: dump roles and tablespaces (--globals-only)",
	.raw = run_pg_dumpall,
};

const struct applet applet_pg_restore = {
	.name = "pg_restore",
	.brief = "PostgreSQL's own: restore an archive of pg_dump",
	.raw = run_pg_restore,
};

const struct applet applet_psql = {
	.name = "psql",
	.brief = "PostgreSQL's own: run SQL",
	.raw = run_psql,
};
