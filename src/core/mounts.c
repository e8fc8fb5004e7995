/* mounts - what a process can tell of the container it runs in. */
#include "core/mounts.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"
#include "base/file.h"
#include "core/setting.h"

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

bool mounts_container(const char *root, char *const *env)
{
	return setting_lookup(env, "KUBERNETES_SERVICE_HOST") || setting_lookup(env, "container") ||
	       is_there(root, "/.dockerenv") || is_there(root, "/run/.containerenv") || is_grouped(root);
}

/* --- the volume of a PostgreSQL image --- */

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

/* The fifth field of a line: where it is mounted. The caller frees it. */
static char *mount_point(const char *line)
{
	char *point;

	for (int field = 1; field < 5; field++) {
		line += strcspn(line, " ");
		line += *line == ' ';
	}
	point = xstrndup(line, strcspn(line, " "));
	unescape(point);
	return point;
}

/* Whether path is folder, or below it. */
static bool is_within(const char *path, const char *folder)
{
	const char *rest = skip_prefix(path, folder);

	return rest && (!*rest || *rest == '/');
}

bool mounts_miss_data(const char *root, char *const *env)
{
	const char *major = setting_lookup(env, "PG_MAJOR"), *data = setting_lookup(env, "PGDATA");
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
