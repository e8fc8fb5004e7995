/*
 * http - one request over libcurl.
 */
#ifndef EXT_HTTP_H
#define EXT_HTTP_H

#include <stdint.h>

#include "base/buf.h"

/* GETs url (http or https), follows no redirect and throws the body away. *code
 * is the status of the answer. 0, or -1 with libcurl's words in error, which
 * quote the host but neither user nor password. TLS certificates are verified by
 * the CA files of ca.h. */
int http_get(const char *url, int64_t deadline, long *code, struct buf *error);

#endif
