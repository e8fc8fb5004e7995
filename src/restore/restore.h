/*
 * restore - what is restored: a backup's content, how, and what is found out about it on the way.
 */
#ifndef RESTORE_RESTORE_H
#define RESTORE_RESTORE_H

#include "db/db.h"
#include "dump/format.h"
#include "dump/toc.h"
#include "restore/fill_order.h"
#include "restore/outline.h"
#include "restore/restore_progress.h"

enum role_policy { ROLES_FAIL, ROLES_CREATE, ROLES_SKIP };

struct restore {
	const char *path;             /* unpacked, unless it is SQL; of what flows its beginning */
	const char *pipe;             /* and what all of it comes through (restore/download); else NULL */
	enum format content;         /* any but FORMAT_CLUSTER and SQLite's */
	struct toc toc;               /* of archives */
	bool one_transaction;         /* else what fails stays half done */
	long jobs;                    /* above 1 only without one_transaction */
	bool clean;                   /* drop what the archive has, first */
	bool schema_only, data_only, no_owner, no_tablespaces;
	bool bare;                    /* neither owners, privileges nor subscriptions */
	bool humble; /* with bare: nor what only a superuser may make (restore/drill_subset), nor the
	              * schemas that are there; set by the caller */
	struct restore_progress_tell progress;  /* how it is told how far it is */
	const struct strs *tables;    /* only these; none: all */
	enum role_policy roles;
	struct strs database_roles;   /* that the database's own rights, settings and ownership name */
	const char *encoding;         /* what text that says SQL_ASCII is read in; NULL: as it is */

	struct outline outline;       /* read by restore_suits (SQL) and restore_check */
	bool outlined;
	struct strs missing_roles;    /* found by restore_check */
	struct strs made_roles;       /* by restore_make_roles, each a sentence for when the rest fails */
	struct strs extensions, schemas; /* that the target has already, found by restore_check */
	struct strs lacking; /* schemas that neither the backup nor the target has, found by restore_check */
	struct strs chosen;           /* the TOC entries of the tables, found by restore_check */
	struct strs barred;           /* tables of those that may not be written, found by restore_check */
	struct strs room;             /* statements to begin with, once nothing more is dropped; found too */
	struct strs mute;             /* what the role may not comment on (restore/privileged); found too */
	struct fill_order filling;       /* rows alone: their order; found too */
	const char *search_path;      /* of the sessions that restore; NULL: as the backup has it */
	struct strs left_out;         /* restore_run: of those the comments that SQL has */
	bool advised;                 /* in the child that restores: the statement before had advice */
	bool lost;                    /* restore_run: the connection broke off, maybe at the COMMIT */
	bool denied;                  /* restore_run: the role lacks a right (SQLSTATE 42501) */
	bool superuser;               /* the role is one, found by restore_check */
	int server_version;           /* found by restore_check; 180006 */
};

/*
 * Whether what is asked for goes with the content and the target; name is how the user knows the
 * backup, into says that a new database is made. Jobs are made one where the content has no more.
 * 0, or BAD_USAGE or NO_INPUT with a sentence in error.
 */
int restore_suits(struct restore *r, const char *name, const struct target *target, bool into,
                  struct buf *error);

/* Returns whether pg_restore reads it, and not psql. */
bool restore_is_archive(const struct restore *r);

/* Returns whether only some of its tables are restored. */
bool restore_is_partial(const struct restore *r);

void restore_free(struct restore *r);

#endif
