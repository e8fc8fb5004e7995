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
#include <sys/mman.h>
#include <unistd.h>

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

/* The next text of an input that has several, each ending at a NUL; "" after the last. The caller frees it. */
static inline char *input_next(const uint8_t **data, size_t *len)
{
	const uint8_t *end = *len ? memchr(*data, '\0', *len) : NULL;
	size_t n = end ? (size_t)(end - *data) : *len;
	char *text = input_text(*data, n);

	n += end != NULL;
	*data += n;
	*len -= n;
	return text;
}

/* A file with the input as content, in memory: its descriptor, which the caller closes. path gets a name for it. */
static inline int input_file(const void *data, size_t len, char path[64])
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	MUST(fd >= 0 && (size_t)write(fd, data, len) == len);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

static inline int same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

#define DIGITS "0123456789"

#endif
