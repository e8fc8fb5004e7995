/* audit - looks an environment over before an app starts in it. */
#include "envcheck/audit.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"
#include "base/container.h"
#include "base/env.h"
#include "envcheck/audit_parts.h"
#include "ext/lite.h"

/* Of the target (db/target.h), of object storage, and of the environment's name. */
const char *const audit_names[] = {
	"DATABASE_URL", "PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE",
	"PGSSLMODE", "PGSSLROOTCERT", "PGSERVICE", "POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_USER",
	"POSTGRES_PASSWORD", "POSTGRES_DB", "REDIS_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
	"APP_ENV", "NODE_ENV", "FLASK_ENV", "DJANGO_ENV", "RAILS_ENV", "ENVIRONMENT", NULL,
};

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

/* --- problems --- */

static bool is_said(const struct audit *a, const char *name, const char *code)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i].name, name) == 0 && strcmp(a->v[i].code, code) == 0)
			return true;
	return false;
}

void audit_add(const struct auditing *a, const char *name, enum problem_level level, const char *code,
               const char *format, ...)
{
	struct audit *audit = a->audit;
	struct buf text = BUF_INIT;
	va_list args;

	if (is_said(audit, name, code))
		return;
	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	audit->v = xrealloc(audit->v, (audit->n + 1) * sizeof(*audit->v));
	audit->v[audit->n++] = (struct problem){ .name = xstrdup(name), .level = level, .code = code,
		                                 .text = buf_detach(&text) };
}

static int by_name(const void *a, const void *b)
{
	const struct problem *x = a, *y = b;
	int names = strcmp(x->name, y->name);

	return names ? names : strcmp(x->code, y->code);
}

size_t audit_count(const struct audit *a, enum problem_level level)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += a->v[i].level == level;
	return n;
}

/* --- names --- */

bool audit_is_own(const char *name)
{
	for (size_t i = 0; audit_names[i]; i++)
		if (strcmp(audit_names[i], name) == 0)
			return true;
	return false;
}

/* The name without _FILE, or NULL where it does not end so. The caller frees it. */
static char *stem_of(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, "_FILE") == 0 ? xstrndup(name, len - 5) : NULL;
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

/* --- what is looked at --- */

static void judge(const struct auditing *a, const struct subject *subject)
{
	a->audit->judged++;
	audit_subject(a, subject);
}

static void judge_spec(const struct auditing *a)
{
	for (size_t i = 0; i < a->spec->n; i++) {
		const struct envvar *var = &a->spec->v[i];
		char *stem = stem_of(var->name);
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
		char *name = xstrndup(*entry, audit_name_length(*entry)), *stem = stem_of(name);
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
		audit_add(a, "PGDATA", PROBLEM_ERROR, "volume",
		          "is not on the volume that is mounted at /var/lib/postgresql/data: images of PostgreSQL 18 "
		          "and newer keep their data in a folder per version; mount it at /var/lib/postgresql (data "
		          "of an older version needs pg_upgrade, or a dump and a restore)");
}

void audit_run(struct audit *a, const struct envspec *spec, const struct surroundings *s)
{
	struct auditing auditing = { .audit = a, .spec = spec, .s = s };

	*a = (struct audit){ 0 };
	auditing.container = container_detect(s->root, s->env);
	auditing.server = env_lookup(s->env, "PG_MAJOR") && env_lookup(s->env, "PGDATA");
	judge_spec(&auditing);
	judge_rest(&auditing);
	audit_agreement(&auditing);
	audit_groups(&auditing);
	audit_unknown(&auditing);
	judge_volume(&auditing);
	if (a->n)
		qsort(a->v, a->n, sizeof(*a->v), by_name);
}

/* --- JSON --- */

static const char *const levels[] = { "error", "warning", "allowed" };

static char *add_json(struct lite *lite, char *list, const struct problem *p)
{
	const char *params[] = { list, p->name, levels[p->level], p->code, p->text };
	struct rows rows = { 0 };
	char *longer = NULL;

	if (lite_query(lite, "SELECT json_insert(?1, '$[#]', json_object('name', ?2, 'level', ?3,"
	               " 'code', ?4, 'message', ?5))", params, 5, &rows) == 0 && rows_get(&rows, 0, 0))
		longer = xstrdup(rows_text(&rows, 0, 0));
	rows_free(&rows);
	if (!longer)
		return list;
	free(list);
	return longer;
}

char *audit_json(const struct audit *a, const struct surroundings *s)
{
	const char *status = audit_count(a, PROBLEM_ERROR)     ? "fail"
	                     : audit_count(a, PROBLEM_WARNING) ? "warn"
	                                                       : "pass";
	struct lite lite = LITE_INIT;
	char *list = xstrdup("[]"), *json;

	/* One in memory cannot fail to open but for want of memory. */
	lite_open(&lite, ":memory:", LITE_CREATE, 0);
	for (size_t i = 0; i < a->n; i++)
		list = add_json(&lite, list, &a->v[i]);
	json = xasprintf("{\"status\":\"%s\",\"production\":%s,\"variables\":%zu,\"problems\":%s}", status,
	                 s->production ? "true" : "false", a->judged, list);
	lite_free(&lite);
	free(list);
	return json;
}

void audit_free(struct audit *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->v[i].name);
		free(a->v[i].text);
	}
	free(a->v);
	*a = (struct audit){ 0 };
}
