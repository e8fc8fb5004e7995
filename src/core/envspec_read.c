/*
 * envspec_read - reads a spec: an example file, with or without decorators.
 *
 * The decorators are env-spec's, as varlock's documentation defines them ('Root @decorators',
 * 'Config Item @decorators', 'Functions'). What depends on other variables or on commands is not
 * evaluated, and said so.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/near.h"
#include "base/status.h"
#include "core/decorator.h"
#include "core/envspec_parts.h"

#define FILE_LIMIT (256 << 10)
#define NAMES_MAX 4096 /* each is looked for among the others */

enum answer { UNSAID, YES, NOT };

/* What the decorators of an entry say, or those of the header of every variable. */
struct said {
	enum answer required, sensitive;
	const char *type, *example, *public_prefix; /* of the decorators, or NULL */
};

struct reading {
	struct envspec *s;
	const char *path, *env;
	const struct dotenv *d;
	struct said header;
	size_t line; /* of what is read now */
	struct buf *error;
};

static void __attribute__((format(printf, 2, 3))) warn(struct reading *r, const char *format, ...)
{
	struct buf text = BUF_INIT;
	va_list args;

	buf_printf(&text, "'%s', line %zu: ", r->path, r->line);
	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	strs_add(&r->s->warnings, text.data);
	buf_free(&text);
}

/* --- decorators --- */

static const char *const known[] = {
	"required", "optional", "sensitive", "public", "type", "example", "defaultRequired",
	"defaultSensitive",
};

/* Known, and of no meaning here. */
static const char *const passed_over[] = {
	"docs", "docsUrl", "icon", "deprecated", "tag", "internal", "dynamic", "static", "cache",
	"currentEnv", "envFlag", "redactLogs", "preventLeaks", "plugin", "defaultDynamic",
	"disableProcessEnvInjection",
};

static void warn_unknown(struct reading *r, const char *name)
{
	if (skip_prefix(name, "generate"))
		return;
	for (size_t i = 0; i < sizeof(passed_over) / sizeof(*passed_over); i++)
		if (strcmp(name, passed_over[i]) == 0)
			return;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (near_enough(name, known[i])) {
			warn(r, "@%s is not known: did you mean @%s?", name, known[i]);
			return;
		}
	warn(r, "@%s is not known here and changes nothing", name);
}

static enum answer turned(enum answer answer)
{
	return answer == YES ? NOT : answer == NOT ? YES : UNSAID;
}

static const char *long_name(const char *environment)
{
	if (strcasecmp(environment, "prod") == 0)
		return "production";
	return strcasecmp(environment, "dev") == 0 ? "development" : environment;
}

static enum answer for_environment(const struct reading *r, const char *list)
{
	struct strs names = { 0 };
	enum answer answer = NOT;

	decorator_split(&names, list);
	for (size_t i = 0; r->env && i < names.n; i++)
		if (strcasecmp(long_name(names.v[i]), long_name(r->env)) == 0)
			answer = YES;
	strs_free(&names);
	return answer;
}

/* @sensitive={enabled=..., ...}: what `enabled` has, or true. The caller frees it. */
static char *enabled_of(const char *object)
{
	struct strs pairs = { 0 };
	char *inside = xstrndup(object + 1, strlen(object) - 2), *found = NULL;

	decorator_split(&pairs, inside);
	for (size_t i = 0; i < pairs.n; i++)
		if (!found && skip_prefix(pairs.v[i], "enabled="))
			found = xstrdup(skip_prefix(pairs.v[i], "enabled="));
	free(inside);
	strs_free(&pairs);
	return found ? found : xstrdup("true");
}

/* Whether a value means yes; UNSAID where that cannot be told. */
static enum answer evaluate_plain(const struct reading *r, const char *value)
{
	char *list = decorator_call(value, "forEnv");
	enum answer answer = UNSAID;

	if (!value || strcmp(value, "true") == 0)
		answer = YES;
	else if (strcmp(value, "false") == 0)
		answer = NOT;
	else if (list)
		answer = for_environment(r, list);
	free(list);
	return answer;
}

/* The same of a decorator's value, with a warning. */
static enum answer evaluate(struct reading *r, const struct decorator *decorator)
{
	const char *value = decorator->value;
	char *enabled = value && *value == '{' && value[1] && value[strlen(value) - 1] == '}' ? enabled_of(value)
	                                                                                      : NULL;
	char *inner = decorator_call(enabled ? enabled : value, "not");
	enum answer answer = evaluate_plain(r, inner ? inner : enabled ? enabled : value);

	if (answer == UNSAID)
		warn(r, "the value of @%s cannot be told here: true, false and forEnv(...) can",
		     decorator->name);
	free(enabled);
	free(inner);
	return inner ? turned(answer) : answer;
}

static void hear_item(struct reading *r, const struct decorator *decorator, struct said *said)
{
	const char *name = decorator->name;

	if (strcmp(name, "required") == 0)
		said->required = evaluate(r, decorator);
	else if (strcmp(name, "optional") == 0)
		said->required = turned(evaluate(r, decorator));
	else if (strcmp(name, "sensitive") == 0)
		said->sensitive = evaluate(r, decorator);
	else if (strcmp(name, "public") == 0)
		said->sensitive = turned(evaluate(r, decorator));
	else if (strcmp(name, "type") == 0)
		said->type = decorator->value;
	else if (strcmp(name, "example") == 0)
		said->example = decorator->value;
	else if (skip_prefix(name, "default"))
		warn(r, "@%s belongs to the header: a blank line or a divider (# ---) ends that", name);
	else
		warn_unknown(r, name);
}

static void hear_header(struct reading *r, const struct decorator *decorator, char **prefix)
{
	const char *value = decorator->value;

	if (strcmp(decorator->name, "defaultRequired") == 0) {
		r->header.required = value && strcmp(value, "infer") == 0 ? UNSAID
		                                                          : evaluate(r, decorator);
	} else if (strcmp(decorator->name, "defaultSensitive") == 0) {
		free(*prefix);
		*prefix = decorator_call(value, "inferFromPrefix");
		r->header.sensitive = *prefix ? YES : evaluate(r, decorator);
		r->header.public_prefix = *prefix;
	} else {
		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
			if (strcmp(decorator->name, known[i]) == 0) {
				warn(r, "@%s belongs to no variable: there is a blank line or a divider below it",
				     decorator->name);
				return;
			}
		warn_unknown(r, decorator->name);
	}
}

/* --- comments --- */

static bool is_above(const struct dotenv_entry *upper, const struct dotenv_entry *lower)
{
	return upper->line + upper->lines == lower->line - lower->above.n;
}

/* Whether an entry that counts has it as one of its comments. */
static bool is_anothers(const struct dotenv *d, size_t i)
{
	while (d->v[i].commented_out && i + 1 < d->n && is_above(&d->v[i], &d->v[i + 1]))
		i++;
	return !d->v[i].commented_out;
}

void envspec_comments(const struct dotenv *d, size_t entry, struct strs *comments)
{
	const struct dotenv_entry *e = &d->v[entry];
	size_t first = entry;

	if (e->commented_out && is_anothers(d, entry))
		return;
	while (!e->commented_out && first > 0 && d->v[first - 1].commented_out &&
	       is_above(&d->v[first - 1], &d->v[first]))
		first--;
	for (size_t i = first; i <= entry; i++)
		for (size_t k = 0; k < d->v[i].above.n; k++)
			if (i == entry || *d->v[i].above.v[k] == '@' || strcmp(d->v[i].name, e->name) == 0)
				strs_add(comments, d->v[i].above.v[k]);
	if (e->beside)
		strs_add(comments, e->beside);
}

bool envspec_counts(const struct dotenv *d, size_t entry)
{
	const struct dotenv_entry *e = &d->v[entry];

	for (size_t i = 0; i < d->n; i++)
		if (i != entry && (e->commented_out ? i < entry || !d->v[i].commented_out
		                                    : i > entry && !d->v[i].commented_out) &&
		    strcmp(d->v[i].name, e->name) == 0)
			return false;
	return true;
}

/* Whether it holds the word `optional` or `optionally`, and no denial in front of it. */
static bool says_optional(const char *comment)
{
	static const char word[] = "optional";
	static const char *const denials[] = { "not ", "n't ", "non-", "non " };

	if (*comment == '@')
		return false;
	for (const char *at = comment; (at = strcasestr(at, word)); at++) {
		const char *behind = at + sizeof(word) - 1;
		bool denied = at > comment && isalpha((unsigned char)at[-1]);

		behind += strncasecmp(behind, "ly", 2) == 0 ? 2 : 0;
		for (size_t i = 0; i < sizeof(denials) / sizeof(*denials); i++)
			denied = denied || (at - comment >= 4 && strncasecmp(at - 4, denials[i], 4) == 0);
		if (!denied && !isalpha((unsigned char)*behind))
			return true;
	}
	return false;
}

/* --- variables --- */

/* env-spec: a value name(...) without quotes is a call of a function: no example. */
static bool is_call(const struct dotenv_entry *e)
{
	size_t len = strlen(e->value), name = 0;

	while (isalnum((unsigned char)e->value[name]) || e->value[name] == '_')
		name++;
	return !e->quote && isalpha((unsigned char)*e->value) && e->value[name] == '(' &&
	       e->value[len - 1] == ')';
}

/* Whether its value may be a secret: a port may not, nor what the example shows to be a switch
 * or a path. */
static bool may_hide(const struct envvar *var, const char *type)
{
	static const char *const plain[] = {
		"int", "float", "number", "bool", "boolean", "enum", "port", "host", "domain", "ip", "email",
		"path", "file", "dir", "duration", "bytes", "cron", "tz", "semver", "isoDate",
	};
	static const char *const words[] = { "true", "false", "yes", "no", "on", "off" };
	size_t len = type ? strcspn(type, "(") : 0;

	for (size_t i = 0; len && i < sizeof(plain) / sizeof(*plain); i++)
		if (strlen(plain[i]) == len && strncmp(type, plain[i], len) == 0)
			return false;
	for (size_t i = 0; var->example && i < sizeof(words) / sizeof(*words); i++)
		if (strcasecmp(var->example, words[i]) == 0)
			return false;
	return !var->example || (*var->example != '/' && !skip_prefix(var->example, "./"));
}

static void decide_sensitive(const struct reading *r, const struct said *said, struct envvar *var)
{
	const char *prefix = r->header.public_prefix;
	char *type = var->type.kind ? vartype_text(&var->type) : NULL;

	if (said->sensitive != UNSAID) {
		var->sensitive = said->sensitive == YES;
		var->public = !var->sensitive;
	} else if (prefix && skip_prefix(var->name, prefix)) {
		var->sensitive = false;
		var->public = true;
	} else if (r->header.sensitive == YES && !envspec_is_secret(var->name)) {
		const char *guess = type ? type : vartype_guess(var->name, var->example ? var->example : "");

		/* varlock's documentation warns of numbers and switches that a default makes secrets. */
		var->sensitive = may_hide(var, guess);
	} else {
		var->sensitive = envspec_is_secret(var->name) && may_hide(var, type);
	}
	free(type);
}

static bool decide_required(const struct reading *r, const struct said *said, const struct dotenv_entry *e,
                            const struct strs *comments)
{
	if (said->required != UNSAID)
		return said->required == YES;
	if (e->commented_out || r->header.required == NOT)
		return false;
	if (r->header.required == YES)
		return true;
	for (size_t i = 0; i < comments->n; i++)
		if (says_optional(comments->v[i]))
			return false;
	return *e->value;
}

/* env-spec's regex("PATTERN", "FLAGS") as /PATTERN/FLAGS, which vartype reads. */
static char *without_regex(const char *type)
{
	const char *call = strstr(type, "regex("), *end = call ? strrchr(call, ')') : NULL;
	struct strs parts = { 0 };
	char *inside, *text;

	/* The last bracket is the type's own. */
	while (end > call && end[-1] != ')')
		end--;
	if (!call || end <= call)
		return xstrdup(type);
	inside = xstrndup(call + 6, (size_t)(end - 1 - (call + 6)));
	decorator_split(&parts, inside);
	text = xasprintf("%.*s/%s/%s%s", (int)(call - type), type, parts.n ? parts.v[0] : "",
	                 parts.n > 1 ? parts.v[1] : "", end);
	free(inside);
	strs_free(&parts);
	return text;
}

static int decide_type(struct reading *r, const struct said *said, struct envvar *var)
{
	/* Of env-spec; lists of values, and types that depend on something. */
	static const char *const unchecked[] = { "array", "record", "if" };
	size_t len = said->type ? strcspn(said->type, "(") : 0;
	struct buf why = BUF_INIT;
	char *text;
	int rc;

	if (!said->type)
		return DONE;
	for (size_t i = 0; i < sizeof(unchecked) / sizeof(*unchecked); i++)
		if (strlen(unchecked[i]) == len && strncmp(said->type, unchecked[i], len) == 0) {
			warn(r, "the type %s is not checked", unchecked[i]);
			return DONE;
		}
	text = without_regex(said->type);
	rc = vartype_read(&var->type, text, &why);
	if (rc != 0)
		buf_printf(r->error, "'%s', line %zu: the type of %s: %s", r->path, r->line, var->name, why.data);
	free(text);
	buf_free(&why);
	return rc ? BAD_USAGE : DONE;
}

static int add_entry(struct reading *r, size_t entry)
{
	const struct dotenv_entry *e = &r->d->v[entry];
	struct strs comments = { 0 };
	struct decorators decorators = { 0 };
	struct said said = { 0 };
	struct envvar *var = envspec_take(r->s, e->name, strlen(e->name));
	bool asked = var->required && !var->line;
	int rc;

	envspec_comments(r->d, entry, &comments);
	decorators_read(&decorators, &comments);
	for (size_t i = 0; i < decorators.n; i++)
		hear_item(r, &decorators.v[i], &said);
	free(var->example);
	if (!asked)
		vartype_free(&var->type);
	var->example = NULL;
	if (*e->value && !is_call(e))
		var->example = xstrdup(e->value);
	else if (said.example && *said.example)
		var->example = xstrdup(said.example);
	var->line = e->line;
	var->required = decide_required(r, &said, e, &comments) || asked;
	rc = asked && var->type.kind ? DONE : decide_type(r, &said, var);
	decide_sensitive(r, &said, var);
	decorators_free(&decorators);
	strs_free(&comments);
	return rc;
}

/* --- files --- */

int envspec_load(const char *path, struct buf *text, struct buf *error)
{
	if (file_read(path, text, FILE_LIMIT) == 0)
		return DONE;
	if (errno == EFBIG) {
		buf_printf(error, "'%s' has more than %d KiB: that is no example of an environment", path,
		           FILE_LIMIT >> 10);
		return BAD_USAGE;
	}
	file_cannot(error, "read", path);
	return NO_INPUT;
}

int envspec_add(struct envspec *s, const char *path, const struct dotenv *d, const char *env,
                struct buf *error)
{
	struct reading r = { .s = s, .path = path, .env = env, .d = d, .line = 1, .error = error };
	struct decorators header = { 0 };
	char *prefix = NULL;
	int rc = DONE;

	if (d->n > NAMES_MAX) {
		buf_printf(error, "'%s' has more than %d names: that is no example of an environment", path,
		           NAMES_MAX);
		return BAD_USAGE;
	}
	decorators_read(&header, &d->header);
	for (size_t i = 0; i < header.n; i++)
		hear_header(&r, &header.v[i], &prefix);
	for (size_t i = 0; i < d->n && !rc; i++) {
		r.line = d->v[i].line;
		if (envspec_counts(d, i))
			rc = add_entry(&r, i);
		else if (!d->v[i].commented_out)
			warn(&r, "%s comes again below: the last one counts", d->v[i].name);
	}
	decorators_free(&header);
	free(prefix);
	return rc;
}

int envspec_read(struct envspec *s, const char *path, const char *env, struct buf *error)
{
	struct buf text = BUF_INIT, why = BUF_INIT;
	struct dotenv d = { 0 };
	int rc = envspec_load(path, &text, error);

	if (rc == DONE && dotenv_read(&d, text.data, text.len, &why) != 0) {
		buf_printf(error, "'%s', %s", path, why.data);
		rc = BAD_USAGE;
	}
	if (rc == DONE)
		rc = envspec_add(s, path, &d, env, error);
	free(s->path);
	s->path = xstrdup(path);
	dotenv_free(&d);
	buf_free(&text);
	buf_free(&why);
	return rc;
}
