/* ca - whose certificates are believed. */
#include "ext/ca.h"

#include <stdlib.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

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

static int load_bundle(SSL_CTX *ctx)
{
	BIO *bio = BIO_new_mem_buf(ca_bundle_start, (int)(ca_bundle_end - ca_bundle_start));
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	int loaded = 0;
	X509 *cert;

	while (bio && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		loaded += X509_STORE_add_cert(store, cert);
		X509_free(cert);
	}
	BIO_free(bio);
	ERR_clear_error();
	return loaded > 0;
}

/* libpq calls this for sslrootcert=system (fe-secure-openssl.c). */
int seam_SSL_CTX_set_default_verify_paths(SSL_CTX *ctx);

int seam_SSL_CTX_set_default_verify_paths(SSL_CTX *ctx)
{
	const char *file = ca_file();

	return file ? SSL_CTX_load_verify_file(ctx, file) : load_bundle(ctx);
}
