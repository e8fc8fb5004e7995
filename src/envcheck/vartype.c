/* vartype - the types that a variable's value may have. */
#include "envcheck/vartype.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/near.h"
#include "base/status.h"
#include "base/text.h"
#include "envcheck/vartype_net.h"
#include "envcheck/vartype_text.h"

static const char blanks[] = " \t\r\n";

/* Sorted as the documentation has them. */
static const struct vartype_kind kinds[] = {
	{ "string", "a string", "minLength maxLength isLength startsWith endsWith matches", NULL, false,
	  vartype_is_string },
	{ "int", "a whole number", "min max", NULL, false, vartype_is_int },
	{ "float", "a number", "min max isInt", NULL, false, vartype_is_float },
	{ "bool", "true or false (or yes, no, on, off, 1, 0)", NULL, NULL, false, vartype_is_bool },
	{ "enum", "one of its values", "values", "values", false, vartype_is_enum },
	{ "port", "a port: a number from 1 to 65535", "min max", NULL, false, vartype_is_port },
	{ "host", "a host: a name or an address, without scheme and port", "allowWildcard matches", NULL,
	  false, vartype_is_host },
	{ "url", "a URL: scheme://host...", "schemes allowedProtocols allowedDomains noTrailingSlash matches",
	  "schemes", false, vartype_is_url },
	{ "postgres-url", "a PostgreSQL URL: postgres://USER:PASSWORD@HOST:PORT/DATABASE", NULL, NULL, false,
	  vartype_is_postgres },
	{ "redis-url", "a Redis URL: redis://HOST:PORT/NUMBER", NULL, NULL, false, vartype_is_redis },
	{ "email", "an email address: name@host", NULL, NULL, false, vartype_is_email },
	{ "path", "a path", "exists", NULL, false, vartype_is_path },
	{ "file", "a file", NULL, NULL, false, vartype_is_file },
	{ "dir", "a directory", NULL, NULL, false, vartype_is_dir },
	{ "duration", "a duration such as 500ms, 30s, 2m, 1h30m, 7d", "min max", NULL, false,
	  vartype_is_duration },
	{ "bytes", "a number of bytes such as 512, 64k, 10MB, 1GiB", "min max", NULL, false,
	  vartype_is_bytes },
	{ "json", "JSON", "type", "type", false, vartype_is_json },
	{ "base64", "base64", "bytes", NULL, false, vartype_is_base64 },
	{ "hex", "hexadecimal", "bytes", NULL, false, vartype_is_hex },
	{ "uuid", "a UUID: 8-4-4-4-12 hexadecimal digits", NULL, NULL, false, vartype_is_uuid },
	{ "cron", "a cron schedule: minute hour day month weekday", NULL, NULL, false, vartype_is_cron },
	{ "tz", "a time zone such as Europe/Berlin", NULL, NULL, false, vartype_is_tz },
	/* Of env-spec ('@type data types') where they have other names there. */
	{ "number", "a number", "min max isInt", NULL, true, vartype_is_float },
	{ "boolean", "true or false (or yes, no, on, off, 1, 0)", NULL, NULL, true, vartype_is_bool },
	{ "domain", "a host: a name or an address, without scheme and port", "allowWildcard matches", NULL,
	  true, vartype_is_host },
	{ "ip", "an IP address", "version", NULL, true, vartype_is_ip },
	{ "md5", "an MD5 hash: 32 hexadecimal digits", NULL, NULL, true, vartype_is_md5 },
	{ "semver", "a semantic version such as 1.2.3", NULL, NULL, true, vartype_is_semver },
	{ "isoDate", "a date such as 2026-11-21 or 2026-11-21T03:00:00Z", NULL, NULL, true, vartype_is_date },
	{ "simple-object", "a JSON object", NULL, NULL, true, vartype_is_json },
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

/* Of env-spec; these change a value, or how it is handed on, and judge nothing. */
static const char passed_over[] =
	"toUpperCase toLowerCase allowEmpty normalize precision coerceToMinMaxRange prependHttps output "
	"allowSingleLabel allowIp";

/* --- reading --- */

static void add_types(struct buf *error)
{
	const char *gap = "";

	for (size_t i = 0; i < KINDS; i++)
		if (!kinds[i].synonym) {
			buf_printf(error, "%s%s", gap, kinds[i].name);
			gap = ", ";
		}
}

/* The text is not quoted: it may be a value in the wrong place, NAME:value. */
static int unknown_type(const char *name, struct buf *error)
{
	for (size_t i = 0; i < KINDS; i++)
		if (near_enough(name, kinds[i].name)) {
			buf_printf(error, "unknown type: did you mean %s?", kinds[i].name);
			return BAD_USAGE;
		}
	buf_puts(error, "unknown type: the types are ");
	add_types(error);
	return BAD_USAGE;
}

/* How long the first of the options is: to a comma that is not in quotes, in brackets or in
 * a regular expression between slashes. */
static size_t option_length(const char *text)
{
	char quote = 0, last = 0; /* last: the one before, but for blanks */
	int depth = 0;

	for (size_t i = 0; text[i]; i++) {
		char c = text[i];

		if (c == '\\' && text[i + 1])
			i++;
		else if (quote)
			quote = c == quote ? 0 : quote;
		else if (strchr("\"'`", c) || (c == '/' && last == '='))
			quote = c;
		else if (strchr("([{", c))
			depth++;
		else if (strchr(")]}", c))
			depth--;
		else if (c == ',' && depth <= 0)
			return i;
		last = strchr(blanks, c) ? last : c;
	}
	return strlen(text);
}

/* A copy without the blanks around it, and without quotes. */
static char *clean(const char *text, size_t len)
{
	size_t lead;

	while (len && strchr(blanks, text[len - 1]))
		len--;
	lead = strspn(text, blanks);
	lead = lead < len ? lead : len;
	text += lead;
	len -= lead;
	if (len > 1 && strchr("\"'`", *text) && text[len - 1] == *text)
		return xstrndup(text + 1, len - 2);
	return xstrndup(text, len);
}

static int wrong_option(const struct vartype *t, struct buf *error)
{
	if (t->kind->bare)
		buf_printf(error, "%s is written %s(one,two,...)", t->kind->name, t->kind->name);
	else if (t->kind->options)
		buf_printf(error, "%s has no such option: it has %s", t->kind->name, t->kind->options);
	else
		buf_printf(error, "%s has no options", t->kind->name);
	return BAD_USAGE;
}

/* Whether `name=` begins an option, and not a word that has a = in it. */
static bool is_named(const char *option, size_t len)
{
	size_t n = strspn(option, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return n && n < len && option[n + strspn(option + n, blanks)] == '=';
}

/* Adds one option: name=value, or a word. */
static int add_option(struct vartype *t, const char *option, size_t len, struct buf *error)
{
	const char *equals = is_named(option, len) ? strchr(option, '=') : NULL;
	char *name = equals ? clean(option, (size_t)(equals - option)) : xstrdup("");
	char *value = equals ? clean(equals + 1, len - (size_t)(equals + 1 - option)) : clean(option, len);
	bool known = equals ? text_has_word(t->kind->options, ' ', name) : t->kind->bare && *value;
	int rc = 0;

	if (!known && equals && text_has_word(passed_over, ' ', name))
		goto out;
	if (!known) {
		rc = wrong_option(t, error);
		goto out;
	}
	strs_add(&t->names, equals ? name : t->kind->bare);
	strs_add(&t->values, value);
out:
	free(name);
	free(value);
	return rc;
}

static int read_options(struct vartype *t, const char *text, size_t len, struct buf *error)
{
	char *options = xstrndup(text, len), *at = options;
	int rc = 0;

	at += strspn(at, blanks);
	while (*at && !rc) {
		size_t n;

		at += strspn(at, blanks);
		n = option_length(at);
		rc = add_option(t, at, n, error);
		at += n + (at[n] == ',');
	}
	free(options);
	return rc;
}

/* Options whose values are numbers of the type's own kind, or patterns. */
static int check_options(const struct vartype *t, struct buf *error)
{
	static const char numbers[] = "minLength maxLength isLength bytes version";
	struct vartype plain = { .kind = t->kind };
	long double number;

	for (size_t i = 0; i < t->names.n; i++) {
		const char *name = t->names.v[i], *value = t->values.v[i];
		struct buf why = BUF_INIT;
		bool valid = true;

		if (text_has_word(numbers, ' ', name))
			valid = number_valid(value, &number) && number >= 0;
		else if (strcmp(name, "matches") == 0)
			valid = vartype_pattern_valid(value);
		else if (strcmp(name, "min") == 0 || strcmp(name, "max") == 0)
			/* port(min=0): a bound may lie where no value does. */
			valid = number_valid(value, &number) || t->kind->judge(&plain, value, &why);
		buf_free(&why);
		if (!valid) {
			buf_printf(error, "the option %s of %s is no %s", name, t->kind->name,
			           strcmp(name, "matches") == 0 ? "POSIX extended regular expression"
			                                        : "number that it can have");
			return BAD_USAGE;
		}
	}
	if (strcmp(t->kind->name, "enum") == 0 && !t->names.n)
		return wrong_option(t, error);
	return 0;
}

static const struct vartype_kind *find_kind(const char *name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

int vartype_read(struct vartype *t, const char *text, struct buf *error)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	char *name = clean(text, open ? (size_t)(open - text) : strlen(text));
	int rc;

	*t = (struct vartype){ .kind = find_kind(name) };
	if (!t->kind) {
		rc = unknown_type(name, error);
	} else if (open && (!close || close[1 + strspn(close + 1, blanks)])) {
		buf_printf(error, "the options of %s do not end in )", t->kind->name);
		rc = BAD_USAGE;
	} else {
		rc = open ? read_options(t, open + 1, (size_t)(close - open - 1), error) : 0;
		rc = rc ? rc : check_options(t, error);
	}
	free(name);
	if (rc)
		vartype_free(t);
	return rc;
}

/* --- the rest --- */

char *vartype_text(const struct vartype *t)
{
	struct buf text = BUF_INIT;
	const char *gap = "(";

	buf_puts(&text, t->kind ? t->kind->name : "string");
	for (size_t i = 0; t->kind && i < t->names.n; i++) {
		const char *name = t->names.v[i], *value = t->values.v[i];
		bool bare = t->kind->bare && strcmp(name, t->kind->bare) == 0;
		bool quoted = *value != '/' && *value != '[' && value[strcspn(value, ",()'")];

		buf_printf(&text, "%s%s%s%s%s%s", gap, bare ? "" : name, bare ? "" : "=", quoted ? "\"" : "",
		           value, quoted ? "\"" : "");
		gap = ",";
	}
	if (t->names.n)
		buf_putc(&text, ')');
	return buf_detach(&text);
}

const char *vartype_wants(const struct vartype *t)
{
	if (!t->kind || t->kind->judge == vartype_is_string || t->kind->judge == vartype_is_enum)
		return NULL;
	return t->kind->wants;
}

int vartype_judge(const struct vartype *t, const char *value, struct buf *why)
{
	size_t before = why->len;

	if (!t->kind || t->kind->judge(t, value, why))
		return 0;
	if (why->len == before)
		buf_printf(why, "is not %s", t->kind->wants);
	return -1;
}

void vartype_free(struct vartype *t)
{
	strs_free(&t->names);
	strs_free(&t->values);
	*t = (struct vartype){ 0 };
}
