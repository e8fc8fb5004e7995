/* Takes the place of src/ext/engine.c in the unit tests, where the engine is not linked in: nothing starts, and archives
 * are read in tests/pg. */
#include "base/banned.h"
#include "ext/engine.h"

int pg_restore_main(int argc, char **argv)
{
	(void)argc, (void)argv;
	return 1;
}

pid_t engine_start(const struct engine_job *job, int *messages)
{
	(void)job, (void)messages;
	return -1;
}

bool engine_failed(const char *line, struct engine_failure *f)
{
	(void)line, (void)f;
	return false;
}

const char *engine_told(const char *line)
{
	(void)line;
	return NULL;
}

void engine_tell(const char *note)
{
	(void)note;
}
