/* report_only - the databases that a list or a status is about. */
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/path.h"
#include "base/status.h"
#include "base/teller.h"
#include "repo/folder.h"
#include "repo/report_parts.h"

/* Whether a folder (the beginning of a path, len bytes) is of that database. */
static bool is_of(const char *name, const char *folder, size_t len)
{
	char *own = xstrndup(folder, len), *escaped = folder_escape(name);
	const char *base = path_base(own);
	bool is = strcmp(own, name) == 0 || strcmp(base, name) == 0 || strcmp(base, escaped) == 0;

	free(escaped);
	free(own);
	return is;
}

/* Whether a folder is wanted; notes in found those of the names that it is one of. */
bool report_is_wanted(const struct report_only *only, const char *folder, size_t len, bool *found)
{
	bool wanted = !only->n;

	for (int i = 0; i < only->n; i++)
		if (is_of(only->names[i], folder, len))
			wanted = found[i] = true;
	return wanted;
}

bool *report_new_found(const struct report_only *only)
{
	return xcalloc((size_t)only->n + 1, sizeof(bool));
}

/* Tells which of the names have no backup there, and frees found. DONE, or NO_INPUT when there are such. */
int report_unfound(const struct report_only *only, bool *found, const char *place, const struct teller *tell)
{
	int rc = DONE;

	for (int i = 0; i < only->n; i++) {
		char *words = xasprintf("no backup of '%s' in '%s'", msg_word(only->names[i]), place);

		if (!found[i]) {
			teller_say(tell, MSG_ERROR, words);
			rc = NO_INPUT;
		}
		free(words);
	}
	free(found);
	return rc;
}
