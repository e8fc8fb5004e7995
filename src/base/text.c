/* text - questions that are asked of short texts everywhere. */
#include "base/text.h"

#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/mem.h"

/* Where the last len bytes of text begin; NULL: it is shorter. */
static const char *tail_of(const char *text, size_t len)
{
	size_t all = strlen(text);

	return all >= len ? text + all - len : NULL;
}

bool text_ends_with(const char *text, const char *end)
{
	const char *tail = tail_of(text, strlen(end));

	return tail && strcmp(tail, end) == 0;
}

bool text_ends_with_nocase(const char *text, const char *end)
{
	const char *tail = tail_of(text, strlen(end));

	return tail && strcasecmp(tail, end) == 0;
}

char *text_without_suffix(const char *text, const char *suffix)
{
	size_t len = strlen(text), end = strlen(suffix);

	return len > end && text_ends_with(text, suffix) ? xstrndup(text, len - end) : NULL;
}

bool text_is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

bool text_has_word(const char *words, char separator, const char *word)
{
	char ends[] = { separator, '\0' };
	size_t len = strlen(word);

	while (words && *words) {
		size_t n = strcspn(words, ends);

		if (n == len && strncmp(words, word, n) == 0)
			return true;
		words += n + (words[n] != '\0');
	}
	return false;
}
