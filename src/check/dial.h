/*
 * dial - connects to the service that a check names.
 */
#ifndef CHECK_DIAL_H
#define CHECK_DIAL_H

#include "db/finding.h"
#include "db/url.h"

/* Returns where :// follows a scheme at the beginning of text, or NULL. */
const char *dial_scheme_end(const char *text);

/* Returns whether a URL names exactly one host: those of libpq may name several. */
bool dial_names_host(const struct url *u);

/* Returns a descriptor that is connected to host and port, which the caller closes; or -1 with the
 * finding set. */
int dial_host(const char *host, const char *port, int64_t deadline, struct finding *f);

/* Sets FAIL with how far it came, and error, which may be empty. */
void dial_failed(struct finding *f, enum connect_state reach, const struct buf *error);

#endif
