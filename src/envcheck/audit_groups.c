/* audit_groups - names that belong together. */
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/env.h"
#include "base/text.h"
#include "envcheck/audit.h"
#include "envcheck/audit_parts.h"
#include "envcheck/weak_secret.h"

/* The names with commas between them. The caller frees it. */
static char *joined(const struct strs *names)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < names->n; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", names->v[i]);
	return buf_detach(&text);
}

static void judge_group(const struct auditing *a, const struct strs *group)
{
	const char *set = NULL;
	char *names = joined(group);

	for (size_t i = 0; i < group->n && !set; i++)
		if (audit_is_set(a, group->v[i]))
			set = group->v[i];
	for (size_t i = 0; i < group->n && set; i++)
		if (!audit_is_set(a, group->v[i]))
			problem_add(a->problems, group->v[i], PROBLEM_ERROR, "group",
			            "is not set, but %s is: set all of %s, or none of them", set, names);
	free(names);
}

/* The two halves of a login at an object storage, as it is called in different programs: one that
 * asks for the other, and the names that the other may have, the usual one first. */
static const struct {
	const char *half, *others[6];
} pairs[] = {
	{ "ACCESS_KEY_ID",
	  { "SECRET_ACCESS_KEY", "SECRET_KEY", "ACCESS_KEY_SECRET", "SECRET", "ACCESS_SECRET" } },
	{ "SECRET_ACCESS_KEY", { "ACCESS_KEY_ID", "ACCESS_KEY", "KEY_ID", "KEY", "ACCESS_ID" } },
	{ "ACCESS_KEY",
	  { "SECRET_KEY", "SECRET_ACCESS_KEY", "SECRET", "ACCESS_SECRET", "ACCESS_KEY_SECRET" } },
	{ "SECRET_KEY", { "ACCESS_KEY", "ACCESS_KEY_ID", "KEY", "KEY_ID", "ACCESS_ID" } },
	{ "ROOT_USER", { "ROOT_PASSWORD" } },
	{ "ROOT_PASSWORD", { "ROOT_USER" } },
};

/* Whether what stands before a half says that it is one: DJANGO_SECRET_KEY is whole. */
static bool is_storage(const char *name, size_t len)
{
	static const char *const storages[] = { "AWS_", "S3_", "MINIO_", "R2_", "SPACES_", "WASABI_", NULL };

	for (size_t i = 0; storages[i]; i++) {
		size_t n = strlen(storages[i]);

		if (len >= n && strncmp(name + len - n, storages[i], n) == 0 &&
		    (len == n || name[len - n - 1] == '_'))
			return true;
	}
	return false;
}

/* How long the part of name before `half` is; 0 where it does not end so, or in front of the
 * half stands a part of a longer one. */
static size_t before_half(const char *name, const char *half)
{
	size_t len = strlen(name) - strlen(half);

	return text_ends_with(name, half) && is_storage(name, len) ? len : 0;
}

/* Set to something: a word for no value is none. */
static bool is_half_set(const struct auditing *a, const char *name)
{
	const char *value = env_lookup(a->s->env, name);

	return audit_is_set(a, name) && !(value && weak_is_none(value));
}

static bool has_other(const struct auditing *a, const char *storage, size_t len, const char *const *others)
{
	bool found = false;

	for (; *others && !found; others++) {
		char *other = xasprintf("%.*s%s", (int)len, storage, *others);

		found = is_half_set(a, other);
		free(other);
	}
	return found;
}

static void judge_half(const struct auditing *a, const char *name)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		size_t len = before_half(name, pairs[i].half);
		char *other;

		if (!len || has_other(a, name, len, pairs[i].others))
			continue;
		other = xasprintf("%.*s%s", (int)len, name, pairs[i].others[0]);
		problem_add(a->problems, other, PROBLEM_ERROR, "group",
		            "is not set, but %s is: a login at the storage needs both, or none", name);
		free(other);
	}
}

void audit_groups(const struct auditing *a)
{
	for (size_t i = 0; i < a->spec->groups_n; i++)
		judge_group(a, &a->spec->groups[i]);
	for (char *const *entry = a->s->env; *entry; entry++) {
		size_t len = audit_name_length(*entry);
		char *full = xstrndup(*entry, len), *stem = text_without_suffix(full, "_FILE");
		const char *name = stem ? stem : full;

		if (is_half_set(a, name))
			judge_half(a, name);
		free(stem);
		free(full);
	}
}
