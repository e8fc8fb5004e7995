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

#endif
