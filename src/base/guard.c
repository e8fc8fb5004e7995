/* guard - which paths lie in folders that others may write to. */
#include "base/guard.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/buf.h"
#include "base/path.h"

struct guard {
	char *name;  /* without slashes at its end, but for "/" */
	char *whole; /* the same as an absolute path */
	bool beside; /* files whose paths begin with the name, in place of a folder's */
};

static struct guard *guards;
static size_t guards_n;
static char *absolute(const char *name)
{
	char *here = *name == '/' ? NULL : getcwd(NULL, 0);
	char *whole = xasprintf("%s%s%s", here ? here : "", here ? "/" : "", name);

	free(here);
	return whole;
}

void guard_add(const char *given, bool beside)
{
	size_t len = strlen(given);
	char *name, *whole;

	while (len > 1 && given[len - 1] == '/')
		len--;
	name = xstrndup(given, len);
	whole = absolute(name);
	for (size_t i = 0; i < guards_n; i++)
		if (guards[i].beside == beside && strcmp(guards[i].name, name) == 0 &&
		    strcmp(guards[i].whole, whole) == 0) {
			free(name);
			free(whole);
			return;
		}
	guards = xrealloc(guards, (guards_n + 1) * sizeof(*guards));
	guards[guards_n++] = (struct guard){ .name = name, .whole = whole, .beside = beside };
}

/* --- which guard covers a path --- */

/* The length of the folder's own path at the beginning of a path below it; 0: it is not below. */
static size_t below(const char *folder, const char *path)
{
	const char *rest = skip_prefix(path, folder);

	if (!rest || (*rest != '/' && strcmp(folder, "/") != 0))
		return 0;
	return rest[strspn(rest, "/")] ? strlen(folder) : 0;
}

static bool covers_beside(const struct guard *g, const char *path)
{
	const char *rest = skip_prefix(path, g->name);

	return rest && !strchr(rest, '/');
}

static bool is_guarded_folder(const char *prefix)
{
	struct stat here, there;

	if (stat(prefix, &here) != 0)
		return false;
	for (size_t i = 0; i < guards_n; i++)
		if (!guards[i].beside && stat(guards[i].whole, &there) == 0 && here.st_ino == there.st_ino &&
		    here.st_dev == there.st_dev)
			return true;
	return false;
}

/* By name, the outermost folder first. */
static size_t root_by_name(const char *path)
{
	size_t len = 0;

	for (size_t i = 0; i < guards_n; i++) {
		size_t found = guards[i].beside ? 0 : below(guards[i].name, path);

		len = found && (!len || found < len) ? found : len;
	}
	return len;
}

/* Whether a relative path, read without regard to symlinks, climbs out of the folder that it starts from. */
static bool climbs_out(const char *path)
{
	int depth = 0;

	while (*path && depth >= 0) {
		size_t n = strcspn(path, "/");

		depth += n == 2 && strncmp(path, "..", 2) == 0 ? -1 : n && !(n == 1 && *path == '.');
		path += n + strspn(path + n, "/");
	}
	return depth < 0;
}

/* The same folder under another path: relative, by another mount, or what a symlink leads to. Of what leads
 * out of it again nobody has said that it is in it. */
static size_t root_by_identity(const char *path)
{
	const char *at = path;
	size_t len = 0;

	while ((at = strchr(at, '/'))) {
		size_t here = at == path ? 1 : (size_t)(at - path);
		char *prefix = xstrndup(path, here);

		at += strspn(at, "/");
		if (*at && !climbs_out(at) && is_guarded_folder(prefix))
			len = here;
		free(prefix);
	}
	return len;
}

char *guard_find(const char *path, const char **rest)
{
	size_t len = guards_n ? root_by_name(path) : 0;

	for (size_t i = 0; i < guards_n && !len; i++)
		if (guards[i].beside && covers_beside(&guards[i], path)) {
			*rest = path_base(path);
			return path_folder(path);
		}
	if (guards_n && !len)
		len = root_by_identity(path);
	if (guards_n && !len && *path && *path != '/' && !climbs_out(path) && is_guarded_folder(".")) {
		*rest = path;
		return xstrdup(".");
	}
	*rest = path + len + strspn(path + len, "/");
	return len ? xstrndup(path, len) : NULL;
}
