/*
 * shadow_parts - what the files of shadow share.
 */
#ifndef RESTORE_SHADOW_PARTS_H
#define RESTORE_SHADOW_PARTS_H

#include <stdint.h>
#include <sys/types.h>

struct buf;
struct rows;
struct shadow;

#define SHADOW_ASK_MS 30000  /* the longest that a short question may take */
#define SHADOW_SWAP_MS 30000 /* how long sessions are ended until their database may be had */

/* The name of the target's database. */
const char *shadow_own_name(const struct shadow *s);

/* A question with up to two parameters (NULL: none). As server_query. */
int shadow_ask(struct shadow *s, const char *sql, const char *a, const char *b, struct rows *rows);

/* A statement in which %I and %s stand for the words, in their order: as an identifier, a
 * string (%L) or as they are. As server_query. */
int shadow_run(struct shadow *s, int64_t ms, const char *format, const char *const *words);

/* Appends a sentence of what could not be done, and the server's words. NO, or DENIED. */
int shadow_failed(struct shadow *s, const char *what, struct buf *error);

/* "name_WORD_time": one that comes behind those that are there and that no other restore has
 * claimed. The caller frees it. */
char *shadow_free_name(struct shadow *s, const char *word);

/* Opens the session anew where it was lost. 0, or as shadow_open. */
int shadow_stay_open(struct shadow *s, struct buf *error);

/* The key of a name's advisory lock, held by the session that makes a database of that name
 * until it ends: who finds it free has found what a killed restore left. */
#define SHADOW_NAME_LOCK(name) "(('x' || substr(md5('pgbox restore ' || " name "), 1, 15))::bit(60)::bigint)"

/* shadow_swap.c */

/* A child that ends the sessions in two databases. */
struct shadow_ending {
	pid_t pid;     /* 0 or less: none */
	char key[24];  /* of the advisory lock that its server session holds while it ends others */
};

/* Starts one for two databases (or one, named twice). */
struct shadow_ending shadow_start_ending(struct shadow *s, const char *a, const char *b);

/* Stops it, and waits until its server session is gone: a statement of that session goes on after
 * its client was killed, and would end sessions of whoever comes next. */
void shadow_stop_ending(struct shadow *s, const struct shadow_ending *ending);

#endif
