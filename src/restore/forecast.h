/*
 * forecast - what `pgrestore plan` says of the way a backup would take.
 */
#ifndef RESTORE_FORECAST_H
#define RESTORE_FORECAST_H

#include "restore/apply.h"

/* Prints on stdout how much space it needs, as far as the manifest (NULL: none) knows: in another server, and
 * without bloat, it is not quite the same. */
void forecast_need(const struct manifest *m);

/* Prints what would be done, what a new database gets besides the content, and as whom the backup's own code
 * is run. */
void forecast_apply(const struct apply *p, enum apply_mode mode, const struct target *target, bool superuser);

#endif
