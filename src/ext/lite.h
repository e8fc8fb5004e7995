/*
 * lite - an SQLite database file.
 *
 * Errors are left as words in the handle; nothing prints. Files under a guard of base/beneath, and what
 * SQLite puts beside them, are opened and deleted as that says. A rollback journal that names another file
 * (a super-journal, which SQLite would delete) is not played back unless that file is named as SQLite's are.
 */
#ifndef EXT_LITE_H
#define EXT_LITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/rows.h"

enum lite_mode {
	LITE_READ,  /* only to be read; a missing file is an error */
	LITE_WRITE, /* read and write; a missing file is an error */
	LITE_CREATE, /* the same, and a missing file is made */
	LITE_PEEK,  /* only to be read, and not even rolled back: a hot journal is an error */
	LITE_STILL  /* only to be read, and nobody writes it: no locks, no files beside it */
};

struct lite {
	struct sqlite3 *db; /* NULL: closed */
	enum lite_mode mode;
	int code;           /* SQLite's extended result code of the last failure */
	struct buf error;   /* its words */
	int64_t limit, until; /* of lite_limit */
	size_t most;        /* of lite_bound; 0: no bound */
};

#define LITE_INIT { .error = BUF_INIT }

/* Opens the file. One that is only to be read is opened for writing all the same
 * where its mode allows: a writer that was killed leaves a hot journal, which a
 * read-only handle cannot roll back (SQLite, 'Hot Rollback Journals'). Locks held by
 * others are waited for up to busy_ms. 0, or -1. A file that is no database is found
 * by the first query, not here. */
int lite_open(struct lite *lite, const char *path, enum lite_mode mode, int busy_ms);

/* How long others' locks are waited for from now on, in place of lite_open's busy_ms. */
void lite_patience(struct lite *lite, int busy_ms);

/* For a file that somebody else may have written: its triggers and views do nothing, its schema may call
 * only what is harmless, and no statement harms the file (SQLite, 'Defense Against The Dark Arts'). */
void lite_distrust(struct lite *lite);

/* For SQL that somebody else may have written, into a new database of its own: no other file is reached,
 * triggers and views do nothing, and PRAGMAs that a dump does not have are ignored. The schema itself may be
 * written, as .dump does for virtual tables: whether the database is sound must be checked afterwards. Texts
 * in double quotes are texts, as they were for the SQLite that wrote them. */
void lite_confine(struct lite *lite);

/* Interrupts each statement that computes for longer than ms. The handle must not be moved in memory
 * from then on. */
void lite_limit(struct lite *lite, int64_t ms);

/* Takes a file for damaged in which a value, or a row, has more than `value` bytes, or of which a query gives
 * more than `answer` bytes: what is read of a file is held in memory. */
void lite_bound(struct lite *lite, int value, size_t answer);

/* Runs one statement with text parameters (?1 ...; NULL is NULL). 0 and rows
 * (the caller frees them; rows may be NULL), or -1 with code and error. */
int lite_query(struct lite *lite, const char *sql, const char *const *params, int n,
               struct rows *rows);

/*
 * Runs a script, statement by statement. With one_transaction the caller has
 * begun one: BEGIN and the COMMIT of one in the script are left out, and so are the PRAGMAs that
 * pragma_judge knows, which the caller has run before; and a script that ends
 * the caller's is stopped there, before another statement runs. 0, or -1 with error naming
 * the line.
 */
int lite_script(struct lite *lite, const char *script, bool one_transaction);

/* Copies the whole database, as one moment of it, to a new file (SQLite's online backup,
 * in one step: writers cannot make it begin anew). Writers of a rollback-mode database
 * wait meanwhile. 0, or -1 with code and error. */
int lite_backup(struct lite *from, const char *path);

/*
 * Makes a database's whole content that of `from`, in one transaction; readers see the old
 * content or the new. What it held until then, every commit that was answered in it, goes
 * to the file `kept` first, while nobody else can write: only then agree is called, whose
 * refusal (not 0) leaves everything as it is and is returned. Whoever has it open is waited
 * for until the deadline. Closes `to`: SQLite's locks do not outlive a descriptor of the
 * same file that is closed (SQLite, 'How To Corrupt An SQLite Database File', 2.2). 0, or
 * -1 with code and error in to.
 */
int lite_exchange(struct lite *to, struct lite *from, const char *kept, int64_t deadline,
                  int (*agree)(void *arg), void *arg);

/* Whether every statement is its own transaction now (nothing is begun). */
bool lite_autocommit(const struct lite *lite);

/* Refuses statements that write, while on. Not for a LITE_READ handle, which always
 * does. */
void lite_query_only(struct lite *lite, bool on);

/* Quotes an identifier onto b. */
void lite_identifier(struct buf *b, const char *name);

/* Interrupts statements that run past the deadline of clock.h. */
void lite_deadline(struct lite *lite, const int64_t *deadline);

/* What kind of failure the last one was, by its result code (SQLite, 'Result and Error Codes'). */
enum lite_failure {
	LITE_PASSING,     /* an I/O error, out of memory: the next try may succeed */
	LITE_BUSY,        /* somebody has it locked */
	LITE_NO_DATABASE, /* the file is not an SQLite database, or is encrypted */
	LITE_DAMAGED,
	LITE_UNOPENED,    /* the file, or one that belongs beside it, cannot be opened or made */
	LITE_UNWRITABLE,  /* it must be written to, and may not be, or no space is left */
	LITE_REFUSED,     /* by lite_confine */
	LITE_UNSUPPORTED  /* of a format that this SQLite does not read */
};
enum lite_failure lite_failure(const struct lite *lite);

bool lite_is_busy(const struct lite *lite);
bool lite_is_corrupt(const struct lite *lite);

/* Returns whether the open file cannot be written to: SQLite opens such a file all the same, and begins no
 * more than a read transaction in it. */
bool lite_is_readonly(const struct lite *lite);

/* Takes the file for damaged, for a reason of the caller's. Returns -1. */
int lite_refuse(struct lite *lite, const char *why);

bool lite_is_full(const struct lite *lite);

void lite_close(struct lite *lite);

/* Closes and frees all. */
void lite_free(struct lite *lite);

#endif
