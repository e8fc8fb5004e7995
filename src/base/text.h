/*
 * text - questions that are asked of short texts everywhere.
 *
 * base/buf has skip_prefix, for how a text begins.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>

/* Returns whether text ends in end, byte for byte; it may be nothing but that. */
bool text_ends_with(const char *text, const char *end);

/* As text_ends_with, where a capital letter of ASCII is the same as a small one. */
bool text_ends_with_nocase(const char *text, const char *end);

/* Returns text without the suffix; NULL where it does not end in that, or is nothing else. The caller frees
 * it. */
char *text_without_suffix(const char *text, const char *suffix);

/* Returns whether word is in the list, which ends in NULL, byte for byte. */
bool text_is_one_of(const char *word, const char *const *list);

/* Returns whether word is one of words, a text like `a|b|c` with that separator; NULL has none. */
bool text_has_word(const char *words, char separator, const char *word);

#endif
