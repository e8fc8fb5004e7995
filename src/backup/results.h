/*
 * results - what came of a run: each database's result, and the last of what was said.
 *
 * The process that runs notes it, the one that supervises reads it, also when the first
 * was killed: it is kept in memory that both have.
 */
#ifndef BACKUP_RESULTS_H
#define BACKUP_RESULTS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/msg.h"

struct results {
	int results, words; /* descriptors of memory files, which children inherit; -1: closed */
};

#define RESULTS_INIT { -1, -1 }

/* Opens it, and forgets what it had. Where memory cannot be had it stays closed, and takes
 * everything in silence. */
void results_open(struct results *o);

/* What came of one database. Texts may be NULL. */
struct result {
	const char *database; /* the folder of its backups */
	const char *target;   /* as target.shown */
	const char *status;   /* done failed interrupted */
	const char *path;     /* of the backup, under the folder of the backups */
	const char *error;
	int64_t bytes, tables; /* of the backup; 0 when there is none */
	int64_t ms;            /* how long it took */
};

void results_add(const struct results *o, const struct result *r);

/* Notes what was said; what is a secret is masked. */
void results_say(const struct results *o, enum msg_level level, const char *words);

/* The results as a JSON array of objects: database, target, status, file, error, bytes,
 * tables, seconds. The caller frees it. */
char *results_json(const struct results *o);

/* The last lines of what was said, at most limit bytes. The caller frees it. */
char *results_tail(const struct results *o, size_t limit);

void results_close(struct results *o);

#endif
