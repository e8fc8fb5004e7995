/*
 * request - one request to an S3 server, and its repetition: what the parts of s3/s3 share.
 */
#ifndef S3_REQUEST_H
#define S3_REQUEST_H

#include "s3/s3.h"

struct request {
	const char *method, *key, *query; /* key NULL: the bucket; query is encoded, or NULL */
	const char *what;                 /* of `cannot WHAT` */
	const void *body;
	size_t len;
	struct strs headers;              /* further ones */
	bool stores;                      /* class and encryption go along */
	bool standard;                    /* but no class */
	int64_t stall;
	long only;                        /* the status that take wants; 0: any 2xx */
	int (*take)(void *arg, const char *bytes, size_t len);
	void *arg;

	struct http_answer a;
	char *code, *words, *region;      /* of an error answer; NULL: it has none */
	bool again;                       /* it may be better the next time */
	unsigned tried;
	int64_t began;                    /* when it was sent last */
};

/* Sends it once. As s3.h says; again tells whether to try once more, and -1 that take ended
 * it. */
int request_once(struct s3 *s, struct request *q, struct buf *error);

/* What is left of the tries that one thing is worth. */
struct request_patience {
	unsigned tried;
	int64_t began; /* of the first, clock_ms(); 0: there was none */
};

#define REQUEST_PATIENCE_INIT { 0 }

/* After a try that failed: rests, longer with each and as long as the server asked for, and empties
 * error. False at once where there is no point in another: it would fail as well, there were six,
 * or they took more than 100 s. */
bool request_again(const struct request *q, struct request_patience *p, struct buf *error);

/* Both, until it is done or hopeless. */
int request_send(struct s3 *s, struct request *q, struct buf *error);

void request_free(struct request *q);

/* Whether the answer was this error of S3's. */
bool request_is(const struct request *q, const char *code);

/* A header of the answer, or "". */
const char *request_header(const struct request *q, const char *name);

/* Appends NAME=VALUE, encoded, to a query. */
void request_add(struct buf *query, const char *name, const char *value);

/* Keeps the first text that is found. */
void request_keep(char **field, const char *text);

#endif
