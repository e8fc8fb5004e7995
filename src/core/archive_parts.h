/*
 * archive_parts - what the files of archive share.
 */
#ifndef CORE_ARCHIVE_PARTS_H
#define CORE_ARCHIVE_PARTS_H

#include "core/archive.h"

#define PART ".part" /* the end of a name that is not given yet */
#define OWN ".pgbox" /* the folder of lock and journal */

/* Whether text is more than suffix, and ends in it. */
bool archive_ends_in(const char *text, const char *suffix);

#endif
