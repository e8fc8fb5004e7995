/* near - which known word was meant by a misspelt one. */
#include "base/near.h"

#include <limits.h>
#include <string.h>

#include "base/banned.h"

#define WORD_MAX 63

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned near_distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *now = rows[2];
	size_t alen = strlen(a), blen = strlen(b);

	if (alen > WORD_MAX || blen > WORD_MAX)
		return UINT_MAX;
	for (unsigned j = 0; j <= blen; j++)
		last[j] = before[j] = j;
	for (unsigned i = 1; i <= alen; i++) {
		unsigned *spare = before;

		now[0] = i;
		for (unsigned j = 1; j <= blen; j++) {
			unsigned differ = a[i - 1] != b[j - 1];

			now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + differ);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[blen];
}

int near_enough(const char *a, const char *b)
{
	unsigned distance = near_distance(a, b);

	return distance > 0 && distance <= 2 && (size_t)distance * 3 < strlen(a);
}
