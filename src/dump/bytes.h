/*
 * bytes - reads the bytes, numbers and texts of which PostgreSQL's archives are made, from pieces
 * that come one after the other (pg_backup_archiver.c, WriteInt and WriteStr).
 *
 * The first fault is kept; from then on nothing more is read and every number is 0, so callers look at
 * it where it suits them. No memory is taken for what a length claims.
 */
#ifndef DUMP_BYTES_H
#define DUMP_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BYTES_PIECE 65536
#define BYTES_TEXT 24 /* bytes that are kept of a text, its NUL among them: enough to compare it */

struct bytes {
	/* Set by the caller: gives up to size bytes, 0 at the end, -1 with errno. */
	ssize_t (*next)(void *arg, char *to, size_t size);
	void *arg;
	int64_t limit;      /* bytes that are left to read; -1: all */
	size_t int_size;    /* bytes of a number, at most 8 */

	char piece[BYTES_PIECE];
	size_t at, len;     /* of the piece */
	int64_t before;     /* bytes of the pieces before it */
	bool converted;     /* the first piece has CR LF for every LF */
	bool ended;         /* there is nothing more to read */
	int number;         /* errno of a read that failed, or 0 */
	const char *fault;  /* what is wrong, a static text, or NULL */
	bool cut_off;       /* the fault is that there are no more bytes */
};

/* Keeps the fault, a static text, unless there is one. */
void bytes_fail(struct bytes *b, const char *fault);

/* Whether there is another byte. */
bool bytes_left(struct bytes *b);

void bytes_read(struct bytes *b, char *to, size_t len);
void bytes_skip(struct bytes *b, int64_t len);
unsigned bytes_byte(struct bytes *b);

/* A number; what follows the sign of one. */
int64_t bytes_int(struct bytes *b);
int64_t bytes_signed(struct bytes *b, unsigned sign);

/* Reads a text, of which the first BYTES_TEXT - 1 bytes are kept in text, which has BYTES_TEXT. Returns its
 * length; -1 for NULL, and after a fault. */
int64_t bytes_string(struct bytes *b, char *text);

/* The same for one that may not be NULL; that it is, is the fault given. */
void bytes_text(struct bytes *b, char *text, const char *fault);

/* Reads a text that is a number without sign, of at most ten digits. */
int64_t bytes_digits(struct bytes *b);

#endif
