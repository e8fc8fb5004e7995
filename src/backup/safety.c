/* safety - a backup of what is about to be dropped. */
#include "backup/safety.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backup/backup.h"
#include "base/banned.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "base/teller.h"
#include "repo/select.h"

#define LOCK_MS 60000

int safety_check(const char *dir, const struct teller *tell)
{
	bool there = file_is_dir(dir);
	char *words;

	if (there && access(dir, W_OK | X_OK) == 0)
		return DONE;
	words = there ? xasprintf("cannot write to the folder '%s' for a backup of it: %s",
	                          dir, strerror(errno))
	              : xasprintf("there is no folder '%s' for a backup of it: make it, or set --dir", dir);
	teller_say(tell, MSG_ERROR, words);
	free(words);
	return CANNOT_WRITE;
}

int safety_backup(const char *dir, const struct target *target, int64_t wait, const struct teller *tell)
{
	char name[] = SELECT_SAFETY;
	struct source source = { .name = name, .target = *target };
	struct sources sources = { .v = &source, .n = 1 };
	struct backup b = { .dir = dir, .sources = &sources, .packing = { .method = PACK_ZSTD, .level = 3 },
		            .jobs = 1, .lock_wait = LOCK_MS, .busy_wait = LOCK_MS, .wait = wait,
		            .scope = CATALOG_CHOSEN, .due = clock_wall(), .tell = tell };

	if (safety_check(dir, tell) != DONE)
		return CANNOT_WRITE;
	teller_say(tell, MSG_INFO, "a backup of it first");
	return backup_run(&b);
}
