/*
 * folder_repo - a folder as a repository.
 */
#ifndef REPO_FOLDER_REPO_H
#define REPO_FOLDER_REPO_H

#include "repo/catalog.h"
#include "repo/repo.h"

/* Makes r the repository of that folder, as its journal has it; c NULL: as the manifests do. Both must
 * outlive r, which owns nothing. */
void folder_repo(struct repo *r, const char *dir, struct catalog *c);

#endif
