/* env_value - one variable as an app gets it. */
#include "envcheck/env_value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/banned.h"
#include "base/env.h"
#include "base/file.h"

#define LIMIT 65536 /* as base/env.h has it */

/* Whether the runtime put the file there: its mode is not the user's choice. Kubernetes
 * and Docker make symlinks. */
static bool is_mounted(const char *path)
{
	char *real = realpath(path, NULL);
	bool mounted = skip_prefix(path, "/run/secrets/") || skip_prefix(path, "/var/run/secrets/") ||
	               (real && skip_prefix(real, "/run/secrets/"));

	free(real);
	return mounted;
}

static enum env_value_file fault_of_errno(void)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG: return FILE_MISSING;
	case EISDIR: return FILE_FOLDER;
	case EACCES: return FILE_DENIED;
	case EFBIG: return FILE_HUGE;
	default: return FILE_UNREADABLE;
	}
}

static enum env_value_file take_content(struct env_value *s, const char *path)
{
	struct buf content = BUF_INIT;
	enum env_value_file file = FILE_FINE;

	if (file_read(path, &content, LIMIT) != 0) {
		file = fault_of_errno();
	} else if (strlen(content.data) != content.len) {
		file = FILE_BINARY;
	} else {
		if (content.len && content.data[content.len - 1] == '\n')
			buf_cut(&content, content.len - 1);
		file = content.len ? FILE_FINE : FILE_EMPTY;
	}
	if (file == FILE_FINE)
		s->content = buf_detach(&content);
	buf_free(&content);
	return file;
}

static enum env_value_file read_file(struct env_value *s, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return fault_of_errno();
	if (S_ISDIR(st.st_mode))
		return FILE_FOLDER;
	/* /dev/null: there is never anything in it. */
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
		return FILE_EMPTY;
	if (!S_ISREG(st.st_mode))
		return FILE_STREAM;
	s->mounted = is_mounted(path);
	s->open = st.st_mode & S_IROTH;
	return take_content(s, path);
}

void env_value_read(struct env_value *s, char *const *env, const char *name)
{
	char *twin = xasprintf("%s_FILE", name);
	const char *path = env_lookup(env, twin);

	free(twin);
	*s = (struct env_value){ .value = env_lookup(env, name) };
	if (!path || !*path)
		return;
	s->twice = s->value && *s->value;
	if (s->twice)
		return;
	s->file = read_file(s, path);
	s->value = s->content;
}

const char *env_value_fault(const struct env_value *s)
{
	switch (s->file) {
	case FILE_MISSING:
		return "names a file that is not there: mount it, or set the right path";
	case FILE_FOLDER:
		return "names a directory: Docker makes one where the file to mount is not on the host";
	case FILE_EMPTY:
		return "names an empty file: put the value there";
	case FILE_DENIED:
		return "names a file that this user may not read: change its owner or its mode";
	case FILE_UNREADABLE:
		return "names a file that cannot be read";
	case FILE_HUGE:
		return "names a file of more than 64 KiB: that is no value of a variable";
	case FILE_BINARY:
		return "names a file with a NUL byte: no variable can have that";
	default:
		return NULL;
	}
}

void env_value_free(struct env_value *s)
{
	free(s->content);
	*s = (struct env_value){ 0 };
}
