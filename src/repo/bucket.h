/*
 * bucket - backups in a bucket.
 *
 * They lie below a prefix as they do in a folder (repo/folder): the data, its .sha256
 * and its .json beside it. The manifest is written last and deleted first: without it a
 * backup is none. Nothing here needs the journal.
 */
#ifndef REPO_BUCKET_H
#define REPO_BUCKET_H

#include "base/msg.h"
#include "dump/manifest.h"
#include "repo/retention.h"
#include "s3/multipart.h"
#include "s3/s3.h"

struct remote {
	bool on;               /* there is one */
	struct s3 s3;
	char *bucket;          /* of a URL; NULL: the environment's */
	char *prefix;          /* of all keys: "" or with a slash behind */
	char *name;            /* s3://BUCKET/PREFIX, without a slash behind */
	size_t part;           /* bytes of a part */
	struct retention keep; /* S3_KEEP_* */
	struct strs warnings;  /* about the settings */

	/* As in s3/multipart. */
	void (*begun)(const char *key, const char *id, void *arg);
	void *arg;
};

/* Reads S3_BUCKET S3_PREFIX S3_PART_SIZE S3_KEEP_* and what s3_open does; none without
 * S3_BUCKET. 0, or BAD_CONFIG with a sentence in error. remote_free after both. */
int remote_open(struct remote *r, struct buf *error);

/* The same for the bucket of s3://BUCKET/KEY; *key is what is behind it, of url itself. Also
 * BAD_USAGE. */
int remote_open_url(struct remote *r, const char *url, const char **key, struct buf *error);

void remote_free(struct remote *r);

/* Starts an upload of what may become so many bytes. */
void remote_begin(struct remote *r, struct upload *u, const char *path, int64_t bytes);

/* Whether no other backup than that of this sha256 has the name: two servers may make one of the
 * same database's name in the same second. 0; as s3.h says; BAD_DATA when another has it. */
int remote_check_free(struct remote *r, const char *path, const char *sha256, struct buf *error);

/* Uploads the backup root/path, unless another has its name. 0; as s3.h says; BAD_DATA when it is not what its manifest says
 * or does not arrive so; NO_INPUT when it cannot be read. */
int remote_put(struct remote *r, const char *root, const char *path, const struct manifest *m,
               struct buf *error);

/* The .sha256 and then the manifest of a backup whose data is there. */
int remote_put_manifest(struct remote *r, const char *path, const struct manifest *m,
                        struct buf *error);

/* Deletes what a run that failed has put there: manifest, sums and data. Leaves all of it alone
 * where the manifest belongs to another backup than that of this sha256. As s3.h says; BAD_DATA
 * when it is another's. */
int remote_take_back(struct remote *r, const char *path, const char *sha256, struct buf *error);

/* Ends the uploads that were begun below the prefix a day ago or more, for names of ours: their
 * run is dead. *n is how many there were. As s3.h says. */
int remote_sweep(struct remote *r, size_t *n, struct buf *error);

/* --- what is there --- */

/* A manifest of ours, as the listing has it: not read yet. */
struct remote_name {
	char *path;     /* of its data, relative to the prefix */
	int64_t bytes;  /* that its data has there; -1: there is none */
};

struct remote_names {
	struct remote_name *v;
	size_t n;
};

/* Whether a path relative to the prefix is named as one of ours, or lies below such a name. */
bool remote_is_named(const char *path);

/* Lists the names in one folder, or in all (NULL), in byte order of their paths. As s3.h says.
 * remote_names_free after both. */
int remote_names(struct remote *r, const char *folder, struct remote_names *names, struct buf *error);
void remote_names_free(struct remote_names *names);

struct remote_backup {
	char *path;     /* as above */
	struct manifest m;
	int64_t bytes;
	bool gone;      /* it has been deleted */
};

struct remote_backups {
	struct remote_backup *v;
	size_t n, room;
	int bad;        /* of the last manifest that could not be read: BAD_DATA, NO_INPUT, NO; 0: all could */
};

/* Reads the manifests of the names that are chosen (NULL: of all), several at a time, and adds
 * their backups in the same order. tell gets a warning for each that cannot be read. Left out is
 * NAME/DATABASE where the manifest has another NAME: that is another prefix, PREFIX/MORE. As s3.h
 * says. */
int remote_read(struct remote *r, const struct remote_names *names, const bool *chosen,
                struct remote_backups *list, void (*tell)(enum msg_level level, const char *words),
                struct buf *error);

/* Both, for all names in the folder. */
int remote_find(struct remote *r, const char *folder, struct remote_backups *list,
                void (*tell)(enum msg_level level, const char *words), struct buf *error);

/* For tell, where nobody is to be told. */
void remote_ignore(enum msg_level level, const char *words);

/* How far remote_glance goes. */
struct remote_look {
	int64_t before; /* ms since 1970 */
	bool skip;      /* names that are later are not read, unless all of a folder are */
	void (*tell)(const char *words, void *arg); /* of a manifest that cannot be read; may be NULL */
	void *arg;
};

/* Adds of each folder the newest, back to one that is verified and was made before that: mostly
 * one manifest each. As s3.h says. */
int remote_glance(struct remote *r, const struct remote_look *look, const struct remote_names *names,
                  struct remote_backups *list, struct buf *error);

void remote_backups_free(struct remote_backups *list);

/* The newest that counts of a folder and system (NULL: any), as catalog_newest; made is 0 where
 * there is none. As s3.h says. */
struct newest;
int remote_newest(struct remote *r, const char *folder, const char *system_id, struct newest *newest,
                  struct buf *error);

/* verified: its manifest says so and its data has the size; damaged; missing. */
const char *remote_state(const struct remote_backup *b);

/* Whether it is of that system; "" and NULL, and one whose system is not known: always. */
bool remote_is_of(const struct remote_backup *b, const char *system_id);

/* Judges the backups of a folder and system ("": any) by the keep rules, and deletes those that
 * are not kept; else as repo/prune. */
int remote_prune(struct remote *r, const char *folder, const char *system_id, bool dry,
                 void (*verdict)(const char *path, bool keep, const char *reason),
                 void (*tell)(enum msg_level level, const char *words), struct buf *error);

/* The same for every folder and system that is there. */
int remote_prune_all(struct remote *r, bool dry,
                     void (*verdict)(const char *path, bool keep, const char *reason),
                     void (*tell)(enum msg_level level, const char *words), struct buf *error);

/* Reads the manifest of the data of that key. As s3.h says, and BAD_DATA. manifest_free after both. */
int remote_manifest(struct remote *r, const char *key, struct manifest *m, struct buf *error);

/* Fetches the object of that key into dir, with its manifest beside it where it has one; of a
 * directory all its files. *path is where it is. Asks for the space first, and takes no more bytes
 * than were announced then. As s3.h says; BAD_DATA when the sizes differ; CANNOT_WRITE. The caller
 * frees *path. */
int remote_fetch(struct remote *r, const char *key, const char *dir, char **path, struct buf *error);

#endif
