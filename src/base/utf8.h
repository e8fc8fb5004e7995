/*
 * utf8 - which bytes are UTF-8 (RFC 3629).
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>

/* How many bytes the sequence at text has, 1 to 4; 0 when there is no well-formed
 * one: overlong forms, surrogates and what is past U+10FFFF are none. */
size_t utf8_sequence(const char *text);

/* How many bytes of text, at most `most`, end where a character ends. A byte that is not part of
 * UTF-8 counts as a character. */
size_t utf8_cut(const char *text, size_t most);

/* The code point of a well-formed sequence. */
unsigned utf8_point(const char *text);

/* How many bytes the character at text has, if a terminal obeys it or shows other text differently for it:
 * the control characters C0, DEL and C1 (a byte from 0x80 to 0x9f that is no UTF-8 is one for some) and those
 * of the bidirectional algorithm (Unicode Standard Annex 9, 2). 0: it is none of these. */
size_t utf8_hidden(const char *text);

/* Appends text with a blank in place of each such character. */
struct buf;
void utf8_blank(struct buf *b, const char *text);

#endif
