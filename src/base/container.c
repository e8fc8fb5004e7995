/* container - what a process can tell of the container it runs in. */
#include "base/container.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/env.h"
#include "base/file.h"
#include "base/text.h"

#define TABLE_LIMIT (1 << 20)
#define OLD_PLACE "/var/lib/postgresql/data"

static bool is_there(const char *root, const char *path)
{
	char *full = xasprintf("%s%s", root, path);
	bool there = file_exists(full);

	free(full);
	return there;
}

/* Reads as much of a file as there is; an empty text where it cannot be read. */
static void read_all(struct buf *text, const char *root, const char *path)
{
	char *full = xasprintf("%s%s", root, path);

	file_head(full, text, TABLE_LIMIT);
	free(full);
}

/* Version 1 of the control groups names the container; version 2 says `0::/`. */
static bool is_grouped(const char *root)
{
	static const char *const words[] = { "docker", "kubepods", "containerd", "libpod", "/lxc", NULL };
	struct buf text = BUF_INIT;
	bool found = false;

	read_all(&text, root, "/proc/1/cgroup");
	for (size_t i = 0; words[i]; i++)
		found = found || strstr(text.data, words[i]);
	buf_free(&text);
	return found;
}

bool container_detect(const char *root, char *const *env)
{
	return env_lookup(env, "KUBERNETES_SERVICE_HOST") || env_lookup(env, "container") ||
	       is_there(root, "/.dockerenv") || is_there(root, "/run/.containerenv") || is_grouped(root);
}

/* --- mounts --- */

/* proc_pid_mountinfo(5): blanks and backslashes in paths are \ooo. In place. */
static void unescape(char *path)
{
	char *to = path;

	for (; *path; path++) {
		if (path[0] == '\\' && strspn(path + 1, "01234567") >= 3) {
			*to++ = (char)((path[1] - '0') * 64 + (path[2] - '0') * 8 + (path[3] - '0'));
			path += 3;
		} else {
			*to++ = *path;
		}
	}
	*to = '\0';
}

/* Field n of a line, from 1 on. The caller frees it. */
static char *field_of(const char *line, int n)
{
	char *text;

	for (int field = 1; field < n; field++) {
		line += strcspn(line, " ");
		line += *line == ' ';
	}
	text = xstrndup(line, strcspn(line, " "));
	unescape(text);
	return text;
}

static char *mount_point(const char *line)
{
	return field_of(line, 5);
}

/* Behind the optional fields and their end. The caller frees it. */
static char *type_of(const char *line)
{
	const char *rest = strstr(line, " - ");

	return rest ? field_of(rest + strlen(" - "), 1) : xstrdup("");
}

/* Whether path is folder, or below it. */
static bool is_within(const char *path, const char *folder)
{
	const char *rest = skip_prefix(path, folder);

	return rest && (!*rest || *rest == '/');
}

/* --- the volume of a PostgreSQL image --- */

bool container_misses_data(const char *root, char *const *env)
{
	const char *major = env_lookup(env, "PG_MAJOR"), *data = env_lookup(env, "PGDATA");
	struct strs lines = { 0 };
	struct buf table = BUF_INIT;
	bool missed = false;

	if (!major || atol(major) < 18)
		return false;
	read_all(&table, root, "/proc/self/mountinfo");
	strs_split(&lines, table.data, NULL);
	for (size_t i = 0; i < lines.n; i++) {
		char *point = mount_point(lines.v[i]);

		/* A volume within the data directory, for the WAL, is no miss either. */
		missed = missed || (is_within(point, OLD_PLACE) &&
		                    !(data && (is_within(data, point) || is_within(point, data))));
		free(point);
	}
	strs_free(&lines);
	buf_free(&table);
	return missed;
}

/* --- the container's own layer --- */

/* The last of those that are mounted there covers the others. */
static const char *find_mount(const struct strs *lines, const char *path)
{
	const char *found = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < lines->n; i++) {
		char *point = mount_point(lines->v[i]);

		if (strlen(point) >= longest && (strcmp(point, "/") == 0 || is_within(path, point))) {
			found = lines->v[i];
			longest = strlen(point);
		}
		free(point);
	}
	return found;
}

/* LXC and systemd-nspawn say so in `container`, and keep their root. */
static bool is_of_image(const char *root, char *const *env)
{
	const char *engine = env_lookup(env, "container");

	return container_detect(root, env) &&
	       !(engine && (skip_prefix(engine, "lxc") || skip_prefix(engine, "systemd")));
}

static bool is_layer(const char *line, bool of_image)
{
	static const char *const layers[] = { "overlay", "fuse-overlayfs", "fuse.fuse-overlayfs", "aufs",
		                              NULL };
	static const char *const engines[] = { "zfs", "virtiofs", "9p", NULL };
	char *point = mount_point(line), *type = type_of(line), *within = field_of(line, 4);
	bool layer = strcmp(point, "/") == 0 &&
	             (text_is_one_of(type, layers) ||
	              (of_image && (strcmp(within, "/") != 0 || text_is_one_of(type, engines))));

	free(point);
	free(type);
	free(within);
	return layer;
}

static bool is_memory(const char *line)
{
	static const char *const types[] = { "tmpfs", "ramfs", NULL };
	char *type = type_of(line);
	bool memory = text_is_one_of(type, types);

	free(type);
	return memory;
}

/* .../volumes/ID/_data, where the engine made up the ID: 64 hexadecimal digits. */
static bool is_nameless(const char *within)
{
	const char *id = strstr(within, "/volumes/");

	id = id ? id + strlen("/volumes/") : "";
	return strspn(id, "0123456789abcdef") == 64 && skip_prefix(id + 64, "/_data");
}

/* What was mounted there. */
static enum container_storage place_of(const char *line)
{
	char *within = field_of(line, 4);
	enum container_storage place = is_memory(line)                               ? STORAGE_MEMORY
	                          : strstr(within, "/kubernetes.io~empty-dir/") ? STORAGE_POD
	                          : is_nameless(within)                         ? STORAGE_NAMELESS
	                                                                        : STORAGE_KEPT;

	free(within);
	return place;
}

enum container_storage container_storage(const char *root, char *const *env, const char *path)
{
	enum container_storage place = STORAGE_KEPT;
	const char *own, *mount;
	struct strs lines = { 0 };
	struct buf table = BUF_INIT;

	read_all(&table, root, "/proc/self/mountinfo");
	strs_split(&lines, table.data, NULL);
	own = find_mount(&lines, "/");
	mount = find_mount(&lines, path);
	if (own && is_layer(own, is_of_image(root, env)))
		place = mount == own ? STORAGE_LAYER : place_of(mount);
	strs_free(&lines);
	buf_free(&table);
	return place;
}
