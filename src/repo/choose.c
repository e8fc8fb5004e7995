/* choose - which backups words name. */
#include "repo/choose.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/path.h"
#include "base/status.h"
#include "base/text.h"
#include "repo/folder.h"

static void add(struct chosen *chosen, size_t i)
{
	if (chosen->n == chosen->room) {
		chosen->room = chosen->room ? 2 * chosen->room : 16;
		chosen->v = xrealloc(chosen->v, chosen->room * sizeof(*chosen->v));
	}
	chosen->v[chosen->n++] = i;
}

static bool names_file(const char *word, const char *root, const char *path)
{
	char *full = xasprintf("%s/%s", root, path), *manifest = xasprintf("%s.json", full);
	bool named = strcmp(word, full) == 0 || strcmp(word, path) == 0 ||
	             strcmp(word, path_base(path)) == 0 ||
	             strcmp(word, manifest) == 0 || strcmp(word, manifest + strlen(root) + 1) == 0;

	free(manifest);
	free(full);
	return named;
}

static bool names_folder(const char *word, const char *path)
{
	char *escaped = folder_escape(word);
	bool named = repo_is_in(path, word) || repo_is_in(path, escaped);

	free(escaped);
	return named;
}

/* Names sort by their moments within a folder. */
static bool is_newest(const struct repo_list *list, size_t i)
{
	size_t len = repo_folder_length(list->v[i].path);

	return i + 1 == list->n || repo_folder_length(list->v[i + 1].path) != len ||
	       strncmp(list->v[i].path, list->v[i + 1].path, len) != 0;
}

/* The symlink beside a database's backups is as good as the database's name. The caller frees
 * it. */
static char *without_latest(const char *root, const char *word)
{
	const char *rest = skip_prefix(word, root);
	const char *name = rest && *rest == '/' ? rest + 1 : word;
	char *without = text_without_suffix(name, "/latest");

	return without ? without : xstrdup(word);
}

static int choose_word(const struct repo *r, const struct repo_list *list, const char *word, bool all,
                       struct chosen *chosen, struct buf *error)
{
	size_t before = chosen->n;

	for (size_t i = 0; i < list->n; i++)
		if (names_file(word, r->name, list->v[i].path) ||
		    (names_folder(word, list->v[i].path) && (all || is_newest(list, i))))
			add(chosen, i);
	if (chosen->n > before)
		return DONE;
	buf_printf(error, "there is no backup '%s': see pgbackup list", msg_word(word));
	return NO_INPUT;
}

int choose_backups(const struct repo *r, const struct repo_list *list, const struct choice *c,
                   struct chosen *chosen, struct buf *error)
{
	int rc = DONE;

	for (int i = 0; i < c->n && !rc; i++) {
		char *word = without_latest(r->name, c->words[i]);

		rc = choose_word(r, list, word, c->all, chosen, error);
		free(word);
	}
	for (size_t i = 0; i < list->n && !c->n; i++)
		if (c->all || is_newest(list, i))
			add(chosen, i);
	if (!rc && !chosen->n) {
		buf_printf(error, "there is no backup in '%s'", r->name);
		rc = NO_INPUT;
	}
	/* Which may well have one. */
	if (list->unreadable.n && (rc || !c->n)) {
		buf_cut(error, 0);
		buf_puts(error, list->unreadable.v[0]);
		rc = NO_INPUT;
	}
	return rc;
}
