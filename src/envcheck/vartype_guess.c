/* vartype_guess - which type a variable probably has: for a first spec. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/text.h"
#include "envcheck/vartype.h"

/* The end of a name, as words between _, and the type that it suggests. The first that
 * fits and that the example is of counts. */
static const struct {
	const char *end, *type;
} endings[] = {
	{ "PORT", "port" },         { "EMAIL", "email" },        { "URL", "postgres-url" },
	{ "URL", "redis-url" },     { "URL", "url" },            { "URI", "postgres-url" },
	{ "URI", "redis-url" },     { "URI", "url" },            { "DSN", "postgres-url" },
	{ "DSN", "url" },           { "ENDPOINT", "url" },       { "ORIGIN", "url" },
	{ "HOST", "host" },         { "HOSTNAME", "host" },      { "DOMAIN", "host" },
	{ "TZ", "tz" },             { "TIMEZONE", "tz" },        { "TIME_ZONE", "tz" },
	{ "CRON", "cron" },         { "SCHEDULE", "cron" },      { "UUID", "uuid" },
	{ "TIMEOUT", "duration" },  { "INTERVAL", "duration" },  { "TTL", "duration" },
	{ "MAX_AGE", "duration" },  { "EXPIRES_IN", "duration" }, { "JSON", "json" },
};

static bool has_ending(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	return text_ends_with_nocase(name, end) && (len == n || name[len - n - 1] == '_');
}

static bool is_of(const char *type, const char *example)
{
	struct buf words = BUF_INIT;
	struct vartype t;
	bool fits = vartype_read(&t, type, &words) == 0 && vartype_judge(&t, example, &words) == 0;

	vartype_free(&t);
	buf_free(&words);
	return fits;
}

/* yes and no may be words; true and false are not. */
static bool is_flag(const char *example)
{
	return strcasecmp(example, "true") == 0 || strcasecmp(example, "false") == 0;
}

/* Without an example nothing says whose URL it is. */
static bool is_any(const char *type)
{
	return !skip_prefix(type, "redis") && !skip_prefix(type, "postgres");
}

const char *vartype_guess(const char *name, const char *example)
{
	bool plain = !example || !*example;

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++)
		if (has_ending(name, endings[i].end) &&
		    (plain ? is_any(endings[i].type) : is_of(endings[i].type, example)))
			return endings[i].type;
	if (plain)
		return NULL;
	if (is_flag(example))
		return "bool";
	/* An id or a phone number that begins with a zero is none. */
	if (is_of("int", example) && (*example != '0' || !example[1]) && *example != '+')
		return "int";
	return NULL;
}
