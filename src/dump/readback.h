/*
 * readback - reads a backup back in full: its structure, and every block of its data.
 */
#ifndef DUMP_READBACK_H
#define DUMP_READBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "ext/pack.h"

/* The path of what comes through stdin, once: a socket. */
#define READBACK_STDIN UNPACK_STDIN

struct readback {
	const char *path;     /* of the data */
	const char *name;     /* what messages call it; NULL: the path */
	const char *kind;     /* as in its manifest, or "text": SQL that need not end as pg_dump's does */
	const char *scratch;  /* a folder for the file that an SQLite database is unpacked into */
	int keep_fd;          /* as in ext/engine.h */
	int (*meanwhile)(void *arg, struct buf *error); /* called once, while pg_restore works; or NULL */
	void *arg;
};

/*
 * Reads the data the way a restore would: archives by the linked pg_restore,
 * into nothing; kind `tar` has its end mark; SQL is
 * unpacked, has no NUL byte, and its last line (kind `text`: it need not); SQLite files
 * are unpacked and checked page by page. What meanwhile returns, if it is not 0, is what
 * this returns then. 0; BAD_DATA with a message in error, or CANNOT_WRITE.
 */
int readback(const struct readback *r, struct buf *error);

/* Reads each file of a directory archive to its end, which must be the one that pg_dump
 * writes: pg_restore takes one that is cut off, or empty, for a whole one. As readback. */
int readback_folder(const char *path, struct buf *error);

/* Whether what is packed with zstd or lz4 in a file or directory archive has checksums of
 * its content: pg_dump's zstd has none, pgbackup's has. Looks at the first frame in its
 * first megabytes only. */
bool readback_has_checksum(const char *path);

/* Deletes what readbacks that died left in their scratch folder. */
void readback_recover(const char *scratch);

/* Unpacks what path holds, or copies what the descriptor `from` gives as it is (path NULL),
 * into a file in scratch of a name that no other run has or gets. Its lock, *fd, keeps
 * readback_recover off; readback_unstage deletes it and what SQLite put beside it, and
 * closes. 0; BAD_DATA or CANNOT_WRITE with a sentence in error. The caller frees *staged
 * after both. */
int readback_stage(const char *path, int from, const char *scratch, char **staged, int *fd,
                   struct buf *error);
void readback_unstage(const char *staged, int *fd);

/* Unpacks the backup of an SQLite database into a new file, checks it, compares the number
 * of its tables and deletes it again. As readback; CANNOT_WRITE also when the file is there. */
int readback_unpack(const char *path, const char *to, int64_t tables, struct buf *error);

#endif
