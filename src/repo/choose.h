/*
 * choose - which backups words name.
 */
#ifndef REPO_CHOOSE_H
#define REPO_CHOOSE_H

#include "repo/repo.h"

struct choice {
	int n;
	char *const *words;
	bool all; /* every backup of a database, in place of its newest */
};

/* Indexes into a list; v goes with free. */
struct chosen {
	size_t *v, n, room;
};

/*
 * * Finds those that the words name: a backup's file, with or without its folder, or a database (its folder),
 * which means its newest backup. No words: the newest of each database, with all every backup. 0, or NO_INPUT
 * with a sentence in error when there is none.
 */
int choose_backups(const struct repo *r, const struct repo_list *list, const struct choice *c,
                   struct chosen *chosen, struct buf *error);

#endif
