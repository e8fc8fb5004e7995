/*
 * s3_memory - a server of S3 in the test's own memory, and a clock that does not wait.
 *
 * The linker sends what src/ calls of ext/http's http_send and of base/clock here (UNIT_WRAP_NAME in
 * tests/mk/unit.mk). It has one bucket, `box`, at http://h/box. What it is asked is kept; what it answers can
 * be planned.
 */
#ifndef S3_MEMORY_H
#define S3_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "s3/s3.h"

/* An answer that was planned. */
struct memory_plan {
	const char *to;       /* to requests whose line begins so */
	size_t times;         /* to so many of them; 0: one */
	long code;            /* 0: the bucket's own answer */
	const char *headers;  /* lines; NULL: none */
	const char *body;     /* NULL: none */
	bool works;           /* the bucket does what it was asked, and only its answer is this one */
	bool cut;             /* after so many bytes of the body the connection breaks */
	size_t bytes;
	bool untrusted;       /* no connection: the certificate is not known */
	int64_t takes;        /* ms that pass until then */
	void (*before)(void); /* what happens to the bucket just before; NULL: nothing */
};

/* A request that came. */
struct memory_request {
	char *line; /* METHOD KEY[?QUERY], percent-encoded as it came */
	struct strs headers;
	struct buf body;
};

struct memory {
	struct memory_request *asked;
	size_t n;
	int64_t rests[2000]; /* ms of each clock_sleep */
	size_t rested;
	size_t page;         /* names in a page of a list */
};

extern struct memory memory;

/* Setup and teardown of a test: an empty bucket, nothing planned, nothing asked. */
int memory_empty(void **state);

/* That bucket, with keys. s3_free afterwards. */
struct s3 memory_s3(void);

#define PLAN(...) (&(struct memory_plan){ __VA_ARGS__ })

/* The body of an error. */
#define S3_ERROR(code) "<Error><Code>" code "</Code></Error>"

/* Plans an answer; several to one line come in their order, and the bucket's own after them. */
void memory_plan(const struct memory_plan *plan);

/* Puts an object there, as if by another client. */
void memory_store(const char *key, const void *bytes, size_t len);

/* Begins an upload in parts, as if by another client. */
void memory_begin(const char *key, const char *begun);

/* The content of an object, as text; NULL: there is none. */
const char *memory_text(const char *key);

/* How many objects and how many unfinished uploads there are. */
size_t memory_objects(void);
size_t memory_uploads(void);

/* The lines of all requests so far, each with a line end. Valid until the next call. */
const char *memory_lines(void);

/* A header of that request; NULL: it had none. */
const char *memory_header(size_t request, const char *name);

#endif
