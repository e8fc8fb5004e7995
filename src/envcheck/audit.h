/*
 * audit - looks an environment over before an app starts in it: what is missing, what is
 * not of its type, what would be a secret and is none.
 *
 * No sentence holds a value of the environment, a part of one, or its length.
 */
#ifndef ENVCHECK_AUDIT_H
#define ENVCHECK_AUDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "envcheck/env_value.h"
#include "envcheck/envspec.h"
#include "envcheck/problem.h"

/* What is found, sorted by name. */
struct audit {
	struct problems problems;
	size_t judged; /* how many variables were looked at */
};

/* Where and for what an environment is. */
struct surroundings {
	char *const *env;    /* NAME=value, NULL after the last */
	const char *root;    /* stands in front of the system's paths: "" but for tests */
	bool production;     /* weak secrets are errors, and not warnings */
	struct strs allowed; /* names whose secret may be weak; borrowed */
};

/*
 * Looks at the variables of the spec; at those that pgbox itself knows (DATABASE_URL, PG*,
 * POSTGRES_*, those of audit_environment); and of all others at those that sound like a secret or hold a
 * database's URL. audit_free after it.
 */
void audit_run(struct audit *a, const struct envspec *spec, const struct surroundings *s);

/* The name of the environment (production, ...) as the usual variables have it, or NULL. */
const char *audit_environment(char *const *env);

/* Whether that is production: also prod and live, in any case; NULL is not. */
bool audit_is_production(const char *name);

/* All of it as one JSON object, `status` being pass, warn or fail; the caller frees it. */
char *audit_json(const struct audit *a, const struct surroundings *s);

/* The names that --export may turn from NAME_FILE into NAME: those of the spec and those
 * that pgbox knows, but none of which the spec has only NAME_FILE: the app reads that. */
void audit_known(const struct envspec *spec, struct strs *names);

/*
 * Reads a variable as its app will: through NAME_FILE where NAME is a secret, one that pgbox
 * knows, or required and not set otherwise. Elsewhere NAME_FILE is a variable of its own: LOG
 * and LOG_FILE, CONFIG and CONFIG_FILE. env_value_free after it.
 */
void audit_read(const struct envspec *spec, char *const *env, const char *name, struct env_value *setting);

void audit_free(struct audit *a);

#endif
