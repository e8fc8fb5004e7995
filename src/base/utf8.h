/*
 * utf8 - which bytes are UTF-8 (RFC 3629).
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>

/* How many bytes the sequence at text has, 1 to 4; 0 when there is no well-formed
 * one: overlong forms, surrogates and what is past U+10FFFF are none. */
size_t utf8_sequence(const char *text);

#endif
