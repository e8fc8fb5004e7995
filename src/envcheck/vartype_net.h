/*
 * vartype_net - names of places: hosts, URLs, files; and the types whose readers stand elsewhere in pgbox.
 *
 * Each says whether a value is of its type; t has the options. Where it is not, why may get the message, in which no
 * byte of the value is.
 */
#ifndef ENVCHECK_VARTYPE_NET_H
#define ENVCHECK_VARTYPE_NET_H

#include <stdbool.h>

#include "envcheck/vartype_kind.h"

bool judge_host(const struct vartype *, const char *, struct buf *);
bool judge_ip(const struct vartype *, const char *, struct buf *);
bool judge_email(const struct vartype *, const char *, struct buf *);
bool judge_url(const struct vartype *, const char *, struct buf *);
bool judge_postgres(const struct vartype *, const char *, struct buf *);
bool judge_redis(const struct vartype *, const char *, struct buf *);
bool judge_path(const struct vartype *, const char *, struct buf *);
bool judge_file(const struct vartype *, const char *, struct buf *);
bool judge_dir(const struct vartype *, const char *, struct buf *);
bool judge_json(const struct vartype *, const char *, struct buf *);
bool judge_cron(const struct vartype *, const char *, struct buf *);
bool judge_tz(const struct vartype *, const char *, struct buf *);

#endif
