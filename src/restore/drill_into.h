/*
 * drill_into - restores backups that are verified on a server whose URL the user gave.
 */
#ifndef RESTORE_DRILL_INTO_H
#define RESTORE_DRILL_INTO_H

#include "base/teller.h"
#include "dump/manifest.h"

struct drill_into {
	const char *url;         /* of a database of the server, or where it is read from (env:, file:) */
	bool as_login;           /* run a database's code as the login, whatever its rights */
	const char *search_path; /* as in struct drill */
	int64_t wait;            /* ms, for that server */
	const struct teller *tell;
};

/* Restores the backup whose data is at path, and drops it again; name is how the user knows it. arg is a
 * struct drill_into (repo/verify's `restore`). Reports what was left out and what the locale differs in. 0,
 * or as drill_restore and target_find, with a message in error. */
int drill_into(const void *arg, const char *name, const char *path, const struct manifest *m,
               struct buf *error);

#endif
