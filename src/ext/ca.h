/*
 * ca - whose certificates are believed: SSL_CERT_FILE, else the system's CA
 * file, else the bundle compiled in (Debian's ca-certificates), so that
 * verify-full works in a scratch image.
 */
#ifndef EXT_CA_H
#define EXT_CA_H

#include <stddef.h>

/* The file to use, or NULL when the bundle must do. */
const char *ca_file(void);

/* The compiled-in bundle: PEM, *len bytes without the NUL behind. Not const for
 * libcurl's sake; nobody writes it. */
void *ca_bundle(size_t *len);

#endif
