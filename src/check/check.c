/* check - one question about a database or its surroundings. */
#include "check/check.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/clock.h"
#include "base/env.h"
#include "base/msg.h"
#include "base/status.h"
#include "check/kinds.h"
#include "repo/freshness.h"

#define BLANKS " \t\r\n"

static const struct check_kind kinds[] = {
	{ .name = "ready", .usage = "ready", .of_db = check_ready },
	{ .name = "writable", .usage = "writable", .of_db = check_writable },
	{ .name = "standby", .usage = "standby", .of_db = check_standby },
	{ .name = "table", .arg = ARG_TABLE, .usage = "table=[schema.]name", .of_db = check_table },
	{ .name = "rows", .arg = ARG_ROWS, .usage = "rows=[schema.]name[>=N] (or > = < <=)",
	  .of_db = check_rows },
	{ .name = "rows-of-view", .arg = ARG_ROWS, .usage = "rows-of-view=[schema.]name[>=N] (or > = < <=)",
	  .of_db = check_rows_of_view },
	{ .name = "query", .arg = ARG_TEXT, .usage = "query=SQL", .of_db = check_query },
	{ .name = "extension", .arg = ARG_VERSION, .usage = "extension=name[>=version]",
	  .of_db = check_extension },
	{ .name = "migrated", .arg = ARG_TOOL,
	  .usage = "migrated=alembic|django|drizzle[:[SCHEMA.]TABLE][=REV or @DIR]", .of_db = check_migrated,
	  .on_disk = true },
	{ .name = "seeded", .arg = ARG_OPTIONAL, .usage = "seeded[=NAME]", .of_db = check_seeded },
	{ .name = "connections", .arg = ARG_PERCENT, .usage = "connections[<PCT]", .of_db = check_connections,
	  .below = 90, .unit = "percent" },
	{ .name = "lag", .arg = ARG_TIME, .usage = "lag[<TIME]", .of_db = check_lag, .below = 30000,
	  .unit = "s" },
	{ .name = "tcp", .arg = ARG_PORT, .usage = "tcp=HOST:PORT", .of_service = check_tcp },
	{ .name = "http", .arg = ARG_WEB, .usage = "http=URL[=CODES], with http:// or https://",
	  .of_service = check_http },
	{ .name = "redis", .arg = ARG_REDIS,
	  .usage = "redis=HOST:PORT, redis=redis://HOST, redis=rediss://HOST (TLS) or redis=unix:///SOCKET",
	  .of_service = check_redis },
	{ .name = "file", .arg = ARG_TEXT, .usage = "file=PATH", .of_service = check_file,
	  .measure = "presence", .on_disk = true },
	{ .name = "disk", .arg = ARG_PATH_PERCENT, .usage = "disk=PATH[<PCT]", .of_service = check_disk,
	  .below = 90, .unit = "percent", .measure = "utilization", .on_disk = true },
	{ .name = "backup", .arg = ARG_PATH_TIME, .usage = "backup=DIR[<AGE]", .of_service = check_backup,
	  .below = FRESHNESS_MS, .unit = "s", .measure = "age", .on_disk = true },
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

/* The length of a check's name. */
static size_t name_length(const char *text)
{
	return strcspn(text, "=<>!" BLANKS);
}

const struct check_kind *check_kind_of(const char *text)
{
	size_t len = name_length(text);

	for (size_t i = 0; i < KINDS; i++)
		if (strlen(kinds[i].name) == len && strncmp(kinds[i].name, text, len) == 0)
			return &kinds[i];
	return NULL;
}

static bool has_limit(const struct check *check)
{
	return check->kind->below > 0;
}

/* A percentage, 85 or 85%, or a time in ms; -1 for anything else. */
static int64_t limit_parse(const struct check *check, const char *text)
{
	bool percent = check->kind->arg == ARG_PERCENT || check->kind->arg == ARG_PATH_PERCENT;
	size_t digits = strspn(text, "0123456789");
	int64_t limit = -1;

	/* backup=/backups<26 means hours. */
	if (check->kind->arg == ARG_PATH_TIME && duration_lacks_unit(text))
		return -1;
	if (!percent)
		return duration_parse(text, &limit) && limit > 0 ? limit : -1;
	if (!digits || digits > 3 || (text[digits] && strcmp(text + digits, "%") != 0))
		return -1;
	limit = atol(text);
	return limit >= 1 && limit <= 100 ? limit : -1;
}

/* user:password@ of a place, or of a URL in a query, is not shown, nor ?password=. */
static char *describe(const struct check_kind *kind, const char *text)
{
	const char *slashes = strstr(text, "://"), *query = kind->arg == ARG_REDIS ? strchr(text, '?') : NULL;
	bool place = kind->of_service && !kind->on_disk;
	const char *at = place || slashes ? strrchr(text, '@') : NULL;
	const char *from = slashes && slashes < at ? slashes + 3 : text + strcspn(text, "=") + 1;

	if (query && query > (at ? at : text))
		return xasprintf("%.*s%s%.*s?***", (int)((at ? from : query) - text), text, at ? "***" : "",
		                 at ? (int)(query - at) : 0, at ? at : "");
	return at ? xasprintf("%.*s***%s", (int)(from - text), text, at) : xstrdup(text);
}

/* What follows the name: < where there is nothing else to say. */
static bool sign_valid(const struct check_kind *kind, char sign)
{
	bool bare = kind->arg == ARG_PERCENT || kind->arg == ARG_TIME;

	return !sign || sign == (bare ? '<' : '=');
}

/* Whether text is 1 to 9 digits. */
static bool is_count(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && digits < 10 && !text[digits];
}

/* Whether what was compared is what the kind compares. */
static bool bound_valid(const struct check *check)
{
	switch (check->kind->arg) {
	case ARG_ROWS:
		return !check->bound || is_count(check->bound);
	case ARG_VERSION:
		return !check->bound ||
		       (check->sign == SIGN_AT_LEAST && isdigit((unsigned char)*check->bound) &&
		        !check->bound[strcspn(check->bound, "<>=!\"" BLANKS)]);
	case ARG_TABLE:
		return !check->bound;
	default:
		return (!check->bound || check->sign == SIGN_BELOW) && check->below > 0;
	}
}

/* What stands before the sign in the argument of such a kind; -1: it is not a comparison. */
static int operand_of(const struct check_kind *kind)
{
	switch (kind->arg) {
	case ARG_TABLE:
	case ARG_ROWS:
		return OPERAND_TABLE;
	case ARG_VERSION:
		return OPERAND_NAME;
	case ARG_PATH_PERCENT:
	case ARG_PATH_TIME:
		return OPERAND_PATH;
	case ARG_PERCENT:
	case ARG_TIME:
		return OPERAND_NONE;
	default:
		return -1;
	}
}

/* Reads [SCHEMA.]NAME, or PATH, and what it is compared with. */
static bool read_comparison(struct check *check, enum operand operand)
{
	struct comparison c;
	bool ok = comparison_read(&c, check->arg ? check->arg : "", operand);

	check->schema = c.schema;
	check->name = c.name;
	check->sign = c.sign;
	check->bound = c.bound;
	if (ok && has_limit(check))
		check->below = c.bound ? limit_parse(check, c.bound) : check->kind->below;
	return ok && bound_valid(check);
}

static bool arg_valid(struct check *check)
{
	int operand = operand_of(check->kind);

	if (operand >= 0)
		return read_comparison(check, (enum operand)operand);
	switch (check->kind->arg) {
	case ARG_NONE:
		return !check->arg;
	case ARG_OPTIONAL:
		return !check->arg || *check->arg;
	case ARG_TOOL:
		return check->arg && migrated_valid(check->arg);
	case ARG_PORT:
		return check->arg && tcp_valid(check->arg);
	case ARG_WEB:
		return check->arg && http_valid(check->arg);
	case ARG_REDIS:
		return check->arg && redis_valid(check->arg);
	default:
		return check->arg && *check->arg;
	}
}

/* Who is used to other programs gives the database where a check belongs. */
static bool names_target(const char *text, const char *word)
{
	return strstr(text, "://") || strcmp(word, "url") == 0 || skip_prefix(text, "env:") ||
	       skip_prefix(text, "sqlite:") || skip_prefix(text, "file:") || conninfo_known(word);
}

static void tell_unknown(const char *text, struct buf *error)
{
	char *word = xstrndup(text, name_length(text));

	if (names_target(text, word)) {
		buf_puts(error, "a database is no check: give it with --url, in front of its checks");
	} else {
		buf_printf(error, "unknown check '%s': the checks are", msg_word(word));
		for (size_t i = 0; i < KINDS; i++)
			buf_printf(error, "%s %s", i ? "," : "", kinds[i].name);
	}
	free(word);
}

static void tell_usage(const struct check_kind *kind, struct buf *error)
{
	int operand = operand_of(kind);

	buf_printf(error, "check '%s' is written %s", kind->name, kind->usage);
	if (kind->arg == ARG_PATH_TIME)
		buf_puts(error, ", AGE with its unit: 26h");
	if (operand >= 0 && operand != OPERAND_NONE)
		buf_printf(error, "; a %s with blanks or operators goes in double quotes",
		           operand == OPERAND_PATH ? "path" : "name");
}

/* Reads text, which has no blanks around it. */
static int read_trimmed(struct check *check, const char *text, struct buf *error)
{
	const char *rest = text + name_length(text);

	*check = (struct check){ .kind = check_kind_of(text), .target = NO_TARGET };
	if (!check->kind) {
		tell_unknown(text, error);
		return BAD_USAGE;
	}
	check->shown = describe(check->kind, text);
	rest += strspn(rest, BLANKS);
	if (*rest == '=')
		check->arg = xstrdup(rest + 1 + strspn(rest + 1, BLANKS));
	else if (*rest)
		check->arg = xstrdup(rest);
	if (sign_valid(check->kind, *rest) && arg_valid(check))
		return 0;
	tell_usage(check->kind, error);
	check_free(check);
	return BAD_USAGE;
}

int check_read(struct check *check, const char *text, struct buf *error)
{
	struct buf trimmed = BUF_INIT;
	int rc;

	buf_puts(&trimmed, text + strspn(text, BLANKS));
	buf_trim(&trimmed);
	rc = read_trimmed(check, trimmed.data, error);
	buf_free(&trimmed);
	return rc;
}

int check_read_option(struct check *check, const char *text, const char *option, const char *variable,
                      struct buf *error)
{
	struct buf words = BUF_INIT, ignored = BUF_INIT;
	const char *value = NULL;
	int rc = check_read(check, text, &words);
	bool set = rc && env_get(variable, &value, &ignored) == 0 && value && strcmp(value, text) == 0;

	if (rc)
		buf_printf(error, "%s: %s", set ? variable : option, words.data);
	buf_free(&words);
	buf_free(&ignored);
	return set ? BAD_CONFIG : rc;
}

void check_ask_db(const struct check *check, struct db *db, int64_t deadline, struct finding *f)
{
	finding_reset(f);
	check->kind->of_db(check, db, deadline, f);
}

bool check_is_of_db(const struct check *check)
{
	return check->kind->of_db;
}

void check_free(struct check *check)
{
	free(check->shown);
	free(check->arg);
	free(check->schema);
	free(check->name);
	free(check->bound);
	*check = (struct check){ 0 };
}
