/*
 * near - which known word was meant by a misspelt one.
 */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

/* The edits (insert, delete, replace, swap neighbours) that turn a into b:
 * the optimal string alignment distance. Words of more than 63 bytes count as
 * infinitely far. */
unsigned near_distance(const char *a, const char *b);

/* Whether b is close enough to a to be offered: at most two edits, and fewer
 * than a third of the word. Equal words are not near. */
int near_enough(const char *a, const char *b);

#endif
