/* path - the parts of a path, by its text alone. */
#include "base/path.h"

#include <string.h>

#include "base/banned.h"
#include "base/mem.h"

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *path_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

char *path_prefix(const char *path)
{
	return xstrndup(path, (size_t)(path_base(path) - path));
}
