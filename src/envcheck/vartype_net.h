/*
 * vartype_net - names of places: hosts, URLs, files; and the types whose readers stand elsewhere in pgbox.
 *
 * Each says whether a value is of its type; t has the options. Where it is not, why may get the message, in
 * which no byte of the value is.
 */
#ifndef ENVCHECK_VARTYPE_NET_H
#define ENVCHECK_VARTYPE_NET_H

#include <stdbool.h>

#include "envcheck/vartype_kind.h"

bool vartype_is_host(const struct vartype *, const char *, struct buf *);
bool vartype_is_ip(const struct vartype *, const char *, struct buf *);
bool vartype_is_email(const struct vartype *, const char *, struct buf *);
bool vartype_is_url(const struct vartype *, const char *, struct buf *);
bool vartype_is_postgres(const struct vartype *, const char *, struct buf *);
bool vartype_is_redis(const struct vartype *, const char *, struct buf *);
bool vartype_is_path(const struct vartype *, const char *, struct buf *);
bool vartype_is_file(const struct vartype *, const char *, struct buf *);
bool vartype_is_dir(const struct vartype *, const char *, struct buf *);
bool vartype_is_json(const struct vartype *, const char *, struct buf *);
bool vartype_is_cron(const struct vartype *, const char *, struct buf *);
bool vartype_is_tz(const struct vartype *, const char *, struct buf *);

#endif
