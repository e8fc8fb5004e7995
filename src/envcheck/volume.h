/*
 * volume - whether what is put into a folder outlives the container.
 */
#ifndef ENVCHECK_VOLUME_H
#define ENVCHECK_VOLUME_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/teller.h"

/* Tells what is wrong with a folder that backups go to, which need not exist yet: that every user may write
 * to it, and that it goes with the container (base/container), less loudly where they go elsewhere, too. 0;
 * with required BAD_CONFIG with a message in error where it goes with the container. */
int volume_look(const char *dir, bool required, bool elsewhere, const struct teller *tell, struct buf *error);

/* What happens to a folder, which need not exist yet, as the end of a sentence; NULL: nothing. */
const char *volume_fate(const char *dir);

#endif
