/*
 * fuzz - what the fuzz targets share.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer calls this with one input after another; not 0 keeps an input out of
 * the corpus. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Ends the run when what must hold does not; the input is kept in .build/fuzz. */
#define MUST(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

/* The input as a string, which the caller frees; it ends at the first NUL. */
static inline char *input_text(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);

	MUST(text);
	memcpy(text, data, len);
	text[len] = '\0';
	return text;
}

static inline int same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

#define DIGITS "0123456789"

#endif
