/*
 * connparam - judges connection parameters before anybody is connected to.
 *
 * What libpq would refuse at each try, waiting does not mend: a value that is not one of a parameter's, a
 * service that is not in the service file, a certificate that is not there.
 */
#ifndef EXT_CONNPARAM_H
#define EXT_CONNPARAM_H

#include "ext/conninfo.h"

/*
 * Judges the parameters of c, with those that libpq adds from its variables and service files. 0; BAD_USAGE
 * when those of c are at fault, BAD_CONFIG when it is a variable of libpq's that c does not override; with a
 * sentence in why, which never has a password in it. Sends nothing.
 */
int connparam_judge(const struct conninfo *c, struct buf *why);

/* Whether text is a port, 1 to 65535, or a list of them with one of its hosts each (libpq docs, `port`). */
bool connparam_is_port(const char *text);

#endif
