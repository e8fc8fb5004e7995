/*
 * s3_ask - one request to an S3 server, and its repetition: what the parts of core/s3 share.
 */
#ifndef CORE_S3_ASK_H
#define CORE_S3_ASK_H

#include "core/s3.h"

struct ask {
	const char *method, *key, *query; /* key NULL: the bucket; query is encoded, or NULL */
	const char *what;                 /* of `cannot WHAT` */
	const void *body;
	size_t len;
	struct strs headers;              /* further ones */
	bool stores;                      /* class and encryption go along */
	int64_t stall;
	long only;                        /* the status that take wants; 0: any 2xx */
	int (*take)(void *arg, const char *bytes, size_t len);
	void *arg;

	struct http_answer a;
	char *code, *words, *region;      /* of an error answer; NULL: it has none */
	bool again;                       /* it may be better the next time */
	unsigned tried;
};

/* Sends it once. As s3.h says; again tells whether to try once more, and -1 that take ended
 * it. */
int ask_once(struct s3 *s, struct ask *q, struct buf *error);

/* Rests, longer with each failed try and as long as the server asked for, and empties error;
 * false at once where there is no point in another. */
bool ask_again(const struct ask *q, unsigned tried, struct buf *error);

/* Both, until it is done or hopeless. */
int ask(struct s3 *s, struct ask *q, struct buf *error);

void ask_free(struct ask *q);

/* Whether the answer was this error of S3's. */
bool ask_is(const struct ask *q, const char *code);

/* A header of the answer, or "". */
const char *ask_header(const struct ask *q, const char *name);

/* Appends NAME=VALUE, encoded, to a query. */
void ask_add(struct buf *query, const char *name, const char *value);

/* Keeps the first text that is found. */
void ask_keep(char **field, const char *text);

#endif
