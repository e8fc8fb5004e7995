/* vartype_kind - what a type of values is made of, and its options. */
#include "envcheck/vartype_kind.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"

const char *vartype_option(const struct vartype *t, const char *name)
{
	for (size_t i = t->names.n; i-- > 0;)
		if (strcmp(t->names.v[i], name) == 0)
			return t->values.v[i];
	return NULL;
}

/* Whether text stands between the commas of list, which may be in brackets. */
static bool list_has(const char *list, const char *text)
{
	size_t len = strlen(text);

	while (*list) {
		list += strspn(list, "[], \t\"'");
		size_t n = strcspn(list, "], \t\"'");

		if (n == len && strncasecmp(list, text, n) == 0)
			return true;
		list += n;
	}
	return false;
}

bool vartype_lists(const struct vartype *t, const char *name, const char *text)
{
	for (size_t i = 0; i < t->names.n; i++)
		if (strcmp(t->names.v[i], name) == 0 && list_has(t->values.v[i], text))
			return true;
	return false;
}

/* Takes `/pattern/flags` as JavaScript writes it apart; anything else is the pattern. */
static int pattern_compile(const char *text, regex_t *regex)
{
	const char *end = strrchr(text, '/');
	bool slashes = *text == '/' && end > text;
	char *pattern = slashes ? xstrndup(text + 1, (size_t)(end - text - 1)) : xstrdup(text);
	int flags = REG_EXTENDED | REG_NOSUB | (slashes && strchr(end, 'i') ? REG_ICASE : 0);
	int rc = regcomp(regex, pattern, flags);

	free(pattern);
	return rc;
}

bool vartype_pattern_valid(const char *pattern)
{
	regex_t regex;

	if (pattern_compile(pattern, &regex) != 0)
		return false;
	regfree(&regex);
	return true;
}

bool vartype_matches(const struct vartype *t, const char *value)
{
	const char *pattern = vartype_option(t, "matches");
	regex_t regex;
	bool found;

	if (!pattern || pattern_compile(pattern, &regex) != 0)
		return true;
	found = regexec(&regex, value, 0, NULL, 0) == 0;
	regfree(&regex);
	return found;
}
