/* tls - a client's TLS over OpenSSL. */
#include "ext/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/net.h"
#include "ext/ca.h"

/* --- whose certificates are believed --- */

static int load_bundle(SSL_CTX *ctx)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	int loaded = 0;
	size_t len;
	void *bundle = ca_bundle(&len);
	BIO *bio = BIO_new_mem_buf(bundle, (int)len);
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

/* --- a session --- */

static const char *last_reason(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	return reason ? reason : "the connection was closed";
}

/* Reads the files that the user named. False with error. */
static bool load_files(SSL_CTX *ctx, const struct tls *t, struct buf *error)
{
	const char *bad = NULL;

	if (!t->unverified && t->ca && SSL_CTX_load_verify_file(ctx, t->ca) != 1)
		bad = t->ca;
	else if (!t->unverified && !t->ca && seam_SSL_CTX_set_default_verify_paths(ctx) != 1)
		bad = "the system's certificates";
	else if (t->cert && SSL_CTX_use_certificate_chain_file(ctx, t->cert) != 1)
		bad = t->cert;
	else if (t->cert &&
	         SSL_CTX_use_PrivateKey_file(ctx, t->key ? t->key : t->cert, SSL_FILETYPE_PEM) != 1)
		bad = t->key ? t->key : t->cert;
	if (bad)
		buf_printf(error, "cannot use %s: %s", bad, last_reason());
	return !bad;
}

/* SNI is for names only (RFC 6066, 3). */
static bool name_host(SSL *ssl, const struct tls *t)
{
	if (!net_is_address(t->host) && SSL_set_tlsext_host_name(ssl, t->host) != 1)
		return false;
	if (t->unverified || t->any_name)
		return true;
	if (net_is_address(t->host))
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), t->host) == 1;
	return SSL_set1_host(ssl, t->host) == 1;
}

static SSL *open_session(SSL_CTX *ctx, int fd, const struct tls *t)
{
	SSL *ssl = SSL_new(ctx);

	SSL_CTX_set_verify(ctx, t->unverified ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	if (ssl)
		SSL_set_verify(ssl, t->unverified ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	if (ssl && name_host(ssl, t) && SSL_set_fd(ssl, fd) == 1)
		return ssl;
	SSL_free(ssl);
	return NULL;
}

/* --- talking --- */

/* Waits until OpenSSL may go on after rc. CONNECTED, or why it cannot. */
static enum connect_state wait_for(SSL *ssl, int fd, int rc, int64_t deadline, struct buf *error)
{
	int why = SSL_get_error(ssl, rc);
	struct pollfd p = { .fd = fd, .events = why == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN };
	long verified = SSL_get_verify_result(ssl);

	if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
		if (verified != X509_V_OK && SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE)
			buf_printf(error, "the server's certificate is not trusted: %s",
			           X509_verify_cert_error_string(verified));
		else
			buf_printf(error, "TLS: %s", last_reason());
		return CONNECT_FAILED;
	}
	if (poll(&p, 1, clock_poll(deadline)) == 0) {
		buf_puts(error, "no answer in time");
		return CONNECT_SILENT;
	}
	return CONNECTED;
}

static enum connect_state shake_hands(SSL *ssl, int fd, int64_t deadline, struct buf *error)
{
	enum connect_state reach = CONNECTED;
	int rc;

	while (reach == CONNECTED && (rc = SSL_connect(ssl)) != 1)
		reach = wait_for(ssl, fd, rc, deadline, error);
	return reach;
}

static enum connect_state send_all(SSL *ssl, int fd, const struct net_question *q, struct buf *error)
{
	enum connect_state reach = CONNECTED;
	int rc;

	while (reach == CONNECTED && (rc = SSL_write(ssl, q->text->data, (int)q->text->len)) <= 0)
		reach = wait_for(ssl, fd, rc, q->deadline, error);
	return reach;
}

static enum connect_state read_lines(SSL *ssl, int fd, const struct net_question *q, struct buf *answer,
                                     struct buf *error)
{
	enum connect_state reach = CONNECTED;

	while (reach == CONNECTED && net_lines(answer->data) < q->lines && answer->len < NET_ANSWER_MAX) {
		int n = SSL_read(ssl, buf_room(answer, 1024), 1024);

		if (n <= 0) {
			reach = wait_for(ssl, fd, n, q->deadline, error);
			continue;
		}
		answer->len += (size_t)n;
		answer->data[answer->len] = '\0';
	}
	return reach;
}

enum connect_state tls_talk(int fd, const struct tls *t, const struct net_question *q, struct buf *answer,
                            struct buf *error)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	enum connect_state reach = CONNECT_FAILED;
	SSL *ssl = NULL;

	if (!ctx || !load_files(ctx, t, error))
		goto out;
	ssl = open_session(ctx, fd, t);
	if (!ssl || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
		buf_printf(error, "TLS: %s", ssl ? strerror(errno) : last_reason());
		goto out;
	}
	reach = shake_hands(ssl, fd, q->deadline, error);
	if (reach == CONNECTED)
		reach = send_all(ssl, fd, q, error);
	if (reach == CONNECTED)
		reach = read_lines(ssl, fd, q, answer, error);
out:
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return reach;
}
