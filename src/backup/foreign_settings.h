/*
 * foreign_settings - variables of other programs that say what pgbackup is told by variables of its own.
 *
 * What another tool would keep, how it would encrypt, which databases it would take must not be ignored in
 * silence: backups would be lost, or a plain file left where an encrypted one was asked for. As db/foreign
 * otherwise.
 */
#ifndef BACKUP_FOREIGN_SETTINGS_H
#define BACKUP_FOREIGN_SETTINGS_H

#include <stdbool.h>

#include "base/buf.h"
#include "repo/retention.h"

/* What pgbackup is told by its own settings. */
struct foreign_settings {
	const struct retention *keep;
	bool databases; /* some are named, or all are wanted */
	bool scheduled; /* it runs as a daemon, or a schedule is set */
	bool bucket;    /* there is a bucket */
	bool plain;     /* backups are meant to be plain: BACKUP_ENCRYPTION=none */
};

/* Looks for what others would keep, encrypt, select and when. 0 with warnings, or BAD_CONFIG with a
 * message in error where ignoring it would lose backups or leave them plain. */
int foreign_settings_judge(const struct foreign_settings *b, struct strs *warnings, struct buf *error);

#endif
