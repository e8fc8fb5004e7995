/*
 * target_parts - what the files of target share.
 */
#ifndef DB_TARGET_PARTS_H
#define DB_TARGET_PARTS_H

struct buf;
struct target;

/* target_read.c: reads a URL or conninfo string, which came from origin, into an empty target, and completes
 * it. 0; -1, or BAD_CONFIG where a variable of libpq's is at fault, with a sentence in error that quotes no
 * part of the text. */
int target_read(struct target *t, const char *text, const char *origin, struct buf *error);

/* Does what all PostgreSQL targets go through once their parts are known: the service, the user and the
 * database, what libpq would refuse, the text to show. user_hint says what to set where no user is named. As
 * target_read. */
int target_complete(struct target *t, const char *origin, const char *user_hint, struct buf *error);

/* Makes `shown` of a PostgreSQL target from its parts. */
void target_show(struct target *t);

#endif
