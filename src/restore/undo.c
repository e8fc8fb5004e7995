/* undo - puts back what a restore has replaced. */
#include "restore/undo.h"

#include "base/banned.h"
#include "base/clock.h"
#include "restore/shadow.h"
#include "restore/sqlite.h"

int undo_database(const struct target *target, int64_t wait, char **current, struct buf *error)
{
	const struct litefile file = { .path = target->path, .replace = true, .wait = wait };
	struct side side = SIDE_INIT;
	int rc;

	*current = NULL;
	if (target->kind == TARGET_SQLITE)
		return litefile_undo(&file, current, error);
	rc = side_open(&side, target, clock_within(wait), error);
	if (!rc)
		rc = side_undo(&side, current, error);
	side_free(&side);
	return rc;
}
