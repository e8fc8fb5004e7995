/* audit_names - what names are known, whether they are set, and names that nobody knows. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/env.h"
#include "base/near.h"
#include "base/text.h"
#include "envcheck/audit.h"
#include "envcheck/audit_parts.h"

#define NAME_LEAST 5 /* letters; in shorter names one edit is another name: PORT, SORT */

/* Of the target (db/target.h), of object storage, and of the environment's name. */
const char *const audit_names[] = {
	"DATABASE_URL", "PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE",
	"PGSSLMODE", "PGSSLROOTCERT", "PGSERVICE", "POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_USER",
	"POSTGRES_PASSWORD", "POSTGRES_DB", "REDIS_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
	"APP_ENV", "NODE_ENV", "FLASK_ENV", "DJANGO_ENV", "RAILS_ENV", "ENVIRONMENT", NULL,
};

bool audit_is_own(const char *name)
{
	return text_is_one_of(name, audit_names);
}

size_t audit_name_length(const char *entry)
{
	size_t len = strspn(entry, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

	return entry[len] == '=' && !isdigit((unsigned char)*entry) ? len : 0;
}

bool audit_is_known(const struct auditing *a, const char *name)
{
	return envspec_find(a->spec, name) || audit_is_own(name);
}

static bool has_twin(const struct envspec *spec, char *const *env, const char *name)
{
	const struct envvar *var = envspec_find(spec, name);
	const char *value = env_lookup(env, name);
	char *twin;
	bool other;

	if (envspec_is_secret(name) || audit_is_own(name) || (var && var->sensitive))
		return true;
	twin = xasprintf("%s_FILE", name);
	other = envspec_find(spec, twin);
	free(twin);
	return var && var->required && !other && !(value && *value);
}

void audit_read(const struct envspec *spec, char *const *env, const char *name, struct env_value *setting)
{
	if (has_twin(spec, env, name))
		env_value_read(setting, env, name);
	else
		*setting = (struct env_value){ .value = env_lookup(env, name) };
}

bool audit_is_set(const struct auditing *a, const char *name)
{
	struct env_value setting;
	bool set;

	env_value_read(&setting, a->s->env, name);
	set = setting.file != FILE_NONE || (setting.value && *setting.value);
	env_value_free(&setting);
	return set;
}

void audit_known(const struct envspec *spec, struct strs *names)
{
	for (size_t i = 0; i < spec->n; i++)
		if (!strs_has(names, spec->v[i].name))
			strs_add(names, spec->v[i].name);
	for (size_t i = 0; audit_names[i]; i++) {
		char *twin = xasprintf("%s_FILE", audit_names[i]);

		if (!strs_has(names, audit_names[i]) && !envspec_find(spec, twin))
			strs_add(names, audit_names[i]);
		free(twin);
	}
}

/* --- unknown names --- */

/* DB_HOST_2 is no misspelling of DB_HOST_1. */
static bool differ_in_digits(const char *a, const char *b)
{
	while (*a || *b) {
		while (isdigit((unsigned char)*a))
			a++;
		while (isdigit((unsigned char)*b))
			b++;
		if (*a != *b)
			return false;
		a += *a != '\0';
		b += *b != '\0';
	}
	return true;
}

static bool is_misspelling(const char *unknown, const char *known)
{
	return strlen(known) >= NAME_LEAST && near_distance(unknown, known) == 1 &&
	       !differ_in_digits(unknown, known);
}

/* NAME_FILE is known where NAME is. */
static bool is_known(const struct auditing *a, const char *name, size_t len)
{
	char *copy = xstrndup(name, len), *stem = text_without_suffix(copy, "_FILE");
	bool known = audit_is_known(a, copy) || (stem && audit_is_known(a, stem));

	free(stem);
	free(copy);
	return known;
}

/* The part of the entry's name that may be a misspelling: without _FILE. NULL where it is a
 * known name, or none. The caller frees it. */
static char *unknown_name(const struct auditing *a, const char *entry)
{
	size_t len = audit_name_length(entry);
	char *name, *stem;

	if (!len || is_known(a, entry, len))
		return NULL;
	name = xstrndup(entry, len);
	stem = text_without_suffix(name, "_FILE");
	if (!stem)
		return name;
	free(name);
	return stem;
}

const char *audit_misspelt(const struct auditing *a, const char *name, size_t *len)
{
	for (char *const *entry = a->s->env; *entry; entry++) {
		char *unknown = unknown_name(a, *entry);
		bool misspelt = unknown && is_misspelling(unknown, name);

		free(unknown);
		if (misspelt) {
			*len = audit_name_length(*entry);
			return *entry;
		}
	}
	return NULL;
}

/* The known name that is one edit away and not set, or NULL. */
static const char *meant_by(const struct auditing *a, const char *unknown)
{
	for (size_t i = 0; i < a->spec->n; i++)
		if (is_misspelling(unknown, a->spec->v[i].name) && !audit_is_set(a, a->spec->v[i].name))
			return a->spec->v[i].name;
	for (size_t i = 0; audit_names[i]; i++)
		if (is_misspelling(unknown, audit_names[i]) && !audit_is_set(a, audit_names[i]))
			return audit_names[i];
	return NULL;
}

void audit_unknown(const struct auditing *a)
{
	for (char *const *entry = a->s->env; *entry; entry++) {
		char *unknown = unknown_name(a, *entry), *name;
		const char *meant = unknown ? meant_by(a, unknown) : NULL;
		const struct envvar *var = meant ? envspec_find(a->spec, meant) : NULL;

		/* Of a required one, audit_subject says it. */
		if (meant && !(var && var->required)) {
			bool file = audit_name_length(*entry) != strlen(unknown);

			name = xstrndup(*entry, audit_name_length(*entry));
			problem_add(a->problems, name, PROBLEM_WARNING, "unknown",
			            "is set, but %s%s is what is known: is it "
			            "misspelt?",
			            meant, file ? "_FILE" : "");
			free(name);
		}
		free(unknown);
	}
}
