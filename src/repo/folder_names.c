/* folder_names - what the files of backups are called. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "repo/folder_parts.h"

bool folder_ends_in(const char *text, const char *suffix)
{
	size_t len = strlen(text), end = strlen(suffix);

	return len > end && strcmp(text + len - end, suffix) == 0;
}

char *folder_escape(const char *name)
{
	struct buf b = BUF_INIT;

	for (const char *at = name; *at; at++) {
		bool first = at == name && (*at == '.' || *at == '-');

		if (!first && (isalnum((unsigned char)*at) || strchr("._-", *at)))
			buf_putc(&b, *at);
		else
			buf_printf(&b, "%%%02X", (unsigned char)*at);
	}
	return buf_detach(&b);
}

/* BASE-YYYYMMDD-HHMMSS.what, whose base is the folder's name, less the dot of .globals. */
bool folder_is_named(const char *folder, const char *name)
{
	static const char form[] = "-dddddddd-dddddd.";
	const char *base = file_base(folder);
	const char *rest = skip_prefix(name, base + (strcmp(base, FOLDER_GLOBALS) == 0));
	size_t i = 0;

	while (rest && form[i] && (form[i] == 'd' ? isdigit((unsigned char)rest[i]) != 0 : rest[i] == form[i]))
		i++;
	return rest && !form[i];
}

/* DATABASE or JOB/DATABASE, but not the folder that is pgbox's own. */
static bool is_folder(const char *folder)
{
	const char *slash = strchr(folder, '/');

	return beneath_is_confined(folder) && !(slash && strchr(slash + 1, '/')) && strcmp(folder, OWN) != 0 &&
	       !skip_prefix(folder, OWN "/");
}

bool folder_lies_in(const char *path, const char *folder)
{
	const char *rest = skip_prefix(path, folder);

	return rest && *rest == '/' && !strchr(rest + 1, '/') && is_folder(folder) && beneath_is_confined(path);
}

bool folder_is_path(const char *path)
{
	const char *base = file_base(path);
	char *folder = base > path ? xstrndup(path, (size_t)(base - path) - 1) : xstrdup("");
	bool is = folder_lies_in(path, folder) && folder_is_named(folder, base) && !folder_ends_in(base, ".json") &&
	          !folder_ends_in(base, ".sha256") && !folder_ends_in(base, PART);

	free(folder);
	return is;
}
