/* drill_into - restores backups that are verified on a server whose URL the user gave. */
#include "restore/drill_into.h"

#include <stdlib.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/teller.h"
#include "db/target.h"
#include "dump/toc.h"
#include "restore/drill.h"

static void tell(const struct drill_into *d, enum msg_level level, const char *name, const char *what,
                 const char *of)
{
	char *words = xasprintf("%s: %s%s", name, what, of);

	teller_say(d->tell, level, words);
	free(words);
}

int drill_into(const void *arg, const char *name, const char *path, const struct manifest *m,
               struct buf *error)
{
	const struct drill_into *d = arg;
	struct strs left_out = { 0 };
	struct buf note = BUF_INIT;
	struct target target;
	int rc = target_find(&target, d->url, error);

	if (!rc)
		rc = drill_restore(&(struct drill){ .path = path,
		                                    .m = m,
		                                    .server = &target,
		                                    .tell = d->tell,
		                                    .as_login = d->as_login,
		                                    .search_path = d->search_path,
		                                    .left_out = &left_out,
		                                    .note = &note,
		                                    .deadline = clock_within(d->wait) },
		                   error);
	for (size_t i = 0; i < left_out.n && !rc; i++)
		tell(d, MSG_INFO, name, "left out of the restore test: ", toc_text(left_out.v[i]));
	if (note.len)
		tell(d, MSG_WARNING, name, "restore test: ", note.data);
	buf_free(&note);
	strs_free(&left_out);
	target_free(&target);
	return rc;
}
