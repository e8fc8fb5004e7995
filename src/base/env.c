/* env - environment variables and their NAME_FILE twins. */
#include "base/env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/file.h"
#include "base/status.h"

#define SECRET_MAX 65536

extern char **environ;

static char **original;
static struct strs contents; /* of NAME_FILE files; values point into it */

void env_keep(void)
{
	size_t n = 0;

	while (environ[n])
		n++;
	original = xcalloc(n + 1, sizeof(*original));
	memcpy(original, environ, n * sizeof(*original));
}

char **env_original(void)
{
	return original ? original : environ;
}

void env_export(const char *name, const char *value)
{
	char *entry = xasprintf("%s=%s", name, value);
	size_t n = 0, len = strlen(name) + 1;

	while (original[n] && strncmp(original[n], entry, len) != 0)
		n++;
	if (!original[n]) {
		original = xrealloc(original, (n + 2) * sizeof(*original));
		original[n + 1] = NULL;
	}
	original[n] = entry; /* lives as long as the environment */
}

void env_forget(const char *name)
{
	size_t n = 0, left = 0, len = strlen(name);

	for (; original[n]; n++)
		if (strncmp(original[n], name, len) != 0 || original[n][len] != '=')
			original[left++] = original[n];
	original[left] = NULL;
}

const char *env_lookup(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; *env; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}

static int read_secret(const char *name, const char *path, const char **value, struct buf *error)
{
	/* The value itself may stand there by mistake. */
	const char *shown = *path == '/' || *path == '.' ? path : "...";
	struct buf content = BUF_INIT;
	int rc = BAD_CONFIG;

	if (file_read(path, &content, SECRET_MAX) != 0) {
		buf_printf(error, "%s_FILE: cannot read '%s': %s", name, shown, strerror(errno));
		goto out;
	}
	if (strlen(content.data) != content.len) {
		buf_printf(error, "%s_FILE: '%s' holds a NUL byte", name, shown);
		goto out;
	}
	if (content.len && content.data[content.len - 1] == '\n')
		buf_cut(&content, content.len - 1);
	strs_add(&contents, content.data);
	*value = contents.v[contents.n - 1];
	rc = 0;
out:
	buf_free(&content);
	return rc;
}

int env_get(const char *name, const char **value, struct buf *error)
{
	char *twin = xasprintf("%s_FILE", name);
	const char *path = getenv(twin);

	free(twin);
	*value = getenv(name);
	if (!path || !*path)
		return 0;
	if (*value) {
		buf_printf(error, "both %s and %s_FILE are set: unset one", name, name);
		return BAD_CONFIG;
	}
	return read_secret(name, path, value, error);
}
