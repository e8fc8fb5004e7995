/*
 * vartype_text - types that the text of a value alone decides.
 *
 * Each says whether a value is of its type; t has the options. Where it is not, why may get the message, in
 * which no byte of the value is.
 */
#ifndef ENVCHECK_VARTYPE_TEXT_H
#define ENVCHECK_VARTYPE_TEXT_H

#include <stdbool.h>

#include "envcheck/vartype_kind.h"

/* Whether all of text is a decimal number. */
bool number_valid(const char *text, long double *number);

bool vartype_is_string(const struct vartype *, const char *, struct buf *);
bool vartype_is_int(const struct vartype *, const char *, struct buf *);
bool vartype_is_float(const struct vartype *, const char *, struct buf *);
bool vartype_is_bool(const struct vartype *, const char *, struct buf *);
bool vartype_is_enum(const struct vartype *, const char *, struct buf *);
bool vartype_is_port(const struct vartype *, const char *, struct buf *);
bool vartype_is_duration(const struct vartype *, const char *, struct buf *);
bool vartype_is_bytes(const struct vartype *, const char *, struct buf *);
bool vartype_is_base64(const struct vartype *, const char *, struct buf *);
bool vartype_is_hex(const struct vartype *, const char *, struct buf *);
bool vartype_is_md5(const struct vartype *, const char *, struct buf *);
bool vartype_is_uuid(const struct vartype *, const char *, struct buf *);
bool vartype_is_semver(const struct vartype *, const char *, struct buf *);
bool vartype_is_date(const struct vartype *, const char *, struct buf *);

#endif
