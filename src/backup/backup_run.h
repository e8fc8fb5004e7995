/*
 * backup_run - the state of a run, which all its databases share.
 */
#ifndef BACKUP_BACKUP_RUN_H
#define BACKUP_BACKUP_RUN_H

#include "backup/backup_options.h"
#include "repo/dir_lock.h"

struct backup_run {
	const struct backup *b;
	struct catalog catalog;
	struct dir_lock folder;
	char *about;      /* sources_about */
	int64_t id;       /* of the run in the journal; 0: it has none */
	bool told;        /* that the journal cannot be used; then nothing is pruned */
	bool again; /* it may be possible later, as when there was no space: nobody else held it locked */
	bool advised;     /* what to do about a full disk */
	size_t wanted, good, bad; /* databases; bad: what failed, roles too */
	int status;       /* of the first that failed */
	struct buf error; /* its sentence */
	const struct source *down; /* the server that was waited for in vain */
	struct strs servers; /* whose roles have been dumped */
	struct strs made;    /* paths of the new backups */
};

/* Tells the run's tell. */
void backup_run_tell(const struct backup_run *r, enum msg_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Tells once that the journal cannot be used, where rc, which is given back, is below 0: that
 * stops nothing. */
int backup_run_noted(struct backup_run *r, int rc);

/* After a database has failed: where the journal had no space, which may be there again, opens it again, and
 * records the run's beginning if that is not recorded yet. */
void backup_run_retry_journal(struct backup_run *r);

/* Whether backups go to a bucket, and whether they are only there. */
bool backup_run_has_remote(const struct backup_run *r);
bool backup_run_is_bucket(const struct backup_run *r);

/* Counts how a database, or with roles the roles of a server, ended; of the first that failed the
 * code and the sentence are kept. */
void backup_run_count(struct backup_run *r, int rc, bool roles, const struct buf *error);

#endif
