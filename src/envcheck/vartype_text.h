/*
 * vartype_text - types that the text of a value alone decides.
 *
 * Each says whether a value is of its type; t has the options. Where it is not, why may get the message, in which no
 * byte of the value is.
 */
#ifndef ENVCHECK_VARTYPE_TEXT_H
#define ENVCHECK_VARTYPE_TEXT_H

#include <stdbool.h>

#include "envcheck/vartype_kind.h"

/* Whether all of text is a decimal number. */
bool number_valid(const char *text, long double *number);

bool judge_string(const struct vartype *, const char *, struct buf *);
bool judge_int(const struct vartype *, const char *, struct buf *);
bool judge_float(const struct vartype *, const char *, struct buf *);
bool judge_bool(const struct vartype *, const char *, struct buf *);
bool judge_enum(const struct vartype *, const char *, struct buf *);
bool judge_port(const struct vartype *, const char *, struct buf *);
bool judge_duration(const struct vartype *, const char *, struct buf *);
bool judge_bytes(const struct vartype *, const char *, struct buf *);
bool judge_base64(const struct vartype *, const char *, struct buf *);
bool judge_hex(const struct vartype *, const char *, struct buf *);
bool judge_md5(const struct vartype *, const char *, struct buf *);
bool judge_uuid(const struct vartype *, const char *, struct buf *);
bool judge_semver(const struct vartype *, const char *, struct buf *);
bool judge_date(const struct vartype *, const char *, struct buf *);

#endif
