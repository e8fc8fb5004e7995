/* sanity - what is thought of a backup beside the one before it. */
#include "backup/sanity.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/size.h"

void sanity_judge(struct manifest *m, const struct newest *last)
{
	bool same = last->made && strcmp(last->kind, m->kind) == 0 &&
	            strcmp(last->compression, m->compression) == 0;
	char *words;

	/* An emptied database stays suspect until it has tables again: the backups from before
	 * are all that is left of them. */
	if (!m->tables && !last->tables && last->suspect)
		words = xstrdup("suspect: it still has no tables, as the one before");
	else if (!m->tables && last->tables)
		words = xasprintf("suspect: it has no tables, the one before had %lld",
		                  (long long)last->tables);
	else if (same && m->bytes < last->bytes / 2)
		words = xasprintf("suspect: it has %lld byte%s, the one before had %lld",
		                  (long long)m->bytes, plural(m->bytes), (long long)last->bytes);
	else
		return;
	m->suspect = true;
	strs_add(&m->warnings, words);
	free(words);
}
