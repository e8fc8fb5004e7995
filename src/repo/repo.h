/*
 * * repo - a repository: where backups live. A folder (repo/folder) or a bucket (repo/bucket) is behind it.
 *
 * In both a backup is its data, its .sha256 and its manifest (.json) beside it, in DATABASE/ or
 * JOB/DATABASE/, and is one as long as its manifest is there. What is asked of backups (list, status, select,
 * verify, prune, rebuild) is written over this alone; a further kind of storage fills the table of
 * operations.
 */
#ifndef REPO_REPO_H
#define REPO_REPO_H

#include "base/teller.h"
#include "dump/manifest.h"

struct catalog;
struct newest;

/* A backup, as its manifest's name gives it away, and what that turned out to be. */
struct repo_backup {
	char *path;    /* of its data, relative to the repository */
	int64_t bytes; /* that its data has there; -1: there is none, or it is not read yet */
	enum {
		REPO_UNREAD,
		REPO_WHOLE,   /* its manifest is in m, which else has what could be read, or nothing */
		REPO_FOREIGN, /* another repository's, whose place is below this one's */
		REPO_BAD,     /* rc is why: BAD_DATA, NO_INPUT or NO, with a sentence in words */
	} what;
	struct manifest m;
	int rc;
	struct buf words;
	bool gone;     /* it has been deleted meanwhile */
};

/* Backups in an order in which those of one folder lie together, the oldest first. */
struct repo_list {
	struct repo_backup *v;
	size_t n;
	struct strs unreadable; /* a sentence for each folder that cannot be read */
};

struct repo;

/* All return 0, or with a sentence in error what the exit code is: of a bucket as s3/s3. */
struct repo_ops {
	/* Lists the backups in one folder, or in all (NULL), by the names of their manifests.
	 * repo_list_free after both. */
	int (*list)(struct repo *r, const char *folder, struct repo_list *list, struct buf *error);

	/* Reads the manifests of those that are chosen (NULL: of all). Fails only where it says nothing of
	 * one backup alone. */
	int (*read)(struct repo *r, struct repo_list *list, const bool *chosen, struct buf *error);

	/* Says of one that is read: verified, damaged, unknown or missing. */
	const char *(*state)(struct repo *r, const struct repo_backup *b);

	/* Reads the data of one that is whole to its end the way a restore would, and compares it with the
	 * manifest. seen gets the bytes of each read. BAD_DATA when it is damaged; NO_INPUT when it is not
	 * there. */
	int (*check)(struct repo *r, const struct repo_backup *b, void (*seen)(void *arg, size_t bytes),
	             void *arg, struct buf *error);

	/* Deletes a backup, whose manifest goes first. */
	int (*remove)(struct repo *r, const char *path, struct buf *error);
};

struct repo {
	const struct repo_ops *ops;
	const char *name;   /* what it is called: the folder's path, s3://BUCKET/PREFIX */
	const char *before; /* what stands before a path that is shown: "" where only one folder is meant */
	bool shared;        /* only the manifest tells whether what is named so is this repository's */
	struct catalog *catalog; /* the journal that says what is verified; NULL: the manifests do */
};

/* Lists a folder (NULL: all) and reads all of it. tell gets a warning for each manifest that cannot be
 * read. */
int repo_find(struct repo *r, const char *folder, struct repo_list *list,
              const struct teller *tell, struct buf *error);

void repo_list_free(struct repo_list *list);
void repo_backup_free(struct repo_backup *b);

/* The length of a path's folder, without its slash. */
size_t repo_folder_length(const char *path);

/* Whether a path lies directly in that folder. */
bool repo_is_in(const char *path, const char *folder);

/* Whether its state is verified. */
bool repo_is_verified(struct repo *r, const struct repo_backup *b);

/* Whether it is of that system (as in the manifest); "" and NULL, and one whose system is not known:
 * always. */
bool repo_is_of(const struct repo_backup *b, const char *system_id);

/* How far repo_glance goes. */
struct repo_look {
	const char *folder; /* only that one; NULL: each */
	bool databases;     /* no folder of roles */
	int64_t before;     /* ms since 1970 */
	bool skip;          /* names that are later are not read, unless all of a folder are */
};

/* Reads of each folder the newest, back to one that is verified and was made before that: mostly one manifest
 * each. */
int repo_glance(struct repo *r, const struct repo_look *look, struct repo_list *list, struct buf *error);

/* The newest that counts of a folder and system (NULL: any), by the manifests; made is 0 where there is
 * none. */
int repo_newest(struct repo *r, const char *folder, const char *system_id, struct newest *newest,
                struct buf *error);

#endif
