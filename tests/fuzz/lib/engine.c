/* Takes the place of src/ext/engine.c in the fuzz targets: no target runs PostgreSQL's programs. A target that reads
 * what they print wraps the function that would start them (FUZZ_WRAP_* in tests/fuzz.mk). */
#include <stdio.h>

#include "base/banned.h"
#include "ext/engine.h"

static int no_program(int argc, char **argv)
{
	(void)argc, (void)argv;
	return 1;
}

int pg_dump_main(int argc, char **argv)
{
	return no_program(argc, argv);
}

int pg_dumpall_main(int argc, char **argv)
{
	return no_program(argc, argv);
}

int pg_restore_main(int argc, char **argv)
{
	return no_program(argc, argv);
}

int psql_main(int argc, char **argv)
{
	return no_program(argc, argv);
}

int engine_version(void)
{
	return 180000;
}

/* A pid that nobody waits for: the target wraps what would. */
pid_t engine_start(const struct engine_job *job, int *messages)
{
	(void)job;
	*messages = -1;
	return 1;
}

bool engine_failed(const char *line, struct engine_failure *f)
{
	const char *state = skip_prefix(line, "\001sqlstate ");

	if (state)
		snprintf(f->sqlstate, sizeof(f->sqlstate), "%s", state);
	return state != NULL;
}

void engine_tell(const char *note)
{
	(void)note;
}

const char *engine_told(const char *line)
{
	return skip_prefix(line, "\001note ");
}

pid_t psql_start(const struct psql_job *job, int *messages)
{
	(void)job;
	*messages = -1;
	return 1;
}
