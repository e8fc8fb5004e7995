/*
 * buf - strings and lists that grow.
 *
 * A struct buf is always a C string: data is never NULL and data[len] is
 * always NUL, also right after BUF_INIT. Nothing here returns an error: see mem.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct buf {
	char *data; /* owned, unless size is 0 */
	size_t len; /* bytes, without the NUL */
	size_t size;
};

#define BUF_INIT { .data = buf_empty }

extern char buf_empty[1]; /* what an empty buf points to; never written */

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_puts(struct buf *b, const char *text);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* Makes room for more bytes behind len and returns where they go; the caller
 * adds what it wrote to len and keeps data[len] NUL. */
char *buf_room(struct buf *b, size_t more);

/* Shortens to len bytes. */
void buf_cut(struct buf *b, size_t len);

/* Cuts blanks and line ends off the end. */
void buf_trim(struct buf *b);

/* Gives the string away: the caller frees it; the buf is empty afterwards. */
char *buf_detach(struct buf *b);

/* Frees; the buf is empty afterwards and may be used again. */
void buf_free(struct buf *b);

/* A list of strings, each owned by the list; v[n] is NULL once n > 0. */
struct strs {
	char **v;
	size_t n;
};

void strs_add(struct strs *s, const char *text);
void strs_printf(struct strs *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool strs_has(const struct strs *s, const char *text);
/* Adds the non-empty parts of text between line ends and the bytes of split (NULL: none). */
void strs_split(struct strs *s, const char *text, const char *split);
void strs_free(struct strs *s);

/* As asprintf(3); the caller frees it. */
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether text starts with prefix; the rest of text if so, else NULL. */
const char *skip_prefix(const char *text, const char *prefix);

#endif
