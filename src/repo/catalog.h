/*
 * catalog - what the journal knows of the backups in one folder: which there are,
 * which of them are verified, and how the last runs went.
 *
 * Retention and status go by it alone. Where it cannot be read nothing is deleted.
 */
#ifndef REPO_CATALOG_H
#define REPO_CATALOG_H

#include "base/teller.h"
#include "dump/manifest.h"
#include "repo/journal.h"
#include "repo/retention.h"
#include "schedule/schedule.h"

/* What databases a run was about. */
#define CATALOG_SCHEDULED "scheduled" /* all that are configured */
#define CATALOG_CHOSEN "chosen"       /* those on the command line */

struct catalog {
	struct journal journal; /* its error is the words of any -1 here */
	char *dir;              /* how the folder is named in it: "." beside it */
	char *root;             /* the folder's path */
};

/* Opens the journal: PGBOX_JOURNAL, else DIR/.pgbox/journal.db; of a bucket (s3://...), which is
 * no folder here, JOURNAL_DEFAULT. With create false a
 * missing one is an error. As journal_open; catalog_free after both. */
int catalog_open(struct catalog *c, const char *dir, bool create);

/* The same with create, but a journal that is damaged is moved aside (`.damaged`),
 * of which tell hears, and a new one made. The folder's lock is held. */
int catalog_open_anew(struct catalog *c, const char *dir, const struct teller *tell);

/* Moves a journal aside that was found to be damaged after it was opened, and makes a new one, in the same
 * way. 0, or -1 when the last failure was another, or it cannot be done. */
int catalog_renew(struct catalog *c, const struct teller *tell);

/* Opens the journal again that a failed write has closed, without making one: what is in it can still be read
 * on a full disk. As journal_open. */
int catalog_reopen(struct catalog *c);

/* Opens the journal only to look, as journal_peek. catalog_free after all. */
int catalog_peek(struct catalog *c, const char *dir, int busy_ms);

/* Makes an empty one in memory, for what manifests say where there is no journal. */
int catalog_imagine(struct catalog *c, const char *dir);

/* Whether a run or a backup of the folder was ever recorded. */
bool catalog_knows(struct catalog *c);

bool catalog_is_open(const struct catalog *c);

/* Records the beginning of a run that counts for the moment due, about what sources_about
 * says (may be NULL), and of one database in it. */
int catalog_run(struct catalog *c, const char *scope, const char *about, int64_t due, int64_t *id);
int catalog_part(struct catalog *c, int64_t run, const char *folder, const char *target,
                 int64_t *id);

/* How it ended: done, partly, failed, interrupted, skipped. */
int catalog_finish(struct catalog *c, int64_t id, const char *status, const char *why);

/* Marks the runs of this folder that never ended as interrupted: its lock is held. */
int catalog_interrupted(struct catalog *c);

/* Adds a backup that was found, or replaces what is known of one of that path (relative
 * to the folder); verified says whether it was. */
int catalog_add(struct catalog *c, const char *path, const char *folder, const struct manifest *m,
                bool verified);

/* Adds a verified backup of that run that is not there yet; catalog_keep_promises makes
 * those count that are there by then, and forgets the others. */
int catalog_promise(struct catalog *c, int64_t run, const char *path, const char *folder,
                    const struct manifest *m);
int catalog_keep_promises(struct catalog *c);

/* Whether the backup is known to be verified; *known says whether it is there at all. */
bool catalog_is_verified(struct catalog *c, const char *path, bool *known);

/* Notes that a backup was found whole, or was found damaged. */
int catalog_judge(struct catalog *c, const char *path, bool whole, const char *reason);

/* Notes that a backup is no more. */
int catalog_gone(struct catalog *c, const char *path, const char *reason);

/* The backups of one database's folder and system (as above), newest first:
 * past[i].id is an index into paths. -1 when the journal cannot say. The caller
 * frees both. */
int catalog_past(struct catalog *c, const char *folder, const char *system_id, struct past **past,
                 size_t *n, struct strs *paths);

/* The newest verified backup of the folder that is there (a file not shorter than it was), is of that
 * system (as in the manifest; NULL: any) and was not made after a moment (ms since 1970; INT64_MAX: any). */
struct newest {
	int64_t made; /* 0: there is none */
	int64_t bytes, tables;
	char kind[16], compression[16];
	bool suspect;
};
int catalog_newest(struct catalog *c, const char *folder, const char *system_id, int64_t not_after,
                   struct newest *newest);

/* Columns folder, status and error of the databases of the last run that got as far as
 * looking at them: of those about `about` where there is one, else of the scheduled ones,
 * unless that is more than limit ms older than a chosen one. Roles are left out. With no
 * run on record (after sync) of all that have a backup. */
int catalog_last(struct catalog *c, const char *about, int64_t limit, struct rows *rows);

/* Whether a run about that, and for the moment due, has backed the folder up. */
bool catalog_is_done(struct catalog *c, const char *about, int64_t due, const char *folder);

/* What the scheduler must remember of the runs about that; runs that were due in the
 * future of now (ms since 1970), but for the tolerance, are left out. */
int catalog_history(struct catalog *c, const char *about, int64_t now, struct run_history *h);

/* The same of the journal in dir, which others may have written to meanwhile: h becomes what it
 * knows where that is more. What cannot be read leaves h as it is. */
void catalog_remember(const char *dir, const char *about, struct run_history *h);

/* Whether the backup's data and manifest are there; in a bucket they are taken to be. */
bool catalog_is_there(const struct catalog *c, const char *path);

/* Notes as gone the backups of a folder (NULL: of all) that are not there any more, of which
 * tell hears, and takes that back of those that are there again. The lock is held. */
int catalog_missing(struct catalog *c, const char *folder, const struct teller *tell);

/* The folders that hold backups, and of which systems ("" where that is not known), side by
 * side. */
int catalog_folders(struct catalog *c, struct strs *folders, struct strs *systems);

/* The path of the backup that a run made and that is there, or NULL. The caller frees it. */
char *catalog_made_by(struct catalog *c, const char *run);

/* Reads all of the journal that is the folder's and others': finds values that are too large, and damaged
 * pages. */
int catalog_read_through(struct catalog *c);

/* --- catalog_uploads.c: what goes to a bucket; does nothing on a closed journal --- */

/* Notes that a backup (path relative to the folder) is to be uploaded. -1 when the journal failed. */
int catalog_owe(struct catalog *c, const char *path);

/* Adds the paths of those that are owed, the oldest first. */
void catalog_owed(struct catalog *c, struct strs *paths);

/* Whether that backup is owed; false also when the journal cannot be used. */
bool catalog_is_owed(struct catalog *c, const char *path);

/* Notes that a backup has gone to the bucket of that name. */
void catalog_uploaded(struct catalog *c, const char *path, const char *name);

/* What is owed of one database. */
struct owed {
	size_t n;       /* backups that are here and not there; 0 also when the journal cannot be used */
	int64_t newest; /* when the newest of those that went there was made, ms since 1970; 0: none did */
	int64_t since;  /* the same; or else when the first that is owed was made */
};

/* Looks at the backups in that folder, for the bucket of that name. */
void catalog_lag(struct catalog *c, const char *name, const char *folder, struct owed *o);

/* Remembers an upload that has begun in a bucket (struct s3's place), lists them (columns key and id), and
 * forgets all of a bucket: they have ended. */
void catalog_upload_begun(struct catalog *c, const char *place, const char *key, const char *id);
void catalog_uploads(struct catalog *c, const char *place, struct rows *rows);
void catalog_uploads_over(struct catalog *c, const char *place);

void catalog_free(struct catalog *c);

#endif
