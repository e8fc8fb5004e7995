/*
 * s3_memory_parts - what the files of s3_memory share.
 */
#ifndef S3_MEMORY_PARTS_H
#define S3_MEMORY_PARTS_H

#include "s3_memory.h"

#define MEMORY_BASE "http://h/box/"

/* Does what the request asks of the bucket, and answers it. */
void memory_answer(struct http_answer *a, const struct http_request *r);

/* Makes it that answer. */
void memory_say(struct http_answer *a, long code, const char *body);

/* Empties the bucket. */
void memory_forget(void);

#endif
