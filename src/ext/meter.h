/*
 * meter - how far a restore in child processes is, in memory that they share with their parent.
 *
 * Position in the backup's file, since only that has a known end: what is sent to the server is unpacked.
 */
#ifndef EXT_METER_H
#define EXT_METER_H

#include <stdint.h>

#include "base/buf.h"

struct meter;

/* Returns one that children which are forked later share; NULL where there is no memory for it. */
struct meter *meter_make(void);

int64_t meter_read(const struct meter *m); /* bytes of the backup's file, or files, that were read for rows */
int64_t meter_sent(const struct meter *m); /* bytes of rows that were sent */

/* Appends the name of the table that is filled, as its COPY has it; "" before the first. */
void meter_table(const struct meter *m, struct buf *name);

void meter_free(struct meter *m);

#endif
