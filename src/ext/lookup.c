/* lookup - how libpq finds a host. A file of its own: the unit tests link a libpq without this seam. */
#include <netdb.h>

#include "base/banned.h"
#include "base/net.h"

/* libpq's own look-up of a host (src/common/ip.c), which it gets localhost's address from, too: see net_host.
 */
int pg_getaddrinfo_all(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **list);
int seam_pg_getaddrinfo_all(const char *host, const char *port, const struct addrinfo *hints,
                            struct addrinfo **list);

int seam_pg_getaddrinfo_all(const char *host, const char *port, const struct addrinfo *hints,
                            struct addrinfo **list)
{
	return pg_getaddrinfo_all(host ? net_host(host) : host, port, hints, list);
}
