/* undo - puts back what a restore has replaced. */
#include "restore/undo.h"

#include "base/banned.h"
#include "base/clock.h"
#include "restore/shadow.h"
#include "restore/sqlite.h"

int undo_database(const struct target *target, int64_t wait, char **current, struct buf *error)
{
	const struct sqlite_file file = { .path = target->path, .replace = true, .wait = wait };
	struct shadow shadow = SHADOW_INIT;
	int rc;

	*current = NULL;
	if (target->kind == TARGET_SQLITE)
		return sqlite_undo(&file, current, error);
	rc = shadow_open(&shadow, target, clock_within(wait), error);
	if (!rc)
		rc = shadow_undo(&shadow, current, error);
	shadow_free(&shadow);
	return rc;
}
