/*
 * folder_parts - what the files of repo/folder share.
 */
#ifndef REPO_FOLDER_PARTS_H
#define REPO_FOLDER_PARTS_H

#include "repo/folder.h"

#define PART ".part" /* the end of a name that is not given yet */
#define OWN ".pgbox" /* the folder of lock and journal */

/* Whether text is more than suffix, and ends in it. */
bool folder_ends_in(const char *text, const char *suffix);

#endif
