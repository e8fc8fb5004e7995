/*
 * http - requests over libcurl.
 */
#ifndef EXT_HTTP_H
#define EXT_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* GETs url (http or https), follows no redirect and throws the body away. *code
 * is the status of the answer. 0, or -1 with libcurl's words in error, which
 * quote the host but neither user nor password. TLS certificates are verified by
 * the CA files of ca.h. */
int http_get(const char *url, int64_t deadline, long *code, struct buf *error);

/* A connection that is kept for the next request. */
struct http {
	void *curl; /* NULL: there was none yet */
};

/* What a request is signed with: AWS Signature Version 4, service s3. */
struct http_keys {
	const char *id, *secret, *region;
};

struct http_request {
	const char *method;          /* GET HEAD PUT POST DELETE */
	const char *url;             /* percent-encoded */
	struct strs headers;         /* "Name: value" */
	const void *body;            /* sent; NULL: none */
	size_t len;
	const struct http_keys *keys; /* NULL: not signed. The headers then have the body's
	                              * x-amz-content-sha256. */
	const char *ca_file;         /* NULL: the files of ca.h */
	int64_t stall;               /* ms in which it must end or move on by 1 KiB a second; 0: no limit.
	                              * What take needs is not counted. */
	const char *socket;          /* the unix socket to ask by, whatever host the URL has; NULL: TCP */
	int64_t deadline;            /* of clock.h; 0: none but that */
	size_t most;                 /* bytes of the answer's body; 0: a megabyte */
	bool (*go_on)(void *arg);    /* asked about once a second and after each piece of data: false breaks
	                              * it off; NULL: always true */

	/* Gets the body of a 2xx answer, or of the `only` one, as it comes; not 0 ends the
	 * request. NULL: it goes to the answer's body, as that of others does. */
	long only;
	int (*take)(void *arg, const char *bytes, size_t len);
	void *arg;
};

struct http_answer {
	long code;
	struct buf body;     /* more than `most` ends the request, unless take has it */
	struct strs headers; /* as they came: "Name: value" */
	bool stopped;        /* take ended it */
	bool passing;        /* it failed, and may not the next time: no connection, or it broke */
	bool untrusted;      /* it failed because nobody who is known has signed the server's certificate */
};

#define HTTP_ANSWER_INIT { .body = BUF_INIT }

/* Sends it, over the last connection where that still stands; follows no redirect. 0 when
 * there is an answer that came whole, else -1 with libcurl's words in error. The caller
 * frees the answer after both. */
int http_send(struct http *h, const struct http_request *r, struct http_answer *a, struct buf *error);

/* A question to an API, or something posted to one. */
struct http_question {
	const char *method;       /* GET or POST */
	const char *url;
	const char *socket;       /* as above */
	const char *type, *body;  /* of what is posted; NULL: nothing */
	int64_t deadline;
	bool (*go_on)(void *arg); /* as above */
	void *arg;
};

/* Asks it, over a connection of its own. *code is the status of the answer, whose body, of at
 * most 16 MiB, is appended to answer. 0, or -1 as http_send. */
int http_ask(const struct http_question *q, long *code, struct buf *answer, struct buf *error);

/* The value of a header, whose name is compared without case; NULL: there is none. */
const char *http_header(const struct http_answer *a, const char *name);

void http_answer_free(struct http_answer *a);

/* Closes the connection. */
void http_free(struct http *h);

/* Percent-encodes all but RFC 3986's unreserved characters, and with `slashes` but
 * slashes, onto b. */
void http_encode(struct buf *b, const char *text, bool slashes);

#endif
