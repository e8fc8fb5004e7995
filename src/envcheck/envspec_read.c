/* envspec_read - reads a spec: an example file, with or without decorators. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/status.h"
#include "envcheck/envspec.h"
#include "envcheck/envspec_parts.h"

#define FILE_LIMIT (256 << 10)
#define NAMES_MAX 4096 /* each is looked for among the others */

struct spec_reading {
	struct envspec *s;
	const struct dotenv *d;
	struct said header;
	struct hearing hearing;
	struct buf *error;
};

/* --- comments --- */

bool envspec_is_above(const struct dotenv_entry *upper, const struct dotenv_entry *lower)
{
	return upper->line + upper->lines == lower->line - lower->above.n;
}

bool envspec_is_anothers(const struct dotenv *d, size_t i)
{
	while (d->v[i].commented_out && i + 1 < d->n && envspec_is_above(&d->v[i], &d->v[i + 1]))
		i++;
	return !d->v[i].commented_out;
}

void envspec_comments(const struct dotenv *d, size_t entry, struct strs *comments,
                      struct decorators *decorators)
{
	const struct dotenv_entry *e = &d->v[entry];
	struct strs beside = { 0 };
	size_t first = entry, end = entry + 1;

	if (e->commented_out && envspec_is_anothers(d, entry))
		end = first;
	while (!e->commented_out && first > 0 && d->v[first - 1].commented_out &&
	       envspec_is_above(&d->v[first - 1], &d->v[first]))
		first--;
	for (size_t i = first; i < end; i++)
		for (size_t k = 0; k < d->v[i].above.n; k++)
			if (i == entry || *d->v[i].above.v[k] == '@' || strcmp(d->v[i].name, e->name) == 0)
				strs_add(comments, d->v[i].above.v[k]);
	decorators_read(decorators, comments);
	if (e->beside) {
		strs_add(&beside, e->beside);
		decorators_read(decorators, &beside);
		strs_add(comments, e->beside);
	}
	strs_free(&beside);
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

bool envspec_is_call(const struct dotenv_entry *e)
{
	size_t len = strlen(e->value), name = 0;

	while (isalnum((unsigned char)e->value[name]) || e->value[name] == '_')
		name++;
	return !e->quote && isalpha((unsigned char)*e->value) && e->value[name] == '(' &&
	       e->value[len - 1] == ')';
}

bool envspec_has_value(const struct dotenv_entry *e)
{
	static const char *const none[] = { "", "null", "(null)", "undefined" };

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		if (strcmp(e->value, none[i]) == 0 && (!e->quote || !*e->value))
			return false;
	return true;
}

/* Whether its value may be a secret: a port may not, nor what the example shows to be a switch
 * or a path. */
static bool may_hide(const struct envvar *var, const char *type)
{
	static const char *const plain[] = {
		"int", "float", "number", "bool", "boolean", "enum", "port", "host", "domain", "ip", "email",
		"path", "file", "dir", "duration", "bytes", "cron", "tz", "semver", "isoDate",
	};
	size_t len = type ? strcspn(type, "(") : 0;

	for (size_t i = 0; len && i < sizeof(plain) / sizeof(*plain); i++)
		if (strlen(plain[i]) == len && strncmp(type, plain[i], len) == 0)
			return false;
	if (var->example && envspec_is_switch(var->example))
		return false;
	return !var->example || (*var->example != '/' && !skip_prefix(var->example, "./"));
}

static void decide_sensitive(const struct spec_reading *r, const struct said *said, struct envvar *var)
{
	const char *prefix = r->header.public_prefix;
	char *type = var->type.kind ? vartype_text(&var->type) : NULL;

	if (said->sensitive != UNSAID) {
		var->sensitive = said->sensitive == YES;
		var->public = !var->sensitive;
		var->hidden = var->sensitive;
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

static bool decide_required(const struct spec_reading *r, const struct said *said,
                            const struct dotenv_entry *e, const struct strs *comments)
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
	return envspec_has_value(e);
}

/* env-spec allows a comma behind the last option. */
static void cut_last_comma(char *type)
{
	char *end = strrchr(type, ')'), *comma = end;

	while (comma && comma > type && strchr(" \t", comma[-1]))
		comma--;
	if (comma && comma > type && comma[-1] == ',')
		memmove(comma - 1, end, strlen(end) + 1);
}

/* A type as vartype reads it: env-spec's regex("PATTERN", "FLAGS") as /PATTERN/FLAGS. */
static char *own_type(const char *type)
{
	const char *call = strstr(type, "regex("), *end = call ? strrchr(call, ')') : NULL;
	struct strs parts = { 0 };
	char *text;

	/* The last bracket is the type's own. */
	while (end > call && end[-1] != ')')
		end--;
	if (call && end > call) {
		char *inside = xstrndup(call + 6, (size_t)(end - 1 - (call + 6)));

		decorator_split(&parts, inside);
		text = xasprintf("%.*s/%s/%s%s", (int)(call - type), type, parts.n ? parts.v[0] : "",
		                 parts.n > 1 ? parts.v[1] : "", end);
		free(inside);
	} else {
		text = xstrdup(type);
	}
	cut_last_comma(text);
	strs_free(&parts);
	return text;
}

static int decide_type(struct spec_reading *r, const struct said *said, struct envvar *var)
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
			envspec_warn(&r->hearing, "the type %s is not checked", unchecked[i]);
			return DONE;
		}
	text = own_type(said->type);
	rc = vartype_read(&var->type, text, &why);
	if (rc != 0)
		buf_printf(r->error, "'%s', line %zu: the type of %s: %s", r->hearing.path, r->hearing.line,
		           var->name, why.data);
	free(text);
	buf_free(&why);
	return rc ? BAD_USAGE : DONE;
}

static int add_entry(struct spec_reading *r, size_t entry)
{
	const struct dotenv_entry *e = &r->d->v[entry];
	struct strs comments = { 0 };
	struct decorators decorators = { 0 };
	struct said said = { 0 };
	struct envvar *var = envspec_take(r->s, e->name, strlen(e->name));
	bool typed = strs_has(&r->s->typed, var->name);
	int rc;

	envspec_comments(r->d, entry, &comments, &decorators);
	envspec_hear(&r->hearing, &decorators, &said);
	free(var->example);
	if (!typed)
		vartype_free(&var->type);
	var->example = NULL;
	if (envspec_has_value(e) && !envspec_is_call(e))
		var->example = xstrdup(e->value);
	else if (said.example && *said.example)
		var->example = xstrdup(said.example);
	var->line = e->line;
	var->required = decide_required(r, &said, e, &comments) || strs_has(&r->s->requested, var->name);
	rc = typed ? DONE : decide_type(r, &said, var);
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
	struct spec_reading r = {
		.s = s, .d = d, .error = error,
		.hearing = { .path = path, .env = env, .line = 1, .warnings = &s->warnings },
	};
	struct decorators header = { 0 };
	int rc = DONE;

	if (d->n > NAMES_MAX) {
		buf_printf(error, "'%s' has more than %d names: that is no example of an environment", path,
		           NAMES_MAX);
		return BAD_USAGE;
	}
	decorators_read(&header, &d->header);
	envspec_hear_header(&r.hearing, &header, &r.header);
	for (size_t i = 0; i < d->n && !rc; i++) {
		r.hearing.line = d->v[i].line;
		if (envspec_counts(d, i))
			rc = add_entry(&r, i);
		else if (!d->v[i].commented_out)
			envspec_warn(&r.hearing, "%s comes again below: the last one counts", d->v[i].name);
	}
	envspec_hear_end(&r.hearing);
	decorators_free(&header);
	free(r.header.public_prefix);
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
