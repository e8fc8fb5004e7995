/* audit_weak - how weak secrets are reported. */
#include "base/banned.h"
#include "envcheck/audit.h"
#include "envcheck/audit_parts.h"

#define ADVICE "set a real one (`openssl rand -hex 32` makes passwords and keys)"

void audit_weak_as(const struct auditing *a, const char *name, enum problem_level level, const char *what,
                   const char *why)
{
	if (strs_has(&a->s->allowed, name))
		problem_add(a->problems, name, PROBLEM_ALLOWED, "weak",
		            "%s%s; it is allowed by ENVCHECK_ALLOW_WEAK", what, why);
	else
		problem_add(a->problems, name, level, "weak", "%s%s: " ADVICE, what, why);
}

void audit_weak(const struct auditing *a, const char *name, const char *what, const char *why)
{
	audit_weak_as(a, name, a->s->production ? PROBLEM_ERROR : PROBLEM_WARNING, what, why);
}
