/*
 * mem - memory that is there: running out of it ends the process with CANNOT_WRITE, so nothing here returns
 * an error.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* As malloc(3), calloc(3), realloc(3), strdup(3) and strndup(3), in bytes; also of none. The caller frees
 * what they give. */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t len);

/* Has tell called when there is no memory left, once, with the reason: it ends the process. */
void mem_at_end(void (*tell)(const char *reason));

#endif
