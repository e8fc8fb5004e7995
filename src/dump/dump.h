/*
 * dump - makes the data of one backup: of PostgreSQL by the linked pg_dump, of SQLite
 * by its online backup.
 */
#ifndef DUMP_DUMP_H
#define DUMP_DUMP_H

#include "db/db.h"
#include "dump/manifest.h"
#include "dump/program.h"
#include "ext/pack.h"

enum dump_format { DUMP_CUSTOM, DUMP_DIRECTORY, DUMP_PLAIN };

struct dump {
	const struct target *target; /* with the database to dump */
	enum dump_format format;     /* PostgreSQL's */
	struct packing packing;
	long jobs;                   /* above 1 only with DUMP_DIRECTORY */
	int64_t lock_wait;           /* ms for the lock of a table */
	int keep_fd;                 /* as in ext/engine.h */
	bool streams;                /* what is PostgreSQL's goes to output, and not to a path */
	int output;

	/* Hears what goes on, for progress: the table that is being dumped, or NULL where
	 * it is not known. Called five times a second. */
	void (*tick)(const char *table, void *arg);
	void *arg;

	struct db db;      /* the session whose snapshot is dumped; closed by dump_make */
	char *snapshot;    /* its id; NULL: none */
	struct buf table, blocker; /* being dumped; who holds up pg_dump's table locks */
	unsigned ticks;
};

/* The suffix of the backup's name: .dump .dir .sql.zst .db.zst ... The caller frees it. */
char *dump_suffix(const struct dump *d);

/* Logs in; a server that is not there yet is tried until the deadline. 0, UNAVAILABLE or
 * DENIED with a sentence in error. dump_free after both. */
int dump_open(struct dump *d, int64_t deadline, struct buf *error);

/* Fills in what the manifest says of server and database; pg_dump will see exactly that
 * moment. 0, UNAVAILABLE (also when the server is newer than the engine) or DENIED with a
 * sentence in error. */
int dump_look(struct dump *d, struct manifest *m, struct buf *error);

/* Writes the data to path, which is not there yet, and fills in what the manifest says
 * of it. 0; CANNOT_WRITE and what program_explain gives with a sentence in error. */
int dump_make(struct dump *d, const char *path, struct manifest *m, struct buf *error);

/* The same for the roles and tablespaces of target's server, as SQL: zstd. The
 * passwords are left out, and a warning added, where this role may not read them. */
int dump_globals(struct dump *d, const char *path, struct manifest *m, struct buf *error);

void dump_free(struct dump *d);

#endif
