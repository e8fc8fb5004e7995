/*
 * shadow_parts - what the files of side share.
 */
#ifndef RESTORE_SHADOW_PARTS_H
#define RESTORE_SHADOW_PARTS_H

#include <sys/types.h>

#include "restore/shadow.h"

#define SIDE_ASK_MS 30000  /* the longest that a short question may take */
#define SIDE_SWAP_MS 30000 /* how long sessions are ended until their database may be had */

/* The name of the target's database. */
const char *side_own_name(const struct side *s);

/* A question with up to two parameters (NULL: none). As server_query. */
int side_ask(struct side *s, const char *sql, const char *a, const char *b, struct rows *rows);

/* A statement in which %I and %s stand for the words, in their order: as an identifier, a
 * string (%L) or as they are. As server_query. */
int side_run(struct side *s, int64_t ms, const char *format, const char *const *words);

/* Appends a sentence of what could not be done, and the server's words. NO, or DENIED. */
int side_failed(struct side *s, const char *what, struct buf *error);

/* "name_WORD_time": one that comes behind those that are there and that no other restore has
 * claimed. The caller frees it. */
char *side_free_name(struct side *s, const char *word);

/* Opens the session anew where it was lost. 0, or as side_open. */
int side_stay_open(struct side *s, struct buf *error);

/* The key of a name's advisory lock, held by the session that makes a database of that name
 * until it ends: who finds it free has found what a killed restore left. */
#define SIDE_NAME_LOCK(name) "(('x' || substr(md5('pgbox restore ' || " name "), 1, 15))::bit(60)::bigint)"

/* side_swap.c */

/* A child that ends the sessions in two databases. */
struct side_ending {
	pid_t pid;     /* 0 or less: none */
	char key[24];  /* of the advisory lock that its server session holds while it ends others */
};

/* Starts one for two databases (or one, named twice). */
struct side_ending side_start_ending(struct side *s, const char *a, const char *b);

/* Stops it, and waits until its server session is gone: a statement of that session goes on after
 * its client was killed, and would end sessions of whoever comes next. */
void side_stop_ending(struct side *s, const struct side_ending *ending);

#endif
