/*
 * service - the parameters that a service file has for a name.
 */
#ifndef EXT_SERVICE_H
#define EXT_SERVICE_H

#include "ext/conninfo.h"

/*
 * Adds to c what libpq's service file (libpq docs, 'The Connection Service File') has for the service that c
 * names and c itself has not, and removes `service`: what follows sees the host and the database that are
 * meant. Nothing where c names none. Where neither names a user, it is libpq's: the system's. 0; -1 with
 * libpq's message in why where the file has no such service, or cannot be read.
 */
int service_expand(struct conninfo *c, struct buf *why);

#endif
