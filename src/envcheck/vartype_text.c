/* vartype_text - types that the text of a value alone decides. */
#include "envcheck/vartype_text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/banned.h"
#include "base/text.h"

static const char digits[] = "0123456789";
static const char hex_digits[] = "0123456789abcdefABCDEF";

static bool is_all(const char *text, const char *of)
{
	return *text && !text[strspn(text, of)];
}

bool number_valid(const char *text, long double *number)
{
	const char *at = text + (*text == '-' || *text == '+');
	char *end;

	/* Neither blanks, nor hexadecimal, nor inf and nan, which strtold takes. */
	if ((!isdigit((unsigned char)*at) && *at != '.') || at[strspn(at, "0123456789.eE+-")])
		return false;
	*number = strtold(text, &end);
	return *end == '\0';
}

/* --- bounds --- */

/* Whether number, made of the value as measure makes one of the bounds, is within them. */
static bool within(const struct vartype *t, long double number,
                   bool (*measure)(const char *text, long double *number), struct buf *why)
{
	const char *min = vartype_option(t, "min"), *max = vartype_option(t, "max");
	long double bound;

	if (min && measure(min, &bound) && number < bound) {
		buf_printf(why, "is less than %s", min);
		return false;
	}
	if (max && measure(max, &bound) && number > bound) {
		buf_printf(why, "is more than %s", max);
		return false;
	}
	return true;
}

/* How many characters of UTF-8; other bytes count as one each. */
static size_t characters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static bool length_fits(const struct vartype *t, const char *value, struct buf *why)
{
	const char *min = vartype_option(t, "minLength"), *max = vartype_option(t, "maxLength");
	const char *exact = vartype_option(t, "isLength");
	size_t n = characters(value);

	if (exact && n != strtoul(exact, NULL, 10))
		buf_printf(why, "does not have %s characters", exact);
	else if (min && n < strtoul(min, NULL, 10))
		buf_printf(why, "has less than %s characters", min);
	else if (max && n > strtoul(max, NULL, 10))
		buf_printf(why, "has more than %s characters", max);
	else
		return true;
	return false;
}

bool vartype_is_string(const struct vartype *t, const char *value, struct buf *why)
{
	const char *start = vartype_option(t, "startsWith"), *end = vartype_option(t, "endsWith");

	if (!length_fits(t, value, why))
		return false;
	if (start && !skip_prefix(value, start))
		buf_printf(why, "does not begin with %s", start);
	else if (end && !text_ends_with(value, end))
		buf_printf(why, "does not end in %s", end);
	else if (!vartype_matches(t, value))
		buf_printf(why, "does not match %s", vartype_option(t, "matches"));
	else
		return true;
	return false;
}

/* --- numbers --- */

bool vartype_is_int(const struct vartype *t, const char *value, struct buf *why)
{
	const char *at = value + (*value == '-' || *value == '+');
	long double number;

	if (!is_all(at, digits))
		return false;
	errno = 0;
	strtoll(value, NULL, 10);
	if (errno) {
		buf_puts(why, "does not fit into 64 bits");
		return false;
	}
	return number_valid(value, &number) && within(t, number, number_valid, why);
}

bool vartype_is_float(const struct vartype *t, const char *value, struct buf *why)
{
	const char *whole = vartype_option(t, "isInt");
	long double number;

	if (whole && strcmp(whole, "true") == 0)
		return vartype_is_int(t, value, why);
	return number_valid(value, &number) && within(t, number, number_valid, why);
}

bool vartype_is_port(const struct vartype *t, const char *value, struct buf *why)
{
	long number = is_all(value, digits) && strlen(value) <= 5 ? atol(value) : -1;
	const char *min = vartype_option(t, "min");

	if (number < (min ? 0 : 1) || number > 65535)
		return false;
	return within(t, number, number_valid, why);
}

bool vartype_is_bool(const struct vartype *t, const char *value, struct buf *why)
{
	static const char *const words[] = { "true", "false", "t",   "f", "yes", "no",
		                             "on",   "off",   "1", "0", NULL };

	(void)t, (void)why;
	for (size_t i = 0; words[i]; i++)
		if (strcasecmp(words[i], value) == 0)
			return true;
	return false;
}

/* A number in front of text; *rest is what follows it. */
static bool take_number(const char *text, long double *number, const char **rest)
{
	size_t n = strspn(text, "0123456789.");
	char *part = xstrndup(text, n);
	bool valid = n && number_valid(part, number);

	free(part);
	*rest = text + n;
	return valid;
}

struct unit {
	const char *name;
	long double size;
};

/* The unit that the letters at text are, or NULL; *rest is what follows them. */
static const struct unit *take_unit(const struct unit *units, const char *text, const char **rest)
{
	size_t n = 0;

	while (isalpha((unsigned char)text[n]) || (unsigned char)text[n] >= 0x80)
		n++;
	*rest = text + n;
	for (; units->name; units++)
		if (strlen(units->name) == n && strncasecmp(units->name, text, n) == 0)
			return units;
	return NULL;
}

/* Seconds: what duration_parse of base/clock reads, and what other programs write: 1h30m
 * (Go), 1.5h, 2days (env-spec). */
static bool seconds_of(const char *text, long double *seconds)
{
	static const struct unit units[] = {
		{ "ns", 1e-9L },   { "us", 1e-6L },    { "\xc2\xb5s", 1e-6L }, { "ms", 1e-3L },
		{ "s", 1 },        { "sec", 1 },       { "secs", 1 },          { "second", 1 },
		{ "seconds", 1 },  { "m", 60 },        { "min", 60 },          { "mins", 60 },
		{ "minute", 60 },  { "minutes", 60 },  { "h", 3600 },          { "hr", 3600 },
		{ "hrs", 3600 },   { "hour", 3600 },   { "hours", 3600 },      { "d", 86400 },
		{ "day", 86400 },  { "days", 86400 },  { "w", 604800 },        { "week", 604800 },
		{ "weeks", 604800 }, { "y", 31557600 }, { "yr", 31557600 },    { "yrs", 31557600 },
		{ "year", 31557600 }, { "years", 31557600 }, { NULL, 0 },
	};
	const char *at = text;
	long double number;

	*seconds = 0;
	do {
		const struct unit *unit;

		if (!take_number(at, &number, &at))
			return false;
		at += at > text && *at == ' ';
		if (!*at) { /* a bare number, alone */
			*seconds += number;
			return is_all(text, "0123456789.");
		}
		unit = take_unit(units, at, &at);
		if (!unit)
			return false;
		*seconds += number * unit->size;
		at += *at == ' ';
	} while (*at);
	return true;
}

bool vartype_is_duration(const struct vartype *t, const char *value, struct buf *why)
{
	long double seconds;

	return seconds_of(value, &seconds) && within(t, seconds, seconds_of, why);
}

static bool bytes_of(const char *text, long double *bytes)
{
	static const struct unit units[] = {
		{ "", 1 },      { "b", 1 },     { "k", 1e3L },  { "kb", 1e3L }, { "m", 1e6L },
		{ "mb", 1e6L }, { "g", 1e9L },  { "gb", 1e9L }, { "t", 1e12L }, { "tb", 1e12L },
		{ "ki", 0x1p10L },  { "kib", 0x1p10L }, { "mi", 0x1p20L },  { "mib", 0x1p20L },
		{ "gi", 0x1p30L },  { "gib", 0x1p30L }, { "ti", 0x1p40L },  { "tib", 0x1p40L },
		{ NULL, 0 },
	};
	const struct unit *unit;
	long double number;
	const char *at;

	if (!take_number(text, &number, &at))
		return false;
	at += *at == ' ' && at[1];
	unit = take_unit(units, at, &at);
	if (!unit || *at)
		return false;
	*bytes = number * unit->size;
	return true;
}

bool vartype_is_bytes(const struct vartype *t, const char *value, struct buf *why)
{
	long double bytes;

	return bytes_of(value, &bytes) && within(t, bytes, bytes_of, why);
}

/* --- words --- */

bool vartype_is_enum(const struct vartype *t, const char *value, struct buf *why)
{
	bool other_case = false;

	for (size_t i = 0; i < t->values.n; i++) {
		if (strcmp(t->values.v[i], value) == 0)
			return true;
		other_case = other_case || strcasecmp(t->values.v[i], value) == 0;
	}
	buf_puts(why, "is none of");
	for (size_t i = 0; i < t->values.n; i++)
		buf_printf(why, "%s %s", i ? "," : "", t->values.v[i]);
	if (other_case)
		buf_puts(why, " (capital and small letters differ)");
	return false;
}

/* --- bytes as text --- */

/* Whether there are as many bytes as the option says. */
static bool bytes_fit(const struct vartype *t, size_t bytes, struct buf *why)
{
	const char *wanted = vartype_option(t, "bytes");

	if (!wanted || bytes == strtoul(wanted, NULL, 10))
		return true;
	buf_printf(why, "is not %s bytes in %s", wanted, t->kind->name);
	return false;
}

/* RFC 4648, sections 4 and 5: either alphabet, but not both; padding may be left out. */
bool vartype_is_base64(const struct vartype *t, const char *value, struct buf *why)
{
	size_t n = 0, padding;

	while (isalnum((unsigned char)value[n]) || (value[n] && strchr("+/-_", value[n])))
		n++;
	padding = strlen(value) - n;
	if (!n || strcmp(value + n, padding == 2 ? "==" : padding == 1 ? "=" : "") != 0 || n % 4 == 1 ||
	    (padding && (n + padding) % 4) || (strpbrk(value, "+/") && strpbrk(value, "-_")))
		return false;
	return bytes_fit(t, n * 3 / 4, why);
}

bool vartype_is_hex(const struct vartype *t, const char *value, struct buf *why)
{
	return is_all(value, hex_digits) && bytes_fit(t, (strlen(value) + 1) / 2, why);
}

bool vartype_is_md5(const struct vartype *t, const char *value, struct buf *why)
{
	(void)t, (void)why;
	return is_all(value, hex_digits) && strlen(value) == 32;
}

/* Whether text is as the pattern: x a hexadecimal digit, anything else itself. */
bool vartype_is_uuid(const struct vartype *t, const char *value, struct buf *why)
{
	static const char pattern[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	(void)t, (void)why;
	if (strlen(value) != strlen(pattern))
		return false;
	for (size_t i = 0; pattern[i]; i++)
		if (pattern[i] == 'x' ? !isxdigit((unsigned char)value[i]) : value[i] != pattern[i])
			return false;
	return true;
}

/* semver.org, 'Backus-Naur Form Grammar', leading zeros apart. */
bool vartype_is_semver(const struct vartype *t, const char *value, struct buf *why)
{
	static const char tail[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-+";
	const char *at = value;

	(void)t, (void)why;
	for (int part = 0; part < 3; part++) {
		size_t n = strspn(at, digits);

		if (!n || (part < 2 && at[n] != '.'))
			return false;
		at += n + (part < 2);
	}
	return !*at || (strchr("-+", *at) && is_all(at + 1, tail));
}

/* ISO 8601 as it is mostly written: a day, or a day and a time with or without a zone. */
bool vartype_is_date(const struct vartype *t, const char *value, struct buf *why)
{
	struct tm at = { 0 };
	const char *rest = strptime(value, "%Y-%m-%d", &at);

	(void)t, (void)why;
	if (!rest || !*rest)
		return rest;
	if (*rest != 'T' && *rest != ' ')
		return false;
	rest = strptime(rest + 1, "%H:%M", &at);
	if (rest && *rest == ':')
		rest = strptime(rest + 1, "%S", &at);
	if (rest && *rest == '.' && isdigit((unsigned char)rest[1]))
		rest += 1 + strspn(rest + 1, digits);
	if (!rest || !*rest || strcmp(rest, "Z") == 0)
		return rest;
	return strchr("+-", *rest) && is_all(rest + 1, "0123456789:");
}
