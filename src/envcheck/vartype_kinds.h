/*
 * vartype_kinds - the table of types, shared by the files that judge them.
 */
#ifndef ENVCHECK_VARTYPE_KINDS_H
#define ENVCHECK_VARTYPE_KINDS_H

#include <stdbool.h>

#include "envcheck/vartype.h"

struct vartype_kind {
	const char *name;
	const char *wants;   /* what the value is not, where judge has no words of its own */
	const char *options; /* the names of those it takes, with blanks between; NULL: none */
	const char *bare;    /* what words without a name are: `enum(dev,prod)`; NULL: not allowed */
	bool synonym;        /* of a type that errors list instead */
	/* Whether the value is of the type; where it is not, why may get the words. */
	bool (*judge)(const struct vartype *t, const char *value, struct buf *why);
};

/* The last value given for an option, or NULL. */
const char *vartype_option(const struct vartype *t, const char *name);

/* Whether text is one of an option's values, given once with brackets and commas
 * (`[http, https]`), or several times; letters' case does not matter. */
bool vartype_lists(const struct vartype *t, const char *name, const char *text);

/* Whether the option `matches` is not there, or its regular expression is found in value. */
bool vartype_matches(const struct vartype *t, const char *value);

/* Compiles and forgets `matches`: whether it is a POSIX extended regular expression. */
bool vartype_pattern_valid(const char *pattern);

/* Whether all of text is a decimal number. */
bool number_valid(const char *text, long double *number);

/* vartype_text.c: types that the text alone decides. */
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

/* vartype_net.c: names of places, and what other parts of pgbox read. */
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
