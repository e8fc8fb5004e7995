/* ca - whose certificates are believed. */
#include "ext/ca.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/banned.h"
#include "ext/data.h"

/* Debian and Alpine, Red Hat, SUSE, the BSDs: the places that Go's crypto/x509
 * (root_linux.go) looks at too. */
static const char *const files[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
	NULL,
};

const char *ca_file(void)
{
	const char *own = getenv("SSL_CERT_FILE");

	if (own && *own)
		return own;
	for (size_t i = 0; files[i]; i++)
		if (access(files[i], R_OK) == 0)
			return files[i];
	return NULL;
}

void *ca_bundle(size_t *len)
{
	*len = (size_t)(ca_bundle_end - ca_bundle_start);
	return ca_bundle_start;
}
