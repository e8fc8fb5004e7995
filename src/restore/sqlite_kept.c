/* sqlite_kept - the names of files that keep what a restore has replaced. */
#include "restore/sqlite_kept.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/banned.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/path.h"
#include "base/status.h"

#define AHEAD_S                                                                                              \
	3600 /* a name of one second and more later than the clock: others were made in the same one */

/* Whether it is a name of sqlite_kept_name's. */
static bool is_kept(const char *name, const char *base)
{
	const char *rest = skip_prefix(name, base), *time = rest ? skip_prefix(rest, "_before_") : NULL;

	return time && strspn(time, "0123456789") == 8 && time[8] == '_' &&
	       strspn(time + 9, "0123456789") == 6 && !time[15];
}

char *sqlite_kept_newest(const char *path)
{
	char *folder = path_prefix(path), *newest = NULL;
	DIR *d = opendir(*folder ? folder : ".");
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (is_kept(entry->d_name, path_base(path)) &&
		    (!newest || strcmp(entry->d_name, path_base(newest)) > 0)) {
			free(newest);
			newest = xasprintf("%s%s", folder, entry->d_name);
		}
	if (d)
		closedir(d);
	free(folder);
	return newest;
}

char *sqlite_kept_name(const char *path)
{
	char stamp[32], *name = NULL, *newest = sqlite_kept_newest(path);
	time_t now = time(NULL), end = now + AHEAD_S;
	struct stat st;
	struct tm at;

	do {
		free(name);
		gmtime_r(&now, &at);
		strftime(stamp, sizeof(stamp), "%Y%m%d_%H%M%S", &at);
		name = xasprintf("%s_before_%s", path, stamp);
		now++;
	} while (beneath_lstat(name, &st) == 0 || (newest && strcmp(name, newest) < 0 && now < end));
	free(newest);
	return name;
}

int sqlite_kept_stale(const char *path, struct buf *error)
{
	static const char *const suffixes[] = { "-wal", "-shm", "-journal" };
	int rc = 0;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes) && !rc; i++) {
		char *beside = xasprintf("%s%s", path, suffixes[i]);

		if (file_exists(beside)) {
			buf_printf(error, "'%s' is there, left by another database: move it away", beside);
			rc = NO;
		}
		free(beside);
	}
	return rc;
}
