/* volume - whether what is put into a folder outlives the container. */
#include "envcheck/volume.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"
#include "base/container.h"
#include "base/status.h"
#include "base/teller.h"

/* The real path of the folder, or of the nearest one above it that is there. The caller frees it; NULL: none.
 */
static char *find_real(const char *dir)
{
	char *path = xstrdup(dir), *real = realpath(path, NULL), *slash;

	while (!real && errno == ENOENT && (slash = strrchr(path, '/')) && slash != path) {
		*slash = '\0';
		real = realpath(path, NULL);
	}
	if (!real && errno == ENOENT)
		real = realpath(*path == '/' ? "/" : ".", NULL);
	free(path);
	return real;
}

static enum container_storage find_place(const char *dir)
{
	char *real = find_real(dir);
	enum container_storage place = real ? container_storage("", environ, real) : STORAGE_KEPT;

	free(real);
	return place;
}

/* What happens to a folder there; NULL: nothing. */
static const char *const fates[] = {
	[STORAGE_KEPT] = NULL,
	[STORAGE_LAYER] =
		"is on the container's own file system and not on a volume: what is there is lost when the "
		"container is removed or made again",
	[STORAGE_MEMORY] =
		"is in the container's memory (tmpfs) and not on a volume: what is there is lost when the "
		"container stops",
	[STORAGE_POD] =
		"is on an emptyDir and not on a persistent volume: what is there is lost with the pod",
	[STORAGE_NAMELESS] =
		"is on a volume without a name, which is deleted with `docker run --rm` and not found again "
		"after `docker compose down`",
};

const char *volume_fate(const char *dir)
{
	return fates[find_place(dir)];
}

/* Whoever else may write there is the user's business; but everybody seldom is meant. */
static void look_at_mode(const char *dir, const struct teller *tell)
{
	struct stat st;
	char *words;

	if (stat(dir, &st) != 0 || !(st.st_mode & S_IWOTH))
		return;
	words = xasprintf("'%s' can be written by every user, who could delete or replace backups: chmod o-w",
	                  dir);
	teller_say(tell, MSG_WARNING, words);
	free(words);
}

int volume_look(const char *dir, bool required, bool elsewhere, const struct teller *tell, struct buf *error)
{
	enum container_storage place = find_place(dir);
	const char *fate = fates[place];
	struct buf words = BUF_INIT;

	look_at_mode(dir, tell);
	/* It is a volume, and somebody may well know its id. */
	required = required && place != STORAGE_NAMELESS;
	if (fate)
		buf_printf(required ? error : &words, "'%s' %s: mount a %s or a folder of the host at '%s'%s",
		           dir, fate, place == STORAGE_NAMELESS ? "named volume" : "volume", dir,
		           required ? " (BACKUP_REQUIRE_VOLUME=yes)" : "");
	if (words.len)
		teller_say(tell, elsewhere ? MSG_INFO : MSG_WARNING, words.data);
	buf_free(&words);
	return fate && required ? BAD_CONFIG : 0;
}
