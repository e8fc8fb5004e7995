/* audit - looks an environment over before an app starts in it. */
#include "envcheck/audit.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/container.h"
#include "base/env.h"
#include "base/text.h"
#include "envcheck/audit_parts.h"

const char *audit_environment(char *const *env)
{
	static const char *const names[] = { "APP_ENV", "NODE_ENV", "FLASK_ENV", "DJANGO_ENV",
		                             "RAILS_ENV", "ENVIRONMENT", NULL };

	for (size_t i = 0; names[i]; i++) {
		const char *value = env_lookup(env, names[i]);

		if (value && *value)
			return value;
	}
	return NULL;
}

bool audit_is_production(const char *name)
{
	return name && (strcasecmp(name, "production") == 0 || strcasecmp(name, "prod") == 0 ||
	                strcasecmp(name, "live") == 0);
}

/* --- what is looked at --- */

static void judge(const struct auditing *a, const struct subject *subject)
{
	++*a->judged;
	audit_subject(a, subject);
}

static void judge_spec(const struct auditing *a)
{
	for (size_t i = 0; i < a->spec->n; i++) {
		const struct envvar *var = &a->spec->v[i];
		char *stem = text_without_suffix(var->name, "_FILE");
		/* A path to a secret is none itself. */
		struct subject subject = { .name = var->name, .var = var, .secret = var->sensitive && !stem };

		judge(a, &subject);
		free(stem);
	}
}

/* One that the spec does not have: pgbox's own, a secret, a database's URL. */
static void judge_other(const struct auditing *a, const char *name)
{
	bool secret = envspec_is_secret(name);
	struct env_value setting;

	env_value_read(&setting, a->s->env, name);
	if (audit_is_own(name) || secret || (setting.value && audit_is_server_url(setting.value))) {
		struct subject subject = { .name = name, .secret = secret };

		judge(a, &subject);
	} else if (setting.value) {
		audit_stranger(a, name, setting.value);
	}
	env_value_free(&setting);
}

/* Every name once, NAME_FILE as NAME where that is a secret's or known. */
static void judge_rest(const struct auditing *a)
{
	struct strs names = { 0 };

	for (char *const *entry = a->s->env; *entry; entry++) {
		char *name = xstrndup(*entry, audit_name_length(*entry)),
		     *stem = text_without_suffix(name, "_FILE");
		bool twin = stem && (envspec_is_secret(stem) || audit_is_own(stem));
		const char *of = twin ? stem : name;

		if (*of && !envspec_find(a->spec, of) && !strs_has(&names, of))
			strs_add(&names, of);
		free(name);
		free(stem);
	}
	for (size_t i = 0; i < names.n; i++)
		judge_other(a, names.v[i]);
	strs_free(&names);
}

static void judge_volume(const struct auditing *a)
{
	if (container_misses_data(a->s->root, a->s->env))
		problem_add(a->problems, "PGDATA", PROBLEM_ERROR, "volume",
		            "is not on the volume that is mounted at /var/lib/postgresql/data: images of "
		            "PostgreSQL 18 "
		            "and newer keep their data in a folder per version; mount it at "
		            "/var/lib/postgresql (data "
		            "of an older version needs pg_upgrade, or a dump and a restore)");
}

void audit_run(struct audit *a, const struct envspec *spec, const struct surroundings *s)
{
	struct auditing auditing = { .problems = &a->problems, .judged = &a->judged, .spec = spec, .s = s };

	*a = (struct audit){ 0 };
	auditing.container = container_detect(s->root, s->env);
	auditing.server = env_lookup(s->env, "PG_MAJOR") && env_lookup(s->env, "PGDATA");
	judge_spec(&auditing);
	judge_rest(&auditing);
	audit_agreement(&auditing);
	audit_groups(&auditing);
	audit_unknown(&auditing);
	judge_volume(&auditing);
	problem_sort(&a->problems);
}

char *audit_json(const struct audit *a, const struct surroundings *s)
{
	const char *status = problem_count(&a->problems, PROBLEM_ERROR)     ? "fail"
	                     : problem_count(&a->problems, PROBLEM_WARNING) ? "warn"
	                                                                    : "pass";
	char *list = problem_json(&a->problems);
	char *json = xasprintf("{\"status\":\"%s\",\"production\":%s,\"variables\":%zu,\"problems\":%s}",
	                       status, s->production ? "true" : "false", a->judged, list);
	free(list);
	return json;
}

void audit_free(struct audit *a)
{
	problem_free(&a->problems);
	*a = (struct audit){ 0 };
}
