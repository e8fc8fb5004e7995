/*
 * envspec_decorators - what the decorators say.
 *
 * They are env-spec's, as varlock's documentation defines them ('Root @decorators', 'Config Item
 * @decorators', 'Functions'). What depends on other variables or on commands is not evaluated,
 * and said so.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/near.h"
#include "envcheck/envspec.h"
#include "envcheck/envspec_parts.h"

void envspec_warn(struct hearing *h, const char *format, ...)
{
	struct buf text = BUF_INIT;
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	strs_printf(h->warnings, "'%s', line %zu: %s", h->path, h->line, text.data);
	buf_free(&text);
}

static const char *const known[] = {
	"required", "optional", "sensitive", "public", "type", "example", "defaultRequired",
	"defaultSensitive",
};

/* Of env-spec and without meaning here; then what people write from habit, as in JSDoc. */
static const char *const passed_over[] = {
	"docs",         "docsUrl",    "icon",           "deprecated",
	"tag",          "internal",   "dynamic",        "static",
	"cache",        "currentEnv", "envFlag",        "redactLogs",
	"preventLeaks", "plugin",     "defaultDynamic", "disableProcessEnvInjection",
	"see",          "link",       "note",           "todo",
	"default",      "author",     "since",          "description",
};

static bool is_known(const char *name)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(name, known[i]) == 0)
			return true;
	return false;
}

/* What is not even nearly a known word is told only where others are known: a plain example may
 * have lines that begin with a @. */
static void hear_unknown(struct hearing *h, const char *name)
{
	if (skip_prefix(name, "generate"))
		return;
	for (size_t i = 0; i < sizeof(passed_over) / sizeof(*passed_over); i++)
		if (strcmp(name, passed_over[i]) == 0)
			return;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (near_enough(name, known[i])) {
			envspec_warn(h, "@%.40s is not known: did you mean @%s?", name, known[i]);
			return;
		}
	strs_printf(&h->unknown, "'%s', line %zu: @%.40s is not known here and changes nothing", h->path,
	            h->line, name);
}

void envspec_hear_end(struct hearing *h)
{
	for (size_t i = 0; h->decorated && i < h->unknown.n; i++)
		strs_add(h->warnings, h->unknown.v[i]);
	strs_free(&h->unknown);
}

static enum decorator_answer turned(enum decorator_answer answer)
{
	return answer == YES ? NOT : answer == NOT ? YES : UNSAID;
}

static const char *long_name(const char *environment)
{
	if (strcasecmp(environment, "prod") == 0)
		return "production";
	return strcasecmp(environment, "dev") == 0 ? "development" : environment;
}

static enum decorator_answer for_environment(const struct hearing *h, const char *list)
{
	struct strs names = { 0 };
	enum decorator_answer answer = NOT;

	decorator_split(&names, list);
	for (size_t i = 0; h->env && i < names.n; i++)
		if (strcasecmp(long_name(names.v[i]), long_name(h->env)) == 0)
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
static enum decorator_answer evaluate_plain(const struct hearing *h, const char *value)
{
	char *list = decorator_call(value, "forEnv");
	enum decorator_answer answer = UNSAID;

	if (!value || strcmp(value, "true") == 0)
		answer = YES;
	else if (strcmp(value, "false") == 0)
		answer = NOT;
	else if (list)
		answer = for_environment(h, list);
	free(list);
	return answer;
}

/* The same of a decorator's value, with a warning. */
static enum decorator_answer evaluate(struct hearing *h, const struct decorator *decorator)
{
	const char *value = decorator->value;
	char *enabled = value && *value == '{' && value[1] && value[strlen(value) - 1] == '}'
	                      ? enabled_of(value)
	                      : NULL;
	char *inner = decorator_call(enabled ? enabled : value, "not");
	enum decorator_answer answer = evaluate_plain(h, inner ? inner : enabled ? enabled : value);

	if (answer == UNSAID)
		envspec_warn(h, "the value of @%s cannot be told here: true, false and forEnv(...) can",
		     decorator->name);
	free(enabled);
	free(inner);
	return inner ? turned(answer) : answer;
}

/* What cannot be told leaves what was said before. */
static void hear_answer(struct hearing *h, const struct decorator *decorator, bool turn,
                        enum decorator_answer *said)
{
	enum decorator_answer answer = evaluate(h, decorator);

	if (answer != UNSAID)
		*said = turn ? turned(answer) : answer;
}

static void hear_item(struct hearing *h, const struct decorator *decorator, struct said *said)
{
	const char *name = decorator->name;

	if (strcmp(name, "required") == 0)
		hear_answer(h, decorator, false, &said->required);
	else if (strcmp(name, "optional") == 0)
		hear_answer(h, decorator, true, &said->required);
	else if (strcmp(name, "sensitive") == 0)
		hear_answer(h, decorator, false, &said->sensitive);
	else if (strcmp(name, "public") == 0)
		hear_answer(h, decorator, true, &said->sensitive);
	else if (strcmp(name, "type") == 0)
		said->type = decorator->value;
	else if (strcmp(name, "example") == 0)
		said->example = decorator->value;
	else if (skip_prefix(name, "default"))
		envspec_warn(h, "@%s belongs to the header: a blank line or a divider (# ---) ends that",
		             name);
	else
		hear_unknown(h, name);
}

void envspec_hear(struct hearing *h, const struct decorators *decorators, struct said *said)
{
	for (size_t i = 0; i < decorators->n; i++) {
		h->decorated = h->decorated || is_known(decorators->v[i].name);
		hear_item(h, &decorators->v[i], said);
	}
}

static void hear_header(struct hearing *h, const struct decorator *decorator, struct said *said)
{
	const char *name = decorator->name, *value = decorator->value;

	if (strcmp(name, "defaultRequired") == 0) {
		said->required = value && strcmp(value, "infer") == 0 ? UNSAID : evaluate(h, decorator);
	} else if (strcmp(name, "defaultSensitive") == 0) {
		free(said->public_prefix);
		said->public_prefix = decorator_call(value, "inferFromPrefix");
		said->sensitive = said->public_prefix ? YES : evaluate(h, decorator);
	} else if (is_known(name)) {
		envspec_warn(h, "@%s belongs to no variable: there is a blank line or a divider below it",
		             name);
	} else {
		hear_unknown(h, name);
	}
}

void envspec_hear_header(struct hearing *h, const struct decorators *decorators, struct said *said)
{
	for (size_t i = 0; i < decorators->n; i++) {
		h->decorated = h->decorated || is_known(decorators->v[i].name);
		hear_header(h, &decorators->v[i], said);
	}
}
