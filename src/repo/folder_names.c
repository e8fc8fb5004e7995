/* folder_names - what the files of backups are called. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "repo/folder_parts.h"

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
	const char *base = path_base(folder);
	const char *rest = skip_prefix(name, base + (strcmp(base, FOLDER_GLOBALS) == 0));
	size_t i = 0;

	while (rest && form[i] && (form[i] == 'd' ? isdigit((unsigned char)rest[i]) != 0
	                           : rest[i] == form[i]))
		i++;
	return rest && !form[i];
}

/* DATABASE or JOB/DATABASE, but not the folder that is pgbox's own. */
static bool is_folder(const char *folder)
{
	const char *slash = strchr(folder, '/');

	return beneath_is_confined(folder) && !(slash && strchr(slash + 1, '/')) &&
	       strcmp(folder, OWN) != 0 &&
	       !skip_prefix(folder, OWN "/");
}

bool folder_lies_in(const char *path, const char *folder)
{
	const char *rest = skip_prefix(path, folder);

	return rest && *rest == '/' && !strchr(rest + 1, '/') && is_folder(folder) &&
	       beneath_is_confined(path);
}

bool folder_is_path(const char *path)
{
	const char *base = path_base(path);
	char *folder = base > path ? xstrndup(path, (size_t)(base - path) - 1) : xstrdup("");
	bool is = folder_lies_in(path, folder) && folder_is_named(folder, base) &&
	          !text_ends_with(base, ".json") &&
	          !text_ends_with(base, ".sha256") && !text_ends_with(base, PART);

	free(folder);
	return is;
}

struct folder_names folder_names_of(const char *path)
{
	struct folder_names n = { .json = xasprintf("%s.json", path), .sums = xasprintf("%s.sha256", path),
		           .part = xasprintf("%s" PART, path) };

	n.json_part = xasprintf("%s" PART, n.json);
	n.sums_part = xasprintf("%s" PART, n.sums);
	return n;
}

void folder_names_free(struct folder_names *n)
{
	free(n->json);
	free(n->json_part);
	free(n->sums);
	free(n->sums_part);
	free(n->part);
}

void folder_point_latest(const char *path, struct strs *warnings)
{
	char *folder = text_without_suffix(path, path_base(path)), *words;
	char *link = xasprintf("%slatest", folder), *part = xasprintf("%s" PART, link);

	beneath_unlink(part);
	if (beneath_symlink(path_base(path), part) != 0 || beneath_rename(part, link) != 0) {
		words = xasprintf("cannot point '%s' at the new backup: %s", link, file_reason(errno));
		if (warnings)
			strs_add(warnings, words);
		free(words);
		beneath_unlink(part);
	}
	free(part);
	free(link);
	free(folder);
}
