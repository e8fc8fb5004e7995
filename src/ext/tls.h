/*
 * tls - a client's TLS over OpenSSL, and whose certificates libpq believes for sslrootcert=system.
 */
#ifndef EXT_TLS_H
#define EXT_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/connect_state.h"

/* Whom to talk to; texts are borrowed. */
struct tls {
	const char *host;      /* the name or address that the certificate must have */
	const char *ca;        /* a file of certificates to believe; NULL: those of ca.h */
	const char *cert, *key; /* of the client, PEM files; NULL: none. key NULL: it is in cert */
	bool unverified;       /* believe any certificate */
	bool any_name;         /* believe the certificate of another host */
};

struct net_question;

/* As net_talk of base/net, encrypted, over a connected descriptor, which is made non-blocking and stays
 * the caller's. CONNECT_FAILED with OpenSSL's reason in error when there is no session or the
 * certificate is not believed. */
enum connect_state tls_talk(int fd, const struct tls *t, const struct net_question *q, struct buf *answer,
                            struct buf *error);

#endif
